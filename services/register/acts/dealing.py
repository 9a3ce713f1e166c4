"""Whose accounts must be in which state (账户状态) for an act: those who deal by it, those who get units. Pure."""

from collections.abc import Iterable, Mapping

from services.platform.ids import from_bytes16
from services.register.rules import acts
from services.register.rules.values import LienKind, Reason
from services.register.sources import refusal

__all__ = ["dealers", "receivers", "require_accounts"]

_OF_LAW = frozenset({Reason.INHERITANCE, Reason.DIVISION, Reason.SUCCESSION})
"""They take units from an account whatever its state: its holder does not deal."""
_BY_AGREEMENT = "pledge-enforce"
_CLOSED = "closed"


def dealers(name: str, act: acts.Act) -> list[str]:
    """The accounts of those who sell, buy, give, take, subscribe or pledge by this act of this name, each once.

    Nobody deals by what a court orders, the law or the company does to all, or by a lien's end; of a pledge's
    enforcement its buyer does.
    """
    if isinstance(act, acts.IssueUnits):
        return _ids(act.investors)
    if isinstance(act, acts.OpenLien):
        return _ids([act.investor] if act.lien is LienKind.PLEDGE else [])
    if isinstance(act, acts.EnforceLien):
        return _ids([act.taker] if name == _BY_AGREEMENT else [])
    givers, takers = _parties(act)
    reason = getattr(act, "reason", Reason.JUDICIAL)
    if reason is Reason.JUDICIAL:
        return []
    return _ids(takers if reason in _OF_LAW else (*givers, *takers))


def receivers(act: acts.Act) -> list[str]:
    """The accounts that get units by whatever: none of them is closed, for then its holder has none."""
    return _ids(_parties(act)[1])


def require_accounts(name: str, act: acts.Act, stopped: Mapping[str, str]) -> None:
    """RuleRefused ACC-03 names the first account that may not take part. ``stopped``: states that are not normal."""
    dealing = dealers(name, act)
    for each in dict.fromkeys((*dealing, *receivers(act))):
        state = stopped.get(each)
        if state == _CLOSED or (state is not None and each in dealing):
            raise refusal("ServiceAccountState", {"account": each, "state": state})


def _parties(act: acts.Act) -> tuple[tuple[bytes, ...], tuple[bytes, ...]]:
    givers, takers = (getattr(act, each, ()) for each in ("giver", "taker"))
    return tuple(_listed(givers)), tuple(_listed(takers))


def _listed(value: bytes | Iterable[bytes]) -> Iterable[bytes]:
    return (value,) if isinstance(value, bytes) else value


def _ids(pseudonyms: Iterable[bytes]) -> list[str]:
    return [from_bytes16("acc", each) for each in dict.fromkeys(pseudonyms)]
