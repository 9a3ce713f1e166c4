"""Puts stored bytes on the wire, as often as it takes. Never signs."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.platform import metrics
from services.platform.failpoints import hit
from services.transactions import repository, steps
from services.transactions.desk import Desk
from services.transactions.models import AttemptRow, TransactionRow
from services.transactions.rules import Answer, TransactionState, classify

__all__ = ["send"]

_ON_ITS_WAY = frozenset({Answer.ACCEPTED, Answer.KNOWN, Answer.NONCE_TOO_LOW})


def send(desk: Desk, attempts: Sequence[AttemptRow]) -> None:
    """Sends in one batch, by nonce, and stores what the node said.

    ChainError when nothing is known of the outcome: the bytes go again.
    """
    if not attempts:
        return
    ordered = sorted(attempts, key=lambda attempt: attempt.nonce)
    hit("transactions.before-send")
    answers = [classify(error) for error in desk.chain.send([attempt.raw for attempt in ordered])]
    hit("transactions.after-send")

    def act(session: Session) -> None:
        for attempt, answer in zip(ordered, answers, strict=True):
            _note(desk, session, attempt, answer)

    desk.write(act)


def _note(desk: Desk, session: Session, attempt: AttemptRow, answer: Answer) -> None:
    now = desk.clock.ms()
    repository.note_sent(session, attempt.hash, now, answer.value)
    row = repository.lock_transaction(session, attempt.transaction_id)
    if row is None or row.nonce != attempt.nonce:
        return
    if attempt.sends:
        metrics.TX_RESUBMIT.labels(desk.chain.name).inc()
    if answer is Answer.NO_FUNDS:
        metrics.TX_REJECTED.labels("funds").inc()
    _record(session, row, attempt, answer, now)


def _record(session: Session, row: TransactionRow, attempt: AttemptRow, answer: Answer, now: int) -> None:
    detail = {"hash": attempt.hash, "answer": answer.value}
    if row.state == TransactionState.SIGNED and answer in _ON_ITS_WAY:
        # "nonce too low" too: one of its attempts, or somebody else's transaction, was mined; watching finds out which
        steps.advance(session, row, TransactionState.SENT, action="sent", now_ms=now, detail=detail)
    else:
        steps.note_on(session, row, "resent" if attempt.sends else "sent", now, detail)
