"""From queued to signed: complete, simulate, give a nonce, sign, store. Nothing is sent here."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import EndpointError, RevertError
from services.platform.logging import get_logger
from services.transactions import repository, steps
from services.transactions.desk import Desk
from services.transactions.encoding import json_safe
from services.transactions.models import AttemptRow, NonceRow, TransactionRow
from services.transactions.preparing import Late, complete, is_outdated, late_rows
from services.transactions.rules import Quote, TransactionState, free_nonces, gas_limit

__all__ = ["refusal", "replace", "sign_next"]

_log = get_logger("transactions")


@dataclass(frozen=True, slots=True)
class _Prepared:
    id: str
    to: str
    data: bytes
    gas: int


@dataclass(frozen=True, slots=True)
class _Now:
    """The chain as it was before the nonces were given."""

    fees: Quote
    floor: int
    head: int


def sign_next(desk: Desk) -> int:
    """Signs the next of every queue that the contracts accept, and refuses those they do not; how many were signed.

    The next of a queue has no unfinished predecessor, so the newest state is the one it will meet.
    """
    with desk.database.read() as session:
        room = max(0, desk.policy.in_flight - repository.count_in_flight(session, desk.chain.name))
        late = late_rows(desk, session) if room else []
        purposes = desk.handlers.prepared_purposes()
        waiting = repository.next_of_queues(session, desk.chain.name, room, without=purposes)
    prepared = list(islice(_prepared(desk, late, waiting), room))
    if not prepared:
        return 0
    head = desk.chain.head()
    now = _Now(desk.chain.market(), desk.chain.nonce(desk.signer.address, pending=True), head)
    return int(desk.write(lambda session: _sign_all(desk, session, prepared, now)))


def replace(desk: Desk, row: TransactionRow, old: AttemptRow, fees: Quote) -> None:
    """Signs the same call at the same nonce with higher ``fees``. Both hashes are watched from then on."""
    estimate = 0
    with suppress(
        RevertError
    ):  # signed bytes are out: whether they execute is the chain's word now, not the simulation's
        estimate = gas_limit(desk.chain.gas(desk.signer.address, desk.target(row), desk.data(row.id)))

    def act(session: Session) -> None:
        fresh = repository.lock_transaction(session, row.id)
        if fresh is None or fresh.nonce != row.nonce or fresh.state != row.state:
            return
        prepared = _Prepared(fresh.id, desk.target(fresh), fresh.data, max(old.gas, estimate))
        attempt = _attempt(desk, prepared, old.nonce, fees)
        repository.add(session, attempt)
        detail = {"hash": attempt.hash, "replaces": old.hash, "nonce": old.nonce, "max_fee": str(fees.maximum)}
        steps.note_on(session, fresh, "replaced", attempt.signed_at, detail)

    desk.write(act)


def refusal(error: RevertError, stage: str) -> tuple[dict[str, Any], str]:
    """A contract's no as stored, and as one line of text."""
    args: Mapping[str, Any] = json_safe(error.args_by_name)
    text = f"{error.name}({', '.join(f'{name}={value}' for name, value in args.items())})"
    return {"error": error.name, "args": args, "stage": stage}, text


def _prepared(desk: Desk, late: Sequence[TransactionRow], waiting: Sequence[TransactionRow]) -> Iterator[_Prepared]:
    """One after the other, for as many as there is room for: the late ones first."""
    for row in late:
        added = complete(desk, row)
        each = None if added is None else _prepare(desk, row, added)
        if each is not None:
            yield each
    for row in waiting:
        each = _prepare(desk, row)
        if each is not None:
            yield each


def _prepare(desk: Desk, row: TransactionRow, late: Late | None = None) -> _Prepared | None:
    target, data = desk.target(row), late.data if late else row.data
    try:
        return _Prepared(row.id, target, data, _gas(desk, row, target, data))
    except RevertError as error:
        if late is None or not is_outdated(desk, row, late):
            reason, text = refusal(error, "simulation")
            desk.refuse(row.id, TransactionState.QUEUED, reason, text)
        return None
    except EndpointError as error:
        if error.code is None:
            raise
        # The node answered, and not for the contract (no funds, for one): this transaction waits, the others go on.
        _log.warning("not_simulated", chain=row.chain, transaction=row.id, reason=error.message)
        return None


def _gas(desk: Desk, row: TransactionRow, target: str, data: bytes) -> int:
    """What the transaction may use. RevertError is the contract's no, on the newest state."""
    bound = desk.handlers.gas_bound(row.purpose, row.function, row.args)
    if bound is not None and _passes(desk, target, data, bound):
        return bound
    return gas_limit(desk.chain.gas(desk.signer.address, target, data))


def _passes(desk: Desk, target: str, data: bytes, gas: int) -> bool:
    """Whether the call succeeds with so much gas. Why not, the search for the least gas will tell."""
    try:
        desk.chain.call(target, data, sender=desk.signer.address, gas=gas)
    except (RevertError, EndpointError) as error:
        if isinstance(error, EndpointError) and error.code is None:
            raise
        return False
    return True


def _sign_all(desk: Desk, session: Session, prepared: Sequence[_Prepared], now: _Now) -> int:
    taken = repository.taken_nonces(session, desk.chain.name, desk.signer.address, now.floor)
    nonces = iter(free_nonces(now.floor, taken, len(prepared)))
    signed = 0
    for each in prepared:
        row = repository.lock_transaction(session, each.id)
        if row is None or row.state != TransactionState.QUEUED:
            continue  # withdrawn while it was simulated; its nonce goes to the next
        attempt = _attempt(desk, each, next(nonces), now.fees)
        row.data = each.data
        _give_nonce(desk, session, row, attempt, now.head)
        signed += 1
    return signed


def _give_nonce(desk: Desk, session: Session, row: TransactionRow, attempt: AttemptRow, head: int) -> None:
    row.sender, row.nonce, row.from_block = desk.signer.address, attempt.nonce, head
    repository.add(session, NonceRow(chain=row.chain, sender=row.sender, nonce=attempt.nonce, transaction_id=row.id))
    repository.add(session, attempt)
    detail = {"hash": attempt.hash, "nonce": attempt.nonce}
    steps.advance(session, row, TransactionState.SIGNED, action="signed", now_ms=attempt.signed_at, detail=detail)


def _attempt(desk: Desk, prepared: _Prepared, nonce: int, fees: Quote) -> AttemptRow:
    signed = desk.signer.sign(
        {
            "type": 2,
            "chainId": desk.chain.chain_id,
            "nonce": nonce,
            "to": prepared.to,
            "value": 0,
            "data": prepared.data,
            "gas": prepared.gas,
            "maxFeePerGas": fees.maximum,
            "maxPriorityFeePerGas": fees.priority,
        }
    )
    attempt = AttemptRow(hash=signed.hash, transaction_id=prepared.id, nonce=nonce, raw=signed.raw, gas=prepared.gas)
    attempt.max_fee, attempt.priority_fee = str(fees.maximum), str(fees.priority)
    attempt.signed_at, attempt.sent_at, attempt.sends, attempt.answer = desk.clock.ms(), None, 0, None
    return attempt
