"""Who is who, told again: a chain was lost (链纪元), and the registry of the next one knows nobody yet.

What the database remembers of the lost registry is asked for again, each act by a new authorisation of whoever was
competent then. Compared at every run, so that a kill, an expiry or a refusal costs nothing but another signature.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from sqlalchemy.orm import Session

from services.identity import repository
from services.identity.commands import Commands
from services.identity.models import ChainRoleRow, InstitutionRow
from services.identity.ports import Group, Units
from services.identity.rules import Status
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import RegsealError
from services.platform.logging import get_logger
from services.transactions.service import Transactions

__all__ = ["Reestablishment"]

_UNIT_SECONDS = 60
_log = get_logger("identity")


class _Ask(Protocol):
    """A unit that asks for one act in the host's name."""

    def __call__(self, group: Group, *, host: str) -> None: ...


class Reestablishment:
    """The job. It asks for registrations, roles, and the status of institutions that are not active, in this order.

    ``stands(session, institution)``: whether the present chain has its logs with all their heads; only then it may end.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        commands: Commands,
        transactions: Transactions,
        units: Units,
        stands: Callable[[Session, str], bool],
        chain: str,
        epoch: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._commands = commands
        self._transactions = transactions
        self._units = units
        self._stands = stands
        self._chain = chain
        self._epoch = epoch

    def run(self) -> None:
        """Asks for whatever is missing and not asked for yet; waits while the house log takes no leaves."""
        if self._epoch == 1:
            return
        with self._database.read() as session:
            host = repository.host_id(session)
            missing = list(self._missing(session)) if host else []
        try:
            for ask in missing:
                self._units.submit(partial(ask, host=host or "")).result(_UNIT_SECONDS)
        except RegsealError as error:
            _log.info("reestablishment_waits", reason=str(error))

    def _missing(self, session: Session) -> Iterator[_Ask]:
        waiting = self._transactions.waiting(session, self._chain)
        for row in repository.institutions_before(session, self._epoch):
            if row.epoch < self._epoch:
                if ("institution.registration", row.id) not in waiting:
                    yield self._registration(row.id)
            elif ("institution.status", row.id) not in waiting and self._stands(session, row.id):
                yield self._status(row.id)
        for role in repository.roles_before(session, self._epoch, self._clock.ms() // 1000):
            owner = repository.institution(session, role.institution_id)
            ready = owner is not None and owner.epoch == self._epoch and owner.status == Status.ACTIVE
            if ready and ("role.grant", role.institution_id) not in waiting:
                yield self._role(role)

    def _registration(self, institution_id: str) -> _Ask:
        def ask(group: Group, *, host: str) -> None:
            row = self._still(group, institution_id)
            if row is not None and row.epoch < self._epoch:
                self._commands.registration(group, host, row, epoch=self._epoch)

        return ask

    def _status(self, institution_id: str) -> _Ask:
        def ask(group: Group, *, host: str) -> None:
            row = self._still(group, institution_id)
            if row is not None and row.status_epoch < self._epoch:
                self._commands.status_again(group, host, row, epoch=self._epoch)

        return ask

    def _role(self, role: ChainRoleRow) -> _Ask:
        def ask(group: Group, *, host: str) -> None:
            self._commands.role_again(group, host, role, epoch=self._epoch)

        return ask

    @staticmethod
    def _still(group: Group, institution_id: str) -> InstitutionRow | None:
        return repository.institution(group.session, institution_id)
