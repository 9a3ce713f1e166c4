"""What fsck reads of stored files, manifests and bulk uploads, in streams."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.evidence.bulk.models import RejectionRow, UploadChunkRow, UploadRow
from services.evidence.materials.models import MaterialRow, ObjectRow, TombstoneRow, UseRow
from services.evidence.models import LeafRow, LogRow, RecordRow

__all__ = ["Place"]

_PAGE = 500


class Place(NamedTuple):
    """Where a record stands."""

    record_id: str
    origin: str
    at: int


def objects_in(session: Session, folder: int) -> Sequence[ObjectRow]:
    """The contents whose address begins with this byte."""
    row = ObjectRow
    query = select(row).where(row.address >= bytes([folder]))
    if folder < 255:
        query = query.where(row.address < bytes([folder + 1]))
    return session.scalars(query.order_by(row.address)).all()


def materials_of(session: Session, object_id: str) -> Sequence[MaterialRow]:
    """The materials that are this content."""
    return session.scalars(select(MaterialRow).where(MaterialRow.object_id == object_id).order_by(MaterialRow.id)).all()


def place_of_use(session: Session, material_id: str) -> Place | None:
    """The first record whose manifest names a material."""
    query = select(RecordRow.id, LogRow.origin, RecordRow.idx).join(LogRow, LogRow.id == RecordRow.log_id)
    query = query.join(UseRow, UseRow.record_id == RecordRow.id).where(UseRow.material_id == material_id)
    row = session.execute(query.order_by(RecordRow.accepted_at, RecordRow.id).limit(1)).first()
    return Place(*row) if row else None


def is_expected(session: Session, object_id: str) -> bool:
    """Whether somebody refers to a content: a material, or an upload under way."""
    upload = select(MaterialRow.id).where(MaterialRow.upload_id == object_id)
    return session.get(ObjectRow, object_id) is not None or session.scalar(upload) is not None


def tombstone(session: Session, object_id: str) -> TombstoneRow | None:
    """What is left of an erased content."""
    return session.get(TombstoneRow, object_id)


def manifests(session: Session, type_code: int) -> Iterator[tuple[RecordRow, str]]:
    """The records of this type that have their content, with their log's origin."""
    query = select(RecordRow, LogRow.origin).join(LogRow, LogRow.id == RecordRow.log_id)
    query = query.where(RecordRow.type_code == type_code, func.length(RecordRow.ciphertext) > 0)
    for row in session.execute(query.order_by(RecordRow.id).execution_options(yield_per=_PAGE)):
        yield row[0], row[1]


def material(session: Session, material_id: str) -> MaterialRow | None:
    """One material."""
    return session.get(MaterialRow, material_id)


def uploads(session: Session) -> Iterator[tuple[UploadRow, str]]:
    """All bulk uploads, with their log's origin."""
    query = select(UploadRow, LogRow.origin).join(LogRow, LogRow.id == UploadRow.log_id).order_by(UploadRow.id)
    for row in session.execute(query.execution_options(yield_per=_PAGE)):
        yield row[0], row[1]


def chunks(session: Session, upload_id: str) -> Iterator[UploadChunkRow]:
    """An upload's chunks, by line."""
    query = select(UploadChunkRow).where(UploadChunkRow.upload_id == upload_id).order_by(UploadChunkRow.first_line)
    return iter(session.scalars(query.execution_options(yield_per=_PAGE)))


def rejected_in(session: Session, upload_id: str, first_line: int, lines: int) -> int:
    """How many of these lines were rejected."""
    row = RejectionRow
    query = select(func.count()).select_from(row).where(row.upload_id == upload_id, row.line >= first_line)
    return session.scalar(query.where(row.line < first_line + lines)) or 0


def leaves_of_chunk(session: Session, log_id: str, first: int, count: int) -> list[tuple[bytes, str | None]]:
    """(leaf, institution of its record) of the leaves from ``first`` on."""
    query = select(LeafRow.leaf, RecordRow.institution_id).outerjoin(RecordRow, RecordRow.id == LeafRow.record_id)
    query = query.where(LeafRow.log_id == log_id, LeafRow.idx >= first, LeafRow.idx < first + count)
    return [(bytes(row[0]), row[1]) for row in session.execute(query.order_by(LeafRow.idx))]
