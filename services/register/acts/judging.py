"""Whether an act would pass now (预检): the referee, on the register as the chain has told it and on what goes before.

The chain decides; this says no early, with rule, source and numbers, and names those who must agree.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from services.register.acts import repository
from services.register.acts.counting import ChainDays
from services.register.acts.messages import accounts_of, act_of, securities_of
from services.register.acts.said import Said
from services.register.acts.standing import Standing
from services.register.names import CHECKER
from services.register.parts import RegisterParts
from services.register.rules import acts
from services.register.rules.days import TradingDays
from services.register.rules.referee import apply
from services.register.rules.refusal import Refused
from services.register.rules.turn import At, Register
from services.register.sources import as_refusal
from services.transactions.rules import OperationState

__all__ = ["Judging"]

_MOST = 50  # acts that are tried one after the other before a new one


class Judging:
    """``first_day``: the day on which the register was deployed, the first of its trading-day numbers."""

    def __init__(self, parts: RegisterParts, first_day: Callable[[], int]) -> None:
        self._parts = parts
        self._standing = Standing(parts, first_day)

    def needs(self, session: Session, said: Said, now_ms: int, *, one_of_many: bool = False) -> tuple[str, ...]:
        """The roles and addresses that must agree to what is asked. RuleRefused with rule, source and numbers.

        Where very many acts go before, or beside it as in an import (``one_of_many``), only the chain judges.
        """
        act = said.contract_act()
        if one_of_many:
            return self._unjudged(session, act, now_ms)
        earlier = self._signed_before(session, act)
        if earlier is None:
            return self._unjudged(session, act, now_ms)
        register, at = self._standing.register(session, (*earlier, act)), At(now_ms // 1000)
        days = ChainDays(self._parts)
        for each in earlier:
            register = _attempted(register, each, at, days)
        try:
            return tuple(dict.fromkeys(apply(register, act, at=at, calendar=days).needs))
        except Refused as refused:
            refusal = as_refusal(refused, basis=self._basis(session, act), act=said.name)
            raise refused if refusal is None else refusal from refused

    def _unjudged(self, session: Session, act: acts.Act, now_ms: int) -> tuple[str, ...]:
        """Who must agree as far as can be told without what goes before; a no is left to the chain."""
        register = self._standing.register(session, [act])
        try:
            outcome = apply(register, act, at=At(now_ms // 1000), calendar=ChainDays(self._parts))
        except Refused:
            return (CHECKER,) if self._parts.market.checked else ()
        return tuple(dict.fromkeys(outcome.needs))

    def _basis(self, session: Session, act: acts.Act) -> str:
        rows = (self._standing.security(session, each) for each in securities_of(act))
        return next((row.basis for row in rows if row), "")

    def _signed_before(self, session: Session, act: acts.Act) -> list[acts.Act] | None:
        """What has all its signatures and is not decided: it comes first, unlike what nobody may ever sign.

        None when there are too many to try them.
        """
        signed: list[str] = []
        for known in repository.undecided_keys(session, self._parts.chain, [*securities_of(act), *accounts_of(act)]):
            states = self._parts.transactions.states(session, known)
            signed += [known[each] for each, state in states.items() if state != OperationState.NEEDS_AUTHORISATION]
            if len(signed) > _MOST:
                return None
        return [act_of(struct, message) for struct, message in repository.said_by(session, signed)]


def _attempted(register: Register, act: acts.Act, at: At, days: TradingDays) -> Register:
    try:
        return apply(register, act, at=at, calendar=days).register
    except Refused:  # it is not this act's fault; the chain will say so to whoever asked
        return register
