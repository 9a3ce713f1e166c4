"""The sections of a rulebook beside its table: who may apply, with what, what is checked, what is owed."""

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, cast

from services.pilots.rulebook.courses import Course, read_courses
from services.pilots.rulebook.loading import Names
from services.pilots.rulebook.model import (
    TRIGGERS,
    Category,
    CheckUse,
    Deadline,
    Duty,
    Exit,
    InstitutionClass,
    Material,
    Parameter,
    Territory,
    Tolerance,
    Track,
    Transition,
)
from services.strict import Part

__all__ = ["Sections"]

_PERIODIC, _STEP = "periodic", "step"
_UNITS = ("working-days", "months", "day")
_ISSUERS = ("lead", "applicants", "scenario-provider", "third-party", "each-applicant")
_SIGNERS = ("compliance-head", "compliance-executive")


class Sections:
    """Reads each section once; `parameters` gives the names and types that each check takes."""

    def __init__(
        self,
        names: Names,
        parts: Mapping[str, Part],
        transitions: Sequence[Transition],
        parameters: Mapping[str, Mapping[str, type]],
    ) -> None:
        self._names = names
        self._parts = parts
        self._actions = {row.action for row in transitions}
        self._openings = {row.action for row in transitions if row.state is None}
        self._parameters = parameters
        self._groups = {
            name: [item.one_of(self._actions, "action") for item in part.items()]
            for name, part in parts["action_groups"].members().items()
        }

    def tracks(self) -> tuple[Track, ...]:
        """Every opening action belongs to exactly one track."""
        found = []
        left = set(self._openings)
        for code, part in self._parts["tracks"].members().items():
            parts = part.fields({"term", "opens", "rule"})
            opens = tuple(item.one_of(left, "opening, or one of another track:") for item in parts["opens"].items())
            left -= set(opens)
            found.append(Track(code, parts["term"].text(), opens, self._names.rule(parts["rule"])))
        if left:
            self._parts["tracks"].wrong(f"no track opens with {', '.join(sorted(left))}")
        return tuple(found)

    def institutions(self) -> tuple[InstitutionClass, ...]:
        """The classes of institutions."""
        members = self._parts["institutions"].members().items()
        return tuple(self._class(code, part) for code, part in members if self._on(part))

    def _class(self, code: str, part: Part) -> InstitutionClass:
        parts = part.fields(
            {"term", "territory", "members", "open", "rule"},
            {"core", "recognised", "scenario", "territory_rule", "only_if"},
        )
        return InstitutionClass(
            code=code,
            term=parts["term"].text(),
            members={name: member.text() for name, member in parts["members"].members().items()},
            open=parts["open"].boolean(),
            recognised="recognised" in parts and parts["recognised"].boolean(),
            territory=self._territory(parts["territory"]),
            core="core" in parts and parts["core"].boolean(),
            scenario=parts["scenario"].text() if "scenario" in parts else None,
            rule=self._names.rule(parts["rule"]),
            territory_rule=self._names.rule(parts.get("territory_rule", parts["rule"])),
        )

    def _territory(self, part: Part) -> Territory | None:
        if self._names.setting(part) is None:
            return Territory(part.one_of(list(Territory), "territory"))
        decided = self._names.texts(part)
        return Territory(decided[0]) if decided else None

    def categories(self) -> tuple[Category, ...]:
        """The categories of projects, with what an application must state for each."""
        found = []
        for code, part in self._parts["categories"].members().items():
            parts = part.fields({"term", "rule"}, {"all_of", "any_of"})
            found.append(
                Category(
                    code=code,
                    term=parts["term"].text(),
                    rule=self._names.rule(parts["rule"]),
                    all_of=self._stated(parts.get("all_of")),
                    any_of=self._stated(parts.get("any_of")),
                )
            )
        return tuple(found)

    def materials(self) -> tuple[Material, ...]:
        """The documents of an application."""
        return tuple(self._material(code, part) for code, part in self._parts["materials"].members().items())

    def _material(self, code: str, part: Part) -> Material:
        parts = part.fields({"term", "mandatory", "rule"}, {"per_institution", "issued_by", "jointly", "signed_by"})
        issuers = parts["issued_by"].items() if "issued_by" in parts else []
        signers = parts["signed_by"].items() if "signed_by" in parts else []
        return Material(
            code=code,
            term=parts["term"].text(),
            mandatory=self._mandatory(code, parts["mandatory"]),
            per_institution="per_institution" in parts and parts["per_institution"].boolean(),
            issued_by=tuple(one.one_of(_ISSUERS, "issuer") for one in issuers),
            jointly="jointly" in parts and parts["jointly"].boolean(),
            signed_by=tuple(one.one_of(_SIGNERS, "signer") for one in signers),
            rule=self._names.rule(parts["rule"]),
        )

    def _mandatory(self, code: str, part: Part) -> bool:
        """Given, or whether the codes of a setting name it."""
        return code in self._names.texts(part) if self._names.setting(part) else part.boolean()

    def checks(self) -> tuple[CheckUse, ...]:
        """The checks, each of which must exist and get exactly the parameters that it takes."""
        return tuple(self._check(part) for part in self._parts["checks"].items())

    def _check(self, part: Part) -> CheckUse:
        named = part.members().get("check", part).one_of(self._parameters, "check")
        wanted = self._parameters[named]
        parts = part.fields({"check", "rule", "on", *wanted})
        return CheckUse(
            check=named,
            rule=self._names.rule(parts["rule"]),
            actions=frozenset(self._expand(parts["on"])),
            parameters={name: self._parameter(parts[name], kind) for name, kind in wanted.items()},
        )

    def _parameter(self, part: Part, kind: type) -> Parameter:
        if kind is int:
            return self._names.integer(part)
        if kind is bool:
            return part.boolean()
        return self._names.texts(part) if kind is tuple else part.text()

    def _expand(self, part: Part) -> list[str]:
        found: list[str] = []
        for item in part.items():
            name = item.one_of({*self._groups, *self._actions}, "action")
            found += self._groups.get(name, [name])
        return found

    def exits(self) -> tuple[Exit, ...]:
        """The ways out."""
        found = []
        for code, part in self._parts["exits"].members().items():
            parts = part.fields({"term", "rule"}, {"all_of", "any_of", "at_end", "after", "only_if"})
            if not self._on(part):
                continue
            after, any_of = parts.get("after"), self._stated(parts.get("any_of"))
            found.append(
                Exit(
                    code=code,
                    term=parts["term"].text(),
                    rule=self._names.rule(parts["rule"]),
                    all_of=self._stated(parts.get("all_of")),
                    any_of=any_of,
                    at_end=frozenset(one.one_of(any_of, "ground") for one in parts["at_end"].items())
                    if "at_end" in parts
                    else frozenset(),
                    after=self._names.ruled(after, self._duty_codes(), "duty"),
                )
            )
        return tuple(found)

    def duties(self) -> tuple[Duty, ...]:
        """What is owed while a pilot runs and after it."""
        return tuple(self._duty(code, part) for code, part in self._parts["duties"].members().items())

    def _duty(self, code: str, part: Part) -> Duty:
        parts = part.fields(
            {"term", "body", "trigger", "rule", "course"}, {"to", "every_months", "evidence", "opened_by", "on"}
        )
        trigger = parts["trigger"].one_of(TRIGGERS, "trigger")
        if (trigger == _PERIODIC) != ("every_months" in parts):
            part.wrong("a periodic duty, and only such a one, has every_months")
        if (trigger == _STEP) != ("on" in parts):
            part.wrong("a duty after a step, and only such a one, says on which")
        evidence = parts["evidence"].items() if "evidence" in parts else []
        return Duty(
            code=code,
            term=parts["term"].text(),
            body=self._names.body(parts["body"]),
            to=self._names.body(parts["to"]) if "to" in parts else None,
            trigger=trigger,
            every_months=self._names.integer(parts.get("every_months"), minimum=1),
            evidence=tuple(item.one_of(self._names.evidence, "evidence") for item in evidence),
            rule=self._names.rule(parts["rule"]),
            course=parts["course"].one_of(self._parts["courses"].members(), "course"),
            opened_by=tuple(self._names.body(item) for item in parts["opened_by"].items())
            if "opened_by" in parts
            else (),
            on=tuple(item.one_of(self._actions, "action") for item in parts["on"].items()) if "on" in parts else (),
        )

    def courses(self) -> dict[str, Course]:
        """How the duties go."""
        return read_courses(self._parts["courses"], self._names.rules)

    def deadlines(self) -> tuple[Deadline, ...]:
        """The periods that jobs watch."""
        members = self._parts["deadlines"].members().items()
        return tuple(self._deadline(code, part) for code, part in members if self._on(part))

    def _deadline(self, code: str, part: Part) -> Deadline:
        parts = part.fields({"term", "since", "unit", "ends_with", "rule"}, {"length", "only_if"})
        unit = parts["unit"].one_of(_UNITS, "unit")
        if (unit == "day") == ("length" in parts):
            part.wrong("working days and months have a length, a day has none")
        return Deadline(
            code=code,
            term=parts["term"].text(),
            since=parts["since"].one_of(self._actions, "action"),
            length=self._names.integer(parts.get("length"), minimum=1),
            unit=cast("Literal['working-days', 'months', 'day']", unit),
            ends_with=parts["ends_with"].one_of(self._actions, "action"),
            rule=self._names.rule(parts["rule"]),
        )

    def publicity(self) -> dict[str, str]:
        """What is made public, by the action that makes it so."""
        return self._names.ruled(self._parts["publicity"], self._actions, "action")

    def tolerance(self) -> Tolerance | None:
        """The wording, or None where the source has none."""
        part = self._parts["tolerance"]
        if part.value is None:
            return None
        parts = part.fields({"event", "loss", "impact", "outcome", "rule"})
        words = {name: parts[name].text() for name in ("event", "loss", "impact", "outcome")}
        return Tolerance(**words, rule=self._names.rule(parts["rule"]))

    def _on(self, part: Part) -> bool:
        """Whether the settings leave the entry."""
        condition = part.members().get("only_if")
        return condition is None or self._names.holds(condition)

    def _stated(self, part: Part | None) -> dict[str, str]:
        return self._names.ruled(part, self._names.statements, "statement")

    def _duty_codes(self) -> Collection[str]:
        return self._parts["duties"].members()
