"""Why the register says no (规则与出处): every refusal's rule, its source, and its words in Chinese and English.

A refusal is the same whether the referee in Python, a simulation or the chain says it: the contract's error by its
name, the arguments by theirs. Rules that only the service can check have keys of their own here.
"""

from collections.abc import Mapping
from enum import IntEnum

from chain.errors import RevertError
from chain.proof.hashing import keccak256
from services.days import on
from services.platform.clock import rfc3339
from services.platform.errors import RuleRefused
from services.platform.ids import from_bytes16
from services.register.act_words import ACT_RULES, ACT_WORDS
from services.register.names import CHECKER, LIAISON, OPERATOR, REGULATOR
from services.register.rules.refusal import Refused, Value
from services.register.rules.values import Kind, LienKind, Reason, State
from services.register.service_words import SERVICE_RULES, SERVICE_WORDS
from services.register.words import RULES, WORDS, Rule

__all__ = ["as_refusal", "refusal", "rule_of"]

_ROLES: Mapping[bytes, str] = {keccak256(role.encode()): role for role in (OPERATOR, CHECKER, REGULATOR, LIAISON)}
_RULES = {**RULES, **ACT_RULES, **SERVICE_RULES}
_WORDS = {**WORDS, **ACT_WORDS, **SERVICE_WORDS}
_NEEDS, _TERM, _OFFICER = "RegisterNeeds", "RegisterTerm", "officer"
_NAMED: Mapping[tuple[str, str], type[IntEnum]] = {
    ("RegisterState", "state"): State,
    ("RegisterKind", "kind"): Kind,
    ("RegisterLienKind", "kind"): LienKind,
    ("RegisterReason", "reason"): Reason,
}
_ID_PREFIXES = {"investor": "acc", "last": "acc", "security": "sec"}
_MOMENTS = {"RegisterSince", "AuthorisationExpired"}
_DAYS = {"until", "today", "fromDay", "limit"}
_EXACT_IN_JSON, _DAY_MAX, _SECOND_MAX = 2**53, 2_932_896, 253_402_300_799
"""The first integer that JSON does not hold exactly, and the last day and second that a date can name."""


def as_refusal(refused: Refused | RevertError, *, basis: str = "", act: str = "") -> RuleRefused | None:
    """A refusal by the referee, a simulation or the chain; None for an error that is no rule of the register.

    ``basis``: what the cap of the security rests on (its terms); ``act``: the name of what was asked for.
    """
    if isinstance(refused, Refused):
        return refusal(refused.error, refused.arguments, basis=basis, act=act)
    name = refused.name
    known = name in WORDS or name == _NEEDS
    return refusal(name, refused.args_by_name, basis=basis, act=act) if known else None


def refusal(error: str, arguments: Mapping[str, Value], *, basis: str = "", act: str = "") -> RuleRefused:
    """The problem for an error of the contract or a rule of the service alone. KeyError for what is neither.

    One error may break different rules: which, the ``act`` tells that was asked for.
    """
    numbers = {name: _plain(error, name, value) for name, value in arguments.items()}
    key = _key(error, arguments, act, role=str(numbers.get("role", "")))
    rule, words = rule_of(key, basis=basis), _WORDS[key]
    told = {name: _called(error, name, value) for name, value in numbers.items()}
    return RuleRefused(
        rule.id,
        words.en.format_map(told),
        source=rule.source,
        extra={"guard": error, "numbers": numbers, "detail_zh": words.zh.format_map(told)},
    )


def rule_of(key: str, *, basis: str = "") -> Rule:
    """The rule behind an error. The cap of a security names its own. KeyError for an unknown key."""
    rule = _RULES[_WORDS[key].rule]
    return _RULES.get(basis, rule) if key == "RegisterCap" else rule


def _key(error: str, arguments: Mapping[str, Value], act: str, *, role: str) -> str:
    """Which words: those of the error for this act, if it has such."""
    if error == _NEEDS:
        error = f"{_NEEDS}:{role}"
    if error == _TERM and act != _OFFICER and int(arguments["day"]) < int(arguments["first"]):
        return f"{_TERM}:past"
    own = f"{error}:{act}"
    return own if own in ACT_WORDS else error


def _plain(error: str, name: str, value: Value) -> int | str:
    """Pseudonyms as ids of accounts and securities, roles by name, days and moments as such, great numbers as text."""
    if isinstance(value, bytes):
        prefix = _ID_PREFIXES.get(name)
        return from_bytes16(prefix, value) if prefix else _ROLES.get(value, "0x" + value.hex())
    if not isinstance(value, int):
        return value
    if (name in _DAYS or error == _TERM) and 0 < value <= _DAY_MAX:
        return on(value).isoformat()
    if error in _MOMENTS and 1 < value <= _SECOND_MAX:
        return rfc3339(value * 1_000)
    return str(value) if value >= _EXACT_IN_JSON else value


def _called(error: str, name: str, value: int | str) -> int | str:
    """States, kinds and reasons by their names."""
    named = _NAMED.get((error, name))
    return named(value).name.lower() if named is not None and value in tuple(named) else value
