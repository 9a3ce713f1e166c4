"""What a rulebook (规则手册) is once it is loaded: values only, every fact with the rule that carries it.

A rule has a stable id (`SZ-31`) and says where it comes from: a clause of a source, or a setting, or, when it is ours,
the reason. Everything else in a rulebook points to rules by id.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag, StrEnum
from typing import Literal, TypeAlias

from services.pilots.rulebook.courses import Course

__all__ = [
    "TRIGGERS", "Body", "Category", "CheckUse", "Deadline", "Decision", "Duty", "Effect", "Exit", "Flag", "Guard",
    "InstitutionClass", "ItemKind", "Material", "Need", "Parameter", "Rule", "Rulebook", "Setting", "SettingKind",
    "Source", "State", "Territory", "Tolerance", "Track", "Transition",
]  # fmt: skip

RuleId: TypeAlias = str
Parameter: TypeAlias = int | bool | str | tuple[str, ...] | None
SettingValue: TypeAlias = int | str | tuple[str, ...]

NONE_STATE = 0
TRIGGERS: Mapping[str, str] = {
    "periodic": "定期",
    "event": "不定期",
    "standing": "持续",
    "risk": "按进展和风险",
    "complaint": "收到投诉",
    "incident": "异常情形",
    "plan-change": "方案变更",
    "progress": "重大进展",
    "exit": "退出后",
    "step": "步骤之后",
    "claim": "提出申请",
}
"""What causes a duty, with its Chinese term."""


class ItemKind(IntEnum):
    """What a project can have open; the numbers are the contract's."""

    COMMENT = 0  # 公众意见
    DANGER = 1  # 重大隐患
    GROUND = 2  # 强制退出事由
    RECTIFICATION = 3  # 整改


class Effect(IntEnum):
    """What a step does beside moving the state; the numbers are the contract's."""

    NONE = 0
    START_NOTICE = 1
    SET_END = 2
    EXTEND = 3
    OPEN_ITEM = 4
    CLOSE_ITEM = 5
    TURN_ITEM = 6


class Guard(IntFlag):
    """What time must say; the bits are the contract's."""

    NOTICE_RUNNING = 1
    NOTICE_ELAPSED = 2
    END_REACHED = 4
    BEFORE_END = 8


class Territory(StrEnum):
    """How an institution belongs to a region."""

    REGISTERED = "registered"  # 注册登记地
    JURISDICTION = "jurisdiction"  # 证监局辖区
    REGISTERED_OR_MAIN_OFFICE = "registered-or-main-office"  # 注册登记地或者主要办公地
    ANYWHERE = "anywhere"


class SettingKind(StrEnum):
    """What a setting's value is."""

    INTEGER = "integer"
    CHOICE = "choice"
    CHOICES = "choices"


@dataclass(frozen=True, slots=True)
class Source:
    """A document that rules are taken from; `short` opens every citation of it."""

    short: str
    title: str
    issuer: str
    issued: str | None
    nature: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Exactly one of `source` and `design` is given; `setting` names what decides its open part.

    `text` is our own short wording in Chinese. `source` is a citation such as `深圳工作指南 五(一)3`, `reading` what we
    read into the clause where it can be read otherwise; `design` is the reason for a rule that no source states.
    """

    id: RuleId
    text: str
    source: str | None = None
    design: str | None = None
    reading: str | None = None
    setting: str | None = None

    @property
    def cited(self) -> str:
        """Where it comes from, for problems and pages."""
        return self.source if self.source is not None else f"设计规则 (design): {self.design}"


@dataclass(frozen=True, slots=True)
class Setting:
    """What the sources leave open (待定事项). No default: without a value the rulebook is not activated.

    `none` says that `null` is an answer, namely that the region decided to have no such limit.
    """

    name: str
    term: str
    kind: SettingKind
    why: str
    source: str
    minimum: int = 0
    maximum: int = 0
    choices: tuple[str, ...] = ()
    none: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """Who gave the settings, when, and in which document; named wherever a setting shows."""

    by: str
    on: str
    document: str
    sample: bool
    values: Mapping[str, SettingValue | None]


@dataclass(frozen=True, slots=True)
class Body:
    """Who acts. `role` is the role on the chain (None: the authority of the lead institution)."""

    code: str
    term: str
    role: str | None
    national: bool
    by_sender: bool
    rule: RuleId


@dataclass(frozen=True, slots=True)
class State:
    """A state of a project; `number` is the contract's (0: no project)."""

    name: str
    term: str
    number: int
    terminal: bool


@dataclass(frozen=True, slots=True)
class Flag:
    """A fact that the chain remembers about a project."""

    name: str
    term: str
    bit: int

    @property
    def mask(self) -> int:
        """Its bit in the contract's word."""
        return 1 << self.bit


@dataclass(frozen=True, slots=True)
class Need:
    """Evidence that a step must bring (证据): a document by its code."""

    code: str
    term: str
    rule: RuleId


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table: what `action` does in `state` (None: opening), who may, when, and what it must bring.

    Guards are given with the rule that each stands for, so that a refusal names it. `months` is the limit of SET_END
    (from today) and of EXTEND (from the old end), 0 for none, `lifted_by` the flag that lifts it.
    """

    action: str
    state: str | None
    to: str | None
    body: str
    rule: RuleId
    gate: bool = False
    effect: Effect = Effect.NONE
    kind_a: ItemKind | None = None
    kind_b: ItemKind | None = None
    months: int = 0
    lifted_by: str | None = None
    term_rule: RuleId | None = None
    guards: Mapping[Guard, RuleId] = field(default_factory=dict)
    days: int = 0
    requires: Mapping[str, RuleId] = field(default_factory=dict)
    forbids: Mapping[str, RuleId] = field(default_factory=dict)
    none_open: Mapping[ItemKind, RuleId] = field(default_factory=dict)
    some_open: Mapping[ItemKind, RuleId] = field(default_factory=dict)
    sets: tuple[str, ...] = ()
    clears: tuple[str, ...] = ()
    evidence: tuple[Need, ...] = ()


@dataclass(frozen=True, slots=True)
class InstitutionClass:
    """A class of institutions that may apply (试点申报机构).

    `members` are the types that the source lists, `open` says that its list ends in 等, `recognised` that every
    member needs a recognition (其他…认可的机构). `core` marks market core institutions (核心机构), `scenario` is what
    the source demands of the project's scenario. `territory` is None while its setting is open.
    """

    code: str
    term: str
    members: Mapping[str, str]
    open: bool
    recognised: bool
    territory: Territory | None
    core: bool
    scenario: str | None
    rule: RuleId
    territory_rule: RuleId


@dataclass(frozen=True, slots=True)
class Category:
    """A category of projects (项目类型); `statements` are what an application must state, `any_of` one of which."""

    code: str
    term: str
    rule: RuleId
    all_of: Mapping[str, RuleId]
    any_of: Mapping[str, RuleId]


@dataclass(frozen=True, slots=True)
class Material:
    """A document of the application (申报材料).

    `issued_by` are the kinds of issuers of whom one is enough, or all with `jointly`; `signed_by` the offices of whom
    one must sign.
    """

    code: str
    term: str
    mandatory: bool
    per_institution: bool
    issued_by: tuple[str, ...]
    jointly: bool
    signed_by: tuple[str, ...]
    rule: RuleId


@dataclass(frozen=True, slots=True)
class CheckUse:
    """A check of the service with its parameters, and the actions it stands before."""

    check: str
    rule: RuleId
    actions: frozenset[str]
    parameters: Mapping[str, Parameter]


@dataclass(frozen=True, slots=True)
class Exit:
    """A way out (退出方式): what must hold (`all_of`, one of `any_of`, `at_end` once it is over), what is owed then."""

    code: str
    term: str
    rule: RuleId
    all_of: Mapping[str, RuleId]
    any_of: Mapping[str, RuleId]
    at_end: frozenset[str]
    after: Mapping[str, RuleId]


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty while a pilot runs or after it (义务).

    `trigger` is one of `TRIGGERS`. `every_months` is given for a periodic duty (None while its setting is open). No
    source gives a number of days for the others (及时): when one is due, whoever demands it says.
    """

    code: str
    term: str
    body: str
    to: str | None
    trigger: str
    every_months: int | None
    evidence: tuple[str, ...]
    rule: RuleId
    course: str
    opened_by: tuple[str, ...] = ()
    """The bodies that may open one; the others come of themselves, in time or after a step."""
    on: tuple[str, ...] = ()
    """The actions after which one is owed."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period (期限) of the table, for jobs and pages."""

    code: str
    term: str
    since: str
    length: int | None
    unit: Literal["working-days", "months", "day"]
    ends_with: str
    rule: RuleId


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The region's wording of tolerance (容错). The outcome is always a decision of the regulator."""

    event: str
    loss: str
    impact: str
    outcome: str
    rule: RuleId


@dataclass(frozen=True, slots=True)
class Track:
    """A way through the states (路径), by the actions that open it."""

    code: str
    term: str
    opens: tuple[str, ...]
    rule: RuleId


@dataclass(frozen=True, slots=True)
class Rulebook:
    """All rules of one region, version by version. `decision` is None until settings are given."""

    id: str
    code: str
    region: int
    title: str
    term: str
    sources: tuple[Source, ...]
    rules: Mapping[RuleId, Rule]
    settings: tuple[Setting, ...]
    decision: Decision | None
    bodies: Mapping[str, Body]
    states: Mapping[str, State]
    flags: Mapping[str, Flag]
    tracks: tuple[Track, ...]
    transitions: tuple[Transition, ...]
    institutions: tuple[InstitutionClass, ...]
    categories: tuple[Category, ...]
    materials: tuple[Material, ...]
    statements: Mapping[str, str]
    checks: tuple[CheckUse, ...]
    exits: tuple[Exit, ...]
    duties: tuple[Duty, ...]
    courses: Mapping[str, Course]
    deadlines: tuple[Deadline, ...]
    publicity: Mapping[str, RuleId]
    tolerance: Tolerance | None
    canonical: bytes
    """RFC 8785 bytes of the rulebook together with its settings; their SHA-256 is pinned on the chain."""

    def rule(self, rule_id: RuleId) -> Rule:
        """The rule of an id that the loader has seen."""
        return self.rules[rule_id]

    def transition(self, state: str | None, action: str) -> Transition | None:
        """What `action` does in `state`, or None when there is no such row."""
        return next((row for row in self.transitions if row.action == action and row.state == state), None)

    def actions_in(self, state: str | None) -> tuple[Transition, ...]:
        """The rows of one state, in the author's order."""
        return tuple(row for row in self.transitions if row.state == state)
