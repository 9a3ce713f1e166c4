"""Proofs for the gates (闸口): the evidence of a regulator's decision stands under an anchored head, or nothing passes.

A gate's operation may be authorised at any time; its transaction waits until the log's anchored head covers the
requested leaf, and gets its proof when it is signed. So does a step whose number the chain does not believe unproven.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.evidence.inclusion import anchored_leaf
from services.pilots import repository
from services.pilots.models import EventRow, ProjectRow
from services.pilots.stream import FILING, STEP
from services.transactions.service import Transactions
from services.transactions.views import TxView

__all__ = ["SEAL", "Gates"]

SEAL = "pilot.seal"


class Gates:
    """Hooks of the transaction manager."""

    def register(self, transactions: Transactions) -> None:
        """Asks to be heard before a gate or a seal is signed."""
        transactions.on_prepare(STEP, self.gate)
        transactions.on_prepare(FILING, self.gate)
        transactions.on_prepare(SEAL, self.seal)

    def gate(self, session: Session, transaction: TxView) -> Mapping[str, Any] | None:
        """The proof of the requested leaf, None while no anchored head covers it; nothing for another step."""
        if transaction.function != "gate":
            return {}
        leaf = bytes.fromhex(str(transaction.args["leaf"]).removeprefix("0x"))
        return self._inclusion(session, repository.event_of_leaf(session, leaf))

    def seal(self, session: Session, transaction: TxView) -> Mapping[str, Any] | None:
        """The proof of the project's newest leaf under the anchored head."""
        project = repository.project(session, transaction.reference or "")
        return None if project is None else self._newest(session, project)

    def _newest(self, session: Session, project: ProjectRow) -> Mapping[str, Any] | None:
        for event in reversed(repository.events(session, project.id, after=project.count - 1)):
            proof = self._inclusion(session, event)
            if proof is not None:
                return proof
        return None

    @staticmethod
    def _inclusion(session: Session, event: EventRow | None) -> Mapping[str, Any] | None:
        proof = None if event is None else anchored_leaf(session, event.record_id)
        return None if proof is None else {"inclusion": proof.arguments()}
