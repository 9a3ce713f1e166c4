"""SQL of who needs a stored file: the records whose manifests name it, and what is left of a file nobody needs."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, Table, delete, exists, or_, select, text, update
from sqlalchemy.orm import Session, aliased

from services.evidence.materials.models import MaterialRow, ObjectRow, TombstoneRow, UseRow
from services.evidence.materials.store import name_of
from services.evidence.models import ErasureRow

__all__ = [
    "USES",
    "bury",
    "erase",
    "records_of",
    "restricted_by",
    "tombstones",
    "unneeded",
    "usable",
    "used_by",
    "visible",
]

USES: Table = UseRow.metadata.tables["material_uses"]


class Tombstone(NamedTuple):
    """A stored file that is to be destroyed, or was."""

    object_id: str
    name: str
    destroyed_at: int | None


def usable(session: Session, institution_id: str, material_ids: Collection[str]) -> set[str]:
    """Which of these are stored materials of the institution."""
    query = select(MaterialRow.id).where(MaterialRow.institution_id == institution_id)
    return set(session.scalars(query.where(MaterialRow.object_id.is_not(None), MaterialRow.id.in_(material_ids))))


def used_by(session: Session, record_id: str) -> Sequence[str]:
    """The materials that a record's manifest names."""
    query = select(UseRow.material_id).where(UseRow.record_id == record_id)
    return session.scalars(query.order_by(UseRow.material_id)).all()


def records_of(session: Session, material_id: str) -> Sequence[str]:
    """The records whose manifests name a material."""
    query = select(UseRow.record_id).where(UseRow.material_id == material_id)
    return session.scalars(query.order_by(UseRow.record_id)).all()


def unneeded(session: Session, record_id: str) -> Sequence[str]:
    """The materials of a record that no other record's manifest names."""
    other = aliased(UseRow)
    needed = exists().where(other.material_id == UseRow.material_id, other.record_id != record_id)
    query = select(UseRow.material_id).where(UseRow.record_id == record_id, ~needed)
    return session.scalars(query.order_by(UseRow.material_id)).all()


def erase(session: Session, record_id: str, material_ids: Iterable[str], now_ms: int) -> None:
    """Takes the record's claims back, and of these materials name, digests and keys; their contents are buried."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))
    session.execute(delete(UseRow).where(UseRow.record_id == record_id))
    for material_id in material_ids:
        row = session.get(MaterialRow, material_id, populate_existing=True)
        if row is None or row.object_id is None:
            continue
        object_id, empty = row.object_id, {"object_id": None, "details": b"", "erased_at": now_ms}
        session.execute(update(MaterialRow).where(MaterialRow.id == material_id).values(empty))
        if not session.scalar(select(exists().where(MaterialRow.object_id == object_id))):
            _entomb(session, object_id, record_id, now_ms)


def _entomb(session: Session, object_id: str, record_id: str, now_ms: int) -> None:
    row = session.get(ObjectRow, object_id)
    if row is None:
        return
    stone = {"object_id": object_id, "institution_id": row.institution_id, "record_id": record_id}
    session.add(TombstoneRow(**stone, name=name_of(row.address, object_id), erased_at=now_ms))
    session.delete(row)
    session.flush()


def tombstones(session: Session, *, limit: int) -> Sequence[Tombstone]:
    """Those whose file may still be there."""
    row = TombstoneRow
    query = select(row.object_id, row.name, row.destroyed_at).where(row.destroyed_at.is_(None))
    return [Tombstone(*each) for each in session.execute(query.order_by(row.object_id).limit(limit))]


def bury(session: Session, object_ids: Collection[str], now_ms: int) -> None:
    """Their files are gone."""
    session.execute(update(TombstoneRow).where(TombstoneRow.object_id.in_(object_ids)).values(destroyed_at=now_ms))


def visible() -> ColumnElement[bool]:
    """Of materials: not erased, and needed by a record that is not restricted, or by none yet."""
    used = exists().where(UseRow.material_id == MaterialRow.id)
    held = exists().where(ErasureRow.record_id == UseRow.record_id)
    open_use = exists().where(UseRow.material_id == MaterialRow.id, ~held)
    return MaterialRow.erased_at.is_(None) & or_(~used, open_use)


def restricted_by(session: Session, material_id: str) -> str | None:
    """The record whose restriction keeps a material from being read; None when it may be."""
    if session.scalar(select(MaterialRow.id).where(MaterialRow.id == material_id, visible())) is not None:
        return None
    return next(iter(records_of(session, material_id)), None)
