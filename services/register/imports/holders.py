"""A line of a holder list (股东名册): a person, units, and what else the list says of them. Pure."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import partial

from services.platform.errors import Invalid
from services.register.accounts.identity import LETTERS
from services.register.codes import check_investor_code
from services.register.imports.columns import Heading
from services.register.imports.findings import CellRefused
from services.register.imports.line import Line
from services.register.imports.persons import Person, read_person
from services.register.imports.values import plain_text, read_day, read_ratio, read_units, read_yes

__all__ = ["HolderLine", "read_holder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderLine:
    """``ratios``: parts of the whole that the list may mean, each with half of its last place.

    ``confirmed``: None where the list does not say; ``same``: it goes on with the holder of the merged cell above;
    ``pledged``, ``frozen``: units that the list says to be so, to be borne out by the list of encumbrances.
    """

    person: Person
    units: int
    ratios: tuple[tuple[Decimal, Decimal], ...]
    confirmed: bool | None
    officer: bool
    nature: str
    investor_code: str
    suitable_until: date | None
    pledged: int
    frozen: int
    same: bool


def read_holder(line: Line, heading: Heading, factor: int, today: date) -> HolderLine | None:
    """The line; None once it knows what is wrong with its cells. ``factor``: of quantities without a unit."""
    person = read_person(line, today)
    units = line.need("units", partial(read_units, factor=heading.factors.get("units", factor)))
    line.units = units
    ratios = line.may("ratio", read_ratio)
    confirmed = line.may("confirmed", read_yes)
    officer = line.may("officer", read_yes)
    suitable = line.may("suitable_until", read_day)
    burdens = {each: _burden(line, each, heading.factors.get(each, factor)) for each in ("pledged", "frozen")}
    code = line.may("investor_code", lambda cell: plain_text(cell.text)) or ""
    if person is not None and code:
        code = _investor_code(line, code, person)
    if person is None or units is None or line.wrong:
        return None
    return HolderLine(
        person=person,
        units=units,
        ratios=ratios or (),
        confirmed=confirmed,
        officer=bool(officer),
        nature=plain_text(line.text("nature")),
        investor_code=code,
        suitable_until=suitable,
        same=line.shares_cell("name", "number"),
        **burdens,
    )


def _burden(line: Line, field: str, factor: int) -> int:
    if plain_text(line.text(field)) in {"", "0", "0.0", "-", "—", "无"}:
        return 0
    return line.may(field, partial(read_units, factor=factor)) or 0


def _investor_code(line: Line, code: str, person: Person) -> str:
    try:
        return check_investor_code(code, letter=LETTERS[person.kind])
    except Invalid as error:
        line.refuse("investor_code", CellRefused.of(error))
        return ""
