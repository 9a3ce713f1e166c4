"""Logs on a real chain: opened, anchored, rotated, frozen, followed. The transaction manager is the real one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.party.eip712 import sign_typed_data
from chain.proof.hashing import keccak256
from chain.proof.note import parse_note
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.types import Phase
from chain.proof.verify import verify
from services.evidence import repository
from services.platform.errors import Conflict, Forbidden, NotFound, Unavailable
from tests.integration.founded import Founded
from tests.integration.services.evidence.house import OPERATOR, OTHER, record
from tests.integration.services.evidence.town import Town
from tests.integration.services.transactions.rig import GATEWAY, OWNER, REGIONAL, key_of


@pytest.fixture
def town(founded: Founded, database_url: str, home: Path) -> Iterator[Town]:
    node = founded.node()
    made = Town(database_url, home, node=node, addresses_file=founded.addresses)
    yield made
    made.house.close()
    node.stop()


def test_a_record_becomes_final_and_its_receipt_verifies_offline(town: Town) -> None:
    town.founded()
    assert town.phases("log.opening") == [Phase.REQUESTED, Phase.REGISTERED]
    record_id = town.house.submit().record_id
    size = town.seal()
    town.anchor()
    assert town.chain_size() == size
    assert town.house.service.get_record(record_id).status == "anchored"
    town.attest()
    assert town.house.service.get_record(record_id).status == "final"
    trust = parse_trust(town.house.service.trust.file())
    verdict = verify(parse_receipt(town.house.service.receipt(record_id, private=True)), trust)
    assert verdict.outcome == "valid", verdict
    town.restart()
    town.witness_answers()
    assert town.house.service.gate.ready(), "the chain's own head passes the start-up check"
    assert town.house.submit().index == size


def test_a_backlog_is_carried_by_one_append_and_no_head_is_anchored_twice(town: Town) -> None:
    town.founded()
    town.seal()
    town.anchor()
    first = town.chain_size()
    for _ in range(5):
        town.house.submit()
        town.seal()
    last = town.house.head()[0]
    before = town.client.nonce(GATEWAY.address)
    town.anchor()
    town.anchor()
    town.anchor()
    assert town.chain_size() == last
    assert town.client.nonce(GATEWAY.address) == before + 1
    anchors = town.house.service.public.anchors(town.house.log_id)
    assert [each.size for each in anchors] == [first, last]
    assert all(each.proven for each in anchors)


def test_while_no_block_is_made_submissions_go_on_and_one_append_stays_on_its_way(town: Town) -> None:
    town.founded()
    town.seal()
    town.node.rpc.call("evm_setAutomine", False)
    town.house.service.anchorer.run()
    town.manager.tick()
    for _ in range(3):
        town.house.submit()
        town.seal()
        town.house.service.anchorer.run()
        town.manager.tick()
    with town.house.database.read() as session:
        assert repository.last_anchor(session, town.house.log_id, "pending") is not None
        assert repository.last_anchor(session, town.house.log_id, "anchored") is None
    town.node.rpc.call("evm_setAutomine", True)
    town.node.mine()
    town.tick()
    town.anchor()
    assert town.chain_size() == town.house.head()[0]
    assert len(town.house.service.public.anchors(town.house.log_id)) == 2


def test_the_quorum_is_waited_for_and_then_done_without(town: Town) -> None:
    town.founded()
    witnessed = town.seal()
    town.house.submit()
    town.seal(cosigned=False)
    town.anchor()
    assert town.chain_size() == witnessed, "the newest head with the quorum, not the newest head"
    town.anchor()
    assert town.chain_size() == witnessed
    town.restart(anchor_grace_ms=0)
    town.witness_answers()
    town.anchor()
    assert town.chain_size() == town.house.head()[0]


def test_an_institution_opens_a_log_of_its_own(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k"))
    assert operation.state == "final"
    again = town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k").result(60)
    assert again.id == operation.id
    log_id = str(operation.reference)
    accepted = town.house.submit(record(actor=OTHER))
    assert accepted.log_id == log_id, "an institution's own log is its default"
    with pytest.raises(NotFound):
        town.house.submit(log_id=log_id)
    with pytest.raises(Conflict):
        town.house.service.request_log_opening(OPERATOR, "regseal.example/other").result(60)
    assert town.phases("log.opening")[2:] == [Phase.REQUESTED, Phase.REGISTERED]


def test_a_repeated_request_for_a_log_does_not_pass_the_gate_after_a_restart(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k"))
    log_id = str(operation.reference)
    assert town.house.service.gate.states()[log_id].passed, "made by this process"
    town.restart()
    assert not town.house.service.gate.states()[log_id].passed, "no witness has answered"
    again = town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k").result(60)
    assert again.id == operation.id
    with pytest.raises(Unavailable, match="log-unchecked"):
        town.house.submit(record(actor=OTHER), log_id=log_id)


def test_an_opening_that_the_chain_refuses_leaves_a_refused_log(town: Town) -> None:
    town.founded()
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other"))
    assert operation.state == "refused", "the owner is no institution on chain"
    assert town.house.service.public.log(str(operation.reference)).state == "refused"
    assert town.phases("log.opening")[2:] == [Phase.REQUESTED, Phase.REFUSED]
    town.register(OTHER)
    assert town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other")).state == "final"


def test_after_a_rotation_old_and_new_receipts_verify(town: Town) -> None:
    town.founded()
    early = town.house.submit(idempotency_key="early")
    town.seal()
    town.anchor()
    request = town.house.service.request_rotation(OPERATOR, town.house.log_id, reason="yearly")
    between = town.house.submit()
    operation = request.result(60)
    town.seal()
    town.sign(operation, OWNER)
    assert town.ended(operation).state == "final"
    late = town.house.submit()
    town.seal()
    keys = town.house.service.public.log(town.house.log_id).keys
    assert [each.from_size for each in keys] == [0, keys[0].to_size]
    trust = parse_trust(town.house.service.trust.file())
    for accepted in (early, between, late):
        receipt = parse_receipt(town.house.service.receipt(accepted.record_id, private=False))
        assert verify(receipt, trust).stages["checkpoint"].status == "pass"
    assert town.house.submit(idempotency_key="early").acknowledgement == early.acknowledgement
    signers = {parse_note(each.acknowledgement).signatures[0].key_id for each in (early, between, late)}
    assert len(signers) == 2
    town.anchor()
    assert town.chain_size() == town.house.head()[0]


def test_a_frozen_log_takes_nothing_and_its_successor_goes_on(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    service = town.house.service
    log_id = str(town.done(service.request_log_opening(OTHER, "regseal.example/one")).reference)
    town.house.submit(record(actor=OTHER))
    with pytest.raises(Conflict):
        service.request_successor(OTHER, log_id, "regseal.example/two", reason="moved").result(60)
    with pytest.raises(NotFound):
        service.request_freeze(OPERATOR, log_id, reason="stolen key").result(60)
    assert town.done(service.request_freeze(OTHER, log_id, reason="stolen key")).state == "final"
    with pytest.raises(Conflict) as closed:
        town.house.submit(record(actor=OTHER), log_id=log_id)
    assert closed.value.slug == "log-closed"
    follower = town.done(service.request_successor(OTHER, log_id, "regseal.example/two", reason="moved"))
    assert follower.state == "final"
    view = service.public.log(str(follower.reference))
    assert (view.state, view.predecessor_id) == ("open", log_id)
    assert town.house.submit(record(actor=OTHER)).log_id == view.id
    assert town.phases("log.freeze") == town.phases("log.succession") == [Phase.REQUESTED, Phase.REGISTERED]


def test_a_freeze_asked_by_the_regulator_says_so_and_takes_no_strangers_signature(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    service = town.house.service
    log_id = str(town.done(service.request_log_opening(OTHER, "regseal.example/one")).reference)
    request = service.request_freeze(OTHER, log_id, reason="stolen key", key="k", actor_id=OPERATOR)
    operation = request.result(60)
    stranger = key_of("stranger")
    signature = sign_typed_data(operation.typed_data, stranger)
    with pytest.raises(Forbidden):
        town.transactions.check_signature(operation.id, signer=stranger.address, signature=signature)
    asked = service.get_record(str(operation.record_id))
    assert (asked.institution_id, asked.document and asked.document["actor"]) == (OPERATOR, OPERATOR)
    town.house.submit(record(actor=OTHER), log_id=log_id, idempotency_key="k")  # the owner's keys are its own
    town.sign(operation, REGIONAL)
    assert town.ended(operation).state == "final"
    assert service.public.log(log_id).state == "frozen"


def test_a_head_on_chain_that_was_never_sealed_here_closes_the_gate(
    town: Town, new_database: Callable[..., str]
) -> None:
    """The stolen anchor key: somebody appends a head that extends ours."""
    from services.evidence.handlers import LogEvents
    from services.transactions.views import ChainEvent

    town.founded()
    town.seal()
    town.anchor()
    args = {"log": keccak256(town.house.origin.encode()), "size": 99, "root": b"\x01" * 32, "previousSize": 2}
    event = ChainEvent("supervision", "EvidenceLog", "HeadAnchored", args, 9, "0x" + "5c" * 32, 0, "0x", 0, 0)
    events = LogEvents(town.house.service._desk, chain="supervision", gate=town.house.service.gate)
    town.house.service.sequencer.run(lambda group: events.anchored(group, event))
    with pytest.raises(Unavailable, match="log-behind-anchor"):
        town.house.submit()
