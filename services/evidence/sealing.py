"""Sealing (封存): a log that grew gets its hash tiles and a signed checkpoint, both in one transaction.

No checkpoint is made before its consistency with the one before it, and its equality with the sequencer's own
frontier, were verified from the very tiles that are stored with it.
"""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from chain.proof.checkpoint import Checkpoint
from chain.proof.errors import ProofError
from chain.proof.merkle import Frontier, NodeAt, consistency_proof, empty_root, verify_consistency
from chain.proof.note import sign_note
from chain.proof.tiles import tile_nodes
from services.evidence import repository
from services.evidence.gate import Gate, StartCheck
from services.evidence.heads import HeadFile
from services.evidence.keys import LogKeys
from services.evidence.models import CheckpointRow, LogRow
from services.evidence.rules import Grade
from services.evidence.tree import frontier_at, grow, split_hashes
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Unavailable
from services.platform.failpoints import hit

__all__ = ["Sealer"]

_MOST = 65_536  # leaves under one new checkpoint: bounds memory after a long pause


class Sealer:
    """The job. ``fence`` raises inside a transaction when this process is no longer the writer."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        keys: LogKeys,
        heads: HeadFile,
        gate: Gate,
        check: StartCheck,
        bare_grade: Grade,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._heads = heads
        self._gate = gate
        self._check = check
        self._bare_grade = bare_grade
        self._fence = fence

    def run(self) -> None:
        """Seals every checked log that grew since its last checkpoint, until none did."""
        with self._database.read() as session:
            due = [row.id for row in repository.logs(session) if row.size]
        checks = self._gate.states()
        for log_id in due:
            if log_id in checks and checks[log_id].state == "checked":
                while self.seal(log_id):
                    pass

    def seal(self, log_id: str) -> bool:
        """One checkpoint further; False when there is nothing to seal. Unavailable when the log must not be sealed."""
        heads = self._heads.heads()
        with self._database.read() as session:
            row = repository.log_by_id(session, log_id)
            if row is None:
                return False
            self._check.recheck(row, heads.get(row.origin))
            last = repository.latest_checkpoint(session, log_id)
            old, old_root = (last.size, last.root) if last else (0, empty_root())
            if row.size == old:
                return False
            new = min(row.size, old + _MOST)
            tiles, root = self._grown(session, row, old, new)
            _verify(row, (old, old_root), (new, root), tile_nodes(_reader(session, log_id, tiles)))
            note = sign_note(Checkpoint(row.origin, new, root).text(), self._keys.head_signer(session, log_id, new))
        checkpoint = CheckpointRow(
            log_id=log_id, size=new, root=root, note=note, grade=int(self._bare_grade), created_at=self._clock.ms()
        )
        self._store(checkpoint, tiles)
        metrics.LOG_SIZE.labels(row.origin).set(row.size)
        return new < row.size

    def _grown(self, session: Session, row: LogRow, old: int, new: int) -> tuple[dict[tuple[int, int], bytes], bytes]:
        leaves = repository.leaf_hashes(session, row.id, old, new)
        if len(leaves) != new - old:
            raise Unavailable("log-damaged", f"Leaves {old} to {new - 1} of {row.origin} are not complete.")
        tiles = grow(old, new, leaves, lambda level, index: repository.tile(session, row.id, level, index) or b"")
        return tiles, frontier_at(new, tile_nodes(_reader(session, row.id, tiles))).root()

    def _store(self, checkpoint: CheckpointRow, tiles: dict[tuple[int, int], bytes]) -> None:
        with self._database.write() as session:
            self._fence(session)
            repository.put_tiles(
                session, checkpoint.log_id, ((level, index, data) for (level, index), data in tiles.items())
            )
            repository.add(session, checkpoint)
            hit("seal.before-commit")
        hit("seal.after-commit")


def _reader(
    session: Session, log_id: str, tiles: dict[tuple[int, int], bytes]
) -> Callable[[int, int], Sequence[bytes]]:
    return lambda level, index: split_hashes(
        tiles.get((level, index)) or repository.tile(session, log_id, level, index) or b""
    )


def _verify(row: LogRow, old: tuple[int, bytes], new: tuple[int, bytes], node: NodeAt) -> None:
    try:
        verify_consistency(old[0], new[0], old[1], new[1], consistency_proof(old[0], new[0], node))
    except ProofError as error:
        raise Unavailable(
            "log-damaged", f"The leaves of {row.origin} do not extend its last checkpoint: {error}"
        ) from error
    if new[0] == row.size and Frontier.decode(row.frontier).root() != new[1]:
        raise Unavailable("log-damaged", f"The leaves of {row.origin} are not those that the sequencer wrote.")
