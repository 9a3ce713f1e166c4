"""Who may do what: one table, action × role → scope. What is not in the table is refused.

``OWN`` the caller's institution, ``REGION`` institutions whose region the caller's region covers, ``ANY`` all.
Pilots, registers and archives add rows here, not conditions elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from services.identity.rules import Role, Status, covers
from services.platform.errors import Forbidden, NotFound

__all__ = ["TABLE", "Principal", "Scope", "Target", "allowed", "require"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. ``kind`` is the institution's slug (``operator``), ``region`` and ``status`` the institution's."""

    institution_id: str
    token_id: str
    person_id: str | None
    roles: frozenset[str]
    region: int
    kind: str
    status: str
    host: bool


@dataclass(frozen=True, slots=True)
class Target:
    """Whose affair it is: an institution and its region."""

    institution_id: str
    region: int


class Scope(IntEnum):
    """How far an action reaches."""

    OWN = 1
    REGION = 2
    ANY = 3


_ADMIN, _SYSTEM, _REGISTRAR = Role.ADMINISTRATOR, Role.SYSTEM, Role.REGISTRAR
_SUBMIT, _READ, _AUDIT, _SUPERVISE = Role.SUBMITTER, Role.READER, Role.AUDITOR, Role.SUPERVISOR
_OWN, _REGION, _ANY = Scope.OWN, Scope.REGION, Scope.ANY

TABLE: Mapping[str, Mapping[Role, Scope]] = {
    # the directory; institutions themselves are public to every caller
    "institution.read": dict.fromkeys(Role, _ANY),
    "institution.register": {_REGISTRAR: _REGION, _SYSTEM: _ANY},
    "institution.status": {_REGISTRAR: _REGION},
    "institution.authority": {_ADMIN: _OWN, _REGISTRAR: _REGION},
    "role.grant": {_ADMIN: _OWN, _REGISTRAR: _REGION},
    "role.revoke": {_ADMIN: _OWN, _REGISTRAR: _REGION},
    "submitter-key.register": {_ADMIN: _OWN},
    "submitter-key.revoke": {_ADMIN: _OWN},
    # tokens; for another institution only its first administrator's, see TokenDesk
    "token.issue": {_ADMIN: _OWN},
    "token.issue-first": {_SYSTEM: _ANY},
    "token.list": {_ADMIN: _OWN},
    "token.revoke": {_ADMIN: _OWN},
    # evidence
    "record.submit": {_SUBMIT: _OWN},
    "record.read": {_SUBMIT: _OWN, _READ: _OWN, _AUDIT: _REGION},
    "record.receipt-private": {_SUBMIT: _OWN, _READ: _OWN},
    "material.store": {_SUBMIT: _OWN},
    "material.read": {_SUBMIT: _OWN, _READ: _OWN, _AUDIT: _REGION},
    "record.erase": {_ADMIN: _OWN},
    "log.read": dict.fromkeys(Role, _ANY),
    "log.open": {_ADMIN: _OWN},
    "log.rotate": {_ADMIN: _OWN},
    "log.freeze": {_ADMIN: _OWN, _REGISTRAR: _REGION},
    "log.succeed": {_ADMIN: _OWN},
    "log.entries": {_AUDIT: _REGION},
    # pilots; which body decides a step is the rulebook's word and the chain's, here only whose affair a project is
    "rulebook.read": dict.fromkeys(Role, _ANY),
    "rulebook.activate": {_SUPERVISE: _REGION},
    "pilot.draft": {_SUBMIT: _OWN},
    "pilot.act": {_SUBMIT: _OWN},
    "pilot.decide": {_SUPERVISE: _REGION},
    "pilot.read": {_ADMIN: _OWN, _SUBMIT: _OWN, _READ: _OWN, _SUPERVISE: _REGION, _AUDIT: _REGION},
    "pilot.alerts": {_SUPERVISE: _REGION, _AUDIT: _REGION},
    "pilot.application": {_SUBMIT: _OWN, _READ: _OWN, _SUPERVISE: _REGION},
    # calendars; the region's authority signs
    "calendar.publish": {_SUPERVISE: _REGION, _REGISTRAR: _REGION},
    # the register; its market is the host's, so the target is the host, or an issuer for what is its own
    "register.act": {_SUBMIT: _OWN},
    "register.dividend": {_SUBMIT: _OWN},
    "register.read": {_SUBMIT: _OWN, _READ: _OWN, _SUPERVISE: _REGION, _AUDIT: _REGION},
    "register.personal": {_SUBMIT: _OWN, _READ: _OWN, _SUPERVISE: _REGION},
    "register.reconcile": {_SUBMIT: _OWN, _SYSTEM: _OWN, _SUPERVISE: _REGION, _AUDIT: _REGION},
    # operations; whoever carries a signature back need not be who signed: the signature itself is checked
    "operation.read": {
        _ADMIN: _OWN,
        _SUBMIT: _OWN,
        _READ: _OWN,
        _SUPERVISE: _OWN,
        _REGISTRAR: _REGION,
        _AUDIT: _REGION,
    },
    "operation.authorise": {_ADMIN: _OWN, _SUBMIT: _OWN, _SUPERVISE: _OWN, _REGISTRAR: _REGION},
    "operation.cancel": {_ADMIN: _OWN, _SUBMIT: _OWN, _SUPERVISE: _OWN},
    # the installation
    "system.read": {_SYSTEM: _ANY},
}

WHILE_PENDING = frozenset(TABLE) - {
    "record.submit",
    "material.store",
    "role.grant",
    "rulebook.activate",
    "calendar.publish",
    "pilot.draft",
    "pilot.act",
    "pilot.decide",
    "register.act",
    "register.dividend",
}
WHILE_STOPPED = frozenset(
    {
        "institution.read",
        "log.read",
        "operation.read",
        "record.read",
        "record.receipt-private",
        "material.read",
        "rulebook.read",
        "pilot.read",
        "pilot.application",
        "register.read",
        "register.personal",
        "token.list",
    }
)
"""What an institution that is suspended, exited or refused can still do: read its own."""
_STOPPED = frozenset({Status.SUSPENDED, Status.EXITED, Status.REFUSED})


def allowed(principal: Principal, action: str, target: Target) -> bool:
    """Whether the table lets the caller do ``action`` to ``target``. KeyError for an action that does not exist."""
    scopes = TABLE[action]
    if principal.status in _STOPPED and action not in WHILE_STOPPED:
        return False
    if principal.status == Status.PENDING and action not in WHILE_PENDING:
        return False
    scope = max((scopes[role] for role in scopes if role in principal.roles), default=None)
    if scope is None:
        return False
    own = target.institution_id == principal.institution_id
    return own or scope is Scope.ANY or (scope is Scope.REGION and covers(principal.region, target.region))


def require(principal: Principal, action: str, target: Target | None = None) -> None:
    """Passes or refuses; ``target`` is the caller's own institution unless given.

    Forbidden when the caller has no role for the action at all; NotFound when it has, but not for this target: what
    belongs to others does not exist for it.
    """
    own = Target(principal.institution_id, principal.region)
    if allowed(principal, action, target or own):
        return
    if target is not None and target.institution_id not in ("", own.institution_id) and allowed(principal, action, own):
        raise NotFound("There is no such resource.")
    raise Forbidden(f"No role of this token allows {action}.", rule=action)
