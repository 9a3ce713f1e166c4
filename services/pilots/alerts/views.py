"""What is shown of alerts, and what is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.pilots.views import Item

__all__ = ["AlertRequest", "AlertView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRequest:
    """An alert that a body raises from what it has found out itself."""

    kind: str
    content: Mapping[str, Any] = field(default_factory=dict)
    evidence: Sequence[Item] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert; ``day`` is the ISO date that matters, ``since`` and ``cleared_at`` UTC milliseconds."""

    id: str
    project_id: str
    number: int
    region: int
    code: str
    kind: str
    term: str
    rule: str
    source: str
    body: str
    subject: int
    day: str | None
    proposal: str | None
    state: str
    reminds: bool
    moves: tuple[str, ...]
    last_seq: int | None
    since: int
    cleared_at: int | None
    updated_at: int
