"""What the door of the imports takes and tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.register.acts.said import Document

__all__ = ["Execution", "FileSaid", "ImportRequest", "ImportView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSaid:
    """A stored material (``mat_…``) of the operator's, and the name under which findings show it."""

    material: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """Which files are checked for which company; ``security``: for which further one of its securities, if for one.

    ``sum_duplicates``: several lines of one person are one holding; ``confirmed``: what holds of lines that do not say
    whether they are confirmed (确权); ``pledgees``: addresses whose signature releases a pledge, by the pledgee's name,
    where the list has no column for them.
    """

    company: str
    files: tuple[FileSaid, ...]
    security: str | None = None
    sum_duplicates: bool = False
    confirmed: bool = False
    pledgees: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Into which security a clean list is carried out, and on which documents the acts rest."""

    security: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportView:
    """An import; ``progress``: how many groups are in which state, ``refusals``: why some were refused."""

    id: str
    company: str
    security: str | None
    state: str
    files: Sequence[Mapping[str, str]]
    summary: Mapping[str, Any]
    findings: int
    groups: int
    progress: Mapping[str, int]
    refusals: Sequence[str]
    record_id: str | None
    created_at: int
    updated_at: int
