"""The register as anybody who may reads it: securities, holders now and then, histories, liens, alerts."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from api.deps import CallerDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register import book_schemas as schemas
from api.times import Moment, milliseconds
from services.platform.clock import rfc3339
from services.register.book import documents
from services.register.book.views import AlertView, Heads, SecurityView

router = APIRouter(prefix="/v1/register", tags=["register"])

SecurityId = Annotated[str, Path(max_length=64)]
AccountId = Annotated[str, Path(max_length=64)]
At = Annotated[Moment | None, Query(description="As of this moment; now unless given")]


@router.get("/securities")
def list_securities(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    company: Annotated[str | None, Query(max_length=64, description="Only of this issuer")] = None,
) -> Page[schemas.Security]:
    """The securities of the market, by id."""
    page = services.register.book.desk.securities(caller, issuer=company, limit=limit, cursor=cursor)
    return Page(items=[_security(each) for each in page.items], next=page.next)


@router.get("/securities/{security_id}")
def get_security(security_id: SecurityId, services: ServicesDep, caller: CallerDep) -> schemas.Security:
    """A security as it is now."""
    return _security(services.register.book.desk.security(caller, security_id))


@router.get("/securities/{security_id}/holders")
def list_holders(
    security_id: SecurityId,
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    at: At = None,
) -> schemas.Holders:
    """The register (股东名册) now or as of any past moment, each line with the place of what it rests on."""
    found, names = services.register.book.desk.register(
        caller, security_id, at=_moment(at), limit=limit + 1, cursor=cursor
    )
    lines = found.lines[:limit]
    return schemas.Holders(
        items=[schemas.Line.model_validate(documents.line_json(each, names)) for each in lines],
        next=lines[-1].account_id if len(found.lines) > limit else None,
        security=_security(found.security),
        at=rfc3339(found.at),
        as_of=rfc3339(found.as_of),
        block=found.block,
        heads=_heads(found.heads),
    )


@router.get("/securities/{security_id}/holders/{account_id}")
def list_changes(
    security_id: SecurityId,
    account_id: AccountId,
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[schemas.Change]:
    """One holder's history: every change of the position. Seqs have no gap: nothing lies between two neighbours."""
    page = services.register.book.desk.history(caller, security_id, account_id, limit=limit, cursor=cursor)
    items = [schemas.Change.model_validate(documents.change_json(each)) for each in page.items]
    return Page(items=items, next=page.next)


@router.get("/securities/{security_id}/liens")
def list_liens(security_id: SecurityId, services: ServicesDep, caller: CallerDep, at: At = None) -> schemas.Liens:
    """Pledges, freezes and locks now or at any past moment: what the chain recorded, and the legal status apart."""
    found, names = services.register.book.desk.register(caller, security_id, at=_moment(at))
    return schemas.Liens(
        security=_security(found.security),
        at=rfc3339(found.at),
        as_of=rfc3339(found.as_of),
        block=found.block,
        liens=[schemas.Lien.model_validate(documents.lien_json(each, names)) for each in found.liens],
        heads=_heads(found.heads),
    )


@router.get("/alerts")
def list_alerts(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    kind: Annotated[list[str] | None, Query(max_length=20, description="Only these kinds")] = None,
    standing: Annotated[bool, Query(description="Only those whose cause is still there")] = False,  # noqa: FBT002
) -> Page[schemas.Alert]:
    """What operator and regulator must see: caps reached, transfers that a freeze came before, faults."""
    page = services.register.book.desk.alerts(caller, kinds=kind or (), standing=standing, limit=limit, cursor=cursor)
    return Page(items=[_alert(each) for each in page.items], next=page.next)


def _moment(at: str | None) -> int | None:
    return None if at is None else milliseconds(at, "at")


def _security(found: SecurityView) -> schemas.Security:
    return schemas.Security.model_validate(documents.security_json(found))


def _heads(found: Heads) -> list[schemas.Head]:
    return [
        schemas.Head(log=each.log_id, origin=each.origin, size=each.size, root="0x" + each.root.hex())
        for each in found.values()
    ]


def _alert(found: AlertView) -> schemas.Alert:
    return schemas.Alert(
        id=found.id,
        kind=found.kind,
        term=found.term,
        rule=found.rule,
        source=found.source,
        security=found.security_id,
        account=found.account_id,
        said=dict(found.said),
        since=rfc3339(found.since),
        cleared_at=None if found.cleared_at is None else rfc3339(found.cleared_at),
        cleared_because=found.cleared_because,
    )
