"""Tables of the imports. What files say lies in ciphertexts; moments are UTC milliseconds, units decimal text."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = ["FindingsRow", "GroupRow", "ImportRow"]


class ImportRow(Base):
    """An import (名册导入). ``files``: material and name each; ``demands`` and ``summary`` as :mod:`checking` has them.

    ``demands`` has the last ``progress`` too, of one whose groups went with a database; ``further_id``: the further
    security of the company that the list is for, None for the company's first one; ``findings``: how many cells are
    wrong; ``record_id``: the fact of the check.
    """

    __tablename__ = "register_imports"
    __table_args__ = (Index(None, "owner_id", "id"), Index(None, "company_id", "id"), Index(None, "state", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    company_id: Mapped[str]
    security_id: Mapped[str | None]
    further_id: Mapped[str | None]
    state: Mapped[str]
    files: Mapped[Any] = mapped_column(JsonText)
    demands: Mapped[Any] = mapped_column(JsonText)
    documents: Mapped[Any] = mapped_column(JsonText)
    summary: Mapped[Any] = mapped_column(JsonText)
    findings: Mapped[int]
    groups: Mapped[int]
    actor_id: Mapped[str]
    record_id: Mapped[str | None]
    created_at: Mapped[int]
    updated_at: Mapped[int]


class GroupRow(Base):
    """About a hundred lines that are carried out together. ``content``: the lines, encrypted, until they are done.

    ``entries``: account, units (none any more once the chain has entered them) and whether an officer's, once the
    accounts are known; ``acts``: those of its present step. ``state``: waiting, opening, opened, issuing, issued,
    marking, done or refused; ``reason`` of a refusal.
    """

    __tablename__ = "register_import_groups"
    __table_args__ = (Index(None, "import_id", "state", "number"),)

    import_id: Mapped[str] = mapped_column(ForeignKey("register_imports.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    confirmed: Mapped[bool]
    lines: Mapped[int]
    units: Mapped[str]
    content: Mapped[bytes | None]
    entries: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str]
    acts: Mapped[Any] = mapped_column(JsonText)
    reason: Mapped[str | None]


class FindingsRow(Base):
    """Some of a report's findings in their order, encrypted; ``first``: the number of the first of them."""

    __tablename__ = "register_import_findings"

    import_id: Mapped[str] = mapped_column(ForeignKey("register_imports.id"), primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]
