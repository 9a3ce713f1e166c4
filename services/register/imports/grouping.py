"""Good lines as groups of some hundred, and back: what a group's ciphertext holds. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chain.proof.canonical import JsonObject, canonical, parse_json
from services.days import number
from services.register.accounts.identity import Identity
from services.register.accounts.views import AccountDetails
from services.register.imports.encumbrances import EncumbranceLine
from services.register.imports.holders import HolderLine
from services.register.rules.values import Kind

__all__ = ["HOLDERS", "LIEN", "Group", "Holder", "grouped", "holders_of", "liens_of"]

SIZE = 200
"""At most five fields a holder in a record of 1,024, and 6 million gas in a transaction."""
HOLDERS, LIEN = "holders", "lien"
_MAX_BYTES = 1 << 20


@dataclass(slots=True)
class Group:
    """Lines that are carried out together: confirmed and unconfirmed holders apart, each lien alone."""

    kind: str
    confirmed: bool
    units: int = 0
    lines: list[JsonObject] = field(default_factory=list)

    def content(self) -> bytes:
        """To be encrypted."""
        return canonical({"lines": [*self.lines]})


@dataclass(frozen=True, slots=True)
class Holder:
    """A line of a group of holders."""

    details: AccountDetails
    units: int
    officer: bool


def grouped(lines: Iterable[HolderLine | EncumbranceLine], *, confirmed: bool) -> Iterator[Group]:
    """Groups as they fill, then liens by their beginning. ``confirmed``: what holds of lines that do not say."""
    liens: list[EncumbranceLine] = []
    filling = {each: Group(HOLDERS, each) for each in (True, False)}
    for line in lines:
        if isinstance(line, EncumbranceLine):
            liens.append(line)
            continue
        key = confirmed if line.confirmed is None else line.confirmed
        group = filling[key]
        group.lines.append(_holder(line))
        group.units += line.units
        if len(group.lines) == SIZE:
            yield group
            filling[key] = Group(HOLDERS, key)
    yield from (each for each in filling.values() if each.lines)
    for line in sorted(liens, key=lambda each: each.since):
        yield Group(LIEN, confirmed=True, units=line.units, lines=[_lien(line)])


def holders_of(content: bytes) -> list[Holder]:
    """What a group of holders holds."""
    return [
        Holder(
            AccountDetails(
                kind=Kind(each["kind"]),
                identity=Identity.of(each["identity"]),
                suitable_until=each["suitable_until"],
                investor_code=each["investor_code"],
            ),
            int(each["units"]),
            bool(each["officer"]),
        )
        for each in _lines(content)
    ]


def liens_of(content: bytes) -> Sequence[Mapping[str, Any]]:
    """What a group of liens holds: the members of :class:`EncumbranceLine`, the person as ``identity``."""
    return _lines(content)


def _lines(content: bytes) -> list[dict[str, Any]]:
    document: Any = parse_json(content, max_bytes=_MAX_BYTES)
    found: list[dict[str, Any]] = document["lines"]
    return found


def _holder(line: HolderLine) -> JsonObject:
    return {
        "kind": int(line.person.kind),
        "identity": line.person.identity.content(),
        "units": str(line.units),
        "suitable_until": number(line.suitable_until) if line.suitable_until else 0,
        "investor_code": line.investor_code,
        "officer": line.officer,
        "nature": line.nature,
    }


def _lien(line: EncumbranceLine) -> JsonObject:
    return {
        "identity": line.person.identity.content(),
        "holder": int(line.person.kind),
        "kind": str(line.kind),
        "units": str(line.units),
        "since": line.since.isoformat(),
        "until": line.until.isoformat() if line.until else "",
        "for_name": line.for_name,
        "for_number": line.for_number,
        "paper": line.paper,
        "secured": line.secured,
    }
