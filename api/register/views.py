"""From the register's values to the API's shapes."""

from __future__ import annotations

import json

from api.operations.views import required
from api.problems import refusal
from api.register.schemas import ActView, BatchLine, BatchView, Refusal
from services.platform.clock import rfc3339
from services.register.acts import views
from services.register.acts.batches import BatchView as BatchResult


def act(found: views.ActView) -> ActView:
    """An act."""
    return ActView(
        id=found.id,
        act=found.name,
        term=found.term,
        about=found.about,
        state=found.state,
        message=dict(found.message),
        operation=found.operation.id,
        operation_state=found.operation.state,
        authorisations=[required(need) for need in found.operation.needs],
        queue_position=found.queue_position,
        record=found.record_id,
        outcome_record=found.outcome_record,
        batch=found.batch_id,
        transaction=found.tx_hash,
        block=found.block_number,
        subject_to=list(found.subject_to),
        refusal=_refusal(found),
        created_at=rfc3339(found.created_at),
        decided_at=rfc3339(found.decided_at) if found.decided_at is not None else None,
    )


def batch(found: BatchResult) -> BatchView:
    """A batch, each line with its act or its problem."""
    return BatchView(
        id=found.id,
        lines=[
            BatchLine(
                line=each.line,
                act=act(each.act) if each.act else None,
                problem=json.loads(bytes(refusal(each.problem).body)) if each.problem else None,
            )
            for each in found.lines
        ],
    )


def _refusal(found: views.ActView) -> Refusal | None:
    if found.reason is None:
        return None
    return Refusal(
        error=str(found.reason.get("error")),
        args=dict(found.reason.get("args") or {}),
        rule=found.rule,
        source=found.source,
        detail=found.detail,
        detail_zh=found.detail_zh,
    )
