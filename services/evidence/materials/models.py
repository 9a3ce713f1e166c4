"""Tables of the materials. Times are UTC milliseconds.

Plain are an owner, a size, a state and the keyed address; names, types and digests are encrypted, for a digest in the
clear tells who has the same file.
"""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["MaterialKeyRow", "MaterialRow", "ObjectRow", "TombstoneRow", "UseRow"]


class MaterialKeyRow(Base):
    """An institution's address key, encrypted under its data key."""

    __tablename__ = "material_keys"

    institution_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ciphertext: Mapped[bytes]
    created_at: Mapped[int]


class ObjectRow(Base):
    """A stored content; materials with equal contents share it. ``key``: its file key, encrypted."""

    __tablename__ = "material_objects"
    __table_args__ = (UniqueConstraint("institution_id", "address"), Index(None, "address"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    institution_id: Mapped[str] = mapped_column(String(40))
    address: Mapped[bytes]
    size: Mapped[int]
    key: Mapped[bytes]
    stored_at: Mapped[int]


class MaterialRow(Base):
    """A material (材料): announced, received, stored, erased.

    ``upload_id`` and ``key`` are those of its own upload, until it is stored; ``details`` is encrypted JSON, empty once
    it is erased.
    """

    __tablename__ = "materials"
    __table_args__ = (Index(None, "institution_id", "id"), Index(None, "upload_id"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    institution_id: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]
    details: Mapped[bytes]
    upload_id: Mapped[str | None] = mapped_column(String(40))
    key: Mapped[bytes | None]
    object_id: Mapped[str | None] = mapped_column(ForeignKey("material_objects.id"), index=True)
    created_at: Mapped[int]
    touched_at: Mapped[int]
    stored_at: Mapped[int | None]
    erased_at: Mapped[int | None]


class UseRow(Base):
    """A record whose manifest names a material."""

    __tablename__ = "material_uses"

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    material_id: Mapped[str] = mapped_column(ForeignKey("materials.id"), primary_key=True, index=True)


class TombstoneRow(Base):
    """A content that nobody needs any more: its key is gone, its file ``name`` is removed by a job (``destroyed_at``).

    ``record_id``: the record with whose erasure it went.
    """

    __tablename__ = "material_tombstones"

    object_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    institution_id: Mapped[str] = mapped_column(String(40))
    name: Mapped[str]
    record_id: Mapped[str] = mapped_column(String(40))
    erased_at: Mapped[int]
    destroyed_at: Mapped[int | None] = mapped_column(index=True)
