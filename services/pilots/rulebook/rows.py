"""The transitions of a rulebook: from YAML to rows, and what a sound set of rows is."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from services.pilots.rulebook.loading import Names
from services.pilots.rulebook.model import Effect, Guard, ItemKind, Need, State, Transition
from services.strict import Part

__all__ = ["check_graph", "read_rows"]

_REQUIRED = {"action", "from", "body", "rule"}
_OPTIONAL = {
    "to", "gate", "effect", "months", "lifted_by", "term_rule", "guards", "days", "requires", "forbids", "none_open",
    "some_open", "sets", "clears", "evidence", "only_if",
}  # fmt: skip
_KINDS = {kind.name.lower(): kind for kind in ItemKind}
_GUARDS = {guard.name.lower(): guard for guard in Guard if guard.name}
_NOTICE = {Guard.NOTICE_RUNNING, Guard.NOTICE_ELAPSED}
_EFFECTS = {
    "start_notice": (Effect.START_NOTICE, 0),
    "set_end": (Effect.SET_END, 0),
    "extend": (Effect.EXTEND, 0),
    "open": (Effect.OPEN_ITEM, 1),
    "close": (Effect.CLOSE_ITEM, 1),
    "turn": (Effect.TURN_ITEM, 2),
}


def read_rows(part: Part, names: Names, states: Collection[str]) -> tuple[Transition, ...]:
    """All rows, one for each state that an entry names, in the author's order.

    Rows that leave or reach a state which the settings take away (not in `states`) go with it.
    """
    rows: list[Transition] = []
    seen: dict[tuple[str | None, str], int] = {}
    for entry in part.items():
        for row in _entry(entry, names):
            key = (row.state, row.action)
            if key in seen:
                entry.wrong(f"{row.action} from {row.state} stands already on line {seen[key]}")
            seen[key] = entry.line
            if not {row.state, row.to} <= {None, *states}:
                continue
            if row.days == 0 and _NOTICE & set(row.guards) and names.decision is not None:
                entry.wrong("the settings say null, but this row counts days")
            rows.append(row)
    return tuple(rows)


def _entry(entry: Part, names: Names) -> Iterator[Transition]:
    parts = entry.fields(_REQUIRED, _OPTIONAL)
    if "only_if" in parts and not names.holds(parts["only_if"]):
        return
    effect, kind_a, kind_b = _effect(parts.get("effect"))
    guards = {_GUARDS[name]: rule for name, rule in names.ruled(parts.get("guards"), _GUARDS, "guard").items()}
    _consistent(entry, parts, effect=effect, guards=guards)
    for state in _from(parts["from"], names):
        yield Transition(
            action=parts["action"].text(),
            state=state,
            to=names.state(parts["to"]) if "to" in parts else None,
            body=names.body(parts["body"]),
            rule=names.rule(parts["rule"]),
            gate="gate" in parts and parts["gate"].boolean(),
            effect=effect,
            kind_a=kind_a,
            kind_b=kind_b,
            months=names.integer(parts.get("months"), minimum=1) or 0,
            lifted_by=parts["lifted_by"].one_of(names.flags, "flag") if "lifted_by" in parts else None,
            term_rule=names.rule(parts["term_rule"]) if "term_rule" in parts else None,
            guards=guards,
            days=names.integer(parts.get("days"), minimum=1) or 0,
            requires=names.ruled(parts.get("requires"), names.flags, "flag"),
            forbids=names.ruled(parts.get("forbids"), names.flags, "flag"),
            none_open=_kinds(parts.get("none_open"), names),
            some_open=_kinds(parts.get("some_open"), names),
            sets=_flags(parts.get("sets"), names),
            clears=_flags(parts.get("clears"), names),
            evidence=_evidence(parts.get("evidence"), names),
        )


def _from(part: Part, names: Names) -> list[str | None]:
    """The states an entry starts from; `null` is the opening of a project."""
    if part.value is None:
        return [None]
    part.texts()  # refuses repetitions
    return [item.one_of(names.states, "state") for item in part.items()]


def _effect(part: Part | None) -> tuple[Effect, ItemKind | None, ItemKind | None]:
    if part is None:
        return Effect.NONE, None, None
    name, *kinds = part.text().split()
    if name not in _EFFECTS:
        part.wrong(f"unknown effect {name!r}")
    effect, count = _EFFECTS[name]
    if len(kinds) != count or not all(kind in _KINDS for kind in kinds):
        part.wrong(f"{name} takes {count} kinds of {', '.join(_KINDS)}")
    known = [_KINDS[kind] for kind in kinds]
    return effect, known[0] if known else None, known[1] if len(known) > 1 else None


def _consistent(entry: Part, parts: Mapping[str, Part], *, effect: Effect, guards: Collection[Guard]) -> None:
    """What belongs together stands together."""
    term = effect in {Effect.SET_END, Effect.EXTEND}
    notice = bool(_NOTICE & set(guards))
    if not term and {"months", "lifted_by", "term_rule"} & set(parts):
        entry.wrong("months, lifted_by and term_rule are for set_end and extend")
    if term and "term_rule" not in parts:
        entry.wrong("set_end and extend name the rule of the term (term_rule)")
    if notice != ("days" in parts):
        entry.wrong("the guards of a notice and its days stand together")
    if both := [one for one in _listed(parts, "sets") if one in _listed(parts, "clears")]:
        entry.wrong(f"{both[0]} is both set and cleared")
    if "lifted_by" in parts and "months" not in parts:
        entry.wrong("lifted_by without months lifts nothing")
    if parts["from"].value is None and (effect or guards or "to" not in parts or "gate" in parts):
        entry.wrong("an opening has a state to go to, and neither effect, guards nor gate")


def _listed(parts: Mapping[str, Part], key: str) -> tuple[str, ...]:
    return parts[key].texts() if key in parts else ()


def _kinds(part: Part | None, names: Names) -> dict[ItemKind, str]:
    found = names.ruled(part, _KINDS, "kind of item")
    return {kind: found[name] for name, kind in _KINDS.items() if name in found}


def _flags(part: Part | None, names: Names) -> tuple[str, ...]:
    return () if part is None else tuple(item.one_of(names.flags, "flag") for item in part.items())


def _evidence(part: Part | None, names: Names) -> tuple[Need, ...]:
    needed = names.ruled(part, names.evidence, "evidence")
    return tuple(Need(code, names.evidence[code], rule) for code, rule in needed.items())


def check_graph(part: Part, rows: Sequence[Transition], states: Mapping[str, State]) -> None:
    """No way out of a terminal state, no other state without one, every state reached from an opening."""
    out = {state: [row for row in rows if row.state == state] for state in states}
    for name, state in states.items():
        if state.terminal and out[name]:
            part.wrong(f"{name} is terminal, yet {out[name][0].action} leaves from it")
        if not state.terminal and not out[name]:
            part.wrong(f"{name} is not terminal, yet nothing leaves from it")
    reached = {row.to for row in rows if row.state is None}
    while more := {row.to for row in rows if row.state in reached and row.to is not None} - reached:
        reached |= more
    if lost := [name for name in states if name not in reached]:
        part.wrong(f"no way leads to {', '.join(lost)}")
    _check_flags(part, rows)


def _check_flags(part: Part, rows: Sequence[Transition]) -> None:
    given = {flag for row in rows for flag in row.sets}
    for row in rows:
        if unknown := [flag for flag in (*row.requires, row.lifted_by) if flag is not None and flag not in given]:
            part.wrong(f"{row.action} looks at {unknown[0]}, which nothing sets")
