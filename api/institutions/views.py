"""From the service's values to the API's shapes."""

from __future__ import annotations

from typing import Any

from api.institutions import schemas
from chain.proof.encoding import to_hex
from services.identity import views
from services.platform.clock import rfc3339


def institution(found: views.InstitutionView) -> schemas.InstitutionView:
    """An institution as the directory shows it."""
    return schemas.InstitutionView(
        id=found.id,
        name=found.name,
        kind=found.kind,
        region=found.region,
        status=found.status,
        authority=found.authority,
        host=found.host,
        created_at=rfc3339(found.created_at),
    )


def submitter_key(found: views.SubmitterKeyView) -> schemas.SubmitterKeyView:
    """A submitter key."""
    return schemas.SubmitterKeyView(
        id=found.id,
        public_key=to_hex(found.public_key),
        valid_from=rfc3339(found.valid_from),
        valid_to=_time(found.valid_to),
        revoked_at=_time(found.revoked_at),
        record_id=found.record_id,
    )


def token(found: views.TokenView) -> schemas.TokenView:
    """A token without its secret."""
    return schemas.TokenView(**_token_members(found))


def issued(found: views.IssuedToken) -> schemas.IssuedToken:
    """A new token, with its secret this once."""
    return schemas.IssuedToken(**_token_members(found.token), secret=found.secret)


def chain_role(found: views.ChainRoleView) -> schemas.ChainRoleView:
    """A role on the chain."""
    return schemas.ChainRoleView(
        role=to_hex(found.role),
        region=found.region,
        account=found.account,
        expires_at=rfc3339(found.expires_at * 1000),
        revoked=found.revoked,
    )


def _token_members(found: views.TokenView) -> dict[str, Any]:
    return {
        "id": found.id,
        "institution_id": found.institution_id,
        "name": found.name,
        "prefix": found.prefix,
        "roles": list(found.roles),
        "person": found.person,
        "created_at": rfc3339(found.created_at),
        "expires_at": rfc3339(found.expires_at),
        "revoked_at": _time(found.revoked_at),
    }


def _time(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
