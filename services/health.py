"""What the probes ask: may submissions be taken (ready), and does a sample of what is held still prove (deep)."""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from chain.proof.checkpoint import Checkpoint
from chain.proof.errors import ProofError
from chain.proof.merkle import verify_inclusion
from chain.proof.note import parse_note
from services.chains import Chains
from services.evidence.public import LogView
from services.evidence.service import EvidenceService
from services.platform import metrics, migrate, repository
from services.platform.clock import Clock, SimulatedClock, rfc3339
from services.platform.database import Database
from services.platform.errors import RegsealError
from services.platform.jobs import Jobs
from services.platform.leases import Lease
from services.workers.team import Team

__all__ = ["Check", "Health"]

_TILE = 256
_JOB_FAILURES = 5  # in a row; one or two are a chain that restarts


@dataclass(frozen=True, slots=True)
class Check:
    """One check; ``detail`` says what is wrong, or what is worth knowing although nothing is."""

    name: str
    ok: bool
    detail: str = ""


class Health:
    """Reads only; safe to ask at any time."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        lease: Lease,
        chains: Chains,
        evidence: EvidenceService,
        jobs: Jobs,
        team: Team | None,
        calendar: Callable[[], str],
    ) -> None:
        self._database = database
        self._clock = clock
        self._lease = lease
        self._chains = chains
        self._evidence = evidence
        self._jobs = jobs
        self._team = team
        self._calendar = calendar

    def ready(self) -> tuple[Check, ...]:
        """Database, schema, lease, chains, logs, calendars, jobs.

        A chain that is away and a year that nobody published stop no submission; they are only told.
        """
        checks = [_check("database", self._ping), self._writer()]
        if isinstance(self._clock, SimulatedClock):
            checks.append(Check("clock", ok=True, detail=f"simulated time: {rfc3339(self._clock.ms())}"))
        checks += [
            Check(f"chain {name}", state.mismatch is None, state.mismatch or state.away or "")
            for name, state in self._chains.states.items()
        ]
        checks += [
            Check(f"log {log.origin}", log.state == "checked", log.reason)
            for log in self._evidence.gate.states().values()
        ]
        checks.append(Check("calendar", ok=True, detail=self._calendar()))
        failing = [f"{name}: {s.last_error}" for name, s in self._jobs.states().items() if s.failures >= _JOB_FAILURES]
        return (*checks, Check("jobs", not failing, "; ".join(failing)))

    def deep(self) -> tuple[Check, ...]:
        """As ``ready``, and one random leaf of each sealed log is proven into its newest checkpoint, from the tiles."""
        sampled = [_check(f"sample of {log.origin}", self._sampler(log)) for log in self._sealed_logs()]
        if all(check.ok for check in sampled):
            metrics.SELFAUDIT_LAST_OK.set(self._clock.ms() // 1000)
        else:
            metrics.SELFAUDIT_MISMATCH.labels("root").inc()
        return (*self.ready(), *sampled)

    def _writer(self) -> Check:
        """A follower is as good as its leader: who leads, only the machine's own operator is told (doctor)."""
        if self._lease.fence and not self._lease.lost.is_set():
            return Check("writer", ok=True, detail="" if self._team is None else f"leads, fence {self._lease.fence}")
        if self._team is not None and self._team.has_leader():
            return Check("writer", ok=True, detail="follows; another process leads")
        return Check("writer", ok=False, detail="no process leads at the moment")

    def _ping(self) -> None:
        with self._database.read() as session:
            repository.ping(session)
        migrate.require_head(self._database)

    def _sealed_logs(self) -> Iterator[LogView]:
        return (log for log in self._evidence.public.logs() if log.sealed)

    def _sampler(self, log: LogView) -> Callable[[], None]:
        def sample() -> None:
            checkpoint = Checkpoint.parse(parse_note(self._evidence.public.checkpoint(log.id)).text)
            index = secrets.randbelow(checkpoint.size)
            place = index % _TILE
            leaf = self._evidence.public.tile(log.id, 0, index // _TILE, place + 1)[32 * place :]
            proof = self._evidence.public.inclusion_proof(log.id, index, checkpoint.size)
            verify_inclusion(leaf, index, checkpoint.size, proof, checkpoint.root)

        return sample


def _check(name: str, act: Callable[[], None]) -> Check:
    try:
        act()
    except (RegsealError, ProofError, SQLAlchemyError) as error:
        return Check(name, ok=False, detail=str(error) if isinstance(error, RegsealError) else type(error).__name__)
    return Check(name, ok=True)
