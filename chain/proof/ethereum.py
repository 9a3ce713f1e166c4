"""Block headers, transaction receipts and the event that anchors a head (Ethereum yellow paper §4.3, EIP-2718).

Encoding takes what JSON-RPC answers, so that whoever collects a proof can re-derive every hash before passing it on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import rlp

from chain.proof.encoding import TIME_MAX
from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import keccak256
from chain.proof.rlpstrict import RlpItem, as_bytes, as_integer, as_list, decode

HASH_BYTES = 32
ADDRESS_BYTES = 20
BLOOM_BYTES = 256
MAX_HEADER = 32_768
MAX_RECEIPT = 262_144
_MAX_TYPE = 0x7F
_FIRST_LIST = 0xC0
_MAX_TOPICS = 4

HEAD_ANCHORED = "HeadAnchored(bytes32,uint64,bytes32,uint64)"
HEAD_ANCHORED_TOPIC = keccak256(HEAD_ANCHORED.encode())

_QUANTITIES = frozenset(
    ("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed", "excessBlobGas")
)
_REQUIRED = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
)
_ADDED = (
    "baseFeePerGas",  # EIP-1559
    "withdrawalsRoot",  # EIP-4895
    "blobGasUsed",  # EIP-4844
    "excessBlobGas",
    "parentBeaconBlockRoot",  # EIP-4788
    "requestsHash",  # EIP-7685
)
_MAX_FIELDS = 32
_PARENT, _RECEIPTS, _NUMBER, _TIMESTAMP = 0, 5, 8, 11


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """What a proof needs of a header (区块头). Hashes are 32 bytes, `timestamp` in seconds."""

    number: int
    hash: bytes
    parent_hash: bytes
    receipts_root: bytes
    timestamp: int

    @classmethod
    def decode(cls, data: bytes) -> "BlockHeader":
        """The header of its RLP; fields that later upgrades append are let through. Raises FormatError."""
        fields = as_list(decode(data, "header", MAX_HEADER), "header")
        if not len(_REQUIRED) <= len(fields) <= _MAX_FIELDS:
            raise FormatError("header", f"has {len(fields)} fields")
        for field in fields:
            as_bytes(field, "header")
        timestamp = as_integer(fields[_TIMESTAMP], "header.timestamp")
        if timestamp > TIME_MAX // 1000:
            raise FormatError("header.timestamp", "is beyond the year 9999")
        return cls(
            number=as_integer(fields[_NUMBER], "header.number"),
            hash=keccak256(data),
            parent_hash=as_bytes(fields[_PARENT], "header.parentHash", HASH_BYTES),
            receipts_root=as_bytes(fields[_RECEIPTS], "header.receiptsRoot", HASH_BYTES),
            timestamp=timestamp,
        )


def encode_header(block: Mapping[str, object]) -> bytes:
    """The RLP of the header in a JSON-RPC block; values may be hexadecimal strings, bytes or integers.

    Raises FormatError when a required field is missing or a later one is present without its predecessors.
    """
    names = list(_REQUIRED)
    present = [block.get(name) is not None for name in _ADDED]
    if sorted(present, reverse=True) != present:
        raise FormatError("header", "has a later field without an earlier one")
    names += _ADDED[: sum(present)]
    encoded: bytes = rlp.encode([_header_field(name, block.get(name)) for name in names])
    return encoded


def _header_field(name: str, value: object) -> bytes:
    if name in _QUANTITIES:
        number = int(value, 16) if isinstance(value, str) else value
        if not isinstance(number, int) or number < 0:
            raise FormatError(f"header.{name}", "is not a quantity")
        return number.to_bytes((number.bit_length() + 7) // 8, "big")
    data = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
    if not isinstance(data, bytes):
        raise FormatError(f"header.{name}", "is missing or not bytes")
    return bytes(data)


@dataclass(frozen=True, slots=True)
class EventLog:
    """An event (事件): 20-byte address, up to four 32-byte topics, data."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """A transaction's receipt (交易回执) as consensus hashes it; `type` 0 is the untyped one, `status` 1 is success."""

    type: int
    status: int
    cumulative_gas: int
    bloom: bytes
    logs: tuple[EventLog, ...]


def encode_receipt(receipt: TransactionReceipt) -> bytes:
    """The bytes in the receipts trie: RLP, behind the type byte for a typed transaction."""
    logs = [[log.address, list(log.topics), log.data] for log in receipt.logs]
    body: bytes = rlp.encode([receipt.status, receipt.cumulative_gas, receipt.bloom, logs])
    return (bytes((receipt.type,)) if receipt.type else b"") + body


def decode_receipt(data: bytes) -> TransactionReceipt:
    """The receipt of its bytes in the receipts trie. Raises FormatError; the pre-Byzantium form is refused."""
    field = "transaction receipt"
    if not data or _MAX_TYPE < data[0] < _FIRST_LIST or data[0] == 0:
        raise FormatError(field, "has no known envelope")
    typed = data[0] <= _MAX_TYPE
    status, gas, bloom, logs = as_list(decode(data[1:] if typed else data, field, MAX_RECEIPT), field, 4)
    if (succeeded := as_integer(status, f"{field} status", 1)) > 1:
        raise FormatError(f"{field} status", "is neither 0 nor 1")
    return TransactionReceipt(
        type=data[0] if typed else 0,
        status=succeeded,
        cumulative_gas=as_integer(gas, f"{field} gas"),
        bloom=as_bytes(bloom, f"{field} bloom", BLOOM_BYTES),
        logs=tuple(_decode_log(as_list(log, f"{field} log", 3)) for log in as_list(logs, f"{field} logs")),
    )


def _decode_log(parts: Sequence[RlpItem]) -> EventLog:
    field = "transaction receipt log"
    topics = as_list(parts[1], field)
    if len(topics) > _MAX_TOPICS:
        raise FormatError(field, f"has {len(topics)} topics")
    return EventLog(
        address=as_bytes(parts[0], field, ADDRESS_BYTES),
        topics=tuple(as_bytes(topic, field, HASH_BYTES) for topic in topics),
        data=as_bytes(parts[2], field),
    )


def bloom_of(logs: Sequence[EventLog]) -> bytes:
    """The 256-byte bloom filter over addresses and topics."""
    bits = 0
    for log in logs:
        for entry in (log.address, *log.topics):
            digest = keccak256(entry)
            for i in (0, 2, 4):
                bits |= 1 << (int.from_bytes(digest[i : i + 2], "big") & 2047)
    return bits.to_bytes(BLOOM_BYTES, "big")


@dataclass(frozen=True, slots=True)
class HeadAnchored:
    """The event by which `EvidenceLog` tells that it accepted a head; `log` is keccak256 of the origin."""

    log: bytes
    size: int
    root: bytes
    previous_size: int

    def encode(self, contract: bytes) -> EventLog:
        """The event as the contract emits it."""
        data = self.size.to_bytes(32, "big") + self.root + self.previous_size.to_bytes(32, "big")
        return EventLog(contract, (HEAD_ANCHORED_TOPIC, self.log), data)

    @classmethod
    def decode(cls, event: EventLog) -> "HeadAnchored":
        """Raises ProofError `event-kind` for any other event, whoever emitted it."""
        if len(event.topics) != 2 or event.topics[0] != HEAD_ANCHORED_TOPIC or len(event.data) != 3 * HASH_BYTES:
            raise ProofError("event-kind", "is not HeadAnchored")
        size, root, previous = (event.data[i : i + HASH_BYTES] for i in range(0, 3 * HASH_BYTES, HASH_BYTES))
        if any(size[:24]) or any(previous[:24]):
            raise ProofError("event-kind", "a size is beyond 64 bits")
        return cls(event.topics[1], int.from_bytes(size, "big"), root, int.from_bytes(previous, "big"))


def log_id(origin: str) -> bytes:
    """How the chain knows a log: keccak256 of its origin."""
    return keccak256(origin.encode())
