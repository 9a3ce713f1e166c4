"""Headers of BFT chains (QBFT, IBFT 2.0): their hash leaves out what differs among the validators' copies.

The commit seals come after the block was agreed on, and validators may agree in different rounds; so both stand in the
extra data, but not in what is hashed (Besu: `BftBlockHashing`, GoQuorum: `QBFTFilteredHeader`). Extra data is

- QBFT: `[vanity, validators, vote or empty list, round, seals]`; hashed with round 0 and no seals;
- IBFT 2.0: `[vanity, validators, vote or empty, round (4 bytes), seals]`; hashed without the last two.
"""

from collections.abc import Iterator, Mapping

import rlp

from chain.proof.encoding import to_hex
from chain.proof.errors import FormatError
from chain.proof.ethereum import ADDRESS_BYTES, MAX_HEADER, encode_header
from chain.proof.hashing import keccak256
from chain.proof.rlpstrict import RlpItem, as_bytes, as_integer, as_list, decode

_FIELD = "header.extraData"
_EXTRA = 12
_VANITY_BYTES = 32
_SEAL_BYTES = 65
_ROUND_BYTES = 4


def header_as_hashed(block: Mapping[str, object]) -> bytes:
    """The RLP whose keccak256 is the `hash` (0x hex) in this JSON-RPC block: of the whole header or of its BFT form.

    When no form has this hash, the whole header: the caller compares, and has what to show. Raises FormatError when
    the header cannot be encoded.
    """
    whole = encode_header(block)
    told = block.get("hash")
    return next((form for form in _forms(block, whole) if to_hex(keccak256(form)) == told), whole)


def _forms(block: Mapping[str, object], whole: bytes) -> Iterator[bytes]:
    yield whole
    extra = as_bytes(as_list(decode(whole, "header", MAX_HEADER), "header")[_EXTRA], _FIELD)
    for strip in (_qbft, _ibft2):
        try:
            stripped = strip(extra)
        except FormatError:
            continue
        yield encode_header({**block, "extraData": stripped})


def _qbft(extra: bytes) -> bytes:
    parts = _parts(extra)
    as_list(parts[2], _FIELD)
    as_integer(parts[3], _FIELD, _ROUND_BYTES)
    return _encode([*parts[:3], b"", []])


def _ibft2(extra: bytes) -> bytes:
    parts = _parts(extra)
    as_bytes(parts[3], _FIELD, _ROUND_BYTES)
    return _encode(parts[:3])


def _parts(extra: bytes) -> list[RlpItem]:
    parts = as_list(decode(extra, _FIELD, MAX_HEADER), _FIELD, 5)
    as_bytes(parts[0], _FIELD, _VANITY_BYTES)
    for validator in as_list(parts[1], _FIELD):
        as_bytes(validator, _FIELD, ADDRESS_BYTES)
    for seal in as_list(parts[4], _FIELD):
        as_bytes(seal, _FIELD, _SEAL_BYTES)
    return parts


def _encode(parts: list[RlpItem]) -> bytes:
    encoded: bytes = rlp.encode(parts)
    return encoded
