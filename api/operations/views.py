"""From the service's values to the API's shapes."""

from __future__ import annotations

from typing import Any, cast

from fastapi import Response

from api.operations.schemas import Command, HistoryEntry, OperationView, RequiredSignature
from chain.proof.encoding import to_hex
from chain.proof.receipt import Opening
from services.platform.clock import rfc3339
from services.transactions import views


def operation(found: views.OperationView) -> OperationView:
    """The operation as its institution sees it; the typed data is shown only while a signature is awaited."""
    waits = found.state == "needs_authorisation"
    return OperationView(
        id=found.id,
        kind=found.kind,
        state=found.state,
        institution_id=found.institution_id or "",
        record_id=found.record_id,
        chain=found.chain,
        contract=found.contract,
        function=found.function,
        reference=found.reference,
        signers=list(found.signers),
        authorisations=[required(need) for need in found.needs],
        deadline=rfc3339(found.deadline * 1000) if found.deadline else None,
        typed_data=found.typed_data if waits else None,
        command=None,
        reason=found.reason,
        transaction=found.transaction.tx_hash if found.transaction else None,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
        history=[_entry(line) for line in found.history],
    )


def opened(opening: Opening) -> Command:
    """The command's record and its secret."""
    return Command(document=cast("dict[str, Any]", opening.document), secret=to_hex(opening.secret))


def required(need: views.NeedView) -> RequiredSignature:
    """One of several signatures."""
    return RequiredSignature(
        role=need.role,
        any_of=list(need.any_of),
        region=need.region,
        signer=need.signer,
        signed_at=rfc3339(need.signed_at) if need.signed_at is not None else None,
    )


def _entry(line: views.HistoryLine) -> HistoryEntry:
    return HistoryEntry(
        action=line.action,
        state=line.state,
        detail=line.detail,
        count=line.count,
        first_at=rfc3339(line.first_at),
        last_at=rfc3339(line.last_at),
    )


def accepted(found: views.OperationView, response: Response) -> OperationView:
    """The answer to a command: 202 and where to look."""
    response.headers["Location"] = f"/v1/operations/{found.id}"
    return operation(found)
