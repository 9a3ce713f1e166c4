"""The policy's table against a second one, written by hand from the sentences in which the rules were given."""

import pytest

from services.identity import policy
from services.identity.policy import TABLE, Principal, Target
from services.identity.rules import Role
from services.platform.errors import Forbidden, NotFound

OWN = Target("ins_own", 440300)
DISTRICT = Target("ins_district", 440305)
ABROAD = Target("ins_abroad", 440100)

# action: role -> which of (own, one of the region, one abroad) it may be done to
EXPECTED: dict[str, dict[str, str]] = {
    "institution.read": dict.fromkeys(Role, "ora"),
    "institution.register": {"registrar": "or", "system": "ora"},
    "institution.status": {"registrar": "or"},
    "institution.authority": {"administrator": "o", "registrar": "or"},
    "role.grant": {"administrator": "o", "registrar": "or"},
    "role.revoke": {"administrator": "o", "registrar": "or"},
    "submitter-key.register": {"administrator": "o"},
    "submitter-key.revoke": {"administrator": "o"},
    "token.issue": {"administrator": "o"},
    "token.issue-first": {"system": "ora"},
    "token.list": {"administrator": "o"},
    "token.revoke": {"administrator": "o"},
    "record.submit": {"submitter": "o"},
    "record.read": {"submitter": "o", "reader": "o", "auditor": "or"},
    "record.receipt-private": {"submitter": "o", "reader": "o"},
    "material.store": {"submitter": "o"},
    "material.read": {"submitter": "o", "reader": "o", "auditor": "or"},
    "record.erase": {"administrator": "o"},
    "log.read": dict.fromkeys(Role, "ora"),
    "log.open": {"administrator": "o"},
    "log.rotate": {"administrator": "o"},
    "log.freeze": {"administrator": "o", "registrar": "or"},
    "log.succeed": {"administrator": "o"},
    "log.entries": {"auditor": "or"},
    "rulebook.read": dict.fromkeys(Role, "ora"),
    "rulebook.activate": {"supervisor": "or"},
    "pilot.draft": {"submitter": "o"},
    "pilot.act": {"submitter": "o"},
    "pilot.decide": {"supervisor": "or"},
    "pilot.read": {"administrator": "o", "submitter": "o", "reader": "o", "supervisor": "or", "auditor": "or"},
    "pilot.alerts": {"supervisor": "or", "auditor": "or"},
    "pilot.application": {"submitter": "o", "reader": "o", "supervisor": "or"},
    "calendar.publish": {"supervisor": "or", "registrar": "or"},
    "register.act": {"submitter": "o"},
    "register.dividend": {"submitter": "o"},
    "register.read": {"submitter": "o", "reader": "o", "supervisor": "or", "auditor": "or"},
    "register.personal": {"submitter": "o", "reader": "o", "supervisor": "or"},
    "register.reconcile": {"submitter": "o", "system": "o", "supervisor": "or", "auditor": "or"},
    "operation.read": {
        "administrator": "o",
        "submitter": "o",
        "reader": "o",
        "supervisor": "o",
        "registrar": "or",
        "auditor": "or",
    },
    "operation.authorise": {"administrator": "o", "submitter": "o", "supervisor": "o", "registrar": "or"},
    "operation.cancel": {"administrator": "o", "submitter": "o", "supervisor": "o"},
    "system.read": {"system": "ora"},
}


def _caller(*roles: str, status: str = "active") -> Principal:
    return Principal("ins_own", "tok_1", None, frozenset(roles), 440300, "regulator", status, host=False)


def test_both_tables_have_the_same_actions() -> None:
    assert TABLE.keys() == EXPECTED.keys()


@pytest.mark.parametrize("action", sorted(EXPECTED))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_as_far_as_it_was_given(action: str, role: Role) -> None:
    reach = EXPECTED[action].get(role, "")
    for letter, target in (("o", OWN), ("r", DISTRICT), ("a", ABROAD)):
        assert policy.allowed(_caller(role), action, target) is (letter in reach)


def test_a_token_without_roles_may_do_nothing() -> None:
    assert not any(policy.allowed(_caller(), action, OWN) for action in TABLE)


@pytest.mark.parametrize("status", ["suspended", "exited", "refused"])
def test_an_institution_that_was_stopped_can_only_read(status: str) -> None:
    caller = _caller(*Role, status=status)
    possible = {action for action in TABLE if policy.allowed(caller, action, OWN)}
    assert possible == {
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


def test_an_institution_that_is_not_registered_yet_submits_nothing() -> None:
    caller = _caller(*Role, status="pending")
    assert {action for action in TABLE if not policy.allowed(caller, action, OWN)} == {
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


def test_what_belongs_to_others_does_not_exist() -> None:
    with pytest.raises(NotFound):
        policy.require(_caller("reader"), "record.read", ABROAD)


def test_who_has_no_role_for_an_action_is_told_so() -> None:
    with pytest.raises(Forbidden) as refused:
        policy.require(_caller("reader"), "record.submit")
    assert refused.value.rule == "record.submit"
    with pytest.raises(Forbidden):
        policy.require(_caller("reader"), "token.revoke", ABROAD)


def test_an_action_that_is_not_in_the_table_is_an_error_of_ours() -> None:
    with pytest.raises(KeyError):
        policy.allowed(_caller(*Role), "record.delete", OWN)
