"""Statements (证明) and reconciliation (对账)."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register import book_schemas as schemas
from api.times import milliseconds
from services.platform.clock import rfc3339
from services.register.book.documents import KINDS
from services.register.book.reconcile import Reconciliation
from services.register.book.statements import StatementView, Wanted

router = APIRouter(prefix="/v1/register", tags=["register"])

StatementId = Annotated[str, Path(max_length=64)]


@router.post("/statements", status_code=201)
async def issue_statement(
    request: schemas.StatementRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.Statement:
    """A statement from the register as of a moment, evidenced by a leaf with its number and digest.

    `no-pledge` and `no-freeze` are proven by the position's changes before and after the moment, whose seqs are
    neighbours; they are refused (409 `lien-stands`) where such a lien held units then.
    """
    wanted = Wanted(
        kind=request.kind,
        security_id=request.security,
        account_id=request.account,
        at=None if request.at is None else milliseconds(request.at, "at"),
    )
    made = services.register.book.statements.issue(caller, wanted, once=once)
    return _statement(await asyncio.wrap_future(made))


@router.get("/statements")
def list_statements(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    security: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[schemas.Statement]:
    """The statements that were given out, without their content."""
    page = services.register.book.statements.list(caller, security_id=security, limit=limit, cursor=cursor)
    return Page(items=[_statement(each) for each in page.items], next=page.next)


@router.get("/statements/{statement_id}", response_class=Response)
def get_statement(statement_id: StatementId, services: ServicesDep, caller: CallerDep) -> Response:
    """The document itself: canonical JSON (RFC 8785), whose SHA-256 the leaf tells."""
    view, document = services.register.book.statements.get(caller, statement_id)
    return _file(document, "application/json", f"{view.number}.json")


@router.get("/statements/{statement_id}/csv", response_class=Response)
def get_statement_sheet(statement_id: StatementId, services: ServicesDep, caller: CallerDep) -> Response:
    """The same for spreadsheets: CSV in UTF-8 with a byte order mark; no cell is taken for a formula."""
    view, sheet = services.register.book.statements.sheet(caller, statement_id)
    return _file(sheet, "text/csv; charset=utf-8", f"{view.number}.csv")


@router.post("/reconciliations", status_code=201)
def reconcile(
    request: schemas.ReconciliationRequest, services: ServicesDep, caller: CallerDep
) -> schemas.Reconciliation:
    """Reads positions, lots, liens, securities and investors from the contract's storage, and lists what differs."""
    return _reconciliation(services.register.book.reconciler.reconcile(caller, request.security))


@router.get("/reconciliations")
def list_reconciliations(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.Reconciliation]:
    """Those that were, the newest first."""
    page = services.register.book.reconciler.list(caller, limit=limit, cursor=cursor)
    return Page(items=[_reconciliation(each) for each in page.items], next=page.next)


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _statement(found: StatementView) -> schemas.Statement:
    return schemas.Statement.model_validate(
        {
            "id": found.id,
            "number": found.number,
            "kind": found.kind,
            "term": KINDS[found.kind],
            "security": found.security_id,
            "account": found.account_id,
            "as_of": rfc3339(found.at),
            "issued_at": rfc3339(found.issued_at),
            "digest": "0x" + found.digest.hex(),
            "record": found.record_id,
        }
    )


def _reconciliation(found: Reconciliation) -> schemas.Reconciliation:
    return schemas.Reconciliation(
        id=found.id,
        security=found.security_id,
        block=found.block,
        at=rfc3339(found.at),
        agrees=not found.count,
        compared=found.compared,
        count=found.count,
        differences=[schemas.Difference.model_validate(each) for each in found.differences],
    )
