"""Settings (待定事项的决定): what a region decides where its sources are silent; by whom, when, in which document."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.pilots.rulebook.model import Decision, Setting, SettingKind, SettingValue
from services.strict import Part, read

__all__ = ["MissingSettings", "OpenSetting", "read_decision"]

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class OpenSetting:
    """A setting that nobody has decided: its name, why it is open, and the source that leaves it open."""

    name: str
    term: str
    why: str
    source: str


class MissingSettings(ValueError):
    """The rulebook cannot be activated: the sources leave these points open and no settings file decides them."""

    def __init__(self, rulebook: str, missing: Sequence[OpenSetting]) -> None:
        listed = "; ".join(f"{one.name} ({one.term}): {one.why} [{one.source}]" for one in missing)
        super().__init__(f"{rulebook} leaves open and no settings decide: {listed}")
        self.rulebook = rulebook
        self.missing = tuple(missing)

    @classmethod
    def of(cls, rulebook: str, settings: Sequence[Setting]) -> "MissingSettings":
        """For settings without a value."""
        return cls(rulebook, [OpenSetting(one.name, one.term, one.why, one.source) for one in settings])


def read_decision(text: str, file: str, *, rulebook: str, settings: Sequence[Setting]) -> Decision:
    """The decision in a settings file for `rulebook`.

    StrictError for a wrong file, MissingSettings when it leaves a setting open.
    """
    root = read(text, file)
    parts = root.fields({"rulebook", "decided_by", "decided_on", "document", "settings"}, {"sample"})
    if parts["rulebook"].text() != rulebook:
        parts["rulebook"].wrong(f"these settings are for another rulebook than {rulebook}")
    known = {one.name: one for one in settings}
    given = parts["settings"].members()
    for name, part in given.items():
        if name not in known:
            part.wrong(f"{rulebook} has no setting {name!r}")
    if missing := [one for one in settings if one.name not in given]:
        raise MissingSettings.of(rulebook, missing)
    return Decision(
        by=parts["decided_by"].text(),
        on=_day(parts["decided_on"]),
        document=parts["document"].text(),
        sample=parts["sample"].boolean() if "sample" in parts else False,
        values=_values(known, given),
    )


def _values(known: Mapping[str, Setting], given: Mapping[str, Part]) -> dict[str, SettingValue | None]:
    return {name: _value(setting, given[name]) for name, setting in known.items()}


def _value(setting: Setting, part: Part) -> SettingValue | None:
    if part.value is None:
        if not setting.none:
            part.wrong("null is no answer here: the rulebook cannot do without a value")
        return None
    match setting.kind:
        case SettingKind.INTEGER:
            return part.integer(setting.minimum, setting.maximum)
        case SettingKind.CHOICE:
            return part.one_of(setting.choices, f"choice, expected one of {', '.join(setting.choices)}, not")
        case SettingKind.CHOICES:
            return _several(setting, part)


def _several(setting: Setting, part: Part) -> tuple[str, ...]:
    chosen = part.texts()
    for item in part.items():
        item.one_of(setting.choices, f"choice, expected some of {', '.join(setting.choices)}, not")
    if len(chosen) < setting.minimum:
        part.wrong(f"expected at least {setting.minimum}")
    return chosen


def _day(part: Part) -> str:
    written = part.text()
    if not _DATE.fullmatch(written):
        part.wrong("expected a date such as 2026-11-20")
    try:
        date.fromisoformat(written)
    except ValueError as error:
        part.wrong(f"no such date: {error}")
    return written
