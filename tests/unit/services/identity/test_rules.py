import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from services.identity import rules
from services.identity.rules import Kind, Role, Status
from services.platform.errors import Conflict, Invalid, RuleRefused

ADDRESS = "0x52908400098527886E0F7030069857D2E4169EE7"


@pytest.mark.parametrize(
    ("region", "other", "covered"),
    [
        (0, 440300, True),
        (0, 0, True),
        (440000, 440300, True),
        (440000, 440305, True),
        (440300, 440305, True),
        (440300, 440300, True),
        (440300, 440100, False),
        (440300, 440000, False),
        (440305, 440300, False),
        (440305, 440306, False),
        (440000, 0, False),
        (440300, 0, False),
        (110000, 440300, False),
    ],
)
def test_a_region_covers_what_lies_in_it(region: int, other: int, *, covered: bool) -> None:
    assert rules.covers(region, other) is covered


@given(st.integers(110_000, 999_999))
def test_every_region_covers_itself_and_the_country_covers_it(region: int) -> None:
    assert rules.covers(region, region)
    assert rules.covers(0, region)
    assert not rules.covers(region, 0)


@pytest.mark.parametrize("region", [-1, 1, 109_999, 1_000_000])
def test_what_is_no_code_is_no_region(region: int) -> None:
    with pytest.raises(Invalid):
        rules.check_region(region)


@pytest.mark.parametrize("name", ["", " a", "a ", "a\nb", "a\x85", "x" * 201])
def test_a_name_has_no_control_characters_and_no_space_around(name: str) -> None:
    with pytest.raises(Invalid):
        rules.check_name(name)


@pytest.mark.parametrize("address", ["", "0x00", "0x" + "0" * 40, ADDRESS[2:], "0X" + ADDRESS[2:], ADDRESS[:-1] + "g"])
def test_an_authority_is_an_address_that_is_not_zero(address: str) -> None:
    with pytest.raises(Invalid) as refused:
        rules.check_address(address, "authority")
    assert refused.value.field == "authority"


def test_an_address_is_kept_with_its_checksum() -> None:
    assert rules.check_address(ADDRESS.lower().replace("0X", "0x"), "authority") == ADDRESS


@pytest.mark.parametrize("kind", list(Kind))
def test_only_supervisors_may_have_supervising_roles(kind: Kind) -> None:
    supervisor = kind in (Kind.REGULATOR, Kind.WORKING_GROUP)
    for role, possible in ((Role.REGISTRAR, supervisor), (Role.AUDITOR, supervisor or kind is Kind.AUDITOR)):
        if possible:
            assert rules.check_roles([role], kind, host=False) == {role}
        else:
            with pytest.raises(RuleRefused):
                rules.check_roles([role], kind, host=False)


def test_the_system_role_is_the_hosts_alone() -> None:
    assert Role.SYSTEM in rules.check_roles(["system", "reader"], Kind.OPERATOR, host=True)
    for kind in Kind:
        with pytest.raises(RuleRefused):
            rules.check_roles(["system"], kind, host=False)


@pytest.mark.parametrize("roles", [[], ["king"]])
def test_a_token_has_roles_that_exist(roles: list[str]) -> None:
    with pytest.raises(Invalid):
        rules.check_roles(roles, Kind.OPERATOR, host=True)


@pytest.mark.parametrize("current", list(Status))
@pytest.mark.parametrize("wanted", ["active", "suspended", "exited"])
def test_a_status_changes_only_along_its_table(current: Status, wanted: str) -> None:
    possible = {("active", "suspended"), ("active", "exited"), ("suspended", "active"), ("suspended", "exited")}
    if (current.value, wanted) in possible:
        assert rules.check_status_move(current, wanted).value == wanted
    else:
        with pytest.raises(Conflict):
            rules.check_status_move(current, wanted)


def test_statuses_have_the_contracts_numbers() -> None:
    assert [Status(name).code for name in ("active", "suspended", "exited")] == [1, 2, 3]
    with pytest.raises(ValueError, match="pending"):
        _ = Status.PENDING.code


def test_kinds_are_known_by_slug() -> None:
    assert rules.kind_named("working-group") is Kind.WORKING_GROUP
    with pytest.raises(Invalid):
        rules.kind_named("WORKING_GROUP")


def test_a_real_key_is_taken() -> None:
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert rules.check_public_key(key) == key


@pytest.mark.parametrize(
    "encoded",
    [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "00",
    ],
)
def test_a_key_under_which_anybody_can_sign_is_refused(encoded: str) -> None:
    with pytest.raises(Invalid):
        rules.check_public_key(bytes.fromhex(encoded))


def test_a_key_ends_after_it_begins() -> None:
    rules.check_validity(5, None)
    rules.check_validity(5, 6)
    with pytest.raises(Invalid):
        rules.check_validity(5, 5)
