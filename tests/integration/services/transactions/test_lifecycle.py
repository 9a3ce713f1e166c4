"""An operation from its request to its end, on a real chain."""

from typing import Any

import pytest

from chain.party.eip712 import sign_typed_data
from services.platform import metrics
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound, Unavailable
from tests.integration.services.transactions.rig import (
    GATEWAY,
    OWNER,
    REGIONAL,
    WALLET,
    WALLET_REGION,
    Anvil,
    DirectGroup,
    Rig,
    key_of,
)


def test_a_signed_registration_becomes_final_and_is_heard_once(rig: Rig) -> None:
    operation = rig.register(1)
    assert rig.state(operation) == "queued"
    rig.run(operation)
    rig.tick(3)
    view = rig.operation(operation)
    assert rig.actions(operation) == ["received", "queued", "signed", "sent", "mined", "final"]
    assert [line.first_at for line in view.history] == sorted(line.first_at for line in view.history)
    assert view.transaction is not None
    assert view.history[-1].detail == {"hash": view.transaction.tx_hash, "block": view.transaction.block_number}
    assert [event.args["authority"] for event in rig.events] == [OWNER.address]
    assert [event.tx_hash for event in rig.events] == [view.transaction.tx_hash]
    assert rig.heard() == [1]
    assert rig.nonces_used() == 1


def test_nothing_is_sent_before_it_is_authorised(rig: Rig) -> None:
    operation = rig.ask(1)
    rig.tick(3)
    assert rig.state(operation) == "needs_authorisation"
    assert rig.nonces_used() == 0


def test_operations_of_one_queue_run_one_after_the_other(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    one, two, other = rig.ask(1, queue="q"), rig.register(2, queue="q"), rig.register(3)
    rig.sign(one)  # later, and yet before what was asked for later
    rig.tick()
    assert [rig.state(each) for each in (one, two, other)] == ["submitted", "queued", "submitted"]
    anvil.mine()
    rig.tick(2)
    assert [rig.state(each) for each in (one, two, other)] == ["final", "submitted", "final"]
    anvil.automine(True)
    anvil.mine()
    rig.run(two)
    assert rig.heard() == [3, 1, 2]


def test_the_contract_refuses_in_simulation_and_no_nonce_is_spent(rig: Rig) -> None:
    first = rig.register(1)
    rig.run(first)
    again = rig.register(1)
    rig.run(again)
    reason = rig.operation(again).reason
    assert rig.actions(again) == ["received", "queued", "refused"]
    institution = "0x" + (1).to_bytes(16, "big").hex()
    assert reason == {"error": "RegistryDuplicate", "args": {"institution": institution}, "stage": "simulation"}
    assert rig.refusals[0][1] == f"RegistryDuplicate(institution={institution})"
    assert rig.nonces_used() == 1
    assert [transaction.operation_id for transaction, _ in rig.refusals] == [again]
    assert rig.refusals[0][0].reference == "1"


def test_the_next_of_a_queue_is_simulated_on_the_state_its_predecessor_left(rig: Rig) -> None:
    first, again = rig.register(1, queue="q"), rig.register(1, queue="q")
    rig.run(first, again)
    assert [rig.state(first), rig.state(again)] == ["final", "refused"]
    assert rig.nonces_used() == 1


def test_a_mined_revert_is_a_final_refusal_and_never_sent_again(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    operations = [rig.register(1, queue="a"), rig.register(1, queue="b")]
    rig.tick()
    assert [rig.state(each) for each in operations] == ["submitted", "submitted"]
    anvil.mine()
    rig.run(*operations)
    rig.tick(3)
    assert [rig.state(each) for each in operations] == ["final", "refused"]
    reason = rig.operation(operations[1]).reason
    assert reason is not None
    assert (reason["error"], reason["stage"]) == ("RegistryDuplicate", "chain")
    assert rig.actions(operations[1])[-2:] == ["mined", "refused"]
    assert len(rig.refusals) == 1
    assert rig.nonces_used() == 2


def test_the_same_signature_twice_changes_nothing(rig: Rig) -> None:
    operation = rig.ask(1)
    first = rig.sign(operation)
    assert rig.sign(operation) == first
    rig.run(operation)
    assert rig.sign(operation).state == "final"
    assert rig.nonces_used() == 1


def test_somebody_elses_signature_is_refused(rig: Rig) -> None:
    operation = rig.ask(1)
    typed_data = rig.operation(operation).typed_data
    with pytest.raises(Forbidden):
        rig.sign(operation, OWNER)
    with pytest.raises(Forbidden):
        rig.sign(operation, GATEWAY)
    for signature in (sign_typed_data(typed_data, OWNER), b"\x00" * 65, b"\x00", b"\x01" * 5000):
        with pytest.raises(Invalid):
            rig.service.check_signature(operation, signer=REGIONAL.address, signature=signature)
    with pytest.raises(Invalid):
        rig.service.check_signature(operation, signer="0x12", signature=b"\x00" * 65)
    with pytest.raises(NotFound):
        rig.service.check_signature("op_nothing", signer=REGIONAL.address, signature=b"")
    assert rig.state(operation) == "needs_authorisation"


def test_a_signature_for_another_operation_is_none_for_this(rig: Rig) -> None:
    one, two = rig.ask(1), rig.ask(1)
    signature = sign_typed_data(rig.operation(one).typed_data, REGIONAL)
    with pytest.raises(Invalid):
        rig.service.check_signature(two, signer=REGIONAL.address, signature=signature)


def test_an_operation_expires_with_its_authorisation_and_tells_so_once(rig: Rig) -> None:
    now = rig.clock.ms() // 1000
    waiting, lapsed = rig.ask(1, deadline=now + 3600), rig.ask(2, deadline=now - 10)
    rig.tick(3)
    assert [rig.state(waiting), rig.state(lapsed)] == ["needs_authorisation", "expired"]
    assert [(transaction.operation_id, reason) for transaction, reason in rig.refusals] == [(lapsed, "expired")]
    with pytest.raises(Conflict):
        rig.sign(lapsed)


def test_a_late_signature_is_refused(rig: Rig) -> None:
    operation = rig.ask(1, deadline=rig.clock.ms() // 1000 - 10)
    with pytest.raises(Conflict) as refused:
        rig.sign(operation)
    assert refused.value.slug == "authorisation-expired"


def test_an_operation_is_cancelled_only_while_nothing_is_signed_for_it(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    waiting, queued, sent = rig.ask(1), rig.register(2, queue="q"), rig.register(3)
    with rig.database.write() as session:
        group = DirectGroup(session, rig.clock.ms())
        assert rig.service.cancel(group, waiting).state == "cancelled"
        assert rig.service.cancel(group, queued).state == "cancelled"
    rig.tick()
    with rig.database.write() as session, pytest.raises(Conflict):
        rig.service.cancel(DirectGroup(session, rig.clock.ms()), sent)
    anvil.mine()
    rig.run(sent)
    assert rig.heard() == [3]
    assert sorted(reason for _, reason in rig.refusals) == ["cancelled", "cancelled"]


def test_a_transaction_of_the_gateways_own_is_superseded_only_while_unsigned(rig: Rig) -> None:
    call = {"chain": "supervision", "contract": "EvidenceLog", "function": "cancelNonces"}
    with rig.database.write() as session:
        ids = [
            rig.service.enqueue(session, **call, args={"word": 0, "mask": 1}, purpose="anchor", queue=f"log:{number}")
            for number in range(2)
        ]
        assert rig.service.supersede(session, ids[0])
        assert not rig.service.supersede(session, ids[0])
    rig.tick(3)
    with rig.database.write() as session:
        states = [rig.service.get_transaction(session, each) for each in ids]
        assert [view.state for view in states if view] == ["withdrawn", "final"]
        assert not rig.service.supersede(session, ids[1])
    assert rig.nonces_used() == 1


def test_lists_page_by_id_newest_first_and_by_institution(rig: Rig) -> None:
    ids = [rig.ask(number) for number in range(5)]
    with rig.database.read() as session:
        first = rig.service.list_operations(session, institution_id=None, limit=3)
        rest = rig.service.list_operations(session, institution_id=None, after=first[-1].id)
        assert [view.id for view in (*first, *rest)] == ids[::-1]
        assert rig.service.list_operations(session, institution_id="ins_other") == []
        assert len(rig.service.list_operations(session, institution_id=None, states=("needs_authorisation",))) == 5
        assert rig.service.list_operations(session, institution_id=None, states=("final",)) == []


def test_an_operation_whose_authority_is_unknown_is_for_the_contract_to_judge(rig: Rig) -> None:
    operation = rig.ask(1)
    with rig.database.write() as session:
        stranger = key_of("stranger")
        view = rig.operation(operation)
        open_to_all = rig.service.create_operation(
            session,
            kind="institution.registration",
            chain="supervision",
            contract="InstitutionRegistry",
            function="register",
            args=view.args,
            queue="q",
            typed_data=view.typed_data,
        )
    assert rig.sign(open_to_all.id, stranger).state == "queued"
    rig.run(open_to_all.id)
    assert rig.state(open_to_all.id) == "refused"
    assert rig.nonces_used() == 0


def test_a_contract_wallet_authorises_by_erc_1271(rig: Rig, anvil: Anvil) -> None:
    operation = rig.ask(1, region=WALLET_REGION, signer=WALLET)
    checked = rig.service.check_signature(operation, signer=WALLET.lower(), signature=b"as the wallet likes it")
    with rig.database.write() as session:
        rig.service.authorise(session, checked)
    rig.run(operation)
    assert rig.state(operation) == "final"
    assert rig.heard() == [1]


@pytest.mark.parametrize("code", ["0x", "0x60006000fd", "0x60016000526020600052", "0x6020600060206000f3"])
def test_a_wallet_that_does_not_confirm_authorises_nothing(rig: Rig, anvil: Anvil, code: str) -> None:
    anvil.rpc.call("anvil_setCode", WALLET, code)
    operation = rig.ask(1, region=WALLET_REGION, signer=WALLET)
    with pytest.raises(Invalid):
        rig.service.check_signature(operation, signer=WALLET, signature=b"anything")


def test_a_wallet_cannot_be_asked_while_the_chain_is_away(rig: Rig, anvil: Anvil) -> None:
    wallet, person = rig.ask(1, region=WALLET_REGION, signer=WALLET), rig.ask(2)
    anvil.stop()
    with pytest.raises(Unavailable) as refused:
        rig.service.check_signature(wallet, signer=WALLET, signature=b"anything")
    assert refused.value.slug == "chain-unreachable"
    assert rig.sign(person).state == "queued", "a plain key's signature needs no chain"


def test_a_refusal_that_cannot_be_recorded_yet_stops_no_other_command(rig: Rig) -> None:
    rig.run(rig.register(1))
    broken = True

    def handler(_group: Any, _transaction: Any, _reason: str) -> None:
        if broken:
            raise RuntimeError("not now")

    rig.service.handlers._refusals["institution.registration"] = handler
    doubled, other = rig.register(1), rig.register(2)
    lapsed = rig.ask(3, deadline=1)
    rig.run(other)
    assert [rig.state(doubled), rig.state(lapsed)] == ["queued", "needs_authorisation"]
    broken = False
    rig.run(doubled, lapsed)
    assert [rig.state(doubled), rig.state(lapsed)] == ["refused", "expired"]


def test_listeners_of_other_chains_and_contracts_hold_nothing_up(rig: Rig) -> None:
    def never(_group: Any, _event: Any) -> None:
        raise AssertionError

    rig.service.on_event("InstitutionRegistry", "InstitutionRegistered", never, chain="business", listener="elsewhere")
    rig.service.on_event("EquityRegister", "PositionChanged", never)
    rig.run(rig.register(1))
    assert rig.heard() == [1]


def test_what_operators_watch_is_measured(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    operations = [rig.register(number, queue=f"q{place}") for place, number in enumerate((1, 1, 2))]
    rig.tick(2)
    assert value("tx_pending", signer=rig.desk.label) == 3
    refused = value("tx_rejected_total", reason="reverted")
    anvil.mine()
    rig.run(*operations)
    rig.tick()
    assert value("tx_pending", signer=rig.desk.label) == 0
    assert value("nonce_gap", signer=rig.desk.label) == 0
    assert value("tx_rejected_total", reason="reverted") == refused + 1
    assert value("tx_resubmit_total", chain="supervision") > 0
    assert value("event_scan_block", stream="supervision") == rig.chain.head()
    assert value("event_cursor_block", stream="supervision") == rig.events[-1].block_number
    assert value("event_lag_blocks", stream="supervision") == 0


def value(name: str, **labels: str) -> float:
    """A metric's value now."""
    return metrics.REGISTRY.get_sample_value(f"regseal_{name}", labels) or 0.0
