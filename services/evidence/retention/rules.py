"""Retention (保存期限): which class a record type has, how long the law keeps it, and what that says of one record.

Pure. A class whose term no source states has none: it must be given as a setting, or nothing of it is erased.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from chain.proof.types import BY_CODE, BY_NAME

__all__ = [
    "CLASSES",
    "TYPE",
    "BadTerm",
    "RetentionClass",
    "Term",
    "Verdict",
    "class_name_of",
    "due_at",
    "judge",
    "terms_of",
]

TYPE = BY_NAME["record.erasure"]
NOT_OVER, NO_TERM, OWN = "RET-01", "RET-02", "RET-03"
"""The minimum term is not over; no term is set for the class; the service's own records are part of the proofs."""
_CHINA = timezone(timedelta(hours=8))  # Asia/Shanghai, without summer time since 1991
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LAST_YEAR = 9999


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """Records that one provision keeps: least ``months`` (None: no source states them), record ``types``."""

    name: str
    term: str
    months: int | None
    source: str
    types: tuple[str, ...] = ()


CLASSES = (
    RetentionClass(
        "register",
        "登记业务资料",
        240,
        "证券法 art. 153, by analogy (REM-26)",
        ("business.event", "register.act", "register.fact"),
    ),
    RetentionClass("aml", "客户身份资料和交易记录", 120, "反洗钱法 (2024) art. 34"),
    RetentionClass("pipia", "个人信息处理情况记录", 36, "个人信息保护法 art. 56", ("record.erasure",)),
    RetentionClass("network-log", "网络日志", 6, "网络安全法 (2025) art. 23"),
    RetentionClass("pilot", "试点项目资料", None, "not stated by the pilots' rulebooks", ("pilot.event",)),
    RetentionClass(
        "material", "提交材料", None, "not stated by the pilots' rulebooks", ("material.digest", "material.manifest")
    ),
)


@dataclass(frozen=True, slots=True)
class Term:
    """How long records of a class are kept at least, and who says so."""

    months: int
    source: str


class BadTerm(ValueError):
    """A setting names no class, or less than the law."""


def terms_of(given: Mapping[str, Term]) -> Mapping[str, Term]:
    """Class name -> term: the law's, and what the settings give for the others or beyond it. BadTerm."""
    known = {each.name: each for each in CLASSES}
    terms = {each.name: Term(each.months, each.source) for each in CLASSES if each.months is not None}
    for name, term in given.items():
        if name not in known:
            raise BadTerm(f"retention.{name}: there is no such class; there are {', '.join(known)}.")
        least = known[name].months
        if least is not None and term.months < least:
            raise BadTerm(f"retention.{name}: {term.months} months are less than the {least} of {known[name].source}.")
        terms[name] = term
    return terms


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a record may be erased now: then ``rule`` is None. ``due_at``: UTC ms, None while nobody knows."""

    class_name: str
    rule: str | None
    source: str
    due_at: int | None
    detail: str


def judge(type_code: int, accepted_at: int, *, terms: Mapping[str, Term], now_ms: int) -> Verdict:
    """What the retention rules say of a record of this type, accepted then."""
    record_type = BY_CODE[type_code]
    found = next((each for each in CLASSES if record_type.name in each.types), None)
    if found is None or not record_type.submittable:
        source = "docs/spec/leaf.md: records that the service writes"
        return Verdict(found.name if found else "", OWN, source, None, "Records of the service itself are not erased.")
    term = terms.get(found.name)
    if term is None:
        detail = f"No term is set for the class {found.name} ({found.term}): settings, retention.{found.name}."
        return Verdict(found.name, NO_TERM, found.source, None, detail)
    due = due_at(accepted_at, term.months)
    if due > now_ms:
        detail = f"Records of the class {found.name} ({found.term}) are kept for {term.months} months at least."
        return Verdict(found.name, NOT_OVER, term.source, due, detail)
    return Verdict(found.name, None, term.source, due, "The term is over.")


def class_name_of(type_code: int) -> str:
    """The class of a record type, empty when it has none."""
    name = BY_CODE[type_code].name
    return next((each.name for each in CLASSES if name in each.types), "")


def due_at(accepted_at: int, months: int) -> int:
    """When a term of ``months`` calendar months is over: the midnight in Shanghai that ends its last day. UTC ms."""
    day = (_EPOCH + timedelta(milliseconds=accepted_at)).astimezone(_CHINA).date()
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year >= _LAST_YEAR:
        raise BadTerm(f"{months} months from {day} are beyond the calendar.")
    first = datetime(year, month + 1, 1, tzinfo=_CHINA)
    following = datetime(year + month // 11, (month + 1) % 12 + 1, 1, tzinfo=_CHINA)
    last = min(day.day, (following - first).days)
    return (first + timedelta(days=last) - _EPOCH) // _MILLISECOND
