from dataclasses import replace

import pytest

from chain.proof.types import BY_NAME, Phase
from services.identity.commands import role_hash
from services.identity.views import AuthorityRequest, RoleRequest, StatusRequest
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound
from services.platform.idempotency import Once
from tests.integration.services.identity.house import OTHER_REGION, OTHER_REGIONAL, House, registration
from tests.integration.services.transactions.rig import OWNER, REGIONAL, key_of

ACCOUNT = key_of("an account").address


def _phases(house: House, type_name: str) -> list[str]:
    """The phases of the leaves of a type in the house log, in order."""
    leaves = house.leaves()
    return [Phase(leaf.phase).name.lower() for leaf in leaves if leaf.type_code == BY_NAME[type_name].code]


def test_the_first_institution_is_registered_by_its_regions_authority(house: House) -> None:
    done = house.bootstrap()
    assert (done.institution.status, done.institution.host) == ("pending", True)
    caller = house.caller(done.issued)
    registering, opening = done.operations
    assert (registering.kind, opening.kind) == ("institution.registration", "log.opening")
    house.sign(caller, registering, REGIONAL)
    assert house.run(registering.id) == "final"
    assert house.services.identity.get_institution(caller, caller.institution_id).status == "active"
    assert _phases(house, "institution.registration") == ["requested", "registered"]


def test_a_bootstrap_token_serves_once(house: House) -> None:
    identity = house.services.identity
    secret, second = identity.new_bootstrap_secret(), identity.new_bootstrap_secret()
    identity.bootstrap(secret, registration("一")).result(60)
    for used in (secret, second, "rgs_boot_wrong"):
        with pytest.raises((Forbidden, Conflict)):
            identity.bootstrap(used, registration("二")).result(60)
    with pytest.raises(Conflict):
        identity.new_bootstrap_secret()


def test_a_strangers_bootstrap_sets_nothing_in_motion(house: House) -> None:
    house.services.evidence.sequencer.stop()
    with pytest.raises(Forbidden):
        house.services.identity.bootstrap("rgs_boot_guess", registration("x")).result(60)


def test_a_bootstrap_that_was_refused_leaves_the_token_usable(house: House) -> None:
    identity = house.services.identity
    secret = identity.new_bootstrap_secret()
    with pytest.raises(Invalid):
        identity.bootstrap(secret, replace(registration("一"), kind="king")).result(60)
    assert identity.bootstrap(secret, registration("一")).result(60).institution.name == "一"


def test_a_bootstrap_that_was_killed_goes_on_with_the_same_institution(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = house.services.identity
    secret = identity.new_bootstrap_secret()

    def killed() -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr(house.services.evidence, "request_house_opening", killed)
        with pytest.raises(SystemExit):
            identity.bootstrap(secret, registration("一")).result(60)
    done = identity.bootstrap(secret, registration("二")).result(60)
    caller = house.caller(done.issued)
    page = identity.list_institutions(caller)
    assert [(each.name, each.id) for each in page.items] == [("二", caller.institution_id)]
    assert house.services.evidence.public.logs()[0].owner_id == caller.institution_id


def test_nobody_but_the_regions_authority_can_register(house: House) -> None:
    host = house.open()
    request = registration("穗城登记(示例)", region=OTHER_REGION, key=key_of("guangzhou"))
    operation = house.services.identity.request_registration(host, request).result(60)
    assert operation.signers == (OTHER_REGIONAL.address,)
    for key in (REGIONAL, OWNER, key_of("root")):
        with pytest.raises(Forbidden):
            house.sign(host, operation, key)
    house.sign(host, operation, OTHER_REGIONAL)
    assert house.run(operation.id) == "final"


def test_a_registration_that_its_author_takes_back_is_refused_with_a_leaf(house: House) -> None:
    host = house.open()
    operation = house.services.identity.request_registration(host, registration("不成")).result(60)
    house.services.operations.cancel(host, operation.id)
    assert house.services.identity.get_institution(host, str(operation.reference)).status == "refused"
    assert _phases(house, "institution.registration") == ["requested", "registered", "requested", "refused"]


def test_the_same_request_under_one_key_is_done_once(house: House) -> None:
    host, once = house.open(), Once("key-1", b"d" * 32)
    identity = house.services.identity
    first = identity.request_registration(host, registration("一"), once=once).result(60)
    again = identity.request_registration(host, registration("一"), once=once).result(60)
    assert (first.id, first.reference) == (again.id, again.reference)
    assert len(identity.list_institutions(host).items) == 2


def test_a_suspended_institution_loses_its_rights_at_once_and_gets_them_back(house: House) -> None:
    host = house.open()
    regulator = house.admit(host, registration("深圳监管(示例)", kind="regulator", key=key_of("regulator")))
    identity = house.services.identity
    for status in ("suspended", "active"):
        wanted = StatusRequest(institution_id=host.institution_id, status=status, reason="检查")
        operation = identity.request_status(regulator, wanted).result(60)
        house.sign(regulator, operation, REGIONAL)
        assert house.run(operation.id) == "final"
        caller = house.again(host)
        assert caller.status == status
        if status == "suspended":
            with pytest.raises(Forbidden):
                house.services.records.submit(caller, {}, log_id="", signature=None, once=None)
    assert _phases(house, "institution.status") == ["requested", "registered"] * 2


def test_an_exit_is_final(house: House) -> None:
    host = house.open()
    regulator = house.admit(host, registration("监管", kind="regulator", key=key_of("regulator")))
    leaving = house.admit(host, registration("离场", key=key_of("leaving")))
    wanted = StatusRequest(institution_id=leaving.institution_id, status="exited", reason="业务终止")
    operation = house.services.identity.request_status(regulator, wanted).result(60)
    house.sign(regulator, operation, REGIONAL)
    assert house.run(operation.id) == "final"
    with pytest.raises(Conflict):
        house.services.identity.request_status(regulator, replace(wanted, status="active")).result(60)


def test_an_authority_key_is_replaced_by_the_old_one(house: House) -> None:
    host, new = house.open(), key_of("new owner")
    wanted = AuthorityRequest(institution_id=host.institution_id, authority=new.address, reason="轮换")
    operation = house.services.identity.request_authority(host, wanted).result(60)
    assert operation.signers == (OWNER.address, REGIONAL.address)
    house.sign(host, operation, OWNER)
    assert house.run(operation.id) == "final"
    assert house.services.identity.get_institution(host, host.institution_id).authority == new.address
    assert _phases(house, "institution.authority") == ["requested", "registered"]


def test_roles_are_granted_and_revoked_by_the_authority_of_their_region(house: House) -> None:
    host = house.open()
    wanted = RoleRequest(
        institution_id=host.institution_id,
        account=ACCOUNT,
        role="freeze",
        region=440300,
        reason="司法协助",
        expires_at=house.services.clock.ms() // 1000 + 86_400,
    )
    identity = house.services.identity
    for request, revoked in ((identity.request_role_grant, False), (identity.request_role_revocation, True)):
        operation = request(host, wanted).result(60)
        house.sign(host, operation, REGIONAL)
        assert house.run(operation.id) == "final"
        (role,) = identity.list_chain_roles(host, host.institution_id)
        assert (role.role, role.region, role.account, role.revoked) == (role_hash("freeze"), 440300, ACCOUNT, revoked)
    assert _phases(house, "role.grant") == _phases(house, "role.revocation") == ["requested", "registered"]


def test_an_institution_commands_nothing_of_another(house: House) -> None:
    host = house.open()
    other = house.admit(host, registration("甲", key=key_of("other")))
    identity = house.services.identity
    replacing = AuthorityRequest(institution_id=host.institution_id, authority=ACCOUNT, reason="x")
    with pytest.raises(NotFound):
        identity.request_authority(other, replacing).result(60)
    with pytest.raises(Forbidden):
        identity.request_status(
            other, StatusRequest(institution_id=host.institution_id, status="exited", reason="x")
        ).result(60)
    with pytest.raises(Forbidden):
        identity.request_registration(other, registration("乙")).result(60)
    operation = identity.request_registration(host, registration("丙")).result(60)
    for act in (house.services.operations.get, house.services.operations.cancel):
        with pytest.raises(NotFound):
            act(other, operation.id)
    assert operation.id not in {each.id for each in house.services.operations.list(other).items}


def test_a_supervisor_sees_the_operations_of_its_region_and_no_others(house: House) -> None:
    host = house.open()
    near = house.admit(host, registration("近", kind="regulator", key=key_of("near")))
    far_request = registration("远", kind="regulator", region=OTHER_REGION, key=key_of("far"))
    far = house.admit(host, far_request, OTHER_REGIONAL)
    operation = house.services.identity.request_registration(host, registration("丙")).result(60)
    assert house.services.operations.get(near, operation.id).id == operation.id
    with pytest.raises(NotFound):
        house.services.operations.get(far, operation.id)


def test_operations_are_listed_page_by_page(house: House) -> None:
    host = house.open()
    made = [house.services.identity.request_registration(host, registration(str(n))).result(60).id for n in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = house.services.operations.list(host, limit=2, cursor=cursor, state="needs_authorisation")
        seen += [each.id for each in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert [each for each in seen if each in made] == made[::-1]
    assert len(seen) == len(set(seen))


def test_a_clerk_takes_back_no_answer_to_a_stolen_key_and_nobody_a_freeze(house: House) -> None:
    done = house.bootstrap()
    owner = house.caller(done.issued)
    for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
        house.sign(owner, operation, key)
        assert house.run(operation.id) == "final"
    owner = house.again(owner)
    asked = house.services.identity.request_authority(
        owner, AuthorityRequest(institution_id=owner.institution_id, authority=ACCOUNT, reason="stolen")
    ).result(60)
    clerk = replace(owner, roles=frozenset({"submitter"}))
    with pytest.raises(Forbidden):
        house.services.operations.cancel(clerk, asked.id)
    assert house.services.operations.cancel(owner, asked.id).state == "cancelled"
    (log,) = (one for one in house.services.evidence.public.logs() if one.owner_id == owner.institution_id)
    freeze = house.services.evidence.request_freeze(owner.institution_id, log.id, reason="test").result(60)
    with pytest.raises(Conflict):
        house.services.operations.cancel(owner, freeze.id)
