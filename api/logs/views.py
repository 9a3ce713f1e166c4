"""From the service's values to the API's shapes."""

from __future__ import annotations

from api.logs import schemas
from services.evidence.public import AnchorView, LogView
from services.platform.clock import rfc3339


def log_view(found: LogView) -> schemas.LogView:
    """A log's public facts."""
    return schemas.LogView(
        id=found.id,
        origin=found.origin,
        owner_id=found.owner_id,
        state=found.state,
        house=found.house,
        size=found.size,
        checkpoint_size=found.sealed,
        anchored_size=found.anchored,
        vkeys=[schemas.LogKeyView(vkey=key.vkey, from_size=key.from_size, to_size=key.to_size) for key in found.keys],
        predecessor=found.predecessor_id,
        created_at=rfc3339(found.created_at),
    )


def anchor_view(found: AnchorView) -> schemas.AnchorView:
    """A head on the chain."""
    return schemas.AnchorView(
        log=found.log_id,
        size=found.size,
        chain=found.chain,
        block_number=found.block_number,
        block_hash=found.block_hash,
        tx_hash=found.tx_hash,
        anchored_at=rfc3339(found.anchored_at),
    )
