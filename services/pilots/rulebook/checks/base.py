"""A check: a pure function with a name, over facts and a rulebook, that tells every violation it sees."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from services.pilots.rulebook.facts import Facts
from services.pilots.rulebook.model import Parameter, Rulebook, RuleId

__all__ = ["Check", "Found", "Using", "Violation", "check", "registered"]


@dataclass(frozen=True, slots=True)
class Violation:
    """What is wrong: the field, the rule and its clause, the offending value, and a sentence."""

    field: str
    rule: RuleId
    source: str
    value: str
    message: str


Found: TypeAlias = Iterator[Violation]


@dataclass(frozen=True, slots=True)
class Using:
    """A check as a rulebook uses it."""

    book: Rulebook
    rule: RuleId
    parameters: Mapping[str, Parameter]

    def violation(self, field: str, value: object, message: str, *, rule: RuleId | None = None) -> Violation:
        """A violation of the check's own rule, or of a nearer one."""
        named = rule or self.rule
        return Violation(field, named, self.book.rule(named).cited, str(value), message)

    def number(self, name: str) -> int | None:
        """A parameter that is a number, None where the region decided for no limit."""
        value = self.parameters[name]
        if value is not None and not isinstance(value, int):
            raise TypeError(f"{name} is no number")
        return value

    def names(self, name: str) -> tuple[str, ...]:
        """A parameter that is a list."""
        value = self.parameters[name]
        return value if isinstance(value, tuple) else ()

    def holds(self, name: str) -> bool:
        """A parameter that is true or false."""
        return self.parameters[name] is True


CheckFunction: TypeAlias = Callable[[Using, Facts], Found]


@dataclass(frozen=True, slots=True)
class Check:
    """A check and the parameters it takes, by name and type (`int`, `bool`, `tuple`)."""

    name: str
    run: CheckFunction
    parameters: Mapping[str, type]


_REGISTERED: dict[str, Check] = {}


def check(name: str, **parameters: type) -> Callable[[CheckFunction], CheckFunction]:
    """Makes a function the check of a name."""

    def register(function: CheckFunction) -> CheckFunction:
        if name in _REGISTERED:
            raise ValueError(f"two checks are called {name}")
        _REGISTERED[name] = Check(name, function, parameters)
        return function

    return register


def registered() -> Mapping[str, Check]:
    """All checks by name."""
    return _REGISTERED
