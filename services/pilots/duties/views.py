"""What is shown of duties, and what is asked of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.pilots.views import Item

__all__ = ["DutyRequest", "DutyView", "MoveRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRequest:
    """A duty to open, by its code in the rulebook. ``due``: a day number, from who may demand it."""

    code: str
    due: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[Item] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveRequest:
    """A move of a duty or an alert, by its name."""

    move: str
    due: int | None = None
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[Item] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyView:
    """A duty as who may read it sees it; ``due`` an ISO date in Shanghai. ``moves``: what can be done now, by whom."""

    id: str
    project_id: str
    number: int
    code: str
    term: str
    body: str
    overseer: str
    state: str
    state_term: str
    ended: bool
    due: str | None
    overdue: bool
    round: int
    rule: str
    source: str
    needs: tuple[str, ...]
    moves: Mapping[str, str]
    last_seq: int | None
    created_at: int
    updated_at: int
