"""The door of the evidence context. Everything else in this package is behind it."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from functools import cached_property, partial
from typing import TypeVar

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.ed25519 import signature_holds
from chain.proof.receipt import Opening, Submitter
from chain.proof.record import submission_message
from chain.proof.types import Phase
from services.evidence import commands, repository, rules
from services.evidence.anchoring import observe
from services.evidence.commands import LogCommands, Written
from services.evidence.epochs.wiring import open_epochs, open_reopening
from services.evidence.examinations.service import Examinations
from services.evidence.gate import Gate, StartCheck
from services.evidence.group import Group
from services.evidence.handlers import LogEvents
from services.evidence.heads import HeadFile
from services.evidence.keys import LogKeys
from services.evidence.logs import LogBook
from services.evidence.ports import Ports
from services.evidence.public import PublicLogs
from services.evidence.receipts import Receipts, RecordView
from services.evidence.records import prepare, read_record
from services.evidence.recovery.acts import Acts
from services.evidence.recovery.quiet import QuietUnits
from services.evidence.recovery.recorder import Recorder
from services.evidence.sequencer import Sequencer
from services.evidence.standing import Standing
from services.evidence.submission import Accepted, Desk, Submission, count_accepted
from services.evidence.trust import TrustDocument
from services.evidence.wiring import open_workers
from services.platform import idempotency
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Invalid, NotFound
from services.platform.ids import check_id, new_id
from services.platform.settings import Settings
from services.transactions.views import OperationView

__all__ = ["EvidenceService", "Ports"]

T = TypeVar("T")


class EvidenceService:
    """Submissions, logs, receipts, and what witnesses bring. ``start()`` before use, ``stop()`` at the end."""

    def __init__(self, settings: Settings, database: Database, clock: Clock, *, vault: Vault, ports: Ports) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._ports = ports
        witnesses = {each.name: each for each in (rules.Witness(w.vkey, w.role) for w in settings.witnesses)}
        self.heads = HeadFile.open(settings.heads_dir)
        self.gate = Gate()
        self.check = StartCheck(
            database,
            self.gate,
            heads=self.heads,
            chain_head=ports.chain_head,
            closing=ports.closing,
            witnesses=witnesses,
            quorum=settings.witness_quorum,
            acts=Acts(settings.heads_dir),
        )
        keys = LogKeys(vault)
        self._book = LogBook(vault, keys)
        self._desk = Desk(vault, keys, settings.anchor_by_ms)
        self.standing = Standing(witnesses, settings.witness_quorum, ports.chains)
        self.epochs = open_epochs(settings, database, clock, standing=self.standing, ports=ports)
        self.sequencer = Sequencer(
            database, clock, heads=self.heads, gate=self.gate, load_log=self._book.load, fence=ports.fence
        )
        self._recorder = Recorder(Acts(settings.heads_dir), database, self.sequencer, desk=self._desk, gate=self.gate)
        self.sealer, self.anchorer, self.collector, self.regrader = open_workers(
            settings,
            database,
            clock,
            ports=ports,
            keys=keys,
            heads=self.heads,
            gate=self.gate,
            check=self.check,
            standing=self.standing,
            epochs=self.epochs,
        )
        self._commands = LogCommands(
            self._desk,
            self._book,
            transactions=ports.transactions,
            chain=settings.supervision_chain,
            anchor=ports.anchor_address,
            authority_of=ports.authority_of,
            regional_authority_of=ports.regional_authority_of,
            authorisation_days=settings.authorisation_days,
            stands=self.epochs.stands,
        )
        self._reopening = open_reopening(
            settings, database, epochs=self.epochs, commands=self._commands, ports=ports, sequencer=self.sequencer
        )
        self._receipts = Receipts(vault, self.standing)
        self.public = PublicLogs(database, keys)
        self.trust = TrustDocument(
            database, keys, standing=self.standing, chains=ports.chains, submitters=ports.trusted_submitters
        )
        events = LogEvents(self._desk, chain=settings.supervision_chain, gate=self.gate, epoch=self.epochs.epoch)
        events.register(ports.transactions)

    def start(self) -> None:
        """Closes an epoch that ended, grades by the settings of this start, checks what it can, begins to sequence."""
        self.epochs.adopt()
        self.regrader.adopt()
        self.check.run()
        self.sequencer.start()

    def stop(self) -> None:
        """Finishes what waits and closes the head file."""
        self.sequencer.stop()
        self.heads.close()

    @cached_property
    def examinations(self) -> Examinations:
        """What the service's examinations of itself leave behind."""
        return Examinations(self._database, self.sequencer, desk=self._desk, gate=self.gate)

    def jobs(self) -> Mapping[str, tuple[float, Callable[[], None]]]:
        """Name -> (seconds between runs, job)."""
        interval = self._settings.checkpoint_interval_ms / 1000
        return {
            "evidence.check": (1.0, self.check.run),
            "evidence.seal": (interval, self.sealer.run),
            "evidence.reopen": (2.0, self._reopening.run),
            "evidence.anchor": (1.0, self.anchorer.run),
            "evidence.proofs": (1.0, self.collector.run),
            "evidence.regrade": (5.0, self.regrader.run),
            "evidence.recovery": (2.0, self._recorder.run),
            "evidence.observe": (5.0, self.observe),
        }

    def quiet_units(self, now_ms: int) -> QuietUnits:
        """Runs units that write no leaf: what they would say stands in the log already."""
        return QuietUnits(self._database, now_ms, load_log=self._book.load, fence=self._ports.fence)

    def observe(self) -> None:
        """Sets the gauges."""
        with self._database.read() as session:
            observe(session, self._clock)

    # records

    def submit_record(
        self,
        institution_id: str,
        record: bytes | JsonObject,
        *,
        log_id: str | None = None,
        idempotency_key: str | None = None,
        signature: bytes | None = None,
        materials: Sequence[str] = (),
    ) -> Future[Accepted]:
        """Submits a record, as bytes or as parsed by ``chain.proof.canonical.parse_json``; resolves when it is durable.

        ``materials``: the stored files that it needs as long as it is not erased.

        Raises at once: Invalid, Forbidden (another actor), NotFound (no log). Through the future: Conflict
        ``log-closed``, IdempotencyKeyReused, Unavailable ``log-unchecked`` / ``log-behind-anchor`` / ``not-durable``.
        """
        checked = read_record(record)
        record_type = rules.check_submission(checked, institution_id)
        if idempotency_key is not None:
            idempotency.check_key(idempotency_key)
        chosen = check_id(log_id, "log", "/log") if log_id else self._default_log(institution_id)
        submitter = self._submitter(institution_id, chosen, checked, signature) if signature else None
        prepared = prepare(checked)
        place = f"/v1/records?log={chosen}&signature={signature.hex() if signature else ''}"
        future = self.sequencer.submit(
            Submission(
                desk=self._desk,
                institution_id=institution_id,
                log_id=chosen,
                record_id=new_id("rec"),
                record_type=record_type,
                prepared=prepared,
                submitter=submitter,
                key=idempotency_key,
                digest=idempotency.request_digest("POST", place, prepared.content),
                materials=materials,
            )
        )
        future.add_done_callback(count_accepted)
        return future

    def _default_log(self, institution_id: str) -> str:
        with self._database.read() as session:
            row = repository.log_of_owner(session, institution_id) or repository.house_log(session)
        if row is None:
            raise NotFound("There is no log yet.")
        return row.id

    def _submitter(self, institution_id: str, log_id: str, record: JsonObject, signature: bytes) -> Submitter:
        with self._database.read() as session:
            row = repository.log_by_id(session, log_id)
            keys = self._ports.submitter_keys(session, institution_id, self._clock.ms())
        if row is None:
            raise NotFound("There is no such log.")
        message = submission_message(row.origin, record)
        for key in keys:
            if signature_holds(key, message, signature):
                return Submitter(key, signature)
        raise Invalid("signature", "No registered submitter key of the institution made this signature.")

    def write_command(
        self,
        group: Group,
        *,
        type_name: str,
        phase: Phase,
        subject: str,
        actor: str,
        body: JsonObject,
        log_id: str | None = None,
        stream_key: str | None = None,
    ) -> Written:
        """A record that the service itself makes, as a leaf of the house log; see :func:`commands.write_command`."""
        return commands.write_command(
            group,
            self._desk,
            type_name=type_name,
            phase=phase,
            subject=subject,
            actor=actor,
            body=body,
            log_id=log_id,
            stream_key=stream_key,
        )

    def owner_of(self, record_id: str) -> str:
        """Whose record it is; who may see it, the caller checks. NotFound."""
        return self._read(lambda session: self._receipts.owner_of(session, record_id))

    def get_record(self, record_id: str, *, with_document: bool = True) -> RecordView:
        """The record with its status. NotFound."""
        return self._read(lambda session: self._receipts.view(session, record_id, with_document=with_document))

    def opening(self, record_id: str) -> Opening:
        """A record with the secret that opens its commitment; for who has to sign that commitment. NotFound."""
        return self._read(lambda session: self._receipts.opening(session, record_id))

    def list_records(
        self, institution_id: str, *, log_id: str | None = None, after: str | None = None, limit: int = 50
    ) -> list[RecordView]:
        """An institution's records in the order of arrival, keyset by ``after`` (a record id)."""
        return self._read(
            lambda session: self._receipts.page(session, institution_id, log_id=log_id, after=after, limit=limit)
        )

    def receipt(self, record_id: str, *, private: bool) -> bytes:
        """The receipt's file. NotFound, Conflict ``not-sealed``."""
        return self._read(lambda session: self._receipts.assemble(session, record_id, private=private))

    # logs

    def create_house_log(self, owner_id: str) -> str:
        """Makes the house log (at bootstrap); its id.

        The same log when it exists. It must still pass the start-up check.
        """

        def unit(group: Group) -> str:
            row = repository.house_log(group.session)
            if row is None:
                row, _ = self._book.create(group, origin=self._settings.house_origin, owner_id=owner_id, house=True)
            return row.id

        log_id = self.sequencer.run(unit)
        self.check.run()
        return log_id

    def house_log_id(self) -> str:
        """NotFound before the bootstrap."""
        return self._read(commands.house_log_id)

    def request_house_opening(self, *, key: str | None = None) -> Future[OperationView]:
        """Asks for the house log to be opened on chain."""
        return self._operation(self._commands.open_house, None, key, "house")

    def request_log_opening(self, owner_id: str, origin: str, *, key: str | None = None) -> Future[OperationView]:
        """Asks for a new log of the institution. ``key`` is the request's idempotency key, here and below."""
        if origin == self._settings.house_origin:  # made at bootstrap; its first opening was refused or expired
            again = partial(self._commands.open_house, owner_id=owner_id)
            return self._operation(again, owner_id, key, f"open:{origin}")

        act = partial(self._commands.open, owner_id=owner_id, origin=origin)
        return self._making(act, owner_id, key, request=f"open:{origin}", origin=origin)

    def request_rotation(
        self, owner_id: str, log_id: str, *, reason: str, anchor: str | None = None, key: str | None = None
    ) -> Future[OperationView]:
        """Asks for a new log key and, when ``anchor`` is given, for another anchor address."""
        act = partial(self._commands.rotate, owner_id=owner_id, log_id=log_id, reason=reason, anchor=anchor)
        return self._operation(act, owner_id, key, f"rotate:{log_id}:{anchor}:{reason}")

    def request_freeze(
        self, owner_id: str, log_id: str, *, reason: str, key: str | None = None, actor_id: str | None = None
    ) -> Future[OperationView]:
        """Asks that the log stop for good. ``actor_id``: who asks, when it is not the owner."""
        actor = actor_id or owner_id
        act = partial(self._commands.freeze, owner_id=owner_id, log_id=log_id, reason=reason, actor=actor)
        return self._operation(act, actor, key, f"freeze:{log_id}:{reason}")

    def request_successor(
        self, owner_id: str, log_id: str, origin: str, *, reason: str, key: str | None = None
    ) -> Future[OperationView]:
        """Asks for the successor of a frozen log."""
        act = partial(self._commands.succeed, owner_id=owner_id, log_id=log_id, origin=origin, reason=reason)
        return self._making(act, owner_id, key, request=f"succeed:{log_id}:{origin}:{reason}", origin=origin)

    def _operation(
        self, act: Callable[[Group], OperationView], institution_id: str | None, key: str | None, request: str
    ) -> Future[OperationView]:
        """Runs a log command as a unit, once for each idempotency key."""
        digest = idempotency.request_digest("POST", "/v1/logs", request.encode())

        def unit(group: Group) -> OperationView:
            if key is None or institution_id is None:
                return act(group)
            before = idempotency.find(group.session, institution_id, idempotency.check_key(key), digest)
            if before is not None:
                return self._ports.transactions.get_operation(group.session, before.resource_id)
            made = act(group)
            idempotency.begin(
                group.session,
                institution_id,
                key,
                digest,
                resource_type="operation",
                resource_id=made.id,
                now_ms=group.now_ms,
            )
            return made

        return self.sequencer.submit(unit)

    def _making(
        self, act: Callable[[Group], OperationView], institution_id: str, key: str | None, *, request: str, origin: str
    ) -> Future[OperationView]:
        """Runs a command that makes a log, which passes the gate when this very request made it.

        A repeated request may be about a log that grew since, of which a restored database knows nothing.
        """
        made: set[str] = set()

        def unit(group: Group) -> OperationView:
            self.check.refuse_known(origin)
            known = repository.log_by_origin(group.session, origin)
            operation = act(group)
            made.update(() if known else (str(operation.reference),))
            return operation

        def admit(done: Future[OperationView]) -> None:
            for log_id in made if done.exception() is None else ():
                self.check.admit_new(log_id, origin)

        future = self._operation(unit, institution_id, key, request)
        future.add_done_callback(admit)
        return future

    # witnesses

    def challenge(self) -> str:
        """What witnesses answer: 64 hexadecimal digits, new at each start."""
        return self.gate.nonce

    def add_head_statement(self, note: str) -> None:
        """A witness's answer to the challenge. Invalid, Forbidden, NotFound."""
        self.check.statement(note)

    def add_cosignature(self, note: str) -> rules.Grade:
        """A witness's cosignature over a checkpoint. Invalid, Forbidden, NotFound, Conflict ``checkpoint-differs``."""
        with self._database.write() as session:
            self._ports.fence(session)
            return self.standing.add_cosignature(session, note)

    def add_attestation(self, chain: str, note: str) -> None:
        """A witness's header attestation. Invalid, Forbidden, NotFound, Conflict ``chain-differs``."""
        with self._database.write() as session:
            self._ports.fence(session)
            self.standing.add_attestation(session, chain, note)

    def _read(self, query: Callable[[Session], T]) -> T:
        with self._database.read() as session:
            return query(session)
