"""Tables of the materials. Times are UTC milliseconds.

Plain are an owner, a size, a state and the keyed address; names, types and digests are encrypted, for a digest in the
clear tells who has the same file.
"""

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["MaterialKeyRow", "MaterialRow", "ObjectRow"]


class MaterialKeyRow(Base):
    """An institution's address key, encrypted under its data key."""

    __tablename__ = "material_keys"

    institution_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    ciphertext: Mapped[bytes]
    created_at: Mapped[int]


class ObjectRow(Base):
    """A stored content; materials with equal contents share it. ``key``: its file key, encrypted."""

    __tablename__ = "material_objects"
    __table_args__ = (UniqueConstraint("institution_id", "address"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    institution_id: Mapped[str] = mapped_column(String(40))
    address: Mapped[bytes]
    size: Mapped[int]
    key: Mapped[bytes]
    stored_at: Mapped[int]


class MaterialRow(Base):
    """A material (材料): announced, received, stored.

    ``upload_id`` and ``key`` are those of its own upload, until it is stored; ``details`` is encrypted JSON.
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
