"""What a dividend gives each holder (分红规则), in integers: fen, or 10^-8 yuan for what is finer. Pure.

What falls on frozen units is withheld: a company that pays it to the debtor may still owe it (法释〔2021〕20号 9), and
whether the dividend itself is frozen only the court's ruling says. What falls on pledged units is told apart, for the
pledgee may collect fruits (民法典 430), but who gets it is between pledgor and pledgee.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from services.platform.errors import Conflict, Invalid, RuleRefused
from services.register.rules.days import day_of, day_start
from services.register.rules.values import Form, State

__all__ = [
    "Entitlement",
    "Held",
    "Stage",
    "Totals",
    "check_over",
    "check_release",
    "check_resolution",
    "check_stage",
    "end_of",
    "entitlement",
    "fen",
    "per_unit",
    "stage_of",
    "totals_of",
    "yuan",
    "yuan_exact",
]

_PLACES, _FEN = 8, 10**6
"""Decimal places of an amount per unit, and how many of its smallest parts are a fen."""
_PER_UNIT = re.compile(r"(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,8}))?")
_MONEY = re.compile(r"(0|[1-9][0-9]{0,29})(?:\.([0-9]{1,2}))?")
_FREEZING = "《最高人民法院关于人民法院强制执行股权若干问题的规定》（法释〔2021〕20号）第九条"
_COMPANY = "《公司法》（2023修订）第二百一十条"
_OWN = "登记业务规则（docs/spec/register.md，设计）"


class Stage(StrEnum):
    """Where a dividend stands."""

    RESOLVED = "resolved"  # 已决议
    RECORD_DATE = "record-date"  # 股权登记日已过
    CALCULATED = "calculated"  # 已计算
    FUNDED = "funded"  # 资金到位
    PAID = "paid"  # 已派发


@dataclass(frozen=True, slots=True)
class Held:
    """A holder's units at the end of the record date; ``pledged`` are not frozen."""

    account_id: str
    units: int
    frozen: int
    pledged: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What a holder gets: gross = withheld + payable, in fen; ``fruits``: the part of payable on pledged units.

    ``remainder``: what rounding down left, in 10^-8 yuan.
    """

    account_id: str
    units: int
    frozen: int
    pledged: int
    gross: int
    withheld: int
    payable: int
    fruits: int
    remainder: int


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of all holders."""

    holders: int
    units: int
    gross: int
    withheld: int
    payable: int
    fruits: int
    remainder: int


def per_unit(amount: str, field: str) -> int:
    """An amount per unit in 10^-8 yuan. Invalid."""
    return _parts(_PER_UNIT, amount, _PLACES, field)


def fen(amount: str, field: str) -> int:
    """An amount of money in fen. Invalid."""
    return _parts(_MONEY, amount, 2, field)


def yuan(amount: int) -> str:
    """Fen as decimal text in CNY."""
    return f"{amount // 100}.{amount % 100:02d}"


def yuan_exact(amount: int) -> str:
    """10^-8 yuan as decimal text in CNY."""
    return f"{amount // 10**_PLACES}.{amount % 10**_PLACES:0{_PLACES}d}"


def entitlement(held: Held, amount: int) -> Entitlement:
    """What a holder gets of ``amount`` (10^-8 yuan) a unit.

    Gross is rounded down to the fen. What is not frozen is rounded down, too, so no part of a fen that falls on frozen
    units is ever paid; likewise what falls on units without a pledge, so that the fruits miss nothing.
    """
    exact = held.units * amount
    free = held.units - held.frozen
    gross, payable = exact // _FEN, free * amount // _FEN
    fruits = payable - (free - held.pledged) * amount // _FEN
    return Entitlement(
        held.account_id,
        held.units,
        held.frozen,
        held.pledged,
        gross,
        gross - payable,
        payable,
        fruits,
        exact % _FEN,
    )


def totals_of(lines: Collection[Entitlement]) -> Totals:
    """The sums."""
    return Totals(
        len(lines),
        sum(each.units for each in lines),
        sum(each.gross for each in lines),
        sum(each.withheld for each in lines),
        sum(each.payable for each in lines),
        sum(each.fruits for each in lines),
        sum(each.remainder for each in lines),
    )


def end_of(record_day: int) -> int:
    """The last millisecond of a day in Shanghai."""
    return day_start(record_day + 1) * 1000 - 1


def stage_of(stored: Stage, record_day: int, now_ms: int) -> Stage:
    """Where it stands now: nobody has to do anything for the record date to pass."""
    passed = stored is Stage.RESOLVED and now_ms > end_of(record_day)
    return Stage.RECORD_DATE if passed else stored


def check_resolution(form: int, state: int, record_day: int, now_ms: int) -> None:
    """Of shares or equity in custody, the record date not over. Invalid, Conflict."""
    if form not in (Form.SHARE, Form.LLC_EQUITY):
        raise Invalid("/security", "Dividends are paid on shares and equity alone.", rule="DIV-01", source=_COMPANY)
    if state not in (State.CUSTODIED, State.SUSPENDED):
        raise Conflict("The security is not in custody.", slug="security-state")
    if record_day < day_of(now_ms // 1000):
        raise Invalid(
            "/record_date", "The record date (股权登记日) is today in Shanghai, or later.", rule="DIV-02", source=_OWN
        )


def check_over(record_day: int, now_ms: int) -> None:
    """RuleRefused DIV-02 until the record date has ended."""
    if now_ms <= end_of(record_day):
        raise RuleRefused(
            "DIV-02",
            "Who is entitled stands when the record date (股权登记日) has ended in Shanghai.",
            source=_OWN,
            extra={"numbers": {"today": day_of(now_ms // 1000), "record_day": record_day}},
        )


def check_stage(stage: Stage, *wanted: Stage) -> None:
    """Conflict ``dividend-stage``."""
    if stage not in wanted:
        expected = [*wanted]
        detail = f"The dividend is {stage}; this is done when it is {' or '.join(expected)}."
        raise Conflict(detail, slug="dividend-stage", extra={"stage": stage, "from": expected})


def check_release(withheld: int, released: int, wanted: int) -> None:
    """RuleRefused DIV-03 for more than is still withheld of a holder's. All in fen."""
    if not 0 < wanted <= withheld - released:
        numbers = {"withheld": yuan(withheld), "released": yuan(released), "wanted": yuan(wanted)}
        raise RuleRefused(
            "DIV-03",
            "Released is some of what is still withheld, and no more.",
            source=_FREEZING,
            extra={"numbers": numbers},
        )


def _parts(form: re.Pattern[str], amount: str, places: int, field: str) -> int:
    match = form.fullmatch(amount)
    found = int(match[1] + (match[2] or "").ljust(places, "0")) if match else 0
    if not found:
        raise Invalid(field, f"Expected a positive amount in CNY as decimal text, of at most {places} decimal places.")
    return found
