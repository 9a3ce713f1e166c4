"""The self-audit (自检): the service examines itself, all that is new since the last run and a random part of the rest.

It tells an operator early, and what it looked at becomes a record of the house log; it proves nothing to others, for
who controls the service controls it. What it finds is a metric and an error in the log, which are what alerts are made
of.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Protocol

from services.evidence.examinations.service import Examination, Place
from services.evidence.fsck.findings import Finding, Report
from services.evidence.fsck.fsck import Scope
from services.evidence.fsck.tree import RANGE
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.logging import get_logger

__all__ = ["Keeper", "SelfAudit"]

Examine = Callable[[Scope], Report]
_SAMPLES = 8
_DAY_MS = 86_400_000
_log = get_logger("selfaudit")
_METRIC: Mapping[str, str] = {
    "anchor": "chain",
    "checkpoint": "checkpoint",
    "cursor": "chain",
    "head": "head-file",
    "tree": "root",
}
"""The metric's kinds by the first word of a finding's; all others are of leaves."""


class Keeper(Protocol):
    """Who remembers how far each log was examined."""

    def places(self) -> Mapping[str, Place]:
        """By origin."""
        ...

    def keep(self, done: Examination) -> bool:
        """Makes it a record; False while that is not possible."""
        ...


class SelfAudit:
    """The job. ``sizes`` tells how many leaves each log has by origin, ``examine`` carries a scope out."""

    def __init__(
        self, clock: Clock, *, sizes: Callable[[], Mapping[str, int]], examine: Examine, keeper: Keeper
    ) -> None:
        self._clock = clock
        self._sizes = sizes
        self._examine = examine
        self._keeper = keeper
        self._unkept: dict[str, int] = {}  # when those ran whose examination could not become a record

    def run_when_due(self) -> None:
        """Each log once a day, restarts or not: to be called every hour."""
        now = self._clock.ms()
        ran = self._unkept | {origin: place.examined_at for origin, place in self._keeper.places().items()}
        self.run({origin for origin in self._sizes() if now - ran.get(origin, 0) >= _DAY_MS})

    def run(self, origins: set[str] | None = None) -> None:
        """Examines what came since the last clean run, and some ranges by chance, of these logs or of all."""
        for origin, size in self._sizes().items():
            if origins is None or origin in origins:
                self._run(origin, size)
        self.tell()

    def tell(self) -> None:
        """Sets the gauge, which a restart has forgotten: when the log that has waited longest was last found clean."""
        clean = [place.clean_at or 0 for place in self._keeper.places().values()]
        metrics.SELFAUDIT_LAST_OK.set(min(clean, default=0) / 1000)

    def _run(self, origin: str, size: int) -> None:
        place = self._keeper.places().get(origin)
        start = min(place.reached if place else 0, size)
        known = start // RANGE
        sampled = sorted({secrets.randbelow(known) * RANGE for _ in range(_SAMPLES)} if known else ())
        stretches = [(first, first + RANGE) for first in sampled] + [(start, size)]
        reports = [self._examine(Scope(origin=origin, first=first, end=end, apart=True)) for first, end in stretches]
        findings = [finding for report in reports for finding in report.findings]
        incomplete = tuple(sorted({reason for report in reports for reason in report.incomplete}))
        self._raise_alarm(findings, incomplete)
        done = Examination(
            origin=origin,
            at=self._clock.ms(),
            first=start,
            end=size,
            sampled=tuple(sampled),
            leaves=sum(report.counts.get("leaves", 0) for report in reports),
            findings=tuple(json.loads(json.dumps(finding.data())) for finding in findings),
            incomplete=incomplete,
        )
        if not self._keeper.keep(done):
            self._unkept[origin] = done.at
            _log.warning("selfaudit_not_recorded", log=origin, outcome=done.outcome)

    def _raise_alarm(self, findings: list[Finding], incomplete: tuple[str, ...]) -> None:
        for finding in findings:
            metrics.SELFAUDIT_MISMATCH.labels(_METRIC.get(finding.kind.partition("-")[0], "leaf")).inc()
            _log.error(
                "selfaudit_mismatch",
                kind=finding.kind,
                log=finding.origin,
                first=finding.first,
                end=finding.end,
                record=finding.record_id,
                detail=finding.detail,
            )
        for reason in incomplete:
            _log.info("selfaudit_incomplete", reason=reason)
