"""Whose accounts must be in their normal state (账户状态) for an act: those who deal by it. Pure."""

from collections.abc import Sequence

from services.register.acts.liens import Pledge
from services.register.acts.said import Said
from services.register.acts.securities import Issue
from services.register.acts.transfers import Transferring
from services.register.rules.values import Reason

__all__ = ["dealers"]

_OF_LAW = frozenset({Reason.INHERITANCE, Reason.DIVISION, Reason.SUCCESSION})
"""They take units from an account whatever its state: its holder does not deal."""


def dealers(said: Said) -> Sequence[str]:
    """The accounts of those who sell, buy, give, take, subscribe or pledge by this act, each once.

    Nobody deals by what a court orders, a pledgee enforces, the law or the company does to all, or by a lien's end.
    """
    if isinstance(said, Transferring):
        return _of_transfer(said)
    if isinstance(said, Issue):
        return list(dict.fromkeys(each.account for each in said.entries))
    return [said.account] if isinstance(said, Pledge) else []


def _of_transfer(said: Transferring) -> Sequence[str]:
    if said.why is Reason.JUDICIAL:
        return []
    givers = [] if said.why in _OF_LAW else [each.giver for each in said.deals_done]
    return list(dict.fromkeys((*givers, *(each.taker for each in said.deals_done))))
