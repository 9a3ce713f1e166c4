"""How the parts of the register ask for acts in their own units, and hear what became of them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.register.acts.said import Said

__all__ = ["REFUSED", "REGISTERED", "REQUESTED", "Ask", "Asked", "Outcome", "Outcomes"]

REQUESTED, REGISTERED, REFUSED = "requested", "registered", "refused"


@dataclass(frozen=True, slots=True)
class Asked:
    """A requested act, and the operation that carries it to the chain."""

    id: str
    operation_id: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """``state``: requested, registered or refused; ``reason`` of a refusal."""

    state: str
    reason: str = ""


class Ask(Protocol):
    """Writes the requested leaf and the operation; RuleRefused when the register would say no."""

    def __call__(self, group: Group, host: str, said: Said, *, batch: str = "", queue: str = "") -> Asked:
        """``batch``: the id of what asks for many; ``queue``: another one than that of what the act is about."""
        ...


class Outcomes(Protocol):
    """What has become of acts."""

    def __call__(self, session: Session, acts: Collection[str]) -> Mapping[str, Outcome]:
        """By their ids."""
        ...
