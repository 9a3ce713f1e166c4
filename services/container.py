"""The whole service, put together: what depends on what, and in which order it starts and stops.

Start: schema, process lock, pins of the chains, writer's lease; who gets it leads (start-up check, sequencer), who does
not follows until it is free. Then the jobs. Stop: the other way round. Nothing here decides anything; every rule is in
its context.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry
from sqlalchemy.orm import Session

from chain.errors import ChainError, HandshakeError
from chain.party.errors import PartyError
from chain.party.keystore import passphrase_for
from services.calendar.wiring import Calendars, open_calendars
from services.chains import Chains
from services.evidence.bulk.service import BulkService
from services.evidence.materials.wiring import open_materials
from services.evidence.service import EvidenceService, Ports
from services.fsck import self_audit
from services.health import Health
from services.identity.entries import EntryDesk
from services.identity.evidence import EvidenceDesk
from services.identity.materials import MaterialDesk
from services.identity.operations import OperationDesk
from services.identity.repeating import Repetition
from services.identity.retention import RetentionDesk
from services.identity.service import IdentityService
from services.identity.uploads import UploadDesk
from services.pilots.wiring import Pilots, open_pilots
from services.platform import idempotency, metrics, migrate
from services.platform.atrest import Vault
from services.platform.clock import Clock, SimulatedClock, SystemClock
from services.platform.database import Database
from services.platform.errors import StartRefused
from services.platform.jobs import Jobs, Rest
from services.platform.leases import Lease
from services.platform.logging import configure, get_logger
from services.platform.settings import Settings, epoch_name
from services.register.imports.wiring import Holders, open_holders
from services.register.wiring import Register, open_register
from services.transactions.desk import Desk
from services.transactions.indexer import Indexer
from services.transactions.manager import Manager
from services.transactions.retiring import Retirement
from services.transactions.service import Transactions
from services.transactions.signer import GatewayKey
from services.workers.chunks import ChunkDoor
from services.workers.team import Team

__all__ = ["Services", "build"]

_MANAGE_S = 0.5
_REST_S = 2.0  # how long what others bring to a chain may stay unread
_LEASE_S = 2.0
_RECURSION_LIMIT = 1_000
"""py_ecc, which eth_account imports, raises it to 100,000. The stack ends before that, and with it the process that
parses a stranger's deeply nested JSON."""
_log = get_logger("container")


@dataclass(frozen=True, kw_only=True)
class Services:
    """One process, as long as it leads or follows. ``records``, ``materials`` … stand behind the policy table.

    ``team`` is None on SQLite. Once ``lease.lost`` is set these services are over: nothing they remember is true.
    """

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    lease: Lease
    chains: Chains
    transactions: Transactions
    evidence: EvidenceService
    identity: IdentityService
    repetition: Repetition
    records: EvidenceDesk
    entries: EntryDesk
    uploads: UploadDesk
    materials: MaterialDesk
    retention: RetentionDesk
    operations: OperationDesk
    pilots: Pilots
    calendars: Calendars
    register: Register
    holders: Holders
    jobs: Jobs
    health: Health
    team: Team | None
    metrics: CollectorRegistry = metrics.REGISTRY

    @property
    def follows(self) -> bool:
        """Whether another process leads: this one hands over what changes anything."""
        return self.team is not None and self.team.follows

    @property
    def settling(self) -> bool:
        """Whether it began to lead a moment ago and some log is not yet checked."""
        return self.team is not None and self.team.settling and not self.evidence.gate.ready()

    def start(self) -> None:
        """Begins to serve. StartRefused names what is missing or foreign; nothing is left running then."""
        try:
            self._start()
        except BaseException:
            self.stop()
            raise

    def _start(self) -> None:
        migrate.require_head(self.database)
        self.database.claim()
        self.chains.require_pins()
        if self.team is None:
            self.lease.acquire(alone=True)
            self.evidence.start()
        else:
            self.team.start()
            self._lead_if_free(self.team)
        self.jobs.start()
        _log.info("started", follows=self.follows, settings=self.settings.redacted())

    def _lead_if_free(self, team: Team) -> None:
        if not self.lease.offer():
            return
        try:
            self.evidence.heads.take_over(self.lease.fence)
            self.evidence.start()
            team.lead()
        except BaseException:
            self.fall()  # half a leader is none; another attempt begins anew
            self.lease.release()
            raise
        _log.info("leads", fence=self.lease.fence)

    def keep_lease(self) -> None:
        """The job: prolongs the leader's term, or takes the lease when its holder let it run out."""
        if self.team is not None and self.team.follows and not self.lease.lost.is_set():
            self._lead_if_free(self.team)
        elif self.lease.fence:
            self.lease.renew()
        if self.team is not None:
            self.team.tell()

    def fall(self) -> None:
        """Somebody else leads: nothing more is begun here, and what comes in is handed over."""
        self.lease.lost.set()
        if self.team is not None:
            self.team.follows = True

    def stop(self) -> None:
        """Finishes what was accepted and gives everything back. Harmless when not started."""
        self.jobs.stop()
        if self.team is not None:
            self.team.stop()
        self.uploads.stop()
        self.evidence.stop()
        self.lease.release()
        self.database.close()
        _log.info("stopped")


def build(settings: Settings, clock: Clock | None = None) -> Services:  # long: one call for each context
    """The service of a home, not started. StartRefused when a key, a chain or an address file is missing."""
    sys.setrecursionlimit(_RECURSION_LIMIT)
    configure(settings.log_level)
    clock = clock or _clock(settings)
    vault = Vault(settings.master_key_file, clock)
    signer = GatewayKey.load(settings.gateway_keystore, _passphrase(settings))
    chains = Chains(settings, clock)
    database = Database(settings.url, idle_ms=settings.lease_ttl_ms, only_fenced=True)
    lease = Lease(database, ttl_ms=settings.lease_ttl_ms)
    transactions = Transactions(database, clock, chains.clients)
    ports = _ports(transactions, chains, fence=lease.check, anchor_address=signer.address)
    evidence = EvidenceService(settings, database, clock, vault=vault, ports=ports)
    identity = IdentityService(
        database,
        vault,
        clock,
        leaves=evidence,
        transactions=transactions,
        units=evidence.sequencer,
        fence=lease.check,
        chain=settings.supervision_chain,
        epoch=evidence.epochs.epoch,
        stands=evidence.epochs.all_stand,
        authorisation_days=settings.authorisation_days,
    )
    identity.register_handlers()
    materials = open_materials(settings, database, clock, vault=vault, fence=lease.check)
    desk = MaterialDesk(database, materials)
    metrics.initialise(chains=chains.clients, roles=settings.witness_quorum, endpoints=chains.failures)
    jobs = Jobs(clock)
    team = None if database.is_sqlite else Team(database, clock, vault, lease=lease, forget=identity.forget_tokens)
    chunks = evidence.sequencer if team is None else ChunkDoor(evidence.sequencer, team)
    calendars = open_calendars(settings, database, clock, evidence=evidence, transactions=transactions, chains=chains)
    register = open_register(
        settings, database, clock, vault=vault, evidence=evidence, transactions=transactions, chains=chains
    )
    services = Services(
        settings=settings,
        clock=clock,
        database=database,
        vault=vault,
        lease=lease,
        chains=chains,
        transactions=transactions,
        evidence=evidence,
        identity=identity,
        repetition=Repetition(
            database,
            clock,
            transactions=transactions,
            units=evidence.sequencer,
            clients=chains.clients,
            chains={name: epoch_name(name, chain.epoch) for name, chain in settings.chains.items()},
            home=settings.supervision_chain,
            days=settings.authorisation_days,
        ),
        records=EvidenceDesk(database, evidence, materials.check_manifest),
        entries=EntryDesk(database, vault, evidence.public),
        uploads=UploadDesk(BulkService(settings, database, clock, vault=vault, ports=ports, units=chunks)),
        materials=desk,
        retention=RetentionDesk(settings, database, clock, evidence=evidence, files=materials.files, fence=lease.check),
        operations=OperationDesk(database, transactions, evidence.sequencer, epoch=evidence.epochs.epoch),
        pilots=open_pilots(
            settings, database, clock, vault=vault, evidence=evidence, transactions=transactions, ask=chains, files=desk
        ),
        calendars=calendars,
        register=register,
        holders=open_holders(settings, register, desk.content_of),
        jobs=jobs,
        health=Health(
            database,
            clock,
            lease=lease,
            chains=chains,
            evidence=evidence,
            jobs=jobs,
            team=team,
            calendar=calendars.watch.complaint,
        ),
        team=team,
    )
    _add_jobs(services, signer)
    return services


def _ports(
    transactions: Transactions, chains: Chains, *, fence: Callable[[Session], None], anchor_address: str
) -> Ports:
    """What evidence needs of the others."""
    return Ports(
        transactions=transactions,
        fence=fence,
        chain_head=chains.head_of,
        collect=chains.event_proof,
        anchor_address=anchor_address,
        chains=chains.pins,
        authority_of=IdentityService.authority_of,
        regional_authority_of=IdentityService.regional_authority_of,
        submitter_keys=IdentityService.submitter_keys_for,
        trusted_submitters=IdentityService.trusted_submitters,
        registered_in=IdentityService.registered_in,
        closing=chains.closing,
    )


def _clock(settings: Settings) -> Clock:
    return SimulatedClock(settings.home / settings.simulated_time) if settings.simulated_time else SystemClock()


def _add_jobs(services: Services, signer: GatewayKey) -> None:
    def led(name: str, seconds: float, job: Callable[[], object], resting: Callable[[], bool] = lambda: False) -> None:
        """A job of the leader alone."""
        jobs.add(name, seconds, lambda: False if services.follows else job(), resting=resting)

    jobs = services.jobs
    often = services.settings.lease_ttl_ms / 3_000
    jobs.add("platform.lease", min(often, _LEASE_S) if services.team else often, services.keep_lease)
    jobs.add("platform.chains", 10.0, services.chains.check)
    led("platform.idempotency", 3_600.0, lambda: _purge(services))
    if services.team is not None:
        led("workers.sweep", 60.0, services.team.sweep)
    for name, (seconds, job) in (*services.evidence.jobs().items(), *_epoch_jobs(services)):
        led(name, seconds, job)
    led("materials.sweep", 600.0, lambda: services.materials.sweep() if services.evidence.gate.ready() else None)
    jobs.add("calendar.watch", 60.0, services.calendars.watch.run)
    led("evidence.retention", 60.0, services.retention.run)
    for part in (services.pilots.running, services.register.book, services.register.acts, services.holders):
        for name, (seconds, work) in part.jobs.items():
            led(name, seconds, work)
    audit = self_audit(services.settings, services.clock, lambda: _sizes(services), services.evidence.examinations)
    led("evidence.selfaudit", 3_600.0, audit.run_when_due)
    led("evidence.selfaudit-age", 60.0, audit.tell)
    for name in services.chains.clients:
        manager, indexer, resting = _chain_workers(services, name, signer)
        led(f"transactions.{name}.manage", _MANAGE_S, manager)
        led(f"transactions.{name}.index", _MANAGE_S, indexer, resting)


def _epoch_jobs(services: Services) -> Iterator[tuple[str, tuple[float, Callable[[], None]]]]:
    """What ends with a lost chain, and what is asked of the one that took its place."""
    units, handlers = services.evidence.sequencer, services.transactions.handlers
    retirement = Retirement(services.database, units, handlers, chains=list(services.chains.clients))
    yield "transactions.retire", (5.0, retirement.run)
    yield "identity.reestablish", (2.0, services.identity.reestablishment.run)


def _chain_workers(
    services: Services, name: str, signer: GatewayKey
) -> tuple[Callable[[], bool], Callable[[], bool], Callable[[], bool]]:
    """What sends to one chain, what reads it, and whether reading may wait: nothing of ours is under way there."""
    client, units = services.chains.clients[name], services.evidence.sequencer
    fence, handlers = services.lease.check, services.transactions.handlers
    desk = Desk(
        chain=client,
        signer=signer,
        database=services.database,
        clock=services.clock,
        units=units,
        fence=fence,
        handlers=handlers,
    )
    manager = Manager(desk)
    indexer = Indexer(client, services.database, clock=services.clock, units=units, fence=fence, handlers=handlers)

    def manage() -> bool:
        if not _usable(services, name) or services.evidence.gate.behind():
            return False
        manager.tick()
        return manager.is_moving

    def index() -> bool:
        found = _usable(services, name) and _patiently(indexer.tick, name)
        return bool(found) or manager.is_moving

    return manage, index, Rest(lambda: manager.idle, _REST_S)


def _usable(services: Services, chain: str) -> bool:
    """Nothing is sent to, or believed of, a chain that is not the pinned one."""
    return services.chains.states[chain].mismatch is None


def _patiently(tick: Callable[[], int], chain: str) -> int:
    """A chain that is away is no failure; the next tick asks again. What the tick gave, 0 where there was none."""
    try:
        return tick()
    except HandshakeError:
        raise
    except ChainError as error:
        _log.debug("chain_away", chain=chain, reason=str(error))
        return 0


def _sizes(services: Services) -> dict[str, int]:
    return {log.origin: log.size for log in services.evidence.public.logs()}


def _purge(services: Services) -> None:
    with services.database.write() as session:
        services.lease.check(session)
        idempotency.purge(session, services.clock.ms() - idempotency.KEEP_MS)


def _passphrase(settings: Settings) -> str:
    try:
        return passphrase_for(settings.gateway_keystore)
    except PartyError as error:
        raise StartRefused(f"The gateway's passphrase: {error}") from None
