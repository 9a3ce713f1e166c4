"""Acts as the records of a recovered log tell them (登记事项恢复), each with its operation; and words on liens.

An act that nobody decided waits with an operation that nobody can sign any more: its signatures went with the
database. Where its transaction was on its way, the chain's event decides it still; else its deadline does.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from sqlalchemy.orm import Session

from chain.proof.encoding import from_hex, parse_time, to_hex
from chain.proof.types import Phase
from services.evidence.recovery.plan import Told
from services.platform.errors import Invalid
from services.platform.ids import new_id
from services.register import told as records
from services.register.acts import repository
from services.register.acts.asking import need_of, queue_of
from services.register.acts.catalogue import AnyAct
from services.register.acts.legal import Whose, Word, add_word, beside, put_beside
from services.register.acts.models import ActRow
from services.register.acts.outcomes import REFUSED, REGISTERED
from services.register.acts.said import Said
from services.register.book import repository as book
from services.register.book.liens_repository import lien_of_leaf
from services.register.names import ACT, CONTRACT
from services.register.rules.acts import message
from services.transactions import recovery as transactions
from services.transactions.encoding import json_safe
from services.transactions.needs import stored
from services.transactions.typed import STRUCTS

__all__ = ["decide", "rebuild", "row_of", "settle"]

_ANY: TypeAdapter[Said] = TypeAdapter(Annotated[AnyAct, Field(discriminator="act")])
_BESIDE = ("chain", "ids", "needs", "documents")
_WORD = "lien-legal-status"


def rebuild(session: Session, told: Sequence[Told], *, region: int, days: int) -> list[str]:
    """Acts asked for and decided; what is gone, in words. Again, nothing changes.

    ``region`` and ``days``: where roles are held, and how long whoever must agree has to sign.
    """
    acts = [each for each in told if each.type_name == ACT]
    outcomes = {from_hex(records.member(each, "request"), "request"): each for each in acts if _decides(each)}
    gone = []
    for each in acts:
        if each.leaf.phase is Phase.REQUESTED and repository.act_of_leaf(session, each.leaf_hash) is None:
            try:
                row = _asked(session, each, outcomes.get(each.leaf_hash), region=region, days=days)
                gone += [] if each.leaf_hash in outcomes else [_waits(row)]
            except (Invalid, ValueError, KeyError) as error:
                gone.append(f"act {each.record_id}: its record is not understood ({error})")
    for leaf, outcome in outcomes.items():
        known = repository.act_of_leaf(session, leaf)
        if known is not None and known.state == repository.REQUESTED:
            decide(known, outcome)
    session.flush()
    return gone


def settle(session: Session, told: Sequence[Told], chain: str) -> None:
    """Once the chain's events have made the liens: their ids, and every word on their legal status."""
    for each in told:
        if each.type_name == ACT and each.leaf.phase is Phase.REGISTERED:
            _beside(session, each)
    for _, each in records.facts(told, _WORD):
        security_id, number = records.about(each), records.number_of(each, "lien")
        known = book.legal_words(session, chain, security_id, number=number).get(number, ())
        if all(word.record_id != each.record_id for word in known):
            said = records.body(each)
            at = parse_time(said["at"], "at")
            word = Word(str(said["status"]), str(said["reference"]), at, _documents(said.get("documents")))
            add_word(session, chain, (security_id, number), word, _whose(each))


def row_of(told: Told) -> ActRow:
    """An act's row as it was asked for, by its record. Invalid, ValueError, KeyError for one not understood."""
    said, at = records.body(told), told.leaf.accepted_at
    request = _ANY.validate_python(
        {name: value for name, value in said.items() if name not in _BESIDE}
        | {"documents": _documents(said.get("documents"))}
    )
    ids, act = _ids(said.get("ids"), at), request.contract_act()
    row = ActRow(id=ids["act"], chain=str(said["chain"]), about=request.about, name=request.name)
    row.struct, row.message, row.state = type(act).__name__, json_safe(message(act)), repository.REQUESTED
    row.actor_id, row.batch_id = str(told.document["actor"]), ids.get("batch")
    row.lien, row.operation_id = beside(request, ids["lien"]), ids["operation"]
    row.log_id, row.record_id, row.leaf_hash, row.leaf_index = told.log_id, told.record_id, told.leaf_hash, told.index
    row.outcome_record = row.tx_hash = row.block_number = row.reason = row.decided_at = None
    row.created_at = at
    return row


def _decides(told: Told) -> bool:
    return told.leaf.phase in (Phase.REGISTERED, Phase.REFUSED)


def _asked(session: Session, told: Told, outcome: Told | None, *, region: int, days: int) -> ActRow:
    """The act's row as :class:`asking.Asking` made it, and its operation."""
    said, at = records.body(told), told.leaf.accepted_at
    row = row_of(told)
    repository.add(session, row)
    needs = said.get("needs")
    ended = None if outcome is None else _ended(outcome)
    operation = transactions.Lost(
        id=row.operation_id,
        kind=ACT,
        chain=row.chain,
        contract=CONTRACT,
        function=STRUCTS[row.struct].function,
        args={**row.message, "commitment": to_hex(told.leaf.commitment), "leaf": to_hex(told.leaf_hash)},
        needs=stored(need_of(str(each), region) for each in (needs if isinstance(needs, list) else ())),
        institution_id=told.institution_id,
        record_id=told.record_id,
        reference=row.about,
        queue=queue_of(row.about),
        created_at=at,
        deadline=at // 1000 + days * 86_400,
    )
    transactions.restore(session, operation, ended)
    return row


def _waits(row: ActRow) -> str:
    return (
        f"act {row.id} ({row.name} of {row.about}) was asked for and not decided: what was sent for it may be mined "
        f"yet, else it expires; ask again once operation {row.operation_id} has ended, or is taken back"
    )


def _ended(outcome: Told) -> transactions.Ended:
    agreed = records.body(outcome).get("agreed")
    listed = [each for each in agreed if isinstance(each, dict)] if isinstance(agreed, list) else []
    signed = [(str(each["role"]), str(each["signer"]), parse_time(each["at"], "at")) for each in listed]
    return transactions.Ended(outcome.leaf.accepted_at, _refusal(outcome), signed)


def decide(row: ActRow, outcome: Told) -> None:
    """What the outcome's record makes of the row."""
    row.outcome_record, row.decided_at = outcome.record_id, outcome.leaf.accepted_at
    row.state = REGISTERED if outcome.leaf.phase is Phase.REGISTERED else REFUSED
    row.reason = _refusal(outcome)
    if row.state == REGISTERED:
        row.tx_hash, row.block_number = records.member(outcome, "transaction"), records.number_of(outcome, "block")


def _refusal(outcome: Told) -> dict[str, Any] | None:
    """The reason as the act's row has it; records of before have only its text."""
    if outcome.leaf.phase is not Phase.REFUSED:
        return None
    said = records.body(outcome)
    found = said.get("refusal")
    return dict(found) if isinstance(found, dict) else {"error": str(said.get("reason")), "args": {}}


def _beside(session: Session, outcome: Told) -> None:
    row = repository.act_of_leaf(session, from_hex(records.member(outcome, "request"), "request"))
    if row is None or row.lien is None:
        return
    lien = lien_of_leaf(session, row.chain, row.about, row.leaf_hash)
    if lien is not None and lien.lien_id is None:
        put_beside(session, lien, row.lien, Whose(row.record_id, row.actor_id, row.created_at))


def _ids(found: object, at: int) -> Mapping[str, str]:
    """Those that others know the act by; new ones for records of before."""
    known = {name: str(each) for name, each in found.items()} if isinstance(found, dict) else {}
    return {"act": new_id("act", at), "operation": new_id("op", at), "lien": new_id("lien", at), **known}


def _documents(found: object) -> list[dict[str, str]]:
    listed = [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
    return [{"code": str(each["code"]), "record": str(each["record"])} for each in listed]


def _whose(told: Told) -> Whose:
    return Whose(told.record_id, str(told.document["actor"]), told.leaf.accepted_at)
