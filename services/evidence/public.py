"""What a log publishes: checkpoints, hash tiles, proofs, anchors. Nothing here tells whose record is where."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES, consistency_proof, inclusion_proof
from services.evidence import repository
from services.evidence.keys import KeyRange, LogKeys
from services.evidence.models import AnchorRow, LogRow
from services.evidence.receipts import full_note
from services.evidence.tree import Tree
from services.platform.database import Database
from services.platform.errors import Invalid, NotFound

__all__ = ["AnchorView", "LogView", "PublicLogs"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LogView:
    """A log. ``size`` counts accepted leaves, ``sealed`` and ``anchored`` are the largest heads of either kind."""

    id: str
    origin: str
    owner_id: str
    state: str
    house: bool
    size: int
    sealed: int
    anchored: int
    keys: tuple[KeyRange, ...]
    predecessor_id: str | None
    created_at: int


@dataclass(frozen=True, slots=True)
class AnchorView:
    """A head on the chain. ``proven``: its event proof is stored."""

    log_id: str
    size: int
    chain: str
    block_number: int
    block_hash: str
    tx_hash: str
    anchored_at: int
    proven: bool


class PublicLogs:
    """Reads; every method is one snapshot."""

    def __init__(self, database: Database, keys: LogKeys) -> None:
        self._database = database
        self._keys = keys

    def logs(self) -> list[LogView]:
        """All logs, the oldest first."""
        return self._read(lambda session: [self._view(session, row) for row in repository.logs(session)])

    def log(self, log_id: str) -> LogView:
        """NotFound."""
        return self._read(lambda session: self._view(session, _require(session, log_id)))

    def checkpoint(self, log_id: str, size: int | None = None) -> str:
        """The newest checkpoint (or that of ``size``) as a note with all cosignatures. NotFound when there is none."""

        def query(session: Session) -> str:
            _require(session, log_id)
            row = (
                repository.latest_checkpoint(session, log_id)
                if size is None
                else repository.checkpoint(session, log_id, size)
            )
            if row is None:
                raise NotFound("There is no such checkpoint.")
            return full_note(session, row)

        return self._read(query)

    def tile(self, log_id: str, level: int, index: int, width: int) -> bytes:
        """The first ``width`` hashes of a tile. NotFound when it has fewer."""

        def query(session: Session) -> bytes:
            _require(session, log_id)
            hashes = repository.tile(session, log_id, level, index) or b""
            if len(hashes) < width * HASH_BYTES:
                raise NotFound("There is no such tile.")
            return hashes[: width * HASH_BYTES]

        return self._read(query)

    def inclusion_proof(self, log_id: str, index: int, size: int) -> list[bytes]:
        """From the leaf at ``index`` to the root at ``size``. Invalid outside the sealed tree."""
        return self._proof(log_id, size, lambda tree: inclusion_proof(index, size, tree.node))

    def consistency_proof(self, log_id: str, old: int, new: int) -> list[bytes]:
        """That the head of size ``new`` extends that of ``old``. Invalid outside the sealed tree."""
        return self._proof(log_id, new, lambda tree: consistency_proof(old, new, tree.node))

    def anchors(
        self, log_id: str | None = None, *, after: tuple[str, int] | None = None, limit: int = 50
    ) -> list[AnchorView]:
        """Heads on the chain by log and size, keyset by ``after`` (log id, size)."""
        return self._read(
            lambda session: [_anchor(row) for row in repository.anchors_after(session, log_id, after, limit)]
        )

    def _proof(self, log_id: str, size: int, make: Callable[[Tree], list[bytes]]) -> list[bytes]:
        def query(session: Session) -> list[bytes]:
            _require(session, log_id)
            newest = repository.latest_checkpoint(session, log_id)
            if newest is None or size > newest.size:
                raise Invalid("to", "The log has no checkpoint of this size yet.")
            try:
                return make(Tree(session, log_id))
            except ProofError as error:
                raise Invalid("range", str(error)) from error

        return self._read(query)

    def _view(self, session: Session, row: LogRow) -> LogView:
        sealed = repository.latest_checkpoint(session, row.id)
        anchored = repository.last_anchor(session, row.id, "anchored")
        return LogView(
            id=row.id,
            origin=row.origin,
            owner_id=row.owner_id,
            state=row.state,
            house=row.house,
            size=row.size,
            sealed=sealed.size if sealed else 0,
            anchored=anchored.size if anchored else 0,
            keys=tuple(self._keys.ranges(session, row.id)),
            predecessor_id=row.predecessor_id,
            created_at=row.created_at,
        )

    def _read(self, query: Callable[[Session], T]) -> T:
        with self._database.read() as session:
            return query(session)


def _require(session: Session, log_id: str) -> LogRow:
    row = repository.log_by_id(session, log_id)
    if row is None:
        raise NotFound("There is no such log.")
    return row


def _anchor(row: AnchorRow) -> AnchorView:
    return AnchorView(
        log_id=row.log_id,
        size=row.size,
        chain=row.chain,
        block_number=row.block_number or 0,
        block_hash=row.block_hash or "",
        tx_hash=row.tx_hash or "",
        anchored_at=row.anchored_at or 0,
        proven=row.proof is not None,
    )
