"""An operation that several parties have to sign, on the register of a real chain: a lowered addend takes two."""

from collections.abc import Iterator
from typing import Any

import pytest
from typing_extensions import override

from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.hashing import keccak256
from services.platform.database import Database
from services.platform.errors import Conflict, Forbidden, Invalid, Unavailable
from services.transactions.needs import Need
from services.transactions.views import OperationView
from tests.integration.register.business import CHECKER, FOREVER, INSTITUTION, REGULATOR, Acting, FoundedBusiness
from tests.integration.services.pilots.region import MovedClock
from tests.integration.services.transactions.rig import (
    GATEWAY,
    OWNER,
    REGION,
    REGIONAL,
    WALLET,
    YES_TO_ALL,
    Anvil,
    DirectGroup,
    Rig,
    client_of,
)

pytestmark = pytest.mark.one_database
INVESTOR = b"\x21" * 16
TWO = (Need("register.checker", region=REGION), Need("register.regulator", region=REGION))


@pytest.fixture
def node(founded_business: FoundedBusiness) -> Iterator[Anvil]:
    with founded_business.running() as running:
        yield running


@pytest.fixture
def acting(founded_business: FoundedBusiness, node: Anvil) -> Acting:
    acting = founded_business.acting(node)
    acting.act("OpenInvestor", {"investor": INVESTOR, "kind": 5, "suitableUntil": 0, "addend": 9}, CHECKER)
    return acting


class Deaf(Rig):
    """To the registrations of institutions, which are of no interest here."""

    @override
    def _heard(self, group: Any, event: Any) -> None:
        """Says nothing."""


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def rig(database: Database, node: Anvil, founded_business: FoundedBusiness, acting: Acting, clock: MovedClock) -> Rig:
    return Deaf(database, client_of(node.url, founded_business.addresses, node.settle), clock=clock)


def _ask(rig: Rig, addend: int, needs: tuple[Need, ...] = TWO, *, deadline: int = FOREVER) -> OperationView:
    """An operation that sets the investor's addend; its end is heard of as a registration's."""
    evidence = {"commitment": "0x" + keccak256(b"c").hex(), "leaf": "0x" + keccak256(b"l%d" % addend).hex()}
    said = {"investor": "0x" + INVESTOR.hex(), "addend": addend, **evidence}
    typed = rig.service.typed_data("SetAddend", said, rig.chain.name, deadline=deadline)
    with rig.database.write() as session:
        return rig.service.create_operation(
            session,
            kind="institution.registration",
            chain=rig.chain.name,
            contract="EquityRegister",
            function="setAddend",
            args=said,
            queue="investor",
            typed_data=typed,
            needs=needs,
        )


def _signed(view: OperationView) -> dict[str, str | None]:
    return {each.role: each.signer for each in view.needs}


@pytest.mark.parametrize("order", [(CHECKER, REGULATOR), (REGULATOR, CHECKER)])
def test_signatures_come_one_by_one_in_any_order(rig: Rig, acting: Acting, order: tuple[EvmKey, EvmKey]) -> None:
    asked = _ask(rig, 4)
    assert (asked.state, asked.signers, set(_signed(asked).values())) == ("needs_authorisation", (), {None})
    half = rig.sign(asked.id, order[0])
    assert half.state == "needs_authorisation"
    assert [each.role for each in half.needs if each.signer] == [
        "register.checker" if order[0] is CHECKER else "register.regulator"
    ]
    rig.tick(3)
    assert rig.nonces_used() == acting.chain.nonce(GATEWAY.address), "nothing is sent before all have signed"
    whole = rig.sign(asked.id, order[1])
    assert whole.state == "queued"
    assert _signed(whole) == {"register.checker": CHECKER.address, "register.regulator": REGULATOR.address}
    rig.run(asked.id)
    assert rig.state(asked.id) == "final"
    assert rig.actions(asked.id)[:4] == ["received", "authorised", "authorised", "queued"]
    assert acting.read("investorOf", INVESTOR)["addend"] == 4


def test_the_same_signature_again_changes_nothing_before_and_after_the_other(rig: Rig) -> None:
    asked = _ask(rig, 4)
    assert rig.sign(asked.id, CHECKER) == rig.sign(asked.id, CHECKER)
    rig.sign(asked.id, REGULATOR)
    assert rig.sign(asked.id, CHECKER).state == "queued"
    assert rig.actions(asked.id).count("authorised") == 2


def test_who_holds_no_needed_role_is_refused_and_told_whose_signature_is_awaited(rig: Rig) -> None:
    asked = _ask(rig, 4, (*TWO, Need("pledgee", any_of=(OWNER.address.lower(),))))
    for stranger in (GATEWAY, REGIONAL):
        with pytest.raises(Forbidden, match=r"register\.checker.*register\.regulator.*pledgee"):
            rig.sign(asked.id, stranger)
    with pytest.raises(Invalid):
        rig.service.check_signature(
            asked.id, signer=OWNER.address, signature=sign_typed_data(asked.typed_data, REGULATOR)
        )
    rig.sign(asked.id, CHECKER)
    view = rig.sign(asked.id, REGULATOR)
    assert (view.state, view.signers) == ("needs_authorisation", (OWNER.address,))
    assert rig.sign(asked.id, OWNER).state == "queued"


def test_a_second_signature_in_one_role_is_not_taken(rig: Rig, acting: Acting) -> None:
    second = {"institution": INSTITUTION, "account": OWNER.address, "role": keccak256(b"register.checker")}
    acting.act("GrantRole", {**second, "region": REGION, "expiresAt": FOREVER}, REGIONAL)
    asked = _ask(rig, 4)
    rig.sign(asked.id, CHECKER)
    with pytest.raises(Conflict) as refused:
        rig.sign(asked.id, OWNER)
    assert refused.value.slug == "authorisation-not-needed"
    rig.sign(asked.id, REGULATOR)
    with pytest.raises(Conflict) as late:
        rig.sign(asked.id, OWNER)
    assert late.value.slug == "operation-not-waiting"


def test_half_signed_it_expires_and_can_be_cancelled(rig: Rig, clock: MovedClock) -> None:
    lapsing, taken_back = _ask(rig, 4, deadline=rig.clock.ms() // 1000 + 3600), _ask(rig, 5)
    for each in (lapsing, taken_back):
        rig.sign(each.id, CHECKER)
    clock.ahead_ms += 3_601_000
    with pytest.raises(Conflict) as late:
        rig.sign(lapsing.id, REGULATOR)
    assert late.value.slug == "authorisation-expired"
    with rig.database.write() as session:
        assert rig.service.cancel(DirectGroup(session, rig.clock.ms()), taken_back.id).state == "cancelled"
    rig.tick()
    assert rig.state(lapsing.id) == "expired"
    assert sorted(reason for _, reason in rig.refusals) == ["cancelled", "expired"]
    with pytest.raises(Conflict):
        rig.sign(taken_back.id, REGULATOR)


def test_a_role_that_was_lost_after_signing_is_the_chains_to_refuse(rig: Rig, acting: Acting) -> None:
    asked = _ask(rig, 4)
    rig.sign(asked.id, CHECKER)
    rig.sign(asked.id, REGULATOR)
    lost = {"account": REGULATOR.address, "role": keccak256(b"register.regulator"), "region": REGION}
    acting.act("RevokeRole", lost, REGIONAL)
    rig.run(asked.id)
    reason = rig.operation(asked.id).reason
    assert reason is not None
    assert (rig.state(asked.id), reason["error"]) == ("refused", "RegisterNeeds")


def test_who_gets_a_second_role_after_signing_signs_again_for_it(rig: Rig, acting: Acting) -> None:
    asked = _ask(rig, 4)
    rig.sign(asked.id, CHECKER)
    role = {"institution": INSTITUTION, "account": CHECKER.address, "role": keccak256(b"register.regulator")}
    acting.act("GrantRole", {**role, "region": REGION, "expiresAt": FOREVER}, REGIONAL)
    assert _signed(rig.sign(asked.id, CHECKER)) == dict.fromkeys(
        ("register.checker", "register.regulator"), CHECKER.address
    )
    rig.run(asked.id)
    assert rig.state(asked.id) == "final"


def test_a_contract_wallet_signs_in_a_role(rig: Rig, acting: Acting, node: Anvil) -> None:
    node.rpc.call("anvil_setCode", WALLET, YES_TO_ALL)
    role = {"institution": INSTITUTION, "account": WALLET, "role": keccak256(b"register.regulator")}
    acting.act("GrantRole", {**role, "region": REGION, "expiresAt": FOREVER}, REGIONAL)
    asked = _ask(rig, 4)
    checked = rig.service.check_signature(asked.id, signer=WALLET.lower(), signature=b"as the wallet likes it")
    with rig.database.write() as session:
        rig.service.authorise(session, checked)
    rig.sign(asked.id, CHECKER)
    rig.run(asked.id)
    assert rig.state(asked.id) == "final"


def test_who_holds_a_role_cannot_be_asked_while_the_chain_is_away(rig: Rig, node: Anvil) -> None:
    asked = _ask(rig, 4)
    node.stop()
    with pytest.raises(Unavailable) as refused:
        rig.sign(asked.id, CHECKER)
    assert refused.value.slug == "chain-unreachable"


def test_where_nobody_else_is_needed_it_is_queued_at_once(rig: Rig) -> None:
    asked = _ask(rig, 12, ())
    assert (asked.state, asked.needs) == ("queued", ())
    rig.run(asked.id)
    assert rig.state(asked.id) == "final"
