"""A line of a list of existing encumbrances (存量质押、冻结、限售): whose units, for whom, since when. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import partial

from services.register.imports.columns import Heading
from services.register.imports.findings import CellRefused
from services.register.imports.line import Line
from services.register.imports.persons import Person, read_person
from services.register.imports.values import one_of, plain_text, read_day, read_identifier, read_units

__all__ = ["EncumbranceLine", "LienKind", "read_encumbrance"]


class LienKind(StrEnum):
    """Kinds of encumbrances; the register's own words (docs/spec/register.md)."""

    PLEDGE = "pledge"  # 质押
    FREEZE = "freeze"  # 司法冻结
    LOCK = "lock"  # 限售、锁定


_KINDS: Sequence[tuple[str, LienKind]] = (
    ("质", LienKind.PLEDGE),
    ("冻结", LienKind.FREEZE),
    ("查封", LienKind.FREEZE),
    ("限售", LienKind.LOCK),
    ("锁定", LienKind.LOCK),
    ("限制转让", LienKind.LOCK),
)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_FREEZE_YEARS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EncumbranceLine:
    """``since``: when it took effect (登记、公示); ``until``: its last day; ``for_name``: pledgee or court."""

    person: Person
    kind: LienKind
    units: int
    since: date
    until: date | None
    for_name: str
    for_number: str
    paper: str
    secured: str


def read_encumbrance(
    line: Line, heading: Heading, factor: int, today: date, *, pledgees: Mapping[str, str]
) -> EncumbranceLine | None:
    """The line; None once it knows what is wrong with its cells. ``pledgees``: addresses by name."""
    person = read_person(line, today)
    kind, field = _kind(line)
    units = line.need(field, partial(read_units, factor=heading.factors.get(field, factor)))
    line.units = units
    since = line.need("since", read_day)
    until = line.may("until", read_day)
    for_name = line.may("holder_of", lambda cell: plain_text(cell.text)) or ""
    for_number = line.may("holder_number", read_identifier) or ""
    secured = plain_text(line.text("secured"))
    if kind is not None and since is not None:
        _check_terms(line, kind, since, until, today)
    if kind is LienKind.PLEDGE and not for_name:
        line.refuse("holder_of", CellRefused("IMP-LIEN", "A pledge is for somebody: name the pledgee (质权人)."))
    secured = secured or pledgees.get(for_name, "")
    if kind is LienKind.PLEDGE and not _ADDRESS.fullmatch(secured):
        field_of = "secured" if "secured" in line else "holder_of"
        detail = "Whose signature will release it (质权人签名地址)? Expected 0x and 40 hexadecimal digits."
        line.refuse(field_of, CellRefused("IMP-LIEN", detail))
    if person is None or kind is None or units is None or since is None or line.wrong:
        return None
    return EncumbranceLine(
        person=person,
        kind=kind,
        units=units,
        since=since,
        until=until,
        for_name=for_name,
        for_number=for_number,
        paper=plain_text(line.text("paper")),
        secured=secured.lower(),
    )


def _kind(line: Line) -> tuple[LienKind | None, str]:
    """What it is, and which column has its units."""
    for field, kind in (("pledged", LienKind.PLEDGE), ("frozen", LienKind.FREEZE)):
        if field in line and "lien" not in line and "units" not in line:
            return kind, field
    kind_said = line.need("lien", partial(one_of, words=_KINDS, refusal="Expected 质押, 冻结 or 限售."))
    return kind_said, next((each for each in ("units", "pledged", "frozen") if each in line), "units")


def _check_terms(line: Line, kind: LienKind, since: date, until: date | None, today: date) -> None:
    if since > today:
        line.refuse("since", CellRefused("IMP-DATE", "It cannot have begun after today."))
    if until is not None and until < today:
        line.refuse("until", CellRefused("IMP-TERM", "Its term is over: an encumbrance that ended is not imported."))
    if kind is not LienKind.FREEZE:
        return
    if until is None:
        line.refuse("until", CellRefused("IMP-TERM", "A judicial freeze has a last day."))
    elif until > _years_after(max(since, today), _FREEZE_YEARS):
        line.refuse("until", CellRefused("IMP-TERM", f"A freeze or its renewal lasts {_FREEZE_YEARS} years at most."))


def _years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)
