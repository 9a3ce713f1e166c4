"""What is shown of an act: values without a session behind them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.transactions.views import OperationView

__all__ = ["ActView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActView:
    """An act (登记事项) as it was asked for, and what became of it.

    ``message``: what the contract takes. ``queue_position``: how many acts of the same security or account, asked for
    earlier, the chain has not decided; None once it is decided itself. ``reason``: of a refusal, the contract's error;
    ``rule``, ``source``, ``detail`` and ``detail_zh`` where it is one of the register's rules. ``subject_to``: numbers
    of the freezes that were published before it was registered and arrived after (法释〔2021〕20号 7).
    """

    id: str
    name: str
    term: str
    about: str
    state: str
    message: Mapping[str, Any]
    record_id: str
    outcome_record: str | None
    batch_id: str | None
    tx_hash: str | None
    block_number: int | None
    reason: Mapping[str, Any] | None
    rule: str | None
    source: str | None
    detail: str | None
    detail_zh: str | None
    created_at: int
    decided_at: int | None
    queue_position: int | None
    subject_to: Sequence[int]
    operation: OperationView
