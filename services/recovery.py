"""Recovery (恢复) of a stopped installation, put together: an older database brought to where its logs were.

First everything is compared and every missing record is opened and checked; nothing is written until that is done.
Then, so that an interruption at any moment is taken up by the next attempt: leaves and records, page by page; tiles,
checkpoints, cosignatures; what the records of the service itself tell, as rows of their contexts; the chain's events
up to the last one whose outcome the log tells, without writing that outcome again; and last the head file. Until all
is done the service does not start its logs (``acts.json`` says that a recovery was begun).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from chain.errors import ChainError
from chain.proof.encoding import to_hex
from chain.proof.ethereum import log_id
from chain.proof.types import Phase
from services.container import Services, build
from services.evidence.anchoring import CONTRACT
from services.evidence.fsck.outside import ChainView
from services.evidence.heads import Head, read_heads
from services.evidence.keys import LogKeys
from services.evidence.materials import recovery as materials
from services.evidence.recovery.acts import Act, Acts, Kind, State
from services.evidence.recovery.outcomes import last_block, outcomes_of, unexplained
from services.evidence.recovery.plan import (
    LogPlan,
    Open,
    Outside,
    Told,
    check_entries,
    check_signed,
    house_owner,
    log_rows,
    plan_log,
    top,
)
from services.evidence.recovery.putting import Putter
from services.evidence.recovery.source import MirroredLog, attestations, mirrored_logs
from services.evidence.retention import recovery as retention
from services.evidence.retention.rules import TYPE as ERASURE
from services.fsck import chain_view
from services.identity import recovery as identity
from services.pilots import recovery as pilots
from services.platform import migrate
from services.platform.atrest import DataKey
from services.platform.errors import Conflict, Invalid, Unavailable
from services.platform.ids import bytes16
from services.platform.settings import Settings
from services.register import recovery as register
from services.register.names import ACT
from services.transactions import recovery as transactions
from services.workers.team import refuse_others

__all__ = ["Recovered", "Wanted", "recover"]

_ERASURE = ERASURE.name
_TOLD_ELSEWHERE = (_ERASURE, ACT)
"""Requests whose own part says what has become of them."""
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the operator asks for.

    ``accept_loss_after``: the log ``origin`` goes on with this many leaves, whatever the head file knows beyond.
    ``without_head_file``: chain and witnesses vouch for logs that the head file does not know.
    """

    mirrors: Sequence[Path] = ()
    origin: str | None = None
    accept_loss_after: int | None = None
    without_head_file: bool = False
    reason: str = ""
    dry_run: bool = False


@dataclass(slots=True)
class Recovered:
    """What was found, and done unless it was only a plan.

    ``unexplained``: records that the mirror has without content, though no leaf says that they were erased.
    ``pilots`` and ``register``: what of pilot projects and of the register no record holds.
    """

    logs: list[LogPlan]
    done: bool = False
    operations: list[str] = field(default_factory=list)
    undecided: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    pilots: list[str] = field(default_factory=list)
    register: list[str] = field(default_factory=list)
    erased: int = 0
    headless: list[str] = field(default_factory=list)
    asked: list[Act] = field(default_factory=list)

    @property
    def lost(self) -> list[LogPlan]:
        """Logs of which somebody knows more than can be put back."""
        return [plan for plan in self.logs if plan.known > plan.size]


def recover(settings: Settings, wanted: Wanted, progress: Progress = lambda _text: None) -> Recovered:
    """Carries it out. StartRefused while a service runs; Invalid, Conflict, Unavailable say why nothing was changed."""
    found: dict[str, list[MirroredLog]] = {}
    for log in (each for home in wanted.mirrors for each in mirrored_logs(home)):
        found.setdefault(log.origin, []).append(log)
    heads = read_heads(settings.heads_dir)
    with _stopped(settings) as services:
        try:
            return _Recovery(services, wanted, mirrors=found, heads=heads, progress=progress).run()
        except ChainError as error:
            raise Unavailable("chain-away", f"A chain does not answer any more ({error}): the same again.") from None


@contextmanager
def _stopped(settings: Settings) -> Iterator[Services]:
    """The installation with nobody else at work in it, and no job running."""
    services = build(settings)
    try:
        migrate.require_head(services.database)
        services.database.claim()
        services.lease.acquire(alone=services.database.is_sqlite)
        refuse_others(services.database, services.settings.lease_ttl_ms)
        services.chains.require_pins()
        yield services
    finally:
        services.evidence.heads.close()
        services.lease.release()
        services.database.close()


class _Recovery:
    """One attempt."""

    def __init__(
        self,
        services: Services,
        wanted: Wanted,
        *,
        mirrors: Mapping[str, Sequence[MirroredLog]],
        heads: Mapping[str, Head],
        progress: Progress,
    ) -> None:
        self._services, self._wanted = services, wanted
        self._client = services.chains.clients[services.settings.supervision_chain]
        self._mirrors, self._heads, self._progress = mirrors, heads, progress
        self._acts = Acts(services.settings.heads_dir)
        self._begun = {act.origin: act for act in self._acts.all() if act.state is State.BEGUN}
        self._now = services.clock.ms()
        self._putter = Putter(
            services.database,
            keys=LogKeys(services.vault),
            standing=services.evidence.standing,
            fence=services.lease.check,
            now_ms=self._now,
        )

    def run(self) -> Recovered:
        """Plans, checks, and does it unless it is a dry run."""
        view = self._view()
        opener = self._opener()
        result = Recovered(self._plans(view))
        missing = [plan for plan in result.logs if plan.mirror is not None]
        told = [each for plan in missing for each in check_entries(plan, opener)]
        result.headless = [plan.origin for plan in result.logs if plan.size and plan.head_file is None]
        acts = self._acts_asked(result)
        result.undecided = self._undecided(told)
        result.unexplained = unexplained(missing, told, _ERASURE)
        if self._wanted.dry_run:
            return result
        if missing:
            self._put_back(missing, opener)
            self._heads_of(missing, view)
            self._follow(told, missing, result)
            self._finish(missing)
        for act in acts:
            self._acts.put(act)
        result.asked, result.done = acts, True
        return result

    # --- what there is

    def _view(self) -> ChainView:
        try:
            self._client.handshake()
            return chain_view(self._client)
        except ChainError as error:
            detail = f"The chain {self._client.name} must answer: nobody else tells how long the logs were ({error})."
            raise Unavailable("chain-away", detail) from None

    def _plans(self, view: ChainView) -> list[LogPlan]:
        with self._services.database.read() as session:
            rows = log_rows(session)
            known = [head.origin for head in self._heads.values() if head.size]
            origins = list(dict.fromkeys([*rows, *self._mirrors, *known]))
            if self._wanted.origin is not None:
                if self._wanted.origin not in origins:
                    raise Invalid("log", f"Nobody knows a log {self._wanted.origin}.")
                origins = [self._wanted.origin]
            return [
                plan_log(
                    session,
                    origin,
                    rows.get(origin),
                    self._mirrors.get(origin, ()),
                    self._outside(origin, view),
                    begun=self._begun[origin].first if origin in self._begun else None,
                )
                for origin in origins
            ]

    def _outside(self, origin: str, view: ChainView) -> Outside:
        known = view.logs.get(origin)
        heads = {event.size: event.root for event in known.events} if known else {}
        if known is not None and known.held is not None and known.held[0]:
            heads[known.held[0]] = known.held[1]
        closing = self._services.chains.closing.get(origin)  # of a lost chain whose place this one took
        if closing is not None and closing.size:
            heads[closing.size] = closing.root
        return Outside(self._heads.get(origin), heads)

    def _opener(self) -> Open:
        """Opens what the mirrors hold, which must be this service's: with their data keys, or the database's own."""
        with self._services.database.read() as session:
            own = self._services.vault.stored(session)
        keys = {(key.institution_id, key.version): key for key in (*self._mirrored_keys(), *own)}
        try:
            for log in (each for logs in self._mirrors.values() for each in logs):
                check_signed(log, self._services.vault.unwrap)
                self._check_owner(log)
            return self._services.vault.opener(keys.values())
        except Unavailable:
            detail = "The master key does not open the mirror's keys: put back the master.key that was in use then."
            raise Unavailable("mirror-unreadable", detail) from None

    def _check_owner(self, log: MirroredLog) -> None:
        """Nothing signs the keyring's word on whose log it is; the chain knows."""
        owner, state, *_ = self._services.chains.read(CONTRACT, "logOf", log_id(log.origin))
        if state and bytes(owner) != bytes16(log.keyring.owner_id):
            raise Invalid("mirror", f"{log.folder}: the keyring names another owner of {log.origin} than the chain")

    def _mirrored_keys(self) -> Iterator[DataKey]:
        for log in (each for logs in self._mirrors.values() for each in logs):
            for key in log.keyring.data_keys:
                yield DataKey(key.institution_id, key.version, key.master_id, key.wrapped, key.created_at)

    def _undecided(self, told: Sequence[Told]) -> list[str]:
        """What was asked for since the backup and never decided: nobody has its operation any more."""
        decided = outcomes_of(told).keys()
        with self._services.database.read() as session:
            known = transactions.known_leaves(session)
        asked = (each for each in told if each.leaf.phase is Phase.REQUESTED)
        left = (each for each in asked if to_hex(each.leaf_hash) not in decided | known)
        left = (each for each in left if each.type_name not in _TOLD_ELSEWHERE)
        return [f"{each.type_name} {each.document['subject']}" for each in left]

    # --- putting back

    def _put_back(self, plans: Sequence[LogPlan], opener: Open) -> None:
        for plan in plans:
            if plan.origin not in self._begun:
                self._begun[plan.origin] = self._act(Kind.RECOVERED, State.BEGUN, plan, root=b"")
                self._acts.put(self._begun[plan.origin])
        with self._services.database.write() as session:
            self._services.lease.check(session)
            own = {(key.institution_id, key.version) for key in self._services.vault.stored(session)}
            for key in self._mirrored_keys():
                if (key.institution_id, key.version) not in own:
                    self._services.vault.restore(session, key)
        for plan in sorted(plans, key=lambda each: each.mirror.keyring.id if each.mirror else ""):
            if plan.mirror is not None:
                self._progress(f"{plan.origin}: leaves {plan.have} to {plan.size - 1}")
                self._putter.log(plan.mirror.keyring)
                self._putter.leaves(plan, plan.mirror, opener)

    def _heads_of(self, plans: Sequence[LogPlan], view: ChainView) -> None:
        for plan in plans:
            if plan.mirror is None:
                continue
            logs = self._mirrors[plan.origin]
            sizes = {size for log in logs for size in log.head_sizes()} | {*self._outside(plan.origin, view).anchored}
            wanted = (size for size in sizes if size <= plan.size)
            self._putter.heads(plan.mirror.keyring.id, wanted, partial(_cosigned, logs))

    def _follow(self, told: Sequence[Told], plans: Sequence[LogPlan], result: Recovered) -> None:
        """What other contexts make of the records, then the chain's events that made the outcomes among them."""
        services = self._services
        with services.database.write() as session:
            services.lease.check(session)
            identity.rebuild(session, told, host_id=house_owner(session))
            materials.rebuild(session, told)
            result.erased = retention.rebuild(session, told)
            result.pilots = pilots.rebuild(session, told, services.vault)
            result.register = register.rebuild(session, told, services.vault, services.settings, self._now)
            result.operations = transactions.settle(session, outcomes_of(told), self._now)
        for name, client in services.chains.clients.items():
            until = last_block(told, name)
            if until is not None:
                self._progress(f"{name}: events up to block {until}")
                transactions.reread(
                    client,
                    services.database,
                    clock=services.clock,
                    units=services.evidence.quiet_units(self._now),
                    fence=services.lease.check,
                    handlers=services.transactions.handlers,
                    until=until,
                )
        with services.database.write() as session:
            services.lease.check(session)
            pilots.settle(session, told)
            result.register += register.settle(session, told, services.settings.business_chain)
        self._putter.key_indexes(plan.mirror.keyring for plan in plans if plan.mirror)
        for home in self._wanted.mirrors:
            self._putter.attestations(self._client.name, attestations(home))
        result.uploads = list(self._putter.end_uploads([plan.mirror.keyring.id for plan in plans if plan.mirror]))

    def _finish(self, plans: Sequence[LogPlan]) -> None:
        """The head file, where it knew the log; then the acts, without which the service does not go on."""
        with self._services.database.read() as session:
            tops = {plan.origin: top(session, plan.origin) for plan in plans}
        known = [Head(o, size, root) for o, (size, root) in tops.items() if o in self._heads]
        self._services.evidence.heads.write([head for head in known if head.size >= self._heads[head.origin].size])
        for origin, (size, root) in tops.items():
            act = replace(self._begun[origin], state=State.DONE, size=size, root=root.hex())
            self._acts.put(act)

    # --- acts

    def _acts_asked(self, result: Recovered) -> list[Act]:
        """What sets the head file aside. Conflict when it is not exactly what the operator says."""
        wanted = self._wanted
        found: list[Act] = []
        if wanted.accept_loss_after is not None:
            (plan,) = result.logs if wanted.origin is not None else [None]
            if plan is None or plan.size != wanted.accept_loss_after or (plan.head_file or 0) <= plan.size:
                raise _no_such_loss(result)
            found.append(self._act(Kind.LOSS_ACCEPTED, State.ASKED, plan, root=self._root_after(plan)))
        if wanted.without_head_file:
            headless = (plan for plan in result.logs if plan.size and plan.head_file is None)
            found += [self._act(Kind.HEAD_FILE_LOST, State.ASKED, one, root=self._root_after(one)) for one in headless]
            if not found:
                raise Conflict("The head file knows every log that has leaves.", slug="head-file-there")
        if found and not wanted.reason:
            raise Invalid("reason", "An act that sets the head file aside needs a reason; it becomes a leaf.")
        return found

    def _act(self, kind: Kind, state: State, plan: LogPlan, *, root: bytes) -> Act:
        return Act(
            id=f"act_{uuid4().hex}",
            kind=kind,
            state=state,
            origin=plan.origin,
            first=plan.have,
            size=plan.size,
            root=root.hex(),
            known=plan.known,
            reason=self._wanted.reason or "restored from an older backup",
            at=self._now,
        )

    def _root_after(self, plan: LogPlan) -> bytes:
        if plan.mirror is not None:
            return plan.mirror.tiles.root(plan.size)
        with self._services.database.read() as session:
            return top(session, plan.origin)[1]


def _cosigned(logs: Sequence[MirroredLog], size: int) -> list[str]:
    return [note for log in logs if (note := log.cosigned(size)) is not None]


def _no_such_loss(result: Recovered) -> Conflict:
    lost = [f"{plan.origin} after {plan.size}" for plan in result.lost]
    told = f"What can be accepted: {'; '.join(lost)}." if lost else "Nothing is lost."
    return Conflict(f"--accept-loss-after names, with --log, where the log goes on. {told}", slug="no-such-loss")
