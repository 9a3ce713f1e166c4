"""Whether an act would pass now (预检): the referee, on the register as the chain has told it and on what goes before.

The chain decides; this says no early, with rule, source and numbers, and names those who must agree.
"""

from collections.abc import Callable, Iterable

from sqlalchemy.orm import Session

from services.platform.ids import bytes16
from services.register.acts import repository
from services.register.acts.counting import ChainDays
from services.register.acts.messages import accounts_of, act_of, securities_of
from services.register.book import repository as book
from services.register.book.models import SecurityRow
from services.register.names import CHECKER
from services.register.parts import RegisterParts
from services.register.rules import acts
from services.register.rules.days import Clock, TradingDays
from services.register.rules.positions import Position
from services.register.rules.referee import apply
from services.register.rules.refusal import Refused
from services.register.rules.turn import At, Register
from services.register.rules.values import Form, Id, Investor, Kind, Market, Security, State, Terms
from services.register.sources import as_refusal
from services.transactions.rules import OperationState

__all__ = ["Judging"]

_MOST = 50  # acts that are tried one after the other before a new one


class Judging:
    """``first_day``: the day on which the register was deployed, the first of its trading-day numbers."""

    def __init__(self, parts: RegisterParts, first_day: Callable[[], int]) -> None:
        self._parts = parts
        self._first_day = first_day

    def needs(self, session: Session, act: acts.Act, now_ms: int) -> tuple[str, ...]:
        """The roles and addresses that must agree to the act. RuleRefused with rule, source and numbers.

        Where very many acts go before, as in an import, only the chain judges.
        """
        earlier = self._signed_before(session, act)
        if len(earlier) > _MOST:
            return (CHECKER,) if self._parts.market.checked else ()
        register, at = self.register(session, (*earlier, act)), At(now_ms // 1000)
        days = ChainDays(self._parts)
        for each in earlier:
            register = _attempted(register, each, at, days)
        try:
            return apply(register, act, at=at, calendar=days).needs
        except Refused as refused:
            refusal = as_refusal(refused, basis=self._basis(session, act))
            raise refused if refusal is None else refusal from refused

    def register(self, session: Session, touching: Iterable[acts.Act]) -> Register:
        """As much of the register as these acts touch, as far as the chain was read."""
        market, touching = self._parts.market, list(touching)
        accounts = list(dict.fromkeys(one for each in touching for one in accounts_of(each)))
        securities = list(dict.fromkeys(one for each in touching for one in securities_of(each)))
        rows = {bytes16(each): row for each in securities if (row := self._security(session, each))}
        return Register(
            Market(market.region, market.checked),
            Clock(self._first_day()),
            investors=self._investors(session, accounts),
            securities={name: _security(row) for name, row in rows.items()},
            positions=self._positions(session, securities, accounts),
        )

    def _security(self, session: Session, security_id: str) -> SecurityRow | None:
        return book.security(session, self._parts.chain, security_id)

    def _basis(self, session: Session, act: acts.Act) -> str:
        return next((row.basis for each in securities_of(act) if (row := self._security(session, each))), "")

    def _investors(self, session: Session, accounts: Iterable[str]) -> dict[Id, Investor]:
        rows = (book.investor(session, self._parts.chain, each) for each in accounts)
        return {
            bytes16(row.account_id): Investor(Kind(row.kind), row.suitable_until, row.addend) for row in rows if row
        }

    def _positions(
        self, session: Session, securities: Iterable[str], accounts: list[str]
    ) -> dict[tuple[Id, Id], Position]:
        return {
            (bytes16(security), bytes16(account)): Position.of(int.from_bytes(word))
            for security in securities
            for account, _seq, word in book.current_words(session, self._parts.chain, security, accounts)
        }

    def _signed_before(self, session: Session, act: acts.Act) -> list[acts.Act]:
        """What has all its signatures and is not decided: it comes first, unlike what nobody may ever sign."""
        rows = repository.undecided(session, self._parts.chain, [*securities_of(act), *accounts_of(act)])
        states = self._parts.transactions.states(session, [row.operation_id for row in rows])
        return [
            act_of(row.struct, row.message)
            for row in rows
            if states.get(row.operation_id) not in (None, OperationState.NEEDS_AUTHORISATION)
        ]


def _attempted(register: Register, act: acts.Act, at: At, days: TradingDays) -> Register:
    try:
        return apply(register, act, at=at, calendar=days).register
    except Refused:  # it is not this act's fault; the chain will say so to whoever asked
        return register


def _security(row: SecurityRow) -> Security:
    terms = Terms(
        Form(row.form),
        row.kinds,
        row.cap,
        row.basis.encode().ljust(16, b"\0"),
        grandfathered=row.grandfathered,
        interval=row.interval,
        subscription_counts=row.subscription_counts,
    )
    return Security(State(row.state), bytes16(row.issuer_id), terms, row.issued, row.count, row.liens)
