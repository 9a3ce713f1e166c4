"""Liens whose term is over leave their lots by themselves (期限届满): the job tells the chain, which knows it anyway.

A lien that is over hinders nothing from the midnight in Shanghai on, swept or not; sweeping makes rows say so too.
"""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from services.days import day_of
from services.evidence.group import Group
from services.platform.clock import from_ms
from services.platform.ids import bytes16
from services.register.acts.asking import queue_of
from services.register.book import repository as book
from services.register.names import CONTRACT
from services.register.parts import RegisterParts
from services.transactions.views import TxView

__all__ = ["Sweeping"]

_PURPOSE = "register.sweep"
_PAGE = 500
_UNIT_SECONDS = 60
Due = tuple[str, str, int, int]
"""Security, account, number and last day of a lien that is over and still in the account's lots."""


class Sweeping:
    """One run a minute. What is asked for is remembered by this process alone: to sweep again does no harm."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts
        self._asked: set[Due] = set()
        parts.transactions.on_refused(_PURPOSE, self._refused)

    def run(self) -> None:
        """Asks the gateway to sweep every position that a lien which is over still encumbers."""
        if self._parts.venue is None:
            return
        today = day_of(from_ms(self._parts.clock.ms()))
        with self._parts.database.read() as session:
            due = set(self._due(session, today))
        self._asked &= due
        fresh = due - self._asked
        if not fresh:
            return

        def unit(group: Group) -> None:
            for security_id, account_id in sorted({(each[0], each[1]) for each in fresh}):
                self._sweep(group, security_id, account_id)

        self._parts.evidence.sequencer.submit(unit).result(_UNIT_SECONDS)
        self._asked |= fresh

    def _due(self, session: Session, today: int) -> Iterator[Due]:
        after: str | None = ""
        while after is not None:
            page = book.securities(session, self._parts.chain, after=after, limit=_PAGE)
            for security in page:
                if security.liens:
                    yield from self._due_of(session, security.security_id, today)
            after = page[-1].security_id if len(page) == _PAGE else None

    def _due_of(self, session: Session, security_id: str, today: int) -> Iterator[Due]:
        chain = self._parts.chain
        over = {
            row.number: now.until
            for row, now in book.liens(session, chain, security_id, None)
            if now.units and 0 < now.until < today
        }
        for row in book.lots(session, chain, security_id, None) if over else ():
            for number in {one for _units, numbers in row.lots for one in numbers} & over.keys():
                yield security_id, row.account_id, number, over[number]

    def _sweep(self, group: Group, security_id: str, account_id: str) -> None:
        self._parts.transactions.enqueue(
            group.session,
            chain=self._parts.chain,
            contract=CONTRACT,
            function="sweep",
            args={"security": to_hex(bytes16(security_id)), "investor": to_hex(bytes16(account_id))},
            purpose=_PURPOSE,
            queue=queue_of(security_id),
            reference=f"{security_id}/{account_id}",
        )

    def _refused(self, _group: Group, transaction: TxView, _reason: str) -> None:
        """To be asked again by a later run."""
        self._asked = {each for each in self._asked if f"{each[0]}/{each[1]}" != transaction.reference}
