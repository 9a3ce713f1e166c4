"""Playing the rows of the hand-written tables (手写情形表): from the sources' words to facts, steps and a verdict.

A row names things by words of its source; here they are looked up among the terms of the rulebook. A word that the
rulebook does not have is a failure of the table or of the rulebook, never silently nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.days import add_months, number, on
from services.pilots.rulebook.checks import Violation, check_act
from services.pilots.rulebook.compile import Table
from services.pilots.rulebook.facts import Act, Application, Facts, Opinion, Tutoring
from services.pilots.rulebook.machine import ABSENT, Refused, Standing, Step, WorkingDays, advance
from services.pilots.rulebook.model import Effect, Rulebook, Transition
from tests.unit.services.pilots.rulebook.cases import book, table
from tests.unit.services.pilots.situations.applying import application, words

__all__ = ["REGIONS", "Play", "Row", "rows"]

HERE = Path(__file__).parent
REGIONS = ("shenzhen", "guangzhou", "beijing")
BEGIN = number(date(2026, 8, 3))
STAGES = ("exit.initiate.{}", "exit.assess", "exit.review", "exit.consult", "exit.implement.{}")
FIELDS = ("法律合规", "金融业务", "信息科技")
UNSEEN = frozenset({"without", "findings", "dimensions", "fields", "undeclared", "conflicted", "tutoring"})
"""What only the service sees; the chain does not."""


class Calendar(WorkingDays):
    """The working days of 2026 as the State Council set them, written out by hand; then Monday to Friday."""

    def __init__(self) -> None:
        said = yaml.safe_load((HERE / "calendar.yaml").read_text(encoding="utf-8"))
        self.rest, self.work = ({(year, one) for year in said for one in said[year][key]} for key in ("rest", "work"))

    def working(self, day: date) -> bool:
        """Whether it is a working day (工作日)."""
        key = (day.year, f"{day:%m-%d}")
        return key in self.work or (day.weekday() < 5 and key not in self.rest)

    def working_days_after(self, since: int, until: int) -> int | None:
        return sum(self.working(on(day)) for day in range(since + 1, until + 1))

    def words(self, year: int) -> list[int]:
        """The bitmap of a year as the contract takes it."""
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        bits = sum(1 << day for day in range(length) if self.working(first + timedelta(days=day)))
        return [bits & (1 << 256) - 1, bits >> 256]


CALENDAR = Calendar()


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it says, and where the table that it stands in begins its lives."""

    rulebook: str
    lives: Mapping[str, str]
    said: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its number."""
        return str(self.said["id"])

    @property
    def allowed(self) -> bool:
        """The verdict that the table gives."""
        return bool({"allowed": True, "refused": False}[self.said["verdict"]])

    @property
    def plays(self) -> bool:
        """Whether it is about steps of a project."""
        return "before" in self.said

    @property
    def on_chain(self) -> bool:
        """Whether the chain sees all that the verdict rests on."""
        return self.plays and not UNSEEN & set(self.said)

    def before(self) -> list[str]:
        """The steps and dates that lead to the situation."""
        tokens = str(self.said["before"]).split()
        return [step for one in tokens for step in (self.lives[one[1:]].split() if one.startswith("$") else [one])]

    def tried(self) -> list[str]:
        """The steps that are tried: all of them are taken, or the row is refused."""
        if "exit" in self.said:
            return [stage.format(self.said["exit"]) for stage in STAGES]
        return str(self.said["try"]).split()


def rows(region: str) -> list[Row]:
    """The table of a region, in its order."""
    said = yaml.safe_load((HERE / f"{region}.yaml").read_text(encoding="utf-8"))
    return [Row(said["rulebook"], said.get("lives", {}), one) for one in said["rows"]]


@dataclass
class Play:
    """A project under a row, as Python sees it."""

    row: Row
    table: Table
    today: int = BEGIN
    standing: Standing = ABSENT
    why: list[str] = field(default_factory=list)
    rules: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, row: Row) -> "Play":
        """Before anything has happened."""
        return cls(row, table(row.rulebook))

    def begin(self) -> "Play":
        """In the situation; AssertionError when the rulebook does not let a project get there."""
        for token in self.row.before():
            if token.startswith("@"):
                self.today = number(date.fromisoformat(token[1:]))
            else:
                self.standing = advance(self.table, self.standing, self.step(token), CALENDAR)
        return self

    def verdict(self) -> bool:
        """Whether machine and checks both allow every step that the row tries."""
        for action in self.row.tried():
            last = action == self.row.tried()[-1]
            step = self.step(action, said=self.row.said if last else {})
            violations = check_act(self.table.book, self.facts(step)) if self.known(action) else []
            self.why += [f"{one.field}: {one.message} [{one.rule}: {one.source}]" for one in violations]
            self.rules += [one.source for one in violations]
            try:
                self.standing = advance(self.table, self.standing, step, CALENDAR)
            except Refused as refused:
                self.why.append(str(refused))
                self.rules.append(refused.source)
            if self.why:
                return False
        return True

    def known(self, action: str) -> Transition | None:
        """The row of the rulebook's table."""
        return self.table.rows.get((self.standing.state, action))

    def step(self, action: str, *, said: Mapping[str, Any] | None = None) -> Step:
        """The step by who may take it, unless the row says who tries."""
        said, row = said or {}, self.known(action)
        body = said.get("by") or (row.body if row is not None else "lead")
        proven = bool(said.get("proof", True))
        value = self._value(row) if row is not None else 0
        return Step(action, body, self.today, self.standing.count, value=value, proven=proven)

    def _value(self, row: Transition) -> int:
        said = self.row.said
        if row.effect is Effect.SET_END:
            tutoring = add_months(self.standing.notice_from, 12)
            return tutoring if row.action == "tutoring.open" else _day(said.get("end", "2027-06-30"))
        if row.effect is Effect.EXTEND:
            return _day(said["value"]) if "value" in said else self.standing.ends_on + 60
        if row.kind_a is None:
            return 0
        if row.effect is Effect.OPEN_ITEM:
            return max((one for _, one in self.standing.opened | self.standing.closed), default=0) + 1
        return min(self.standing.open_of(row.kind_a), default=1)

    def facts(self, step: Step) -> Facts:
        """What the acting body brings: everything that is asked for, but for what the row says."""
        said, row = self.row.said, self.known(step.action)
        evidence = {need.code: f"rec_{need.code}" for need in row.evidence} if row is not None else {}
        found = dict.fromkeys(self.table.book.statements, "rec_found")
        act = Act(step.action, evidence, frozenset(found), _opinions(said), self._conclusions(step.action), step.value)
        act = self._without(act)
        if "tutoring" in said:
            told = said["tutoring"]
            tutoring = Tutoring("prj_t", "rec_t", _day(told["ends_on"]), bool(told.get("revoked")))
            act = replace(act, tutoring=tutoring)
        form = replace(_good(self.row.rulebook), planned_end=step.value)
        return Facts(act, form, self.standing.state, self.today, self.standing.notice_from)

    def _without(self, act: Act) -> Act:
        said, stated = self.row.said, self.table.book.statements
        findings, evidence = set(act.findings), dict(act.evidence)
        if "findings" in said:
            findings = {code for word in said["findings"] for code in words(stated, word)}
        for word in said.get("without", ()):
            findings -= set(words(stated, word, optional=True))
            for code in words(_evidence(self.table.book), word, optional=True):
                evidence.pop(code, None)
        missing = [one for one in said.get("without", ()) if not _speaks_of(self.table.book, one)]
        assert not missing, f"the rulebook does not speak of {missing}"
        opinions = () if "专家意见" in said.get("without", ()) else act.opinions
        return replace(act, findings=frozenset(findings), evidence=evidence, opinions=opinions)

    def _conclusions(self, action: str) -> dict[str, str]:
        asked = [use for use in self.table.book.checks if use.check == "dimensions" and action in use.actions]
        names = [name for use in asked for name in _names(use.parameters["dimensions"])]
        return dict.fromkeys(self.row.said.get("dimensions", names), "符合")


def applied(row: Row) -> list[Violation]:
    """What the checks say of a row's application."""
    said = row.said["apply"]
    whose, act = book(row.rulebook), Act(said.get("action", "submit"), {"manifest": "rec_manifest"})
    return check_act(whose, Facts(act, application(whose, said), None, BEGIN))


@cache
def _good(rulebook: str) -> Application:
    who = {"SZ-2023.11": "深圳证券公司", "GZ-2022.03": "广州证券公司", "BJ-2022.09": "北京证券公司"}[rulebook]
    return application(book(rulebook), {"by": [who]})


def _opinions(said: Mapping[str, Any]) -> tuple[Opinion, ...]:
    declared = None if said.get("undeclared") else "rec_declared"
    return tuple(
        Opinion(f"专家{number}", name, "rec_opinion", declared, bool(said.get("conflicted")) and number == 0)
        for number, name in enumerate(said.get("fields", FIELDS))
    )


def _evidence(whose: Rulebook) -> dict[str, str]:
    return {need.code: need.term for row in whose.transitions for need in row.evidence}


def _speaks_of(whose: Rulebook, word: str) -> bool:
    return any(word in term for terms in (whose.statements, _evidence(whose)) for term in terms.values())


def _names(value: object) -> Iterator[str]:
    return iter(value if isinstance(value, tuple) else ())


def _day(written: str | date) -> int:
    return number(written if isinstance(written, date) else date.fromisoformat(written))
