"""SQL of grading many checkpoints at once; that of single ones is in :mod:`services.evidence.repository`."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.evidence.epochs.models import PastAnchorRow
from services.evidence.models import AnchorRow, AttestationRow, CheckpointRow, CosignatureRow, GradingRow

_ONLY = 1  # the one row of ``gradings``
_CHUNK = 500


def page(
    session: Session, log_id: str, *, above: int, limit: int, grades: Collection[int] | None = None
) -> Sequence[CheckpointRow]:
    """Checkpoints larger than ``above``, the smallest first; only those of ``grades`` when given."""
    query = select(CheckpointRow).where(CheckpointRow.log_id == log_id, CheckpointRow.size > above)
    if grades is not None:
        query = query.where(CheckpointRow.grade.in_(grades))
    return session.scalars(query.order_by(CheckpointRow.size).limit(limit)).all()


def cosignatures_between(session: Session, log_id: str, first: int, last: int) -> Iterable[CosignatureRow]:
    """Of the checkpoints of sizes ``first`` to ``last``."""
    row = CosignatureRow
    return session.scalars(select(row).where(row.log_id == log_id, row.size >= first, row.size <= last))


@dataclass(frozen=True, slots=True)
class Proven:
    """An anchor of any epoch whose event proof is stored."""

    size: int
    chain: str
    block_hash: str
    proof: str


def proven_between(session: Session, log_id: str, first: int, last: int) -> list[Proven]:
    """The proven anchors of these sizes, of closed epochs first, in their order."""
    found: list[Proven] = []
    for row in (PastAnchorRow, AnchorRow):
        query = select(row.size, row.chain, row.block_hash, row.proof)
        query = query.where(row.log_id == log_id, row.size >= first, row.size <= last, row.proof.is_not(None))
        if row is PastAnchorRow:
            query = query.order_by(PastAnchorRow.epoch, PastAnchorRow.ordinal)
        found += (Proven(each[0], each[1], each[2] or "", each[3] or "") for each in session.execute(query))
    return found


def attestations_of(session: Session, block_hashes: Collection[str]) -> list[AttestationRow]:
    """Of any chain's blocks with these hashes."""
    wanted, row = sorted(block_hashes), AttestationRow
    found: list[AttestationRow] = []
    for start in range(0, len(wanted), _CHUNK):
        found += session.scalars(select(row).where(row.block_hash.in_(wanted[start : start + _CHUNK])))
    return found


def set_grades(session: Session, log_id: str, grade: int, sizes: Sequence[int]) -> None:
    """One grade for many checkpoints."""
    for start in range(0, len(sizes), _CHUNK):
        chosen = CheckpointRow.size.in_(sizes[start : start + _CHUNK])
        session.execute(update(CheckpointRow).where(CheckpointRow.log_id == log_id, chosen).values(grade=grade))


def graded_by(session: Session) -> bytes | None:
    """The digest of the settings under which all stored grades were given; None before the first start."""
    return session.scalar(select(GradingRow.digest).where(GradingRow.id == _ONLY))


def put_graded_by(session: Session, digest: bytes, now_ms: int) -> None:
    """Notes it."""
    make: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(GradingRow.__table__).values(id=_ONLY, digest=digest, graded_at=now_ms)
    changed = {"digest": statement.excluded.digest, "graded_at": statement.excluded.graded_at}
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=changed))
