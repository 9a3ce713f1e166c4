"""Anchoring (锚定): heads go to the chain, few of them, in order, none twice.

A log has at most one append on its way, so the chain's stored head is the last anchored one and the consistency proof
can be made in advance. While the chain is away the log grows on, and one append then carries the whole backlog.
When another chain took a lost one's place, what stood there is anchored again first (:mod:`services.evidence.epochs`).
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from sqlalchemy.orm import Session

from chain.errors import ChainError
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import ProofError
from chain.proof.hashing import keccak256
from chain.proof.merkle import consistency_proof
from chain.proof.receipt import Anchor
from services.evidence import repository
from services.evidence.epochs.service import Epochs, Owed
from services.evidence.gate import Gate
from services.evidence.models import AnchorRow, CheckpointRow, LogRow
from services.evidence.rules import Grade, anchor_due, retry_due
from services.evidence.standing import Standing
from services.evidence.tree import Tree
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Unavailable
from services.platform.failpoints import hit
from services.platform.logging import get_logger

__all__ = [
    "CONTRACT",
    "PURPOSE",
    "Anchorer",
    "Cadence",
    "ProofCollector",
    "chain_log",
    "observe",
    "pack_anchor",
    "unpack_anchor",
]

PURPOSE = "anchor"
CONTRACT = "EvidenceLog"
Collect = Callable[[str, str, int], Anchor]
_log = get_logger("anchoring")


class Queue(Protocol):
    """The transactions service, as far as anchoring needs it."""

    def enqueue(
        self,
        session: Session,
        *,
        chain: str,
        contract: str,
        function: str,
        args: Mapping[str, Any],
        purpose: str,
        queue: str,
        reference: str | None = None,
    ) -> str: ...


def chain_log(origin: str) -> bytes:
    """How the contract names a log: keccak256 of its origin."""
    return keccak256(origin.encode())


class Cadence(Protocol):
    """The settings of anchoring; times in milliseconds."""

    @property
    def anchor_interval_ms(self) -> int:
        """The usual time between two anchors of a log."""
        ...

    @property
    def anchor_leaves(self) -> int:
        """So many waiting leaves do not wait for the interval."""
        ...

    @property
    def anchor_grace_ms(self) -> int:
        """How long the witnesses' quorum is waited for."""
        ...


class Anchorer:
    """The job that asks for anchors. ``fence`` raises when this process is no longer the writer."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        queue: Queue,
        chain: str,
        gate: Gate,
        epochs: Epochs,
        cadence: Cadence,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._queue = queue
        self._chain = chain
        self._gate = gate
        self._epochs = epochs
        self._cadence = cadence
        self._fence = fence

    def run(self) -> None:
        """Asks for an anchor of every checked open log that is due; before that, for what a lost chain had."""
        with self._database.read() as session:
            owed = self._epochs.owed(session)
            logs = () if owed else repository.logs(session)
            due = [row.id for row in logs if row.state == "open" and self._candidate(session, row)]
        if owed is not None:
            self.anchor_again(owed)
        for log_id in due:
            self.anchor(log_id)

    def anchor_again(self, owed: Owed) -> str | None:
        """Asks for the next head that stood on the lost chain: one at a time, for their order over all logs counts."""
        interval = self._cadence.anchor_interval_ms
        if owed.pending or (
            owed.refused_at is not None
            and not retry_due(
                elapsed_ms=self._clock.ms() - owed.refused_at, attempts=owed.attempts, interval_ms=interval
            )
        ):
            return None
        checks = self._gate.states()
        with self._database.write() as session:
            self._fence(session)
            row = repository.log_by_id(session, owed.log_id)
            head = repository.checkpoint(session, owed.log_id, owed.size)
            if row is None or head is None or row.epoch < self._epochs.epoch or checks[row.id].state != "checked":
                return None  # its owner has not authorised the opening yet
            tx_id = self._ask(session, row, head)
            hit("anchor-again.before-commit")
        hit("anchor-again.after-commit")
        return tx_id

    def anchor(self, log_id: str) -> str | None:
        """The id of the transaction that was asked for, or None when there is nothing to do after all."""
        self._gate.require(log_id)
        with self._database.write() as session:
            self._fence(session)
            row = repository.log_by_id(session, log_id)
            candidate = self._candidate(session, row) if row else None
            if row is None or candidate is None:
                return None
            tx_id = self._ask(session, row, candidate)
            hit("anchor.before-commit")
        hit("anchor.after-commit")
        return tx_id

    def _candidate(self, session: Session, row: LogRow) -> CheckpointRow | None:
        """The checkpoint to anchor now, if any: the newest with the quorum, after the grace period the newest."""
        checks = self._gate.states()
        if row.id not in checks or checks[row.id].state != "checked" or row.epoch < self._epochs.epoch:
            return None
        if repository.last_anchor(session, row.id, "pending") is not None:
            return None
        anchored = _size(repository.last_anchor(session, row.id, "anchored"))
        oldest = repository.oldest_above(session, row.id, anchored)
        if oldest is None or not self._due(session, row, anchored):
            return None
        witnessed = repository.newest_of_grade(session, row.id, Grade.WITNESSED, anchored)
        if witnessed is not None or self._clock.ms() - oldest.created_at < self._cadence.anchor_grace_ms:
            return witnessed
        return repository.latest_checkpoint(session, row.id)

    def _due(self, session: Session, row: LogRow, anchored: int) -> bool:
        now, interval = self._clock.ms(), self._cadence.anchor_interval_ms
        refused = repository.last_anchor(session, row.id, "refused")
        if refused is not None and refused.size > anchored:
            return retry_due(elapsed_ms=now - refused.requested_at, attempts=refused.attempts, interval_ms=interval)
        last = repository.last_anchor(session, row.id, "anchored")
        elapsed = now - (last.requested_at if last else row.opened_at or 0)
        return anchor_due(
            elapsed_ms=elapsed,
            waiting=row.size - anchored,
            interval_ms=interval,
            leaves=self._cadence.anchor_leaves,
        )

    def _ask(self, session: Session, row: LogRow, head: CheckpointRow) -> str:
        anchored = _size(repository.last_anchor(session, row.id, "anchored"))
        proof = consistency_proof(anchored, head.size, Tree(session, row.id).node)
        args = {"log": to_hex(chain_log(row.origin)), "size": head.size, "root": to_hex(head.root)}
        tx_id = self._queue.enqueue(
            session,
            chain=self._chain,
            contract=CONTRACT,
            function="append",
            args=args | {"proof": [to_hex(each) for each in proof]},
            purpose=PURPOSE,
            queue=f"anchor:{row.origin}",
            reference=f"{row.id}:{head.size}",
        )
        asked = {"log_id": row.id, "size": head.size, "chain": self._chain, "tx_id": tx_id, "state": "pending"}
        repository.add_anchor(session, asked | {"requested_at": self._clock.ms(), "attempts": 1})
        return tx_id


class ProofCollector:
    """The job that fetches the event proofs of final anchors: outside the sequencer, for it reads whole blocks.

    ``collect(chain, transaction hash, log index in block)`` gives the proof of an event, verified; it raises ChainError
    when the chain does not answer, ProofError when what it answers proves nothing.
    """

    def __init__(
        self,
        database: Database,
        *,
        collect: Collect,
        standing: Standing,
        fence: Callable[[Session], None],
        limit: int = 64,
    ) -> None:
        self._database = database
        self._fence = fence
        self._collect = collect
        self._standing = standing
        self._limit = limit

    def run(self) -> None:
        """Collects what is missing. A chain that is away is asked again; what a node makes up stops nobody else's."""
        with self._database.read() as session:
            waiting = repository.anchors_without_proof(session, self._limit)
        for row in waiting:
            try:
                self._collect_one(row)
            except ChainError as error:
                _log.debug("chain_away", chain=row.chain, reason=str(error))
                return
            except (ProofError, Unavailable) as error:
                metrics.SELFAUDIT_MISMATCH.labels("chain").inc()
                _log.error("anchor_proof_refused", log=row.log_id, size=row.size, chain=row.chain, reason=str(error))

    def _collect_one(self, row: AnchorRow) -> None:
        anchor = self._collect(row.chain, row.tx_hash or "", row.log_index_in_block or 0)
        if to_hex(keccak256(anchor.header)) != row.block_hash:
            raise Unavailable("anchor-moved", f"The chain {row.chain} shows the anchor in another block than before.")
        with self._database.write() as session:
            self._fence(session)
            repository.put_proof(session, row.log_id, row.size, pack_anchor(anchor))
            self._standing.regrade(session, row.log_id, row.size)


def pack_anchor(anchor: Anchor) -> str:
    """The event proof as it is stored."""
    return json.dumps(
        {
            "chain_id": anchor.chain_id,
            "genesis": to_hex(anchor.genesis),
            "contract": to_hex(anchor.contract),
            "header": to_hex(anchor.header),
            "transaction_index": anchor.transaction_index,
            "log_index": anchor.log_index,
            "receipt_proof": [to_hex(node) for node in anchor.receipt_proof],
        }
    )


def unpack_anchor(text: str) -> Anchor:
    """Of :func:`pack_anchor`."""
    parts = json.loads(text)
    return Anchor(
        chain_id=parts["chain_id"],
        genesis=from_hex(parts["genesis"], "genesis"),
        contract=from_hex(parts["contract"], "contract"),
        header=from_hex(parts["header"], "header"),
        transaction_index=parts["transaction_index"],
        log_index=parts["log_index"],
        receipt_proof=tuple(from_hex(node, "receipt_proof") for node in parts["receipt_proof"]),
    )


def observe(session: Session, clock: Clock) -> None:
    """Sets the gauges of every log."""
    sizes = repository.counts(session)
    for row in repository.logs(session):
        size, sealed, anchored = sizes[row.id]
        metrics.LOG_SIZE.labels(row.origin).set(size)
        metrics.ANCHOR_BACKLOG.labels(row.origin).set(size - anchored)
        oldest = repository.oldest_above(session, row.id, anchored)
        waited = 0 if oldest is None else clock.ms() - oldest.created_at
        metrics.ANCHOR_OLDEST.labels(row.origin).set(waited / 1000)
        newest = repository.checkpoint(session, row.id, sealed)
        metrics.CHECKPOINT_AGE.labels(row.origin).set((clock.ms() - newest.created_at) / 1000 if newest else 0)
        met = newest is None or newest.grade not in (Grade.SEALED, Grade.ANCHORED)  # of an empty log nothing is missing
        metrics.WITNESS_SATISFIED.labels(row.origin).set(int(met))


def _size(row: AnchorRow | None) -> int:
    return row.size if row else 0
