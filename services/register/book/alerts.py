"""Alerts of the register (预警): what neither service nor contract may refuse, and what must never happen."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.platform import metrics
from services.platform.ids import new_id
from services.platform.logging import get_logger
from services.register.book import repository
from services.register.book.models import AlertRow

__all__ = ["KINDS", "Alarm", "AlertKind", "Alerts"]

_log = get_logger("register")


@dataclass(frozen=True, slots=True)
class AlertKind:
    """``rule`` and ``source``: what it is about; ``fault``: whether it means that rows and chain differ."""

    term: str
    rule: str
    source: str
    fault: bool = False


_CAP = "区域性股权市场监督管理试行办法（证监会令第132号）13；国办发〔2017〕11号 四"
KINDS: Mapping[str, AlertKind] = {
    "cap-near": AlertKind("持有人数接近上限", "REM-04", _CAP),
    "cap-exceeded": AlertKind("持有人数超过上限", "REM-04", _CAP),
    "subject-to-freeze": AlertKind("过户不得对抗在先公示的冻结", "REG-FREEZE", "法释〔2021〕20号 6、7"),
    "seq-gap": AlertKind("持仓变动序号缺失", "REG-SEQ", "docs/spec/register.md", fault=True),
    "differs": AlertKind("登记簿与合约不一致", "REG-RECONCILE", "docs/spec/register.md", fault=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """What is to be told: ``cause`` is told once, ``said`` are the numbers."""

    kind: str
    cause: str
    security_id: str | None = None
    account_id: str | None = None
    said: Mapping[str, Any]


class Alerts:
    """Alerts of one chain's register."""

    def __init__(self, chain: str) -> None:
        self._chain = chain

    def tell(self, session: Session, alarm: Alarm, now_ms: int) -> None:
        """Stands from now on; a cause that stands already only gets the new numbers."""
        row = repository.alert(session, self._chain, alarm.cause)
        if row is not None and row.cleared_at is None:
            row.said = dict(alarm.said)
            return
        if KINDS[alarm.kind].fault:
            metrics.REGISTER_FAULTS.labels(alarm.kind).inc()
            _log.error("register_fault", kind=alarm.kind, security=alarm.security_id, said=dict(alarm.said))
        if row is None:
            row = AlertRow(id=new_id("alr", now_ms), chain=self._chain, cause=alarm.cause, kind=alarm.kind)
            row.security_id, row.account_id = alarm.security_id, alarm.account_id
        row.said, row.since, row.cleared_at, row.cleared_because = dict(alarm.said), now_ms, None, None
        repository.add(session, row)

    def clear(self, session: Session, cause: str, now_ms: int, *, because: str) -> None:
        """The cause is gone."""
        row = repository.alert(session, self._chain, cause)
        if row is not None and row.cleared_at is None:
            row.cleared_at, row.cleared_because = now_ms, because
            session.flush()

    def clear_of_freeze(self, session: Session, security_id: str, number: int, now_ms: int, *, because: str) -> None:
        """Nothing is subject to a freeze any more that covers nothing."""
        for row in repository.standing_alerts(session, self._chain, "subject-to-freeze", security_id=security_id):
            if row.said["freeze"] == number:
                row.cleared_at, row.cleared_because = now_ms, because
        session.flush()
