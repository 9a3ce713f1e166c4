"""Checked acts as the facts of a recovered log tell them: each operation, ended as it ended, and never done twice.

What was done is done again by the facts that it wrote, which name the request; here only its operation is.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from services.evidence.recovery.plan import Told
from services.register import told as records
from services.register.checked import ASKED, ENDED
from services.register.names import CHECKER, CONTRACT, FACT, OPERATOR
from services.transactions import recovery as transactions
from services.transactions.needs import Need, stored

__all__ = ["rebuild"]

_Ends = Mapping[str, transactions.Ended]


def rebuild(session: Session, told: Sequence[Told], *, region: int, days: int, now_ms: int) -> list[str]:
    """Operations asked for and ended; what waits for nobody any more, in words. Again, nothing changes."""
    ends, gone = _ends(told), []
    transactions.settle(session, {leaf: (end.reason is None, _why(end)) for leaf, end in ends.items()}, now_ms)
    known = transactions.known_leaves(session)
    for _, each in records.facts(told, ASKED):
        if to_hex(each.leaf_hash) not in known:
            gone += _restored(session, each, ends, region=region, days=days)
    return gone


def _restored(session: Session, told: Told, ends: _Ends, *, region: int, days: int) -> list[str]:
    about, act, leaf = records.about(told), records.member(told, "act"), to_hex(told.leaf_hash)
    operation, at = records.member(told, "operation"), told.leaf.accepted_at
    lost = transactions.Lost(
        id=operation,
        kind=FACT,
        chain=records.member(told, "chain"),
        contract=CONTRACT,
        function="",
        args={"subject": about, "act": act, "commitment": to_hex(told.leaf.commitment), "leaf": leaf},
        needs=stored([Need(CHECKER, region=region, unless=OPERATOR)]),
        institution_id=told.institution_id,
        record_id=told.record_id,
        reference=about,
        queue=f"{FACT}/{about}",
        created_at=at,
        deadline=at // 1000 + days * 86_400,
    )
    transactions.restore(session, lost, ends.get(leaf))
    if leaf in ends:
        return []
    return [f"{act} of {about} was asked for and not checked: operation {operation} can be signed no more; ask again"]


def _ends(told: Sequence[Told]) -> _Ends:
    """By the leaf that asked (0x hex)."""
    found: dict[str, transactions.Ended] = {}
    for each in told:
        body, at = records.body(each), each.leaf.accepted_at
        checked = body.get("checked") if each.type_name == FACT else None
        if isinstance(checked, dict):
            found[str(checked["request"])] = transactions.Ended(at, None, [(CHECKER, str(checked["signer"]), at)])
    for _, each in records.facts(told, ENDED):
        reason = records.body(each).get("reason")
        refused = dict(reason) if isinstance(reason, dict) else {"error": str(reason)}
        found[records.member(each, "request")] = transactions.Ended(each.leaf.accepted_at, refused)
    return found


def _why(end: transactions.Ended) -> str:
    return "" if end.reason is None else str(end.reason.get("error"))
