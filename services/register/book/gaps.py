"""Numbers of changes that were missing (持仓变动序号缺失) and are there again: their alerts are taken back."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.register.book import repository
from services.register.book.alerts import Alerts
from services.register.book.models import AlertRow
from services.register.parts import RegisterParts

__all__ = ["Gaps"]

_UNIT_SECONDS = 60
_KIND = "seq-gap"


class Gaps:
    """One run a minute: whatever put the rows right (a recovery, a restored table), the alert ends with its cause."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts
        self._alerts = Alerts(parts.chain)

    def run(self) -> None:
        """Clears the alerts of gaps that are filled, saying by which numbers."""
        with self._parts.database.read() as session:
            filled = self._filled(session)
        if not filled:
            return

        def unit(group: Group) -> None:
            for row, first, last in self._filled(group.session):
                because = f"The changes {first} to {last} of this position are all there, each under its number."
                self._alerts.clear(group.session, row.cause, group.now_ms, because=because)

        self._parts.evidence.sequencer.submit(unit).result(_UNIT_SECONDS)

    def _filled(self, session: Session) -> Sequence[tuple[AlertRow, int, int]]:
        """With the first and the last of the numbers around each gap."""
        found = []
        for row in repository.standing_alerts(session, self._parts.chain, _KIND):
            ends = int(row.said["expected"]), int(row.said["found"])
            first, last = max(1, min(ends) - 1), max(ends)
            wanted, whose = range(first, last + 1), (row.security_id or "", row.account_id or "")
            if repository.seqs(session, self._parts.chain, *whose, wanted) == set(wanted):
                found.append((row, first, last))
        return found
