"""What the parts of the loader share: the names a rulebook declares, its rules, and values that settings give."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from services.pilots.rulebook.model import Decision, Rule, RuleId, Setting, SettingKind
from services.strict import Part

__all__ = ["Names", "open_body"]

_RULE_ID = re.compile(r"[A-Z]{2}-\d{2,3}")
_OPEN = "setting:"


def open_body(body: str) -> str | None:
    """The setting that will name the body, when it is not decided yet."""
    return body.removeprefix(_OPEN) if body.startswith(_OPEN) else None


@dataclass(slots=True)
class Names:
    """What has been declared so far. Every look-up refuses what was not."""

    code: str
    sources: Collection[str] = ()
    settings: Mapping[str, Setting] = field(default_factory=dict)
    decision: Decision | None = None
    rules: Mapping[RuleId, Rule] = field(default_factory=dict)
    bodies: Collection[str] = ()
    states: Collection[str] = ()
    flags: Collection[str] = ()
    evidence: Mapping[str, str] = field(default_factory=dict)
    statements: Mapping[str, str] = field(default_factory=dict)

    def citation(self, part: Part) -> str:
        """A citation: the short name of a source, a space, a clause."""
        cited = part.text()
        if not any(cited.startswith(f"{short} ") and cited[len(short) :].strip() for short in self.sources):
            part.wrong(
                f"{cited!r} cites no source of this rulebook; expected one of {', '.join(self.sources)} + clause"
            )
        return cited

    def rule_id(self, part: Part, name: str) -> RuleId:
        """A new rule's id: the rulebook's letters and a number."""
        if not _RULE_ID.fullmatch(name) or not name.startswith(f"{self.code}-"):
            part.wrong(f"expected an id such as {self.code}-01, got {name!r}")
        return name

    def rule(self, part: Part) -> RuleId:
        """The id of a declared rule."""
        return part.one_of(self.rules, "rule")

    def ruled(self, part: Part | None, choices: Collection[str], what: str) -> dict[str, RuleId]:
        """A mapping of some of `choices` to the rules they stand for; nothing is an empty one."""
        if part is None:
            return {}
        found = part.members()
        for name, rule in found.items():
            if name not in choices:
                rule.wrong(f"unknown {what} {name!r}")
        return {name: self.rule(rule) for name, rule in found.items()}

    def setting(self, part: Part) -> Setting | None:
        """The setting that the part points to with `{setting: name}`, None when it holds a value itself."""
        if not isinstance(part.value, dict):
            return None
        name = part.fields({"setting"})["setting"].one_of(self.settings, "setting")
        return self.settings[name]

    def integer(self, part: Part | None, *, minimum: int = 0, maximum: int = 65_535) -> int | None:
        """A number, or the one of a setting (None while it is open, or when the region decided for no limit)."""
        if part is None:
            return None
        setting = self.setting(part)
        if setting is None:
            return part.integer(minimum, maximum)
        if setting.kind is not SettingKind.INTEGER:
            part.wrong(f"setting {setting.name} is no number")
        decided = self._decided(setting)
        return decided if isinstance(decided, int) else None

    def texts(self, part: Part) -> tuple[str, ...]:
        """A list of texts, or the one of a setting (empty while it is open)."""
        setting = self.setting(part)
        if setting is None:
            return part.texts()
        if setting.kind is SettingKind.INTEGER:
            part.wrong(f"setting {setting.name} is a number")
        decided = self._decided(setting)
        if decided is None:
            return ()
        return decided if isinstance(decided, tuple) else (str(decided),)

    def body(self, part: Part) -> str:
        """A declared body, or the one of a setting (`setting:name` while it is open)."""
        setting = self.setting(part)
        if setting is None:
            return part.one_of(self.bodies, "body")
        return self._chosen(part, setting, self.bodies, "body")

    def state(self, part: Part) -> str:
        """A declared state, or the one of a setting (the first choice while it is open)."""
        setting = self.setting(part)
        if setting is None:
            return part.one_of(self.states, "state")
        chosen = self._chosen(part, setting, self.states, "state")
        return setting.choices[0] if open_body(chosen) else chosen

    def holds(self, part: Part) -> bool:
        """Whether a condition `{setting: choice}` on a list or choice of settings holds; open settings hold."""
        for name, wanted in part.members().items():
            if name not in self.settings:
                wanted.wrong(f"unknown setting {name!r}")
            wanted.one_of(self.settings[name].choices, "choice")
            decided = self._decided(self.settings[name])
            chosen = decided if isinstance(decided, tuple) else (decided,)
            if self.decision is not None and wanted.value not in chosen:
                return False
        return True

    def _decided(self, setting: Setting) -> "int | str | tuple[str, ...] | None":
        return None if self.decision is None else self.decision.values[setting.name]

    def _chosen(self, part: Part, setting: Setting, known: Collection[str], what: str) -> str:
        if setting.kind is not SettingKind.CHOICE:
            part.wrong(f"setting {setting.name} is no choice of one {what}")
        for choice in setting.choices:
            if choice not in known:
                part.wrong(f"setting {setting.name} offers an unknown {what} {choice!r}")
        decided = self._decided(setting)
        return decided if isinstance(decided, str) else f"{_OPEN}{setting.name}"
