"""The examination as a whole: one snapshot, ranges in several processes, logs one after the other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from chain.errors import ChainError
from chain.proof.errors import ProofError
from chain.proof.merkle import Frontier
from services.evidence import repository as rows
from services.evidence import standing_repository
from services.evidence.fsck import papers, repository
from services.evidence.fsck.anchors import check_anchors, check_cursors, check_keys
from services.evidence.fsck.epochs import check_epochs
from services.evidence.fsck.files import FileCheck
from services.evidence.fsck.findings import Finding, Report
from services.evidence.fsck.logcheck import LogCheck, first_ranges
from services.evidence.fsck.outside import ChainView, Cursor, Outside
from services.evidence.fsck.pool import Pool, workers
from services.evidence.fsck.ranges import LogFacts, Task
from services.evidence.fsck.rules import Claim, Strength
from services.evidence.fsck.tree import RANGE
from services.evidence.fsck.uploads import check_uploads
from services.evidence.keys import LogKeys
from services.evidence.materials.store import Store
from services.evidence.models import LogRow
from services.evidence.rules import Witness
from services.evidence.standing import Standing
from services.evidence.tree import Tree, frontier_at
from services.platform.atrest import Vault
from services.platform.database import Database

__all__ = ["Fsck", "Scope"]

Progress = Callable[[str, int, int], None]
Others = Callable[[Database, Session, Report], None]
"""Another context's own examination, in the same snapshot."""
LEAST = 5 * RANGE
"""Fewer leaves with their records are examined in the time in which another process starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What to look at: all logs or one, all leaves or those from ``first`` to before ``end``; in how many processes.

    Without ``records`` only leaves, tree and chain are derived, not the records behind them. ``apart``: in a process of
    its own even when one is enough, so that a service goes on serving. ``files``: also read every stored file; that
    each is there with its length, and what bulk uploads say, is looked at whenever all logs are.
    """

    origin: str | None = None
    first: int = 0
    end: int | None = None
    records: bool = True
    jobs: int = 1
    apart: bool = False
    files: bool = False


class Fsck:
    """Reads the database and the keys it is given, and writes nothing.

    ``cursors`` asks the chain where they stand; ``others`` examines what other contexts made of the records.
    """

    def __init__(
        self,
        url: str,
        master_key_file: Path,
        outside: Outside,
        *,
        witnesses: dict[str, tuple[str, str]],
        quorum: dict[str, int],
        store: Store,
        cursors: Callable[[Session], tuple[Cursor, ...]] = lambda _session: (),
        others: Others = lambda _database, _session, _report: None,
        progress: Progress = lambda _origin, _done, _all: None,
    ) -> None:
        self._source = (url, master_key_file)
        self._outside = outside
        self._witnesses = witnesses
        self._quorum = quorum
        self._store = store
        self._cursors = cursors
        self._others = others
        self._progress = progress

    def run(self, scope: Scope) -> Report:
        """Everything in scope."""
        report = Report(incomplete=list(self._outside.missing))
        database = Database(self._source[0], pool_size=2)
        try:
            with database.read() as session, ExitStack() as stack:
                repository.patient(session)
                logs = [row for row in rows.logs(session) if scope.origin in (None, row.origin)]
                jobs = min(scope.jobs, _worth(logs, scope))
                pool = stack.enter_context(workers(self._source, jobs, apart=scope.apart))
                self._check_strangers(session, report, scope)
                if self._outside.chain is not None:
                    self._outside = replace(
                        self._outside, chain=self._with_cursors(session, self._outside.chain, report)
                    )
                for row in logs:
                    self._check_log(session, row, scope, pool, report)
                if self._outside.chain is not None and scope.origin is None:
                    for finding in check_cursors(session, self._outside.chain, logs):
                        report.add(finding)
                if scope.origin is None:
                    for finding in check_epochs(session, self._outside.chain, self._witnesses):
                        report.add(finding)
                if scope.origin is None:
                    self._check_beside(session, database, scope, report)
        finally:
            database.close()
        return report

    def _check_beside(self, session: Session, database: Database, scope: Scope, report: Report) -> None:
        """What lies beside the logs: stored files and bulk uploads."""
        for finding in check_uploads(session, LogKeys(self._vault())):
            report.add(finding)
        FileCheck(self._store, self._vault(), database.read, report, deep=scope.files).run(session)
        if scope.records:
            self._others(database, session, report)

    def _with_cursors(self, session: Session, chain: ChainView, report: Report) -> ChainView:
        try:
            return replace(chain, cursors=self._cursors(session))
        except ChainError as error:
            report.incomplete.append(f"the chain {chain.name} went away: cursors are unchecked ({error})")
            return chain

    def _check_strangers(self, session: Session, report: Report, scope: Scope) -> None:
        known = {row.origin for row in rows.logs(session)}
        if scope.origin is not None and scope.origin not in known | self._outside.heads.keys():
            report.incomplete.append(f"there is no log {scope.origin}")
        told = [(origin, head.size, "the head file") for origin, head in self._outside.heads.items()]
        if self._outside.mirror is not None:
            told += [
                (*one, f"the mirror {self._outside.mirror.home}") for one in self._outside.mirror.origins().items()
            ]
        for origin, size, by in told:
            if origin not in known and size and scope.origin in (None, origin):
                detail = f"{by} knows {size} leaves of it"
                report.add(
                    Finding(kind="log-unknown", origin=origin, detail=detail, first=0, end=size, contradicted_by=(by,))
                )

    def _check_log(self, session: Session, row: LogRow, scope: Scope, pool: Pool, report: Report) -> None:
        facts = self._facts(session, row)
        claims = list(self._claims(facts))
        self._check_behind(facts, claims, report)
        start, end = _stretch(row, scope)
        whole = start == 0 and end == row.size
        sizes = sorted({claim.size for claim in claims})
        within = [one for one in claims if one.size <= row.size]
        check = LogCheck(facts, within, _before(session, row, start, report), report)
        tasks = (
            Task(facts, at, min(at + RANGE, end), tuple(one for one in sizes if at < one <= at + RANGE), scope.records)
            for at in range(start, end, RANGE)
        )
        for result in pool.map(tasks):
            check.take(result)
            self._progress(row.origin, result.end - start, end - start)
        check.finish(session, row, whole=whole)
        self._check_papers(session, facts, report)
        keys, chain = LogKeys(self._vault()), self._outside.chain
        ids = [key.key_id for key in rows.keys_of(session, row.id) if key.from_size is not None]
        ranges = keys.ranges(session, row.id)
        for finding in (*check_anchors(session, row, chain), *check_keys(row, ranges, ids, chain)):
            report.add(finding)
        report.count("logs", 1)

    def _check_papers(self, session: Session, facts: LogFacts, report: Report) -> None:
        vault = self._vault()
        for finding in papers.check_receipts(session, vault, facts, self._outside.receipts):
            report.add(finding)
        for finding in papers.check_acknowledgements(session, facts, self._outside.acknowledgements):
            report.add(finding)

    def _facts(self, session: Session, row: LogRow) -> LogFacts:
        last = rows.latest_checkpoint(session, row.id)
        standing = Standing({name: Witness(*one) for name, one in self._witnesses.items()}, self._quorum, {})
        mirror = self._outside.mirror
        return LogFacts(
            id=row.id,
            origin=row.origin,
            size=row.size,
            sealed=last.size if last else 0,
            keys=tuple(LogKeys(self._vault()).ranges(session, row.id)),
            witnesses=self._witnesses,
            quorum=self._quorum,
            graded=standing_repository.graded_by(session) == standing.digest,
            mirror=mirror,
            mirror_size=min(row.size, mirror.size(row.origin)) if mirror else 0,
        )

    def _claims(self, facts: LogFacts) -> Iterator[Claim]:
        """What others than the database's rows vouch for."""
        head = self._outside.heads.get(facts.origin)
        if head is not None and head.size:
            yield Claim(head.size, Strength.HEAD_FILE, head.root, "the head file")
        closing = self._outside.closing.get(facts.origin)
        if closing is not None and closing.size:
            yield Claim(closing.size, Strength.HEAD_FILE, closing.root, "the closing head of a lost chain")
        chain = self._outside.chain
        known = chain.logs.get(facts.origin) if chain else None
        if chain is not None and known is not None:
            for event in known.events:
                by = f"the anchor {event.size} on {chain.name}, transaction {event.tx_hash}, block {event.block_number}"
                yield Claim(event.size, Strength.CHAIN, event.root, by)
            if known.held is not None and known.held[0]:
                yield Claim(known.held[0], Strength.CHAIN, known.held[1], f"the head that {chain.name} holds")
        if self._outside.mirror is not None:
            yield from self._outside.mirror.claims(facts.origin)
        yield from papers.receipt_claims(facts, self._outside.receipts)

    def _check_behind(self, facts: LogFacts, claims: Sequence[Claim], report: Report) -> None:
        """Somebody knows more leaves than the database."""
        beyond = sorted((one for one in claims if one.size > facts.size), key=lambda one: one.size)
        for kind in ("head-file", "leaf-missing"):
            found = [one for one in beyond if (one.strength is Strength.HEAD_FILE) == (kind == "head-file")]
            if found:
                detail = f"the database ends at {facts.size}; there were at least {found[-1].size} leaves"
                report.add(
                    Finding(
                        kind=kind,
                        origin=facts.origin,
                        first=facts.size,
                        end=found[-1].size,
                        detail=detail,
                        contradicted_by=tuple(one.by for one in found[:6]),
                    )
                )

    def _vault(self) -> Vault:
        return Vault(self._source[1])


def _stretch(row: LogRow, scope: Scope) -> tuple[int, int]:
    """The leaves of a log that are looked at, from the beginning of a range on."""
    end = row.size if scope.end is None else min(scope.end, row.size)
    return min(scope.first, row.size) // RANGE * RANGE, end


def _worth(logs: Iterable[LogRow], scope: Scope) -> int:
    """In how many processes so much is examined the sooner."""
    leaves = sum(max(0, end - start) for start, end in (_stretch(row, scope) for row in logs))
    return 1 + leaves // (LEAST if scope.records else 10 * LEAST)


def _before(session: Session, row: LogRow, start: int, report: Report) -> Frontier:
    """The tree before the first range that is looked at, as the stored tiles have it."""
    if start == 0:
        return Frontier()
    try:
        return first_ranges(frontier_at(start, Tree(session, row.id).node).nodes, start)
    except ProofError as error:
        report.incomplete.append(f"{row.origin}: the tree before {start} cannot be read ({error}); check it from 0")
        return Frontier()
