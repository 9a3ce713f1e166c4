"""The course of a duty (办理环节): its states, and who takes it from one to the next."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.strict import Part

__all__ = ["Course", "Dates", "Move", "Mover", "read_courses"]


class Mover(StrEnum):
    """Who takes a move; which body that is, the duty says."""

    RESPONSIBLE = "responsible"  # 责任主体
    OVERSEER = "overseer"  # 接收报送、督促的主体
    LEAD = "lead"  # 牵头申报单位


class Dates(StrEnum):
    """What a move does to the duty's due date (到期日)."""

    KEEPS = "keeps"
    SETS = "sets"  # who moves may name another day, and must when the old one has gone by
    MEETS = "meets"  # what was due is done


@dataclass(frozen=True, slots=True)
class Move:
    """A move of a course: allowed in `states`, leads `to`. `evidence`: it brings the documents that the duty names."""

    name: str
    states: tuple[str, ...]
    to: str
    by: Mover
    dates: Dates
    evidence: bool


@dataclass(frozen=True, slots=True)
class Course:
    """States with their terms, the first of them that of a new duty; a state that nothing leaves ends the duty."""

    code: str
    states: Mapping[str, str]
    moves: Mapping[str, Move]
    rule: str

    @property
    def opens(self) -> str:
        """The state of a new duty."""
        return next(iter(self.states))

    def moves_in(self, state: str) -> tuple[Move, ...]:
        """What can be done there, what is expected first; nothing when the duty has ended."""
        return tuple(move for move in self.moves.values() if state in move.states)


def read_courses(part: Part, rules: Collection[str]) -> dict[str, Course]:
    """The courses; every state but the first is led to, and no move leaves a state twice under one name."""
    return {code: _course(code, one, rules) for code, one in part.members().items()}


def _course(code: str, part: Part, rules: Collection[str]) -> Course:
    parts = part.fields({"states", "moves", "rule"})
    states = {name: term.text() for name, term in parts["states"].members().items()}
    if not states:
        parts["states"].wrong("a course has states")
    moves = {name: _move(name, one, states) for name, one in parts["moves"].members().items()}
    for state in list(states)[1:]:
        if not any(move.to == state for move in moves.values()):
            parts["states"].wrong(f"no move leads to {state}")
    return Course(code, states, moves, parts["rule"].one_of(rules, "rule"))


def _move(name: str, part: Part, states: Collection[str]) -> Move:
    parts = part.fields({"from", "to", "by"}, {"due", "evidence"})
    return Move(
        name=name,
        states=tuple(item.one_of(states, "state") for item in parts["from"].items()),
        to=parts["to"].one_of(states, "state"),
        by=Mover(parts["by"].one_of(list(Mover), "mover")),
        dates=Dates(parts["due"].one_of(list(Dates), "change of the due date")) if "due" in parts else Dates.KEEPS,
        evidence="evidence" in parts and parts["evidence"].boolean(),
    )
