"""Rows of the directory (机构名录): made, found, shown."""

from services.identity import repository, rules
from services.identity.models import InstitutionRow
from services.identity.policy import Principal
from services.identity.ports import Group
from services.identity.rules import Kind, Status
from services.identity.views import InstitutionView, RegistrationRequest
from services.platform.errors import NotFound, Unauthenticated
from services.platform.ids import random_id

__all__ = ["add_institution", "fill", "institution_view", "require", "require_same"]


def add_institution(group: Group, request: RegistrationRequest, *, host: bool) -> InstitutionRow:
    """A pending institution under a new random id. Invalid names the wrong field."""
    row = InstitutionRow(id=random_id("ins"), host=host, status=Status.PENDING, created_at=group.now_ms)
    fill(row, group, request)
    repository.add(group.session, row)
    return row


def fill(row: InstitutionRow, group: Group, request: RegistrationRequest) -> None:
    """Writes what is asked for into a row. Invalid names the wrong field."""
    row.name = rules.check_name(request.name)
    row.kind = rules.kind_named(request.kind)
    row.region = rules.check_region(request.region)
    row.authority = rules.check_address(request.authority, "authority")
    row.updated_at = group.now_ms


def require(row: InstitutionRow | None) -> InstitutionRow:
    """The row itself; NotFound when there is none."""
    if row is None:
        raise NotFound("There is no such institution.")
    return row


def require_same(caller: Principal, row: InstitutionRow) -> None:
    """Unauthenticated when the caller's row says else than its own sealed token: a role could mean more by it."""
    if (Kind(row.kind).slug, row.region, row.host) != (caller.kind, caller.region, caller.host):
        raise Unauthenticated


def institution_view(row: InstitutionRow) -> InstitutionView:
    """The row as others see it."""
    return InstitutionView(
        id=row.id,
        name=row.name,
        kind=Kind(row.kind).slug,
        region=row.region,
        status=row.status,
        authority=row.authority,
        host=row.host,
        created_at=row.created_at,
    )
