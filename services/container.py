"""The whole service, put together: what depends on what, and in which order it starts and stops.

Start: schema, process lock, writer's lease, pins of the chains, start-up check and sequencer, jobs. Stop: the other
way round. Nothing here decides anything; every rule is in its context.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from chain.errors import ChainError, HandshakeError
from chain.party.errors import PartyError
from chain.party.keystore import passphrase_for
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
from services.identity.retention import RetentionDesk
from services.identity.service import IdentityService
from services.identity.uploads import UploadDesk
from services.platform import idempotency, metrics, migrate
from services.platform.atrest import Vault
from services.platform.clock import Clock, SystemClock
from services.platform.database import Database
from services.platform.errors import LeaseLost, StartRefused
from services.platform.jobs import Jobs
from services.platform.leases import TTL_MS, Lease
from services.platform.logging import configure, get_logger
from services.platform.settings import Settings
from services.transactions.desk import Desk
from services.transactions.indexer import Indexer
from services.transactions.manager import Manager
from services.transactions.retiring import Retirement
from services.transactions.service import Transactions
from services.transactions.signer import GatewayKey

__all__ = ["Services", "build"]

_MANAGE_S = 0.5
_RECURSION_LIMIT = 1_000
"""py_ecc, which eth_account imports, raises it to 100,000. The stack ends before that, and with it the process that
parses a stranger's deeply nested JSON."""
_log = get_logger("container")


@dataclass(frozen=True, kw_only=True)
class Services:
    """One process. ``records``, ``materials`` and ``operations`` stand behind the policy table."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    lease: Lease
    chains: Chains
    transactions: Transactions
    evidence: EvidenceService
    identity: IdentityService
    records: EvidenceDesk
    entries: EntryDesk
    uploads: UploadDesk
    materials: MaterialDesk
    retention: RetentionDesk
    operations: OperationDesk
    jobs: Jobs
    health: Health
    metrics: CollectorRegistry = metrics.REGISTRY

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
        self.lease.acquire(wait_ms=TTL_MS + 2_000, alone=self.database.is_sqlite)
        self.chains.require_pins()
        self.evidence.start()
        self.jobs.start()
        _log.info("started", settings=self.settings.redacted())

    def stop(self) -> None:
        """Finishes what was accepted and gives everything back. Harmless when not started."""
        self.jobs.stop()
        self.uploads.stop()
        self.evidence.stop()
        self.lease.release()
        self.database.close()
        _log.info("stopped")


def build(settings: Settings, clock: Clock | None = None) -> Services:
    """The service of a home, not started. StartRefused when a key, a chain or an address file is missing."""
    sys.setrecursionlimit(_RECURSION_LIMIT)
    configure(settings.log_level)
    clock = clock or SystemClock()
    vault = Vault(settings.master_key_file, clock)
    signer = GatewayKey.load(settings.gateway_keystore, _passphrase(settings))
    chains = Chains(settings, clock)
    database = Database(settings.url)
    lease = Lease(database)
    transactions = Transactions(database, clock, chains.clients)
    ports = Ports(
        transactions=transactions,
        fence=lease.check,
        chain_head=chains.head_of,
        collect=chains.event_proof,
        anchor_address=signer.address,
        chains=chains.pins,
        authority_of=IdentityService.authority_of,
        regional_authority_of=IdentityService.regional_authority_of,
        submitter_keys=IdentityService.submitter_keys_for,
        trusted_submitters=IdentityService.trusted_submitters,
        registered_in=IdentityService.registered_in,
        closing=chains.closing,
    )
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
    metrics.initialise(chains=chains.clients, roles=settings.witness_quorum)
    jobs = Jobs(clock)
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
        records=EvidenceDesk(database, evidence, materials.check_manifest),
        entries=EntryDesk(database, vault, evidence.public),
        uploads=UploadDesk(BulkService(settings, database, clock, vault=vault, ports=ports, units=evidence.sequencer)),
        materials=MaterialDesk(database, materials),
        retention=RetentionDesk(settings, database, clock, evidence=evidence, files=materials.files, fence=lease.check),
        operations=OperationDesk(database, transactions, evidence.sequencer, epoch=evidence.epochs.epoch),
        jobs=jobs,
        health=Health(database, clock, lease=lease, chains=chains, evidence=evidence, jobs=jobs),
    )
    _add_jobs(services, signer)
    return services


def _add_jobs(services: Services, signer: GatewayKey) -> None:
    jobs = services.jobs
    jobs.add("platform.lease", TTL_MS / 3_000, lambda: _renew(services.lease))
    jobs.add("platform.chains", 10.0, services.chains.check)
    jobs.add("platform.idempotency", 3_600.0, lambda: _purge(services))
    for name, (seconds, job) in (*services.evidence.jobs().items(), *_epoch_jobs(services)):
        jobs.add(name, seconds, job)
    jobs.add("materials.sweep", 600.0, services.materials.sweep)
    jobs.add("evidence.retention", 60.0, services.retention.run)
    audit = self_audit(services.settings, services.clock, lambda: _sizes(services))
    jobs.add("evidence.selfaudit", 3_600.0, audit.run_when_due)
    for name in services.chains.clients:
        manager, indexer = _chain_workers(services, name, signer)
        jobs.add(f"transactions.{name}.manage", _MANAGE_S, manager)
        jobs.add(f"transactions.{name}.index", _MANAGE_S, indexer)


def _epoch_jobs(services: Services) -> Iterator[tuple[str, tuple[float, Callable[[], None]]]]:
    """What ends with a lost chain, and what is asked of the one that took its place."""
    units, handlers = services.evidence.sequencer, services.transactions.handlers
    retirement = Retirement(services.database, units, handlers, chains=list(services.chains.clients))
    yield "transactions.retire", (5.0, retirement.run)
    yield "identity.reestablish", (2.0, services.identity.reestablishment.run)


def _chain_workers(services: Services, name: str, signer: GatewayKey) -> tuple[Callable[[], None], Callable[[], None]]:
    """What sends to one chain and what reads it."""
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

    def manage() -> None:
        if _usable(services, name):
            manager.tick()

    def index() -> None:
        if _usable(services, name):
            _patiently(indexer.tick, name)

    return manage, index


def _usable(services: Services, chain: str) -> bool:
    """Nothing is sent to, or believed of, a chain that is not the pinned one."""
    return services.chains.states[chain].mismatch is None


def _patiently(tick: Callable[[], object], chain: str) -> None:
    """A chain that is away is no failure; the next tick asks again."""
    try:
        tick()
    except HandshakeError:
        raise
    except ChainError as error:
        _log.debug("chain_away", chain=chain, reason=str(error))


def _sizes(services: Services) -> dict[str, int]:
    return {log.origin: log.size for log in services.evidence.public.logs()}


def _renew(lease: Lease) -> None:
    try:
        lease.renew()
    except LeaseLost:
        # What this process carries in memory is no longer true; only a new start can read it anew.
        _log.error("lease_lost", detail="another process writes; this one refuses everything until it is restarted")
        raise


def _purge(services: Services) -> None:
    with services.database.write() as session:
        services.lease.check(session)
        idempotency.purge(session, services.clock.ms() - idempotency.KEEP_MS)


def _passphrase(settings: Settings) -> str:
    try:
        return passphrase_for(settings.gateway_keystore)
    except PartyError as error:
        raise StartRefused(f"The gateway's passphrase: {error}") from None
