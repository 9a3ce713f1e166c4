"""What a witness says when a chain was lost and another took its place (docs/spec/anchor.md, "Epochs").

The heads that stood on the lost chain, in its order, are the leaves of an RFC 9162 tree of their own; its size and root
name them all. Witness and service make it independently, each of what it saw itself.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chain.proof.checkpoint import statement_lines
from chain.proof.encoding import from_base64, from_hex, parse_decimal, to_base64, to_hex
from chain.proof.errors import FormatError
from chain.proof.merkle import HASH_BYTES, Frontier, leaf_hash

HEAD_BYTES = 72
ADDRESS_BYTES = 20
_TITLE = "regseal/epoch@v1"
_FIELD = "epoch statement"


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """A head that a chain accepted: `log` is keccak256 of the origin (32 bytes), `root` 32 bytes."""

    log: bytes
    size: int
    root: bytes

    def encode(self) -> bytes:
        """Its 72 bytes: log, size as u64 (big-endian), root."""
        return self.log + self.size.to_bytes(8) + self.root

    @classmethod
    def decode(cls, data: bytes) -> "AnchoredHead":
        """Of `encode`. Raises FormatError."""
        if len(data) != HEAD_BYTES:
            raise FormatError("head", f"must be {HEAD_BYTES} bytes")
        return cls(data[:32], int.from_bytes(data[32:40]), data[40:])


def heads_tree(heads: Iterable[AnchoredHead], into: Frontier | None = None) -> Frontier:
    """The tree of these heads in this order, or `into` with them behind."""
    return (into or Frontier()).extend(leaf_hash(head.encode()) for head in heads)


@dataclass(frozen=True, slots=True)
class ChainEpoch:
    """A chain from one genesis on (链纪元): 32-byte `genesis`, 20-byte `contract` of EvidenceLog."""

    epoch: int
    chain_id: int
    genesis: bytes
    contract: bytes

    def line(self) -> str:
        """As a statement writes it."""
        return f"{self.epoch} {self.chain_id} {to_hex(self.genesis)} {to_hex(self.contract)}"

    @classmethod
    def parse(cls, line: str) -> "ChainEpoch":
        """Raises FormatError."""
        parts = line.split(" ")
        if len(parts) != 4:
            raise FormatError(_FIELD, "an epoch is written as number, chain id, genesis and contract")
        epoch, chain_id = (parse_decimal(part, _FIELD) for part in parts[:2])
        if not epoch or not chain_id:
            raise FormatError(_FIELD, "epochs and chain ids start at 1")
        genesis, contract = from_hex(parts[2], _FIELD, HASH_BYTES), from_hex(parts[3], _FIELD, ADDRESS_BYTES)
        return cls(epoch, chain_id, genesis, contract)


def check_follows(lost: ChainEpoch, following: ChainEpoch) -> None:
    """Whether the one can be the next epoch of the other. Raises FormatError."""
    if following.epoch != lost.epoch + 1:
        raise FormatError(_FIELD, "an epoch is followed by the next one")
    if (lost.chain_id, lost.genesis) == (following.chain_id, following.genesis):
        raise FormatError(_FIELD, "two epochs are two chains")
    if (lost.chain_id, lost.contract) == (following.chain_id, following.contract):
        raise FormatError(_FIELD, "what was signed for the lost chain would count on the next")


@dataclass(frozen=True, slots=True)
class EpochStatement:
    """A witness's word that `next` begins with exactly the heads that it saw anchored on `lost`, in the same order.

    `count` and `root` are those of the tree of these heads (:func:`heads_tree`).
    """

    lost: ChainEpoch
    next: ChainEpoch
    count: int
    root: bytes

    def text(self) -> str:
        """The five lines that are signed."""
        return f"{_TITLE}\n{self.lost.line()}\n{self.next.line()}\n{self.count}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "EpochStatement":
        """Raises FormatError."""
        lost, following, count, root = statement_lines(text, 5, _TITLE, _FIELD)
        made = cls(
            ChainEpoch.parse(lost),
            ChainEpoch.parse(following),
            parse_decimal(count, _FIELD),
            from_base64(root, _FIELD, HASH_BYTES),
        )
        check_follows(made.lost, made.next)
        return made
