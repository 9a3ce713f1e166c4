"""The self-audit (自检): the service examines itself, all that is new since the last run and a random part of the rest.

It tells an operator early; it proves nothing to others, for who controls the service controls it. What it finds is a
metric and an error in the log, which are what alerts are made of.
"""

import secrets
from collections.abc import Callable, Mapping

from services.evidence.fsck.findings import Report
from services.evidence.fsck.fsck import Scope
from services.evidence.fsck.tree import RANGE
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.logging import get_logger

__all__ = ["SelfAudit"]

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


class SelfAudit:
    """The job. ``sizes`` tells how many leaves each log has by origin, ``examine`` carries a scope out."""

    def __init__(self, clock: Clock, *, sizes: Callable[[], Mapping[str, int]], examine: Examine) -> None:
        self._clock = clock
        self._sizes = sizes
        self._examine = examine
        self._reached: dict[str, int] = {}
        self._ran: int | None = None

    def run_when_due(self) -> None:
        """Once a day, the first time soon after the start: to be called every hour."""
        now = self._clock.ms()
        if self._ran is None or now - self._ran >= _DAY_MS:
            self.run()
            self._ran = now

    def run(self) -> None:
        """Examines what came since the last run of this process, and some ranges by chance."""
        clean = True
        for origin, size in self._sizes().items():
            found = [self._one(scope) for scope in self._scopes(origin, size)]
            if all(found):
                self._reached[origin] = size
            clean = clean and all(found)
        if clean:
            metrics.SELFAUDIT_LAST_OK.set(self._clock.ms() / 1000)

    def _scopes(self, origin: str, size: int) -> list[Scope]:
        start = min(self._reached.get(origin, 0), size)
        known = start // RANGE
        picked = {secrets.randbelow(known) * RANGE for _ in range(_SAMPLES)} if known else set()
        old = [Scope(origin=origin, first=first, end=first + RANGE, apart=True) for first in sorted(picked)]
        return [*old, Scope(origin=origin, first=start, end=size, apart=True)]

    def _one(self, scope: Scope) -> bool:
        report = self._examine(scope)
        for finding in report.findings:
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
        for reason in report.incomplete:
            _log.info("selfaudit_incomplete", reason=reason)
        return not report.findings
