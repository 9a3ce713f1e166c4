"""Other forms of one receipt: C2SP tlog-proof, and a receipt that shows single fields (docs/spec/exports.md)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chain.proof.checkpoint import Checkpoint
from chain.proof.encoding import from_base64, parse_decimal, to_base64
from chain.proof.errors import FormatError
from chain.proof.leaf import Leaf
from chain.proof.merkle import HASH_BYTES, MAX_PROOF
from chain.proof.note import MAX_BYTES as MAX_NOTE
from chain.proof.note import parse_note
from chain.proof.receipt import Receipt
from chain.proof.record import check_record, disclose

HEADER = "c2sp.org/tlog-proof@v1"
_FIELD = "tlog-proof"
_MAX_BYTES = 2 * MAX_NOTE


@dataclass(frozen=True, slots=True)
class TlogProof:
    """A C2SP tlog-proof: that the entry at `index` is in the tree of the signed `checkpoint`.

    `hashes` go from the leaf's sibling upwards. `extra` is opaque and authenticated by nothing; ours is the leaf.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """The file."""
        lines = [HEADER]
        if self.extra:
            lines.append(f"extra {to_base64(self.extra)}")
        lines += [f"index {self.index}", *(to_base64(each) for each in self.hashes)]
        return "\n".join(lines) + f"\n\n{self.checkpoint}"

    @classmethod
    def parse(cls, data: bytes | str) -> "TlogProof":
        """The parts of a file, the checkpoint's signatures not verified. Raises FormatError."""
        head, separator, checkpoint = _decoded(data).partition("\n\n")
        first, *lines = head.split("\n")
        if first != HEADER or not separator:
            raise FormatError(_FIELD, f"must be {HEADER}, the proof, a blank line and a checkpoint")
        extra = b""
        if lines and lines[0].startswith("extra "):
            extra = from_base64(lines.pop(0).removeprefix("extra "), _FIELD)
        if not lines or not lines[0].startswith("index "):
            raise FormatError(_FIELD, "has no index line")
        index = parse_decimal(lines.pop(0).removeprefix("index "), _FIELD)
        if len(lines) > MAX_PROOF:
            raise FormatError(_FIELD, f"has more than {MAX_PROOF} hashes")
        parse_note(checkpoint)
        return cls(index, tuple(from_base64(line, _FIELD, HASH_BYTES) for line in lines), checkpoint, extra)

    def receipt(self) -> Receipt:
        """The same as a public receipt without anchor; `extra` must be the leaf. Raises FormatError."""
        if not self.extra:
            raise FormatError(_FIELD, "has no extra line, so it does not say of which leaf it is")
        origin = Checkpoint.parse(parse_note(self.checkpoint).text).origin
        return Receipt(origin=origin, leaf=self.extra, index=self.index, proof=self.hashes, checkpoint=self.checkpoint)


def _decoded(data: bytes | str) -> str:
    if len(data) > _MAX_BYTES:
        raise FormatError(_FIELD, f"longer than {_MAX_BYTES} bytes")
    try:
        return data if isinstance(data, str) else data.decode()
    except UnicodeDecodeError as error:
        raise FormatError(_FIELD, f"not UTF-8 at byte {error.start}") from error


def is_tlog_proof(data: bytes) -> bool:
    """Whether a file says of itself that it is one."""
    return data.startswith(f"{HEADER}\n".encode())


def tlog_proof(receipt: Receipt) -> TlogProof:
    """The receipt as others read it: leaf, inclusion and checkpoint, without record and anchor."""
    return TlogProof(receipt.index, receipt.proof, receipt.checkpoint, receipt.leaf)


def disclosed(receipt: Receipt, paths: Iterable[str]) -> Receipt:
    """A private receipt with the fields at `paths` and nothing else of the record.

    The submitter's signature is left out: it is over the whole record, and a reader could test guesses with it.
    Raises FormatError for a receipt without record, and for a path that is no field.
    """
    if receipt.record is None:
        raise FormatError("/record", "only a private receipt can show fields")
    suite = Leaf.decode(receipt.leaf).suite
    shown = disclose(check_record(receipt.record.document), receipt.record.secret, paths, suite)
    return replace(receipt, record=None, submitter=None, disclosures=shown)
