"""Erasure as an institution meets it: the policy table in front of :class:`Retention`."""

from collections.abc import Callable
from concurrent.futures import Future

from sqlalchemy.orm import Session

from services.evidence.materials.uses import Files
from services.evidence.retention.service import Retention
from services.evidence.retention.views import RetentionView
from services.evidence.service import EvidenceService
from services.identity import policy
from services.identity.policy import Principal
from services.identity.service import IdentityService
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import NotFound
from services.platform.idempotency import Once
from services.platform.settings import Settings

__all__ = ["RetentionDesk"]


class RetentionDesk:
    """Who may have a record erased: an administrator of the institution whose record it is."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        evidence: EvidenceService,
        files: Files,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._evidence = evidence
        self._retention = Retention(settings, database, clock, evidence=evidence, files=files, fence=fence)

    def run(self) -> None:
        """The job: erases what was restricted and whose term is over, and removes the files of what was erased."""
        self._retention.run()

    def erase(self, caller: Principal, record_id: str, *, reason: str, once: Once | None) -> Future[RetentionView]:
        """Asks for the erasure of an own record. Forbidden, NotFound; see :meth:`Retention.request`."""
        policy.require(caller, "record.erase")
        owner = self._evidence.owner_of(record_id)
        with self._database.read() as session:
            target = IdentityService.target(session, owner)
        if not policy.allowed(caller, "record.erase", target):
            raise NotFound("There is no such record.")
        return self._retention.request(record_id, reason=reason, token_id=caller.token_id, once=once)
