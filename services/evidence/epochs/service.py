"""A lost chain's successor: what it owes, how far it is, and what witnesses say of it (docs/spec/anchor.md, "Epochs").

Everything is compared anew at each run and nothing is remembered but in rows, so that a kill costs a second.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.encoding import from_hex
from chain.proof.epoch import AnchoredHead, ChainEpoch, EpochStatement, heads_tree
from chain.proof.errors import ProofError
from chain.proof.ethereum import log_id as chain_log
from services.evidence import repository as logs_repository
from services.evidence.epochs import repository
from services.evidence.epochs.models import PastAnchorRow
from services.evidence.models import LogRow
from services.evidence.standing import ChainPin, Standing
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, Invalid, NotFound, StartRefused
from services.platform.logging import get_logger
from services.transactions.service import Transactions

__all__ = ["Epochs", "Owed", "PastHead", "Progress", "StatementView"]

_log = get_logger("epochs")


@dataclass(frozen=True, slots=True)
class Owed:
    """The head that must come next; ``attempts`` and ``refused_at`` of its last refused attempt."""

    ordinal: int
    log_id: str
    size: int
    pending: bool = False
    attempts: int = 0
    refused_at: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How many of the heads that stood on the lost chain stand on the present one, in order."""

    epoch: int
    done: int
    total: int

    @property
    def complete(self) -> bool:
        """Nothing is owed any more."""
        return self.done == self.total


@dataclass(frozen=True, slots=True)
class PastHead:
    """A head of a closed epoch at its place; ``block_number`` None: nobody saw it on the chain."""

    ordinal: int
    origin: str
    size: int
    root: bytes
    block_number: int | None
    block_hash: str | None
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class StatementView:
    """A witness's statement about an epoch's beginning."""

    epoch: int
    witness: str
    role: str
    count: int
    note: str


class Epochs:
    """``adopt()`` at the start. ``chain`` is what rows call the present epoch."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        chain: str,
        pins: Mapping[str, ChainPin],
        standing: Standing,
        transactions: Transactions,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._chain = chain
        self._pins = pins
        self._standing = standing
        self._transactions = transactions
        self._fence = fence
        self._reached = 0  # ordinals below are anchored; only saves reading them again
        self.epoch = pins[chain].epoch if chain in pins else 1

    # --- closing

    def adopt(self) -> None:
        """Closes the epoch whose anchors are still in the table, when the settings have gone on to the next."""
        if self.epoch == 1:
            return
        with self._database.write() as session:
            self._fence(session)
            for chain in repository.strange_chains(session, self._chain):
                pin = self._pins.get(chain)
                if pin is None:
                    raise StartRefused(f"There are anchors on {chain}, which settings.toml does not know.")
                self._close(session, chain, pin.epoch)

    def _close(self, session: Session, chain: str, epoch: int) -> None:
        repository.close_anchored(session, chain, epoch)
        repository.carry_over(session, chain, epoch)
        unsettled = {row[0]: row[1:] for row in repository.unsettled(session, chain)}
        nonces = self._transactions.nonces(session, unsettled)
        known = {(row.log_id, row.size) for row in repository.heads(session, epoch)} if nonces else set()
        for transaction in sorted(nonces, key=lambda each: nonces[each]):
            log_id, size, root = unsettled[transaction]
            if (log_id, size) not in known:
                place = repository.count(session, epoch)
                repository.add(session, epoch, place, chain=chain, log_id=log_id, size=size, root=root)
        repository.drop_anchors(session, chain)
        _log.warning("epoch_closed", chain=chain, epoch=epoch, heads=repository.count(session, epoch))

    # --- what is owed

    def owed(self, session: Session) -> Owed | None:
        """The head that the present chain must get next, before any that never stood on the lost one."""
        closed = repository.newest(session) if self.epoch > 1 else None
        found = repository.owed(session, closed, self._chain, self._reached) if closed else None
        if found is None:
            return None
        head, attempt = found
        self._reached = head.ordinal
        if attempt is None:
            return Owed(head.ordinal, head.log_id, head.size)
        refused_at = attempt.requested_at if attempt.state == "refused" else None
        return Owed(head.ordinal, head.log_id, head.size, attempt.state == "pending", attempt.attempts, refused_at)

    def stands(self, session: Session, row: LogRow) -> bool:
        """Whether the present chain has the log open, or frozen, with all heads that it owes it."""
        if self.epoch == 1:
            return True
        closed, owed = repository.newest(session), self.owed(session)
        behind = owed is not None and closed is not None and repository.owes(session, closed, row.id, owed.ordinal)
        return row.epoch == self.epoch and not behind

    def all_stand(self, session: Session, owner_id: str) -> bool:
        """As ``stands``, of every log of an institution that was ever open."""
        known = (row for row in logs_repository.logs(session) if row.state in ("open", "frozen"))
        return all(self.stands(session, row) for row in known if row.owner_id == owner_id)

    def progress(self, session: Session) -> Progress:
        """How far it is."""
        closed = repository.newest(session) if self.epoch > 1 else None
        total = repository.count(session, closed) if closed else 0
        owed = self.owed(session)
        return Progress(self.epoch, total if owed is None else owed.ordinal, total)

    # --- for others to see

    def again(self) -> Progress | None:
        """How far the present chain is; None when it took no other one's place."""
        if self.epoch == 1:
            return None
        with self._database.read() as session:
            return self.progress(session)

    def heads(self, chain: str, epoch: int, *, first: int = 0, limit: int = 100) -> list[PastHead]:
        """The heads of a closed epoch of a chain in order. NotFound for one that was never closed here."""
        with self._database.read() as session:
            if chain != self._chain.partition("@")[0] or not repository.count(session, epoch):
                raise NotFound("No heads are kept of such an epoch.")
            return [_past(row, origin) for row, origin in self._rows(session, epoch, first, limit)]

    def tree(self, session: Session, epoch: int, count: int | None = None) -> tuple[int, bytes]:
        """Number and root of the first ``count`` heads of a closed epoch."""
        tree = heads_tree(
            AnchoredHead(chain_log(origin), row.size, row.root) for row, origin in self._rows(session, epoch, 0, count)
        )
        return tree.size, tree.root()

    def statements(self, chain: str) -> list[StatementView]:
        """What witnesses say of the epochs of a chain; those that are in the settings now."""
        with self._database.read() as session:
            return [
                StatementView(row.epoch, row.witness, self._standing.witnesses[row.witness].role, row.count, row.note)
                for row in repository.statements(session, chain)
                if row.witness in self._standing.witnesses
            ]

    def add_statement(self, chain: str, text: str) -> None:
        """Takes a witness's statement.

        Invalid, Forbidden, NotFound; Conflict ``chain-differs`` and ``epoch-differs``: other chains or heads than ours.
        """
        note, signed = self._standing.verified(text)
        try:
            said = EpochStatement.parse(note.text)
        except ProofError as error:
            raise Invalid("note", str(error)) from error
        epochs = {_pinned(pin) for pin in self._pins.values() if pin.chain == chain}
        if not epochs:
            raise NotFound("There is no such chain.")
        if not {said.lost, said.next} <= epochs:
            raise Conflict("The statement is about another chain than ours.", slug="chain-differs")
        with self._database.read() as session:
            ours = self.tree(session, said.lost.epoch, said.count)
        if ours != (said.count, said.root):
            raise Conflict("We keep other heads of that epoch, or another order.", slug="epoch-differs")
        with self._database.write() as session:
            self._fence(session)
            for name in {one.key.name for one in signed}:
                row = {"chain": chain, "epoch": said.next.epoch, "witness": name, "count": said.count}
                repository.put_statement(session, row | {"note": note.format(), "received_at": self._clock.ms()})

    def _rows(self, session: Session, epoch: int, first: int, limit: int | None) -> Iterator[tuple[PastAnchorRow, str]]:
        origins = {row.id: row.origin for row in logs_repository.logs(session)}
        return ((row, origins[row.log_id]) for row in repository.heads(session, epoch, first=first, limit=limit))


def _pinned(pin: ChainPin) -> ChainEpoch:
    genesis, contract = from_hex(pin.genesis, "genesis"), from_hex((pin.contract or "0x").lower(), "contract")
    return ChainEpoch(pin.epoch, pin.chain_id, genesis, contract)


def _past(row: PastAnchorRow, origin: str) -> PastHead:
    return PastHead(row.ordinal, origin, row.size, row.root, row.block_number, row.block_hash, row.tx_hash)
