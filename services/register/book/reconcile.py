"""Reconciliation (对账): asked for by whoever may, and once a day by the service itself."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from chain.errors import ChainError
from services.evidence.group import Group
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform import metrics
from services.platform.errors import Conflict, NotFound, Unavailable
from services.platform.ids import check_id, new_id
from services.register.book import repository
from services.register.book.alerts import KINDS, Alarm, Alerts
from services.register.book.comparing import Comparison, ReadMany, compare_all, compare_security
from services.register.book.models import ReconciliationRow
from services.register.book.projection import LISTENER
from services.register.parts import RegisterParts

__all__ = ["Reconciler", "Reconciliation"]

_DAY_MS = 86_400_000
_SHOWN = 500
_PATIENCE_S, _PAUSE_S = 10.0, 0.1
_CAUSE = "differs"


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was compared after ``block``, numbers by kind, and what differed: ``count`` in all, the first ones shown."""

    id: str
    security_id: str | None
    block: int
    at: int
    compared: dict[str, int]
    count: int
    differences: tuple[dict[str, Any], ...]


class Reconciler:
    """``read`` asks the business chain for the state after a block."""

    def __init__(self, parts: RegisterParts, read: ReadMany) -> None:
        self._parts = parts
        self._read = read
        self._alerts = Alerts(parts.chain)

    def reconcile(self, caller: Principal, security_id: str | None) -> Reconciliation:
        """Compares all, or one security. NotFound, Conflict ``register-unread``, Unavailable ``chain-away``."""
        with self._parts.database.read() as session:
            self._parts.require(session, caller, "register.reconcile")
        return self.run(security_id)

    def list(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[Reconciliation]:
        """Those that were, the newest first."""
        with self._parts.database.read() as session:
            self._parts.require(session, caller, "register.reconcile")
            found = repository.reconciliations(session, self._parts.chain, before=cursor, limit=limit + 1)
        items = tuple(_view(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def run(self, security_id: str | None = None) -> Reconciliation:
        """The comparison itself; a difference raises an alert, and the whole register without one takes it back."""
        done = self._compare(security_id)
        row: ReconciliationRow = self._parts.evidence.sequencer.submit(
            lambda group: self._keep(group, security_id, done)
        ).result()
        return _view(row)

    def run_when_due(self) -> None:
        """The job: once a day, restarts or not, where there is a market whose chain has been read."""
        with self._parts.database.read() as session:
            whole = repository.last_whole_reconciliation(session, self._parts.chain)
            begun = self._parts.transactions.read_until(session, self._parts.chain, LISTENER) is not None
        if self._parts.venue is not None and begun and self._parts.clock.ms() - (whole or 0) >= _DAY_MS:
            self.run()

    def tell(self) -> None:
        """Sets the gauges."""
        with self._parts.database.read() as session:
            standing = repository.open_alerts(session, self._parts.chain)
        for kind in KINDS:
            metrics.REGISTER_ALERTS.labels(kind).set(standing.get(kind, 0))

    def _compare(self, security_id: str | None) -> Comparison:
        """Again after a newer block when one came meanwhile: some nodes have the state after the newest one alone."""
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                return self._compare_once(security_id)
            except ChainError as error:
                if time.monotonic() > until:
                    said = f"The chain {self._parts.chain} does not answer: {error}."
                    raise Unavailable("chain-away", said) from error
            time.sleep(_PAUSE_S)

    def _compare_once(self, security_id: str | None) -> Comparison:
        chain = self._parts.chain
        with self._parts.database.read() as session:
            block = self._parts.transactions.read_until(session, chain, LISTENER)
            if block is None:
                raise Conflict("No block of the register's chain was read yet.", slug="register-unread")
            if security_id is None:
                return compare_all(session, chain, self._read, block)
            row = repository.security(session, chain, check_id(security_id, "sec", "security"))
            if row is None:
                raise NotFound("There is no such security.")
            return compare_security(session, chain, self._read, block, row)

    def _keep(self, group: Group, security_id: str | None, done: Comparison) -> ReconciliationRow:
        now, count = group.now_ms, len(done.differences)
        row = ReconciliationRow(id=new_id("rcn", now), chain=self._parts.chain, security_id=security_id)
        row.block, row.at, row.compared, row.count = done.block, now, done.compared, count
        row.differences = [asdict(each) for each in done.differences[:_SHOWN]]
        repository.add(group.session, row)
        if count:
            said = {"reconciliation": row.id, "block": done.block, "differences": count, "first": row.differences[0]}
            self._alerts.tell(group.session, Alarm(kind="differs", cause=_CAUSE, said=said), now)
        elif security_id is None:
            because = f"Rows and contract agree in all that was compared after block {done.block} ({row.id})."
            self._alerts.clear(group.session, _CAUSE, now, because=because)
            metrics.REGISTER_RECONCILED.set(now // 1000)
        if security_id is None or count:
            metrics.REGISTER_DIFFERENCES.set(count)
        return row


def _view(row: ReconciliationRow) -> Reconciliation:
    return Reconciliation(
        row.id, row.security_id, row.block, row.at, dict(row.compared), row.count, tuple(row.differences)
    )
