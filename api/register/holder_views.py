"""Companies, accounts and imports as the API shows them."""

from __future__ import annotations

from collections.abc import Iterable

from api.register import holder_schemas as schemas
from services.days import on
from services.platform.clock import rfc3339
from services.register.accounts.identity import Document, Identity, kind_slug
from services.register.accounts.views import AccountView, PersonalView
from services.register.acts.said import Document as Evidence
from services.register.companies.views import CompanyView
from services.register.imports.views import ImportView


def documents(said: Iterable[schemas.DocumentSaid]) -> tuple[Evidence, ...]:
    """As the services take them."""
    return tuple(Evidence(code=each.code, record=each.record) for each in said)


def identity(said: schemas.IdentitySaid) -> Identity:
    """As the services take it."""
    return Identity(**{**said.model_dump(), "document": Document(said.document)})


def company(view: CompanyView) -> schemas.CompanyView:
    """A company."""
    return schemas.CompanyView(
        id=view.id,
        code=view.code,
        layer=view.layer,
        name=view.name,
        usci=view.usci,
        region=view.region,
        form=view.form,
        capital=view.capital,
        phase=view.phase,
        steps=list(view.steps),
        issuer=view.issuer,
        pre_emption=view.pre_emption,
        security=view.security,
        operation=view.operation_id,
        created_at=rfc3339(view.created_at),
        updated_at=rfc3339(view.updated_at),
    )


def account(view: AccountView) -> schemas.AccountView:
    """An account without its holder."""
    return schemas.AccountView(
        id=view.id,
        kind=kind_slug(view.kind),
        state=view.state,
        investor_code=view.investor_code,
        suitable_until=on(view.suitable_until) if view.suitable_until else None,
        addend=view.addend,
        version=view.version,
        created_at=rfc3339(view.created_at),
        closed_at=_moment(view.closed_at),
        erasable_at=_moment(view.restricted_until),
        erased_at=_moment(view.erased_at),
        operation=view.operation_id,
    )


def personal(view: PersonalView) -> schemas.PersonalView:
    """Who the holder is and was."""
    return schemas.PersonalView(
        account=account(view.account),
        identity=dict(view.identity.content()),
        earlier=[
            schemas.EarlierIdentity(until=rfc3339(until), identity=dict(each.content())) for until, each in view.earlier
        ],
        events=[
            schemas.AccountEvent(name=each.name, actor=each.actor_id, record=each.record_id, at=rfc3339(each.at))
            for each in view.events
        ],
    )


def imported(view: ImportView) -> schemas.ImportView:
    """An import."""
    return schemas.ImportView(
        id=view.id,
        company=view.company,
        security=view.security,
        state=view.state,
        files=[dict(each) for each in view.files],
        summary=dict(view.summary),
        findings=view.findings,
        groups=view.groups,
        progress=dict(view.progress),
        refusals=list(view.refusals),
        record=view.record_id,
        created_at=rfc3339(view.created_at),
        updated_at=rfc3339(view.updated_at),
    )


def _moment(ms: int | None) -> str | None:
    return rfc3339(ms) if ms is not None else None
