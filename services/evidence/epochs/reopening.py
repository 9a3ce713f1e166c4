"""Logs, told again to the chain that took a lost one's place: opened by their owners, and frozen where they were."""

from collections.abc import Callable, Iterator
from functools import partial

from sqlalchemy.orm import Session

from services.evidence import repository
from services.evidence.commands import LogCommands
from services.evidence.epochs.service import Epochs
from services.evidence.group import Group
from services.evidence.sequencer import Sequencer
from services.platform.database import Database
from services.platform.errors import RegsealError
from services.platform.logging import get_logger
from services.transactions.service import Transactions

__all__ = ["Reopening"]

_log = get_logger("epochs")


class Reopening:
    """The job. ``registered_in(session, institution)``: the last epoch whose registry knows it."""

    def __init__(
        self,
        database: Database,
        *,
        epochs: Epochs,
        commands: LogCommands,
        transactions: Transactions,
        sequencer: Sequencer,
        chain: str,
        registered_in: Callable[[Session, str], int],
    ) -> None:
        self._database = database
        self._epochs = epochs
        self._commands = commands
        self._transactions = transactions
        self._sequencer = sequencer
        self._chain = chain
        self._registered_in = registered_in

    def run(self) -> None:
        """Asks for whatever is missing and not asked for yet; waits while the house log takes no leaves."""
        if self._epochs.epoch == 1:
            return
        with self._database.read() as session:
            missing = list(self._missing(session))
        try:
            for act in missing:
                self._sequencer.run(act)
        except RegsealError as error:
            _log.info("reopening_waits", reason=str(error))

    def _missing(self, session: Session) -> Iterator[Callable[[Group], object]]:
        epoch = self._epochs.epoch
        waiting = self._transactions.waiting(session, self._chain)
        for row in repository.logs(session):
            if row.state not in ("open", "frozen") or self._registered_in(session, row.owner_id) < epoch:
                continue
            if row.epoch < epoch:
                kind, act = "log.opening", self._commands.open_again
            elif row.state_epoch < epoch and self._epochs.stands(session, row):
                kind, act = "log.freeze", self._commands.freeze_again
            else:
                continue
            if (kind, row.id) not in waiting:
                yield partial(act, log_id=row.id, epoch=epoch)
