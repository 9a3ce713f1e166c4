"""For contexts whose contracts ask for evidence: a record's leaf under the anchored head; and a promise for a leaf."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from chain.proof.merkle import inclusion_proof
from services.evidence import repository
from services.evidence.anchoring import chain_log
from services.evidence.commands import Written
from services.evidence.group import Group
from services.evidence.submission import Accepted
from services.evidence.tree import Tree

__all__ = ["AnchoredHead", "AnchoredLeaf", "acknowledged", "anchored_head", "anchored_leaf", "frozen_origin"]


@dataclass(frozen=True, slots=True)
class AnchoredLeaf:
    """A leaf with the proof that it stands under its log's anchored head; ``log`` is the chain's name of the log."""

    log: bytes
    leaf: bytes
    index: int
    proof: tuple[bytes, ...]

    def arguments(self) -> Mapping[str, Any]:
        """Members of a contract's ``Inclusion``, JSON-safe."""
        return {
            "log": to_hex(self.log),
            "leaf": to_hex(self.leaf),
            "index": self.index,
            "proof": [to_hex(each) for each in self.proof],
        }


def anchored_leaf(session: Session, record_id: str) -> AnchoredLeaf | None:
    """The record's leaf under the head that the chain holds now; None while it covers it not, or is about to change."""
    row = repository.record(session, record_id)
    log = repository.log_by_id(session, row.log_id) if row else None
    found = repository.leaf_at(session, row.log_id, row.idx) if row else None
    if row is None or log is None or found is None:
        return None
    anchored = repository.last_anchor(session, log.id, "anchored")
    if anchored is None or anchored.size <= row.idx or repository.last_anchor(session, log.id, "pending") is not None:
        return None
    proof = inclusion_proof(row.idx, anchored.size, Tree(session, log.id).node)
    return AnchoredLeaf(chain_log(log.origin), found[0], row.idx, tuple(proof))


def acknowledged(group: Group, written: Written, *, anchor_by_ms: int) -> Accepted:
    """What the log promises about a leaf that the service wrote: to be signed and given to whom it concerns."""
    leaf = written.leaf
    log = group.log(leaf.log_id)
    return Accepted(
        record_id=written.record_id,
        log_id=log.id,
        origin=log.origin,
        index=leaf.index,
        leaf=leaf.leaf,
        leaf_hash=leaf.leaf_hash,
        accepted_at=leaf.accepted_at,
        anchor_by=leaf.accepted_at + anchor_by_ms,
        signer=log.signer,
    )


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """The newest head of a log that its chain holds: every leaf of an index below ``size`` is under it."""

    log_id: str
    origin: str
    size: int
    root: bytes


def frozen_origin(session: Session, log_id: str) -> str | None:
    """The origin of a log that takes nothing more; None for any other."""
    log = repository.log_by_id(session, log_id)
    return log.origin if log is not None and log.state == "frozen" else None


def anchored_head(session: Session, log_id: str) -> AnchoredHead | None:
    """The newest anchored head; None while there is none."""
    log, anchored = repository.log_by_id(session, log_id), repository.last_anchor(session, log_id, "anchored")
    held = repository.checkpoint(session, log_id, anchored.size) if anchored else None
    return AnchoredHead(log.id, log.origin, held.size, held.root) if log and held else None
