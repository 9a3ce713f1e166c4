"""From the service's values to the API's shapes."""

from __future__ import annotations

from api.records import schemas
from chain.proof.encoding import to_hex
from chain.proof.types import BY_CODE, Phase
from services.evidence.receipts import RecordView
from services.evidence.retention.views import RetentionView
from services.evidence.submission import Accepted
from services.platform.clock import rfc3339


def acknowledged(done: Accepted, status: str) -> schemas.Acknowledged:
    """The answer to a submission."""
    return schemas.Acknowledged(
        id=done.record_id,
        log=done.log_id,
        origin=done.origin,
        index=done.index,
        leaf_hash=to_hex(done.leaf_hash),
        accepted_at=rfc3339(done.accepted_at),
        anchor_by=rfc3339(done.anchor_by),
        status=status,
        acknowledgement=done.acknowledgement,
        receipt=f"/v1/records/{done.record_id}/receipt",
    )


def retention_view(held: RetentionView) -> schemas.RetentionView:
    """What has become of a record's content."""
    return schemas.RetentionView(
        record=held.record_id,
        state=held.state,
        retention_class=held.retention_class,
        rule=held.rule,
        source=held.source,
        erasable_at=None if held.erasable_at is None else rfc3339(held.erasable_at),
        requested_at=rfc3339(held.requested_at),
        erased_at=None if held.erased_at is None else rfc3339(held.erased_at),
        evidence=list(held.evidence),
    )


def record_view(found: RecordView) -> schemas.RecordView:
    """A record as its institution sees it."""
    return schemas.RecordView(
        id=found.id,
        log=found.log_id,
        origin=found.origin,
        index=found.index,
        type=BY_CODE[found.type_code].name,
        phase=Phase(found.phase).name.lower(),
        leaf_hash=to_hex(found.leaf_hash),
        accepted_at=rfc3339(found.accepted_at),
        anchor_by=rfc3339(found.anchor_by),
        status=found.status,
        record=found.document,
        retention=retention_view(found.retention) if found.retention else None,
    )
