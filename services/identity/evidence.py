"""Evidence as an institution meets it: the policy table in front of :class:`EvidenceService`."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from chain.proof import manifest
from chain.proof.canonical import JsonObject
from chain.proof.errors import FormatError
from chain.proof.forms import disclosed, tlog_proof
from chain.proof.manifest import FileEntry
from chain.proof.receipt import format_receipt, parse_receipt
from services.evidence.receipts import RecordView
from services.evidence.service import EvidenceService
from services.evidence.submission import Accepted
from services.identity import policy, repository
from services.identity.policy import Principal, Target
from services.identity.views import Page
from services.platform.database import Database
from services.platform.errors import Forbidden, Invalid, NotFound
from services.platform.idempotency import Once
from services.transactions.views import OperationView

__all__ = ["EvidenceDesk"]


CheckFiles = Callable[[str, Sequence[FileEntry]], None]
"""Raises Invalid unless the files that a manifest says are stored are, and are this institution's."""


class EvidenceDesk:
    """Who may submit, read and command; opens its own transactions."""

    def __init__(self, database: Database, evidence: EvidenceService, check_files: CheckFiles) -> None:
        self._database = database
        self._evidence = evidence
        self._check_files = check_files

    # --- records

    def submit(
        self, caller: Principal, record: JsonObject, *, log_id: str, signature: bytes | None, once: Once | None
    ) -> Future[Accepted]:
        """Submits a record of the caller's own institution."""
        policy.require(caller, "record.submit")
        files: list[FileEntry] = []
        if record.get("type") == manifest.TYPE:
            files = manifest.read_manifest(record.get("body"))
            self._check_files(caller.institution_id, files)
        return self._evidence.submit_record(
            caller.institution_id,
            record,
            log_id=log_id,
            idempotency_key=once.key if once else None,
            signature=signature,
            materials=[each.material for each in files if each.material is not None],
        )

    def get_record(self, caller: Principal, record_id: str) -> RecordView:
        """A record with its document. NotFound when it is not the caller's to read."""
        self._require_readable(caller, "record.read", record_id)
        return self._evidence.get_record(record_id)

    def status(self, record_id: str) -> str:
        """How far a record has come that the caller was already shown."""
        return self._evidence.get_record(record_id, with_document=False).status

    def list_records(
        self, caller: Principal, *, log_id: str | None, limit: int, cursor: str | None
    ) -> Page[RecordView]:
        """The records of the caller's institution, oldest first, without documents."""
        policy.require(caller, "record.read")
        found = self._evidence.list_records(caller.institution_id, log_id=log_id, after=cursor, limit=limit + 1)
        items = tuple(found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def receipt(self, caller: Principal, record_id: str, *, private: bool) -> bytes:
        """The receipt's file; the private form only for the institution that submitted the record."""
        self._require_readable(caller, "record.receipt-private" if private else "record.read", record_id)
        return self._evidence.receipt(record_id, private=private)

    def disclosure(self, caller: Principal, record_id: str, paths: Sequence[str]) -> bytes:
        """A receipt that shows these fields alone; for who may have the private one. Invalid for a path of no field."""
        whole = parse_receipt(self.receipt(caller, record_id, private=True))
        try:
            return format_receipt(disclosed(whole, paths))
        except FormatError as error:
            raise Invalid("path", f"{error.field or 'The list of paths'}: {error.reason}") from error

    def tlog_proof(self, caller: Principal, record_id: str) -> bytes:
        """What the public receipt says of leaf and log, as a C2SP tlog-proof."""
        return tlog_proof(parse_receipt(self.receipt(caller, record_id, private=False))).text().encode()

    # --- commands to a log's owner

    def request_opening(self, caller: Principal, *, origin: str, once: Once | None) -> Future[OperationView]:
        """Asks for a new log of the caller's institution."""
        policy.require(caller, "log.open")
        return self._evidence.request_log_opening(caller.institution_id, origin, key=_key(once))

    def request_rotation(
        self, caller: Principal, log_id: str, *, anchor: str | None, reason: str, once: Once | None
    ) -> Future[OperationView]:
        """Asks for a new log key."""
        owner = self._owner(caller, "log.rotate", log_id)
        return self._evidence.request_rotation(owner, log_id, anchor=anchor, reason=reason, key=_key(once))

    def request_freeze(
        self, caller: Principal, log_id: str, *, reason: str, once: Once | None
    ) -> Future[OperationView]:
        """Asks that a log stop for good."""
        owner = self._owner(caller, "log.freeze", log_id)
        return self._evidence.request_freeze(
            owner, log_id, reason=reason, key=_key(once), actor_id=caller.institution_id
        )

    def request_successor(
        self, caller: Principal, log_id: str, *, origin: str, reason: str, once: Once | None
    ) -> Future[OperationView]:
        """Asks for the successor of a frozen log."""
        owner = self._owner(caller, "log.succeed", log_id)
        return self._evidence.request_successor(owner, log_id, origin, reason=reason, key=_key(once))

    def _owner(self, caller: Principal, action: str, log_id: str) -> str:
        """The log's owner, when the caller may command it. A log's existence is public, so the refusal is plain."""
        owner = self._evidence.public.log(log_id).owner_id
        if not policy.allowed(caller, action, self._target(owner)):
            raise Forbidden(
                f"The log belongs to another institution, or no role of this token allows {action}.", rule=action
            )
        return owner

    def _require_readable(self, caller: Principal, action: str, record_id: str) -> None:
        """Answers alike for what does not exist and for what is not the caller's to read."""
        policy.require(caller, action)
        if not policy.allowed(caller, action, self._target(self._evidence.owner_of(record_id))):
            raise NotFound("There is no such record.")

    def _target(self, institution_id: str) -> Target:
        with self._database.read() as session:
            row = repository.institution(session, institution_id)
        return Target(institution_id, row.region if row else -1)


def _key(once: Once | None) -> str | None:
    return once.key if once else None
