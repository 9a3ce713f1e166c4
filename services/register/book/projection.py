"""The register's events as rows, block by block in the transaction that moves the cursor, and the outcomes of acts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from services.evidence.group import Group
from services.register.book import events, repository
from services.register.book.acts import evidence_of
from services.register.book.alerts import Alerts
from services.register.book.block import Block
from services.register.book.models import EvidenceRow
from services.register.names import CONTRACT
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent

__all__ = ["LISTENER", "ActLeaves", "OnRegistered", "Projection"]

LISTENER = "register.book"


@dataclass(frozen=True, slots=True, kw_only=True)
class ActLeaves:
    """Where the two leaves of an act of this service stand: what it was asked with, and what became of it."""

    log_id: str
    request_record: str
    request_index: int
    outcome_record: str
    outcome_index: int


OnRegistered = Callable[[Group, bytes, ChainEvent], ActLeaves | None]
"""Told once for each requested leaf that a final transaction fulfilled, with the last event that names it.

Whoever wrote the request answers with its leaves; None for one that nobody here wrote.
"""


class Projection:
    """The block handler. ``on_registered`` writes the outcome leaf of an act."""

    def __init__(self, chain: str, on_registered: OnRegistered) -> None:
        self._chain = chain
        self._on_registered = on_registered
        self._alerts = Alerts(chain)

    def register(self, transactions: Transactions) -> None:
        """Asks to be told."""
        transactions.on_block(CONTRACT, events.FOLLOWED, self.take, listener=LISTENER, chain=self._chain)

    def take(self, group: Group, found: Sequence[ChainEvent]) -> None:
        """The register after one more block."""
        Block(group, self._chain, self._alerts).take(found)
        for _, of_transaction in groupby(found, key=lambda each: each.tx_hash):
            newest = {leaf: each for each in of_transaction if any(leaf := evidence_of(each)[1])}
            for leaf, event in newest.items():
                made = self._on_registered(group, leaf, event)
                if made is not None and not repository.evidence_of(group.session, [leaf]):  # it is: after a recovery
                    repository.add(group.session, _evidence(leaf, made))


def _evidence(leaf: bytes, made: ActLeaves) -> EvidenceRow:
    return EvidenceRow(
        leaf=leaf,
        log_id=made.log_id,
        request_record=made.request_record,
        request_index=made.request_index,
        outcome_record=made.outcome_record,
        outcome_index=made.outcome_index,
    )
