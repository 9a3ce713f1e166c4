"""Entry bundles as an auditor meets them: the policy table in front of :class:`Bundles`."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.evidence.bundles.service import Bundles
from services.evidence.public import PublicLogs
from services.identity import policy, repository
from services.identity.policy import Principal, Target
from services.platform.atrest import Vault
from services.platform.database import Database

__all__ = ["EntryDesk"]

_ACTION = "log.entries"


class EntryDesk:
    """The auditor role reads the entries of the logs of its region, encrypted as they are stored."""

    def __init__(self, database: Database, vault: Vault, logs: PublicLogs) -> None:
        self._database = database
        self._logs = logs
        self._bundles = Bundles(database, vault)

    def bundle(self, caller: Principal, log_id: str, index: int, width: int) -> bytes:
        """The first ``width`` entries of a bundle. Forbidden, NotFound."""
        self._require(caller, log_id)
        return self._bundles.bundle(log_id, index, width)

    def keyring(self, caller: Principal, log_id: str) -> bytes:
        """The log's wrapped keys. Forbidden, NotFound."""
        self._require(caller, log_id)
        return self._bundles.keyring(log_id)

    def erased(self, caller: Principal, log_id: str, *, after: int, limit: int) -> Sequence[int]:
        """Indexes above ``after`` whose content was erased. Forbidden, NotFound."""
        self._require(caller, log_id)
        return self._bundles.erased(log_id, after=after, limit=limit)

    def _require(self, caller: Principal, log_id: str) -> None:
        policy.require(caller, _ACTION)
        owner = self._logs.log(log_id).owner_id
        with self._database.read() as session:
            policy.require(caller, _ACTION, _target(session, owner))


def _target(session: Session, owner_id: str) -> Target:
    row = repository.institution(session, owner_id)
    return Target(owner_id, row.region if row else -1)
