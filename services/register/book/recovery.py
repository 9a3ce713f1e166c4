"""What the records of a recovered log tell of the book, as rows again: evidence of acts, and statements.

Positions, lots and liens come with the chain's events. The documents of statements given out since the backup are gone;
their numbers are not given again, and their digests still tell whether a paper is one of them.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof.encoding import from_hex, parse_time
from chain.proof.types import Phase
from services.evidence.recovery.plan import Told
from services.register.book import repository
from services.register.book.models import EvidenceRow, StatementRow
from services.register.names import ACT, FACT

__all__ = ["rebuild"]


def rebuild(session: Session, told: Sequence[Told], chain: str) -> list[str]:
    """Evidence and statements; what is gone, in words. Again, nothing changes."""
    asked = {each.leaf_hash: each for each in told if each.type_name == ACT and each.leaf.phase is Phase.REQUESTED}
    for each in told:
        if each.type_name == ACT and each.leaf.phase is Phase.REGISTERED:
            _evidence(session, asked, each)
    return [text for each in told if each.type_name == FACT and (text := _statement(session, each, chain))]


def _evidence(session: Session, asked: dict[bytes, Told], outcome: Told) -> None:
    leaf = from_hex(_said(outcome, "request"), "request")
    request = asked.get(leaf)
    if request is not None and not repository.evidence_of(session, [leaf]):
        row = EvidenceRow(leaf=leaf, log_id=outcome.log_id)
        row.request_record, row.request_index = request.record_id, request.index
        row.outcome_record, row.outcome_index = outcome.record_id, outcome.index
        repository.add(session, row)


def _statement(session: Session, told: Told, chain: str) -> str:
    if _said(told, "fact") != "statement" or repository.statement(session, _said(told, "statement")) is not None:
        return ""
    row = StatementRow(id=_said(told, "statement"), chain=chain, number=_said(told, "number"))
    row.kind, row.security_id = _said(told, "kind"), str(told.document["subject"])
    row.account_id, row.at = _said(told, "account") or None, parse_time(_said(told, "as_of"), "as_of")
    row.issued_at, row.actor_id, row.host_id = told.leaf.accepted_at, str(told.document["actor"]), ""
    row.digest, row.record_id, row.document = from_hex(_said(told, "digest"), "digest"), told.record_id, b""
    repository.add(session, row)
    return f"statement {row.number}: its document is gone, its digest stands in the log"


def _said(told: Told, member: str) -> str:
    body = told.document["body"]
    found = body.get(member) if isinstance(body, dict) else None
    return found if isinstance(found, str) else ""
