"""The custody cycle (托管周期) as a table: which step from where, on which documents, past which guards. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from services.platform.errors import Conflict, RuleRefused
from services.register.rules.values import State

__all__ = [
    "APPLICATION",
    "STEPS",
    "Facts",
    "Phase",
    "Step",
    "check_application",
    "check_documents",
    "check_step",
    "phase_of",
]


class Phase(StrEnum):
    """Where a company stands (托管阶段)."""

    APPLIED = "applied"  # 托管申请
    VERIFYING = "verifying"  # 审核
    CONFIRMING = "confirming"  # 确权
    REGISTERED = "registered"  # 初始登记
    CUSTODIED = "custodied"  # 托管
    SUSPENDED = "suspended"  # 暂停
    DEREGISTERING = "deregistering"  # 退托管办理中
    EXITED = "exited"  # 已退出
    WITHDRAWN = "withdrawn"  # 申请撤回、退回


@dataclass(frozen=True, slots=True)
class Step:
    """A step: from which phases to which, on which documents, past which guards; ``chain``: the state it asks for."""

    name: str
    term: str
    sources: tuple[Phase, ...]
    target: Phase
    documents: tuple[str, ...] = ()
    guards: tuple[str, ...] = ()
    chain: State | None = None


APPLICATION = ("licence", "articles", "resolution", "capital-verification", "holder-list", "custody-agreement")
"""营业执照、章程、决议、验资报告、加盖公章的股东名册、托管协议."""
_BEFORE = (Phase.APPLIED, Phase.VERIFYING, Phase.CONFIRMING)
_IN = (Phase.CUSTODIED, Phase.SUSPENDED)

STEPS: Mapping[str, Step] = {
    each.name: each
    for each in (
        Step("take-up", "受理", (Phase.APPLIED,), Phase.VERIFYING),
        Step("verify", "审核通过", (Phase.VERIFYING,), Phase.CONFIRMING, ("verification-report",), ("list",)),
        Step("register", "初始登记", (Phase.CONFIRMING,), Phase.REGISTERED, (), ("threshold", "carried-out")),
        Step(
            "admit", "开始托管", (Phase.REGISTERED,), Phase.REGISTERED, ("capital-verification",), (), State.CUSTODIED
        ),
        Step("suspend", "暂停", (Phase.CUSTODIED,), Phase.REGISTERED, ("resolution",), chain=State.SUSPENDED),
        Step("resume", "恢复", (Phase.SUSPENDED,), Phase.REGISTERED, ("resolution",), chain=State.CUSTODIED),
        Step("deregister", "退托管申请", _IN, Phase.DEREGISTERING, ("exit-application", "resolution"), ("freezes",)),
        Step("keep", "撤回退托管", (Phase.DEREGISTERING,), Phase.REGISTERED),
        Step(
            "exit",
            "退托管",
            (Phase.DEREGISTERING,),
            Phase.DEREGISTERING,
            ("resolution", "register-handover"),
            ("freezes", "pledges", "others"),
            State.EXITED,
        ),
        Step("withdraw", "撤回、退回", _BEFORE, Phase.WITHDRAWN),
    )
}
"""A step that asks the chain leaves the service's own phase: the chain's answer is where the company then stands."""

FURTHER = ("resolution", "capital-verification")
"""股东会决议、验资报告或备案文件: what a further security (类别股、可转债) rests on."""
FURTHER_STEPS: Mapping[str, Step] = {
    each.name: each
    for each in (
        Step("register", "初始登记", (Phase.CONFIRMING,), Phase.REGISTERED, (), ("issued", "threshold")),
        Step(
            "admit", "开始托管", (Phase.REGISTERED,), Phase.REGISTERED, ("capital-verification",), ("issued",),
            State.CUSTODIED,
        ),
        Step("suspend", "暂停", (Phase.CUSTODIED,), Phase.REGISTERED, ("resolution",), chain=State.SUSPENDED),
        Step("resume", "恢复", (Phase.SUSPENDED,), Phase.REGISTERED, ("resolution",), chain=State.CUSTODIED),
        Step(
            "exit", "退托管", _IN, Phase.REGISTERED, ("resolution", "register-handover"), ("freezes", "pledges"),
            State.EXITED,
        ),
        Step("withdraw", "撤回", (Phase.CONFIRMING,), Phase.WITHDRAWN, (), ("empty",)),
    )
}  # fmt: skip
"""The cycle of a further security: its company has been verified, its own first registration begins."""
ENDED = frozenset({Phase.EXITED, Phase.WITHDRAWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What guards look at. Units of the newest clean list; ``threshold`` in hundredths of a per cent, None: not set.

    ``pledges``, ``freezes``: those that live, and those that are asked for; ``others``: further securities of the
    company that are not out of custody.
    """

    listed_units: int | None
    confirmed_units: int
    capital: int
    carried_out: bool
    threshold: int | None
    pledges: int
    freezes: int
    others: int = 0


def phase_of(own: Phase, state: State | None) -> Phase:
    """Where a company stands, by its own phase and by its security's state on the chain."""
    if state is State.EXITED:
        return Phase.EXITED
    if own is Phase.REGISTERED and state is State.CUSTODIED:
        return Phase.CUSTODIED
    if own is Phase.REGISTERED and state is State.SUSPENDED:
        return Phase.SUSPENDED
    return own


def check_application(documents: Collection[str]) -> None:
    """RuleRefused CUS-01 names what the application lacks."""
    check_documents("apply", APPLICATION, documents)


def check_step(step: Step, phase: Phase, documents: Collection[str], facts: Facts) -> None:
    """Conflict from another phase; RuleRefused names the document that is missing, or the guard and its numbers."""
    if phase not in step.sources:
        extra = {"phase": phase, "from": [*step.sources]}
        raise Conflict(f"The company is {phase}; {step.name} ({step.term}) is not its next step.", slug="company-phase",
                       extra=extra)  # fmt: skip
    check_documents(step.name, step.documents, documents)
    for guard in step.guards:
        _GUARDS[guard](facts, documents)


def check_documents(step: str, wanted: Collection[str], given: Collection[str]) -> None:
    """RuleRefused CUS-01 names what a step lacks."""
    missing = [code for code in wanted if code not in given]
    if missing:
        raise RuleRefused(
            "CUS-01",
            f"{step} rests on documents that are missing: {', '.join(missing)}.",
            source="登记托管业务规则 (REM-14 国办发〔2017〕11号 四)",
            extra={"missing": missing},
        )


def _list(facts: Facts, _documents: Collection[str]) -> None:
    if facts.listed_units != facts.capital:
        listed = "none" if facts.listed_units is None else str(facts.listed_units)
        raise RuleRefused(
            "CUS-02",
            "No checked list of holders adds up to the registered capital (Σ 持有 = 注册资本).",
            source="国办发〔2017〕11号 四; 公司法 art. 56, 102",
            extra={"numbers": {"listed": listed, "capital": str(facts.capital)}},
        )


def _threshold(facts: Facts, _documents: Collection[str]) -> None:
    if facts.threshold is None:
        raise RuleRefused(
            "CUS-03",
            "The operator's rule says how much must be confirmed (确权); it is not set: market.confirmation.",
            source="operator's rule (settings.toml, [market] confirmation)",
        )
    if facts.confirmed_units * 10_000 < facts.threshold * facts.capital:
        numbers = {"confirmed": str(facts.confirmed_units), "capital": str(facts.capital), "threshold": facts.threshold}
        raise RuleRefused(
            "CUS-03",
            "Fewer units are confirmed (确权) than the operator's rule asks for.",
            source="operator's rule (settings.toml, [market] confirmation)",
            extra={"numbers": numbers},
        )


def _carried_out(facts: Facts, _documents: Collection[str]) -> None:
    if not facts.carried_out:
        raise RuleRefused("CUS-04", "The list of holders is not carried out on the chain yet.", source="REM-14")


def _freezes(facts: Facts, _documents: Collection[str]) -> None:
    if facts.freezes:
        raise RuleRefused(
            "CUS-05",
            "Units are frozen: a company leaves custody when no freeze lives (司法冻结).",
            source="市场主体登记管理条例实施细则 art. 48; 强制执行股权规定 art. 7",
            extra={"numbers": {"freezes": facts.freezes}},
        )


def _pledges(facts: Facts, documents: Collection[str]) -> None:
    if facts.pledges and "pledge-migration" not in documents:
        raise RuleRefused(
            "CUS-06",
            "Units are pledged: pledges are released, or their migration is evidenced (pledge-migration).",
            source="民法典 art. 443; 市场主体登记管理条例实施细则 art. 48",
            extra={"numbers": {"pledges": facts.pledges}},
        )


def _issued(facts: Facts, _documents: Collection[str]) -> None:
    if facts.listed_units != facts.capital:
        raise RuleRefused(
            "CUS-08",
            "So many units as the security has are to be entered, no more and no less (Σ 持有 = 登记数量).",
            source="国办发〔2017〕11号 四; 公司法 art. 102",
            extra={"numbers": {"entered": str(facts.listed_units or 0), "units": str(facts.capital)}},
        )


def _empty(facts: Facts, _documents: Collection[str]) -> None:
    if facts.listed_units:
        raise RuleRefused(
            "CUS-10",
            "Units are entered already: a first registration is withdrawn before that.",
            source="登记托管业务规则 (REM-14 国办发〔2017〕11号 四)",
            extra={"numbers": {"entered": str(facts.listed_units)}},
        )


def _others(facts: Facts, _documents: Collection[str]) -> None:
    if facts.others:
        raise RuleRefused(
            "CUS-09",
            "Further securities of the company are in custody still: they leave first.",
            source="登记托管业务规则 (REM-14 国办发〔2017〕11号 四)",
            extra={"numbers": {"securities": facts.others}},
        )


_GUARDS = {
    "issued": _issued,
    "empty": _empty,
    "others": _others,
    "list": _list,
    "threshold": _threshold,
    "carried-out": _carried_out,
    "freezes": _freezes,
    "pledges": _pledges,
}
