"""A whole import, checked before anything is written (导入检查): every bad cell is found, not only the first.

In constant memory but for one digest and three numbers a holder. What is good is handed on line by line, so that who
carries it out need not keep the lists.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

from chain.proof.hashing import sha256
from services.register.accounts.identity import kind_slug
from services.register.imports.columns import (
    ENCUMBRANCES,
    HEADING_ROWS,
    HOLDERS,
    Heading,
    Kind,
    find_heading,
    unit_in_title,
)
from services.register.imports.encumbrances import EncumbranceLine, LienKind, read_encumbrance
from services.register.imports.findings import RULES, CellRefused, Finding, Place, masked
from services.register.imports.holders import HolderLine, read_holder
from services.register.imports.line import Line
from services.register.imports.tables.cells import BadTable, Content, Row, Table, reference
from services.register.imports.totals import Totals
from services.register.imports.values import plain_text

__all__ = ["Checked", "Demands", "NamedTable", "Part", "Summary", "check"]

MAX_LINES = 200_000


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table and the name of the file that it is from."""

    file: str
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the lists must add up to. ``sum_duplicates``: several lines of one person are one holding.

    ``confirmed``: what holds of lines that do not say whether they are (确权); ``pledgees``: addresses by name.
    """

    capital: int
    today: date
    sum_duplicates: bool = False
    confirmed: bool = False
    pledgees: Mapping[str, str] = field(default_factory=dict)

    def is_confirmed(self, line: HolderLine) -> bool:
        """Whether the holding is confirmed."""
        return self.confirmed if line.confirmed is None else line.confirmed


@dataclass(slots=True)
class Summary:
    """What was read: counts and sums, and what was left aside."""

    lines: int = 0
    holders: int = 0
    units: int = 0
    confirmed_units: int = 0
    encumbrances: int = 0
    concluded_kinds: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    liens: dict[str, int] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Part:
    """A table with its heading: what is to be read of it."""

    source: NamedTable
    heading: Heading
    factor: int


@dataclass(slots=True)
class _Holder:
    """What is remembered of a holder: where, under which name, how much, how much of it is encumbered."""

    place: Place
    name: bytes
    units: int
    confirmed: bool
    claimed: dict[str, int]
    found: dict[str, int] = field(default_factory=dict)


class Checked:
    """One check: iterate :meth:`lines`, then read :attr:`summary`. Findings arrive in between, in their order."""

    def __init__(self, tables: Sequence[NamedTable], demands: Demands) -> None:
        self.summary = Summary()
        self.findings: list[Finding] = []
        self._demands = demands
        self._people: dict[bytes, _Holder] = {}
        self._tables = tables
        self._complete = True

    def lines(self) -> Iterator[HolderLine | EncumbranceLine]:
        """Good lines: holders first, then encumbrances. Nothing is to be done with them while there are findings."""
        try:
            parts = self._parts()
            for part in (each for each in parts if each.heading.layout.kind is Kind.HOLDERS):
                yield from self._holders(part)
            for part in (each for each in parts if each.heading.layout.kind is Kind.ENCUMBRANCES):
                yield from self._encumbrances(part)
        except BadTable as error:
            self._find(Place("", ""), "", CellRefused(error.rule, error.detail))
            return
        self._whole()

    # --- tables

    def _parts(self) -> list[Part]:
        parts = [part for each in self._tables if (part := self._part(each)) is not None]
        if not any(part.heading.layout.kind is Kind.HOLDERS for part in parts) and not self.findings:
            refused = CellRefused(
                "IMP-HEADER", "No table lists holders: name, document number and units in its heading."
            )
            self._find(Place(self._tables[0].file if self._tables else "", ""), "", refused)
        return parts

    def _part(self, source: NamedTable) -> Part | None:
        first = list(islice(source.table.rows(), HEADING_ROWS))
        place = Place(source.file, source.table.name)
        heading = _choose(first)
        if heading is None or heading.missing:
            self._not_understood(place, heading, rows=len(first))
            return None
        if source.table.hidden:
            self._find(place, "", CellRefused("IMP-HIDDEN", "A hidden sheet lists holders: show it or remove it."))
        for name, column in heading.twice.items():
            at = Place(source.file, source.table.name, reference(column, heading.row))
            self._find(at, name, CellRefused("IMP-HEADER", "A second column with this meaning: rename or remove one."))
        self.summary.ignored += [f"{place.sheet or place.file}: {each}" for each in heading.ignored if each]
        return Part(source, heading, unit_in_title(first, heading.row))

    def _not_understood(self, place: Place, heading: Heading | None, *, rows: int) -> None:
        if heading is not None and len(heading.columns) >= 3:
            at = Place(place.file, place.sheet, f"{heading.row}:{heading.row}")
            detail = f"The heading in row {heading.row} has no column for: {', '.join(heading.missing)}."
            self._find(at, "", CellRefused("IMP-HEADER", detail))
        elif rows:
            self.summary.ignored.append(f"{place.sheet or place.file}: *")

    def _rows(self, part: Part, totals: Totals) -> Iterator[Line]:
        """The lines below the heading that are about somebody; totals are compared on the way."""
        after_total = False
        for row in part.source.table.rows():
            if row.number <= part.heading.row:
                continue
            line = Line(row, part.heading.columns)
            word = _total_word(row, part.heading)
            if word:
                self._compare(part, line, totals, word)
                after_total |= word == "total"
            elif self._is_line(line, after_total=after_total):
                if after_total:
                    line.refuse(
                        "name", CellRefused("IMP-AFTER-TOTAL", "A line below the total: it counts, or it does not.")
                    )
                if line.hidden:
                    line.refuse("name", CellRefused("IMP-HIDDEN", "A hidden row: show it or remove it."))
                self.summary.lines += 1
                if self.summary.lines > MAX_LINES:
                    raise BadTable("IMP-SIZE", f"The lists have more than {MAX_LINES} lines.")
                yield line

    @staticmethod
    def _is_line(line: Line, *, after_total: bool) -> bool:
        """Footers (制表人, 日期, 盖章) have no quantity; an empty line has nothing."""
        said = {each for each, cell in line.cells.items() if cell.content is not Content.TEXT or plain_text(cell.text)}
        return bool(said & {"number", "units"}) if not after_total else {"name", "units"} <= said

    # --- holders

    def _holders(self, part: Part) -> Iterator[HolderLine]:
        totals = Totals()
        for line in self._rows(part, totals):
            read = read_holder(line, part.heading, part.factor, self._demands.today)
            self._count(totals, line)
            self.summary.units += line.units or 0
            if read is not None:
                self._register(part, line, read)
            self._tell(part, line)
            if read is not None and not line.wrong:
                yield read

    def _register(self, part: Part, line: Line, read: HolderLine) -> None:
        self._compare_ratio(line, read)
        key, name = self._key(read.person.identity.key), self._key(read.person.identity.name)
        known = self._people.get(key)
        confirmed = self._demands.is_confirmed(read)
        claimed = {each: units for each in ("pledged", "frozen") if (units := getattr(read, each))}
        if known is None:
            place = self._place(part, line, "number")
            self._people[key] = _Holder(place, name, read.units, confirmed, claimed)
            self.summary.holders += 1
            kind = kind_slug(read.person.kind)
            self.summary.kinds[kind] = self.summary.kinds.get(kind, 0) + 1
            self.summary.concluded_kinds += read.person.concluded
        else:
            self._again(line, read, known, name)
            known.units += read.units
            for each, units in claimed.items():
                known.claimed[each] = known.claimed.get(each, 0) + units
        self.summary.confirmed_units += read.units if confirmed else 0

    def _again(self, line: Line, read: HolderLine, known: _Holder, name: bytes) -> None:
        """A person who is there already."""
        where = f"{known.place.sheet} {known.place.cell}".strip()
        if known.name != name:
            line.refuse("name", CellRefused("IMP-NAME", f"The document of {where} under another name."))
        elif not (self._demands.sum_duplicates or read.same):
            line.refuse("number", CellRefused("IMP-DUPLICATE", f"The person of {where} again."))
        if known.confirmed != self._demands.is_confirmed(read):
            line.refuse("confirmed", CellRefused("IMP-CONFIRMED", f"Confirmed differently from {where}, same person."))

    def _compare_ratio(self, line: Line, read: HolderLine) -> None:
        capital = self._demands.capital
        near = [abs(read.units - ratio * capital) <= slack * capital + 1 for ratio, slack in read.ratios]
        if near and not any(near):
            line.refuse("ratio", CellRefused("IMP-RATIO", "This is not the share of the capital that the units are."))

    # --- encumbrances

    def _encumbrances(self, part: Part) -> Iterator[EncumbranceLine]:
        totals = Totals()
        for line in self._rows(part, totals):
            demands = self._demands
            read = read_encumbrance(line, part.heading, part.factor, demands.today, pledgees=demands.pledgees)
            self._count(totals, line)
            if read is not None:
                self._burden(line, read)
            self._tell(part, line)
            if read is not None and not line.wrong:
                yield read

    def _burden(self, line: Line, read: EncumbranceLine) -> None:
        holder = self._people.get(self._key(read.person.identity.key))
        if holder is None:
            line.refuse("number", CellRefused("IMP-HOLDER", "No list has this person as a holder."))
            return
        if holder.name != self._key(read.person.identity.name):
            line.refuse("name", CellRefused("IMP-NAME", "The list of holders has this document under another name."))
        total = holder.found.get(read.kind, 0) + read.units
        together = total if read.kind is LienKind.PLEDGE else read.units  # freezes queue, locks lie beside each other
        if together > holder.units:
            detail = f"{together} units are encumbered so, {holder.units} are held."
            line.refuse("units", CellRefused("IMP-LIEN-UNITS", detail))
        if read.kind is LienKind.PLEDGE and not holder.confirmed:
            line.refuse("lien", CellRefused("IMP-LIEN", "A pledge on units that are not confirmed (未确权)."))
        holder.found[read.kind] = total
        self.summary.encumbrances += 1
        self.summary.liens[read.kind] = self.summary.liens.get(read.kind, 0) + 1

    # --- the whole

    def _count(self, totals: Totals, line: Line) -> None:
        """Units count whatever else is wrong with their line; where they cannot be read, no total can be compared."""
        if line.units is None:
            self._complete = False
        else:
            totals.add(line.units)

    def _whole(self) -> None:
        """What only the end shows."""
        for holder in self._people.values():
            for name, kind in (("pledged", LienKind.PLEDGE), ("frozen", LienKind.FREEZE)):
                claimed, found = holder.claimed.get(name, 0), holder.found.get(kind, 0)
                if claimed and claimed != found:
                    detail = f"The list says {claimed} units are {name}; the encumbrances name {found}."
                    self._find(holder.place, name, CellRefused("IMP-LIEN", detail))
        if self._complete and self.summary.holders and self.summary.units != self._demands.capital:
            difference = self.summary.units - self._demands.capital
            detail = (
                f"The holdings are {self.summary.units} units, the registered capital {self._demands.capital}: "
                f"{abs(difference)} too {'many' if difference > 0 else 'few'}."
            )
            self._find(Place("", ""), "units", CellRefused("IMP-CAPITAL", detail))

    def _compare(self, part: Part, line: Line, totals: Totals, word: str) -> None:
        refused = totals.compare(line, part.heading.factors.get("units", part.factor), word)
        if refused is not None and (self._complete or "units" in line.wrong):
            self._find(self._place(part, line, "units"), "units", refused, line.text("units"))

    def _tell(self, part: Part, line: Line) -> None:
        for name, refused in line.wrong.items():
            self._find(self._place(part, line, name), name, refused, line.text(name))

    def _place(self, part: Part, line: Line, name: str) -> Place:
        column = part.heading.columns.get(name)
        cell = reference(column, line.number) if column else f"{line.number}:{line.number}"
        return Place(part.source.file, part.source.table.name, cell)

    def _find(self, place: Place, name: str, refused: CellRefused, value: str = "") -> None:
        source = refused.source or RULES[refused.rule]
        self.findings.append(Finding(place, name, refused.rule, source, refused.detail, masked(name, value)))

    @staticmethod
    def _key(text: str) -> bytes:
        return sha256(text.encode())[:16]


def check(tables: Sequence[NamedTable], demands: Demands) -> Checked:
    """Reads everything, keeps nothing but what is wrong and what it adds up to."""
    checked = Checked(tables, demands)
    for _ in checked.lines():
        pass
    return checked


_TOTALS = ("合计", "总计", "共计", "总和")
_SUBTOTALS = ("小计",)


def _total_word(row: Row, heading: Heading) -> str:
    """``total`` or ``subtotal`` where the first words of a row are such, else empty."""
    column = min(heading.columns.values())
    texts = [plain_text(cell.text).replace(" ", "") for at, cell in sorted(row.cells.items()) if at <= column + 1]
    for words, meaning in ((_TOTALS, "total"), (_SUBTOTALS, "subtotal")):
        if any(text.startswith(words) or text.endswith(words) for text in texts):
            return meaning
    return ""


def _choose(first: Sequence[Row]) -> Heading | None:
    """As a list of encumbrances where that is all it can be, else as a list of holders."""
    burdens, holders = find_heading(first, ENCUMBRANCES), find_heading(first, HOLDERS)
    both = burdens is not None and {"pledged", "frozen"} <= set(burdens.columns)
    if burdens is not None and not burdens.missing and not both:
        return burdens
    return holders
