"""The materials' SQL."""

from collections.abc import Collection, Iterator, Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.evidence.materials.models import MaterialKeyRow, MaterialRow, ObjectRow
from services.evidence.materials.uses_repository import visible

__all__ = [
    "add",
    "add_object",
    "address_key",
    "adopt",
    "expire",
    "forget",
    "material",
    "object_at",
    "object_row",
    "objects_among",
    "page",
    "put_address_key",
    "replace_object",
    "touch",
    "uploads_among",
]

_MANY = 500


def address_key(session: Session, institution_id: str) -> bytes | None:
    """The institution's encrypted address key."""
    row = session.get(MaterialKeyRow, institution_id)
    return row.ciphertext if row else None


def put_address_key(session: Session, institution_id: str, ciphertext: bytes, now_ms: int) -> None:
    """Sets it unless there is one."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {"institution_id": institution_id, "ciphertext": ciphertext, "created_at": now_ms}
    session.execute(insert(MaterialKeyRow).values(values).on_conflict_do_nothing())


def add(session: Session, row: MaterialRow) -> None:
    """A new material."""
    session.add(row)
    session.flush()


def material(session: Session, material_id: str) -> MaterialRow | None:
    """One material."""
    return session.get(MaterialRow, material_id)


def page(session: Session, institution_id: str, *, after: str | None, limit: int) -> Sequence[MaterialRow]:
    """An institution's materials that may be read, oldest first."""
    query = select(MaterialRow).where(MaterialRow.institution_id == institution_id, visible())
    if after:
        query = query.where(MaterialRow.id > after)
    return session.scalars(query.order_by(MaterialRow.id).limit(limit)).all()


def touch(session: Session, material_id: str, now_ms: int) -> None:
    """Notes that its upload goes on."""
    session.execute(update(MaterialRow).where(MaterialRow.id == material_id).values(touched_at=now_ms))


def object_row(session: Session, object_id: str) -> ObjectRow | None:
    """One stored content."""
    return session.get(ObjectRow, object_id)


def object_at(session: Session, institution_id: str, address: bytes) -> ObjectRow | None:
    """The institution's content of this address."""
    return session.scalars(
        select(ObjectRow).where(ObjectRow.institution_id == institution_id, ObjectRow.address == address)
    ).one_or_none()


def add_object(session: Session, row: ObjectRow) -> bool:
    """A stored content; False when another transaction was faster with an equal one."""
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    values = {each: getattr(row, each) for each in ("id", "institution_id", "address", "size", "key", "stored_at")}
    made = session.execute(insert(ObjectRow).values(values).on_conflict_do_nothing().returning(ObjectRow.id))
    return made.first() is not None


def replace_object(session: Session, old_id: str, new: ObjectRow) -> None:
    """Puts a sound copy of the same content in the place of one that is damaged."""
    session.execute(
        update(ObjectRow).where(ObjectRow.id == old_id).values(address=old_id.encode())
    )  # frees the address
    add_object(session, new)
    session.execute(update(MaterialRow).where(MaterialRow.object_id == old_id).values(object_id=new.id))
    session.execute(delete(ObjectRow).where(ObjectRow.id == old_id))


def adopt(session: Session, material_id: str, *, object_id: str, details: bytes, now_ms: int) -> bool:
    """Makes an upload a stored material; False when it is no upload (any more)."""
    done = session.execute(
        update(MaterialRow)
        .where(MaterialRow.id == material_id, MaterialRow.upload_id.is_not(None))
        .values(object_id=object_id, details=details, upload_id=None, key=None, stored_at=now_ms, touched_at=now_ms)
        .returning(MaterialRow.id)
    )
    return done.first() is not None


def forget(session: Session, material_id: str) -> None:
    """Removes a material that was never stored."""
    session.execute(delete(MaterialRow).where(MaterialRow.id == material_id, MaterialRow.upload_id.is_not(None)))


def expire(session: Session, before_ms: int) -> int:
    """Forgets uploads that nobody continued since; their number."""
    gone = session.execute(
        delete(MaterialRow)
        .where(MaterialRow.upload_id.is_not(None), MaterialRow.touched_at < before_ms)
        .returning(MaterialRow.id)
    )
    return len(gone.all())


def uploads_among(session: Session, object_ids: Collection[str]) -> set[str]:
    """Which of these are uploads under way."""
    found = set[str]()
    for part in _parts(object_ids):
        uploads = session.scalars(select(MaterialRow.upload_id).where(MaterialRow.upload_id.in_(part)))
        found.update(each for each in uploads if each)
    return found


def objects_among(session: Session, object_ids: Collection[str]) -> set[str]:
    """Which of these are stored contents."""
    found = set[str]()
    for part in _parts(object_ids):
        found.update(session.scalars(select(ObjectRow.id).where(ObjectRow.id.in_(part))))
    return found


def _parts(ids: Collection[str]) -> Iterator[list[str]]:
    wanted = list(ids)
    yield from (wanted[start : start + _MANY] for start in range(0, len(wanted), _MANY))
