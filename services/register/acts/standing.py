"""As much of the register as some acts touch (登记簿现状), for the referee: from rows, and a little from the chain."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import ChainError
from services.platform.errors import Unavailable
from services.platform.ids import bytes16
from services.register.acts.messages import accounts_of, securities_of
from services.register.book import repository as book
from services.register.book.models import SecurityRow
from services.register.book.rules import words_of
from services.register.names import CONTRACT
from services.register.parts import RegisterParts
from services.register.rules import acts
from services.register.rules.days import Clock
from services.register.rules.liens import Lien
from services.register.rules.lots import Lot
from services.register.rules.positions import Position
from services.register.rules.turn import Register
from services.register.rules.values import (
    NOBODY,
    Bonus,
    Form,
    Id,
    Investor,
    Kind,
    LienKind,
    Lockup,
    Market,
    Security,
    State,
    Terms,
)

__all__ = ["Standing"]

Key = tuple[Id, Id]


class Standing:
    """``first_day``: the day on which the register was deployed, the first of its trading-day numbers."""

    def __init__(self, parts: RegisterParts, first_day: Callable[[], int]) -> None:
        self._parts = parts
        self._first_day = first_day

    def register(self, session: Session, touching: Sequence[acts.Act]) -> Register:
        """The register as far as the chain was read. Unavailable when only the chain could tell and it is away."""
        market = self._parts.market
        accounts = list(dict.fromkeys(one for each in touching for one in accounts_of(each)))
        securities = list(dict.fromkeys(one for each in touching for one in securities_of(each)))
        rows = {each: row for each in securities if (row := self.security(session, each))}
        positions = self._positions(session, rows, accounts)
        return Register(
            Market(market.region, market.checked),
            Clock(self._first_day()),
            investors=self._investors(session, accounts),
            securities={bytes16(each): _security(row) for each, row in rows.items()},
            positions=positions,
            lots=self._lots(session, rows, accounts),
            liens={key: lien for row in rows.values() for key, lien in self._liens(session, row)},
            lockups={key: self._lockup(key) for key, position in positions.items() if position.officer},
            bonuses=dict(self._bonuses(touching)),
        )

    def security(self, session: Session, security_id: str) -> SecurityRow | None:
        """Its row."""
        return book.security(session, self._parts.chain, security_id)

    def _investors(self, session: Session, accounts: Iterable[str]) -> dict[Id, Investor]:
        return {
            bytes16(row.account_id): Investor(Kind(row.kind), row.suitable_until, row.addend)
            for row in book.investors_of(session, self._parts.chain, accounts)
        }

    def _positions(self, session: Session, securities: Iterable[str], accounts: list[str]) -> dict[Key, Position]:
        return {
            (bytes16(security), bytes16(account)): Position.of(int.from_bytes(word))
            for security in securities
            for account, _seq, word in book.current_words(session, self._parts.chain, security, accounts)
        }

    def _lots(self, session: Session, securities: Iterable[str], accounts: list[str]) -> dict[Key, tuple[Lot, ...]]:
        return {
            (bytes16(security), bytes16(row.account_id)): tuple(
                Lot(each.units, tuple(each.liens)) for each in words_of(row.lots)
            )
            for security in securities
            for row in book.lots(session, self._parts.chain, security, None, accounts)
        }

    def _liens(self, session: Session, security: SecurityRow) -> Iterable[tuple[tuple[Id, int], Lien]]:
        if not security.liens:
            return
        for row, now in book.liens(session, self._parts.chain, security.security_id, None):
            lien = Lien(LienKind(row.kind), row.since, now.until, now.units, row.secured or NOBODY)
            yield (bytes16(security.security_id), row.number), lien

    def _lockup(self, key: Key) -> Lockup:
        return Lockup(*(int(each) for each in self._read("lockupOf", *key)))

    def _bonuses(self, touching: Iterable[acts.Act]) -> Iterable[tuple[Key, Bonus]]:
        for each in touching:
            if isinstance(each, acts.PayBonus):
                last, numerator, denominator = self._read("bonusOf", each.security, each.action)
                if numerator:
                    yield (each.security, each.action), Bonus(int(numerator), int(denominator), bytes(last))

    def _read(self, view: str, *arguments: bytes) -> Any:
        try:
            return self._parts.read(CONTRACT, view, *arguments)
        except ChainError as error:
            raise Unavailable("chain-unreachable", "The business chain does not answer.") from error


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
