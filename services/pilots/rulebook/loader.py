"""From YAML to a rulebook. Strict: what is unknown, missing, repeated or unreachable is refused with its line."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from chain.proof.canonical import JsonValue, canonical
from services.pilots.rulebook.checks import PARAMETERS
from services.pilots.rulebook.decisions import MissingSettings, read_decision
from services.pilots.rulebook.loading import Names
from services.pilots.rulebook.model import Body, Decision, Flag, Rule, Rulebook, Setting, SettingKind, Source, State
from services.pilots.rulebook.rows import check_graph, read_rows
from services.pilots.rulebook.sections import Sections
from services.strict import Part, read

__all__ = ["BOOKS", "book_text", "load", "load_book", "require_settings"]

BOOKS = ("SZ-2023.11", "GZ-2022.03", "BJ-2022.09")
"""The rulebooks that come with the software."""

_FOLDER = Path(__file__).parent / "books"
_REGIONS = {"SZ": 440300, "GZ": 440100, "BJ": 110000}
_SETTING_KEYS = {
    SettingKind.INTEGER: {"minimum", "maximum"},
    SettingKind.CHOICE: {"choices"},
    SettingKind.CHOICES: {"choices", "minimum"},
}
_MAX_FLAGS = 32
_MAX_STATES = 255
_REQUIRED = {
    "rulebook", "region", "title", "term", "sources", "settings", "rules", "bodies", "states", "flags", "evidence",
    "statements", "tracks", "action_groups", "transitions", "institutions", "categories", "materials", "checks",
    "exits", "duties", "courses", "deadlines", "publicity", "tolerance",
}  # fmt: skip


def book_text(rulebook: str) -> str:
    """The YAML of a rulebook that comes with the software; KeyError for another one."""
    if rulebook not in BOOKS:
        raise KeyError(rulebook)
    return (_FOLDER / f"{rulebook}.yaml").read_text(encoding="utf-8")


def load_book(rulebook: str, settings_text: str | None = None) -> Rulebook:
    """A rulebook that comes with the software, see `load`."""
    return load(book_text(rulebook), settings_text, file=f"{rulebook}.yaml")


def load(
    text: str, settings_text: str | None = None, *, file: str = "rulebook", settings_file: str = "settings"
) -> Rulebook:
    """The rulebook in `text`, under the decisions in `settings_text`.

    Without settings the rulebook can be read and drawn, not compiled. Raises StrictError (file, line, path) and, when
    a settings file leaves something open, MissingSettings.
    """
    root = read(text, file)
    parts = root.fields(_REQUIRED)
    sources = tuple(_source(item) for item in parts["sources"].items())
    names = _names(parts, sources)
    settings = tuple(_setting(names, key, part) for key, part in parts["settings"].members().items())
    names.settings = {one.name: one for one in settings}
    if settings_text is not None:
        identity = parts["rulebook"].text()
        names.decision = read_decision(settings_text, settings_file, rulebook=identity, settings=settings)
    names.rules = rules = {key: _rule(names, key, part) for key, part in parts["rules"].members().items()}
    names.bodies = bodies = {key: _body(names, key, part) for key, part in parts["bodies"].members().items()}
    names.states, states = _states(parts["states"], names)
    names.flags = flags = _flags(parts["flags"])
    transitions = read_rows(parts["transitions"], names, states)
    check_graph(parts["states"], transitions, states)
    sections = Sections(names, parts, transitions, PARAMETERS)
    return Rulebook(
        id=parts["rulebook"].text(),
        code=names.code,
        region=_REGIONS[names.code],
        title=parts["title"].text(),
        term=parts["term"].text(),
        sources=sources,
        rules=rules,
        settings=settings,
        decision=names.decision,
        bodies=bodies,
        states=states,
        flags=flags,
        tracks=sections.tracks(),
        transitions=transitions,
        institutions=sections.institutions(),
        categories=sections.categories(),
        materials=sections.materials(),
        statements=names.statements,
        checks=sections.checks(),
        exits=sections.exits(),
        duties=sections.duties(),
        courses=sections.courses(),
        deadlines=sections.deadlines(),
        publicity=sections.publicity(),
        tolerance=sections.tolerance(),
        canonical=_canonical(root, names.decision),
    )


def require_settings(rulebook: Rulebook) -> Decision:
    """The decision; MissingSettings when there is none yet. This is what refuses an activation."""
    if rulebook.decision is None:
        raise MissingSettings.of(rulebook.id, rulebook.settings)
    return rulebook.decision


def _names(parts: Mapping[str, Part], sources: Sequence[Source]) -> Names:
    """The names that the head of the file declares; the rulebook's letters must be those of its region."""
    code = parts["rulebook"].text().split("-", maxsplit=1)[0]
    region = parts["region"].integer(0, 999_999)
    if _REGIONS.get(code) != region:
        parts["region"].wrong(f"{code} is not the region {region}")
    return Names(
        code=code,
        sources=[source.short for source in sources],
        evidence={key: part.text() for key, part in parts["evidence"].members().items()},
        statements={key: part.text() for key, part in parts["statements"].members().items()},
    )


def _source(part: Part) -> Source:
    parts = part.fields({"short", "title", "issuer", "issued", "nature"})
    return Source(
        short=parts["short"].text(),
        title=parts["title"].text(),
        issuer=parts["issuer"].text(),
        issued=None if parts["issued"].value is None else parts["issued"].text(),
        nature=parts["nature"].text(),
    )


def _setting(names: Names, name: str, part: Part) -> Setting:
    parts = part.fields({"term", "kind", "why", "source"}, {"minimum", "maximum", "choices", "none"})
    kind = SettingKind(parts["kind"].one_of(list(SettingKind), "kind"))
    needed = _SETTING_KEYS[kind]
    if needed != {"minimum", "maximum", "choices"} & set(parts):
        part.wrong(f"a setting of kind {kind} has {', '.join(sorted(needed))}")
    return Setting(
        name=name,
        term=parts["term"].text(),
        kind=kind,
        why=parts["why"].text(),
        source=names.citation(parts["source"]),
        minimum=parts["minimum"].integer() if "minimum" in parts else 0,
        maximum=parts["maximum"].integer() if "maximum" in parts else 0,
        choices=parts["choices"].texts() if "choices" in parts else (),
        none=parts["none"].boolean() if "none" in parts else False,
    )


def _rule(names: Names, rule_id: str, part: Part) -> Rule:
    parts = part.fields({"text"}, {"source", "design", "reading", "setting"})
    if ("source" in parts) == ("design" in parts):
        part.wrong("a rule has a source, or `design` with the reason for it: one of the two")
    if "reading" in parts and "source" not in parts:
        part.wrong("a reading is of a clause; what no source states says `design`")
    return Rule(
        id=names.rule_id(part, rule_id),
        text=parts["text"].text(),
        source=names.citation(parts["source"]) if "source" in parts else None,
        design=parts["design"].text() if "design" in parts else None,
        reading=parts["reading"].text() if "reading" in parts else None,
        setting=parts["setting"].one_of(names.settings, "setting") if "setting" in parts else None,
    )


def _body(names: Names, code: str, part: Part) -> Body:
    parts = part.fields({"term", "rule"}, {"role", "national", "by_sender"})
    if ("role" in parts) == (code == "lead"):
        part.wrong("every body but the lead has a role")
    return Body(
        code=code,
        term=parts["term"].text(),
        role=parts["role"].text() if "role" in parts else None,
        national="national" in parts and parts["national"].boolean(),
        by_sender="by_sender" in parts and parts["by_sender"].boolean(),
        rule=names.rule(parts["rule"]),
    )


def _states(part: Part, names: Names) -> tuple[list[str], dict[str, State]]:
    """The names declared, and the states that the settings leave: a number is a place in the file, used or not."""
    declared = part.members()
    found: dict[str, State] = {}
    for number, (name, one) in enumerate(declared.items(), start=1):
        parts = one.fields({"term"}, {"terminal", "only_if"})
        terminal = "terminal" in parts and parts["terminal"].boolean()
        if "only_if" not in parts or names.holds(parts["only_if"]):
            found[name] = State(name, parts["term"].text(), number, terminal)
    if len(declared) > _MAX_STATES:
        part.wrong(f"more than {_MAX_STATES} states")
    return list(declared), found


def _flags(part: Part) -> dict[str, Flag]:
    found = {name: Flag(name, one.text(), bit) for bit, (name, one) in enumerate(part.members().items())}
    if len(found) > _MAX_FLAGS:
        part.wrong(f"more than {_MAX_FLAGS} flags")
    return found


def _canonical(root: Part, decision: Decision | None) -> bytes:
    """RFC 8785 of the rulebook as written and of the decision, so that another order of keys is the same document."""
    settings: dict[str, object] | None = None
    if decision is not None:
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in decision.values.items()}
        settings = {
            "decided_by": decision.by,
            "decided_on": decision.on,
            "document": decision.document,
            "sample": decision.sample,
            "values": values,
        }
    return canonical(cast("JsonValue", {"rulebook": root.plain(), "settings": settings}))
