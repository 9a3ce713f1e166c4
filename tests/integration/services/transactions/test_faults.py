"""What nodes do to transactions: drop them, reorganise them away, price them out, vanish and come back."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.orm import Session

from chain.errors import EndpointError, HandshakeError
from services.platform.database import Database
from services.platform.errors import LeaseLost
from services.platform.leases import Lease
from services.transactions import manager
from services.transactions.desk import Policy
from tests.integration.services.transactions.rig import GATEWAY, OWNER, Anvil, Rig, client_of, deployed
from tests.waiting import until


def raws_of(rig: Rig) -> set[bytes]:
    """All distinct bytes that were ever sent."""
    return set(rig.chain.sent)


def test_a_reorganised_transaction_is_sent_again_with_the_same_bytes(rig: Rig, anvil: Anvil) -> None:
    rig.chain.final_after(3)
    operation = rig.register(1)
    rig.tick(2)
    assert rig.state(operation) == "mined"
    mined_in = rig.operation(operation).transaction
    anvil.rpc.call("anvil_reorg", 1, [])
    assert rig.nonces_used() == 0
    rig.tick()
    assert "reorganised" in rig.actions(operation)
    assert rig.state(operation) == "submitted"
    anvil.mine(4)
    rig.run(operation)
    final = rig.operation(operation).transaction
    assert mined_in is not None
    assert final is not None
    assert (final.tx_hash, final.nonce) == (mined_in.tx_hash, mined_in.nonce)
    assert final.block_hash != mined_in.block_hash
    assert len(raws_of(rig)) == 1
    assert rig.heard() == [1]
    assert rig.nonces_used() == 1


def test_nothing_is_final_or_heard_before_the_chain_says_final(rig: Rig, anvil: Anvil) -> None:
    rig.chain.final_after(3)
    operation = rig.register(1)
    rig.tick(2)
    for _ in range(2):
        anvil.mine()
        rig.tick(2)
        assert rig.state(operation) == "mined"
        assert rig.heard() == []
    anvil.mine()
    rig.tick()
    assert rig.state(operation) == "final"
    assert rig.heard() == [1]


def test_a_transaction_moved_to_another_block_by_a_reorganisation_is_followed(rig: Rig, anvil: Anvil) -> None:
    rig.chain.final_after(3)
    operation = rig.register(1)
    rig.tick(2)
    anvil.rpc.call("anvil_reorg", 1, [])
    anvil.send(rig.chain.sent[0])
    rig.tick()
    assert rig.actions(operation)[-1] == "moved"
    anvil.mine(4)
    rig.run(operation)
    assert rig.nonces_used() == 1


def test_a_dropped_transaction_is_sent_again_with_the_same_bytes(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick()
    transaction_hash = rig.operation(operation).history[-1].detail["hash"]
    anvil.rpc.call("anvil_dropTransaction", transaction_hash)
    anvil.mine()
    assert rig.nonces_used() == 0
    rig.tick()
    anvil.mine()
    rig.run(operation)
    assert len(raws_of(rig)) == 1
    assert rig.nonces_used() == 1


def test_the_nonce_of_a_dropped_transaction_is_given_to_no_other(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    first = rig.register(1)
    rig.tick()
    anvil.rpc.call("anvil_dropTransaction", rig.operation(first).history[-1].detail["hash"])
    second = rig.register(2)
    assert rig.chain.nonce(rig.signer.address, pending=True) == 0
    rig.tick()
    anvil.mine()
    rig.run(first, second)
    views = [rig.operation(each).transaction for each in (first, second)]
    assert [view.nonce for view in views if view] == [0, 1]
    assert len(raws_of(rig)) == 2


def test_a_priced_out_transaction_is_replaced_at_its_nonce_with_a_higher_fee(rig: Rig, anvil: Anvil) -> None:
    rig = Rig(rig.database, rig.chain, Policy(stale_ms=0, sends_before_bump=1))
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick()
    anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    anvil.mine()
    rig.tick(2)
    assert "replaced" in rig.actions(operation)
    anvil.mine()
    rig.run(operation)
    view = rig.operation(operation)
    assert view.transaction is not None
    assert view.transaction.tx_hash != view.history[2].detail["hash"]
    assert len(raws_of(rig)) == 2
    assert rig.nonces_used() == 1
    assert rig.heard() == [1]


def test_the_first_bytes_may_be_mined_after_they_were_replaced(rig: Rig, anvil: Anvil) -> None:
    rig = Rig(rig.database, rig.chain, Policy(stale_ms=0, sends_before_bump=1))
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick()
    anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    anvil.mine()
    rig.tick(2)
    first, second = sorted(raws_of(rig), key=rig.chain.sent.index)
    replaced_by = next(line.detail["hash"] for line in rig.operation(operation).history if line.action == "replaced")
    anvil.rpc.call("anvil_dropTransaction", replaced_by)
    anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", "0x1")
    anvil.send(first)
    anvil.mine()
    rig.run(operation)
    view = rig.operation(operation)
    assert view.transaction is not None
    assert view.transaction.tx_hash == view.history[2].detail["hash"]
    assert second != first
    assert rig.nonces_used() == 1


def test_a_chain_that_stands_still_is_not_paid_more(rig: Rig, anvil: Anvil) -> None:
    rig = Rig(rig.database, rig.chain, Policy(stale_ms=0, sends_before_bump=1))
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick(5)
    assert len(raws_of(rig)) == 1
    resent = [line for line in rig.operation(operation).history if line.action == "resent"]
    assert [line.count for line in resent] == [4]


def test_no_replacement_is_dearer_than_allowed(rig: Rig, anvil: Anvil) -> None:
    rig = Rig(rig.database, rig.chain, Policy(stale_ms=0, sends_before_bump=1, max_fee=10**9))
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick()
    anvil.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(50 * 10**9))
    anvil.mine()
    rig.tick(3)
    assert "replaced" not in rig.actions(operation)
    assert len(raws_of(rig)) == 1


def test_bug_7_a_missed_receipt_ends_no_loop_of_nonce_too_low(rig: Rig, anvil: Anvil) -> None:
    """The node has it, the answer was lost: where the same bytes would be "nonce too low", the receipt is found."""
    operation = rig.register(1)
    unsent = rig.chain.send
    rig.chain.send = _sent_but_answer_lost(rig)
    rig.tick()
    rig.chain.send = unsent
    assert rig.nonces_used() == 1
    rig = rig.restarted()
    rig.run(operation)
    assert rig.state(operation) == "final"
    assert len(rig.chain.sent) <= 2
    assert len(raws_of(rig)) == 1
    assert rig.nonces_used() == 1


def test_bug_7_a_nonce_used_by_a_foreign_transaction_is_found_by_sender_and_nonce(rig: Rig, anvil: Anvil) -> None:
    """Only when the other transaction is final does ours get a fresh nonce: until then it could still be mined."""
    rig.chain.final_after(2)
    anvil.automine(False)
    operation = rig.register(1)
    rig.tick()
    anvil.rpc.call("anvil_dropTransaction", rig.operation(operation).history[-1].detail["hash"])
    foreign = rig.signer.sign(_transfer(rig, nonce=0))
    anvil.send(foreign.raw)
    anvil.mine()
    rig.tick(2)
    assert rig.operation(operation).history[-1].detail["answer"] == "nonce-too-low"
    assert "displaced" not in rig.actions(operation)
    anvil.mine(2)
    rig.tick()
    assert "displaced" in rig.actions(operation)
    anvil.automine(True)
    anvil.mine(1)
    rig.tick()
    anvil.mine(3)
    rig.run(operation)
    view = rig.operation(operation)
    assert view.transaction is not None
    assert view.transaction.nonce == 1
    assert rig.heard() == [1]


def test_bug_8_receipts_are_found_while_the_event_poller_stands_still(rig: Rig) -> None:
    operation = rig.register(1)
    rig.manager.tick()
    rig.manager.tick()
    assert rig.state(operation) == "mined"
    rig.manager.tick()
    assert rig.state(operation) == "mined", "final only with its events handled"
    rig.indexer.tick()
    rig.manager.tick()
    assert rig.state(operation) == "final"


def test_bug_13_another_chain_behind_the_endpoint_gets_nothing_of_ours(rig: Rig, anvil: Anvil) -> None:
    """The port is the same and answers well, but it is not the chain that was pinned."""
    operation = rig.register(1)
    anvil.stop()
    anvil.arguments = ("--timestamp", "1700000000")  # a chain of its own, that no start of this second could be
    anvil.start()
    anvil.fund(GATEWAY)
    with pytest.raises(HandshakeError):
        rig.chain.handshake()
    assert rig.restarted(client_of(anvil.url, rig.address_file)).manager.tick() is False
    assert rig.state(operation) == "queued"
    assert anvil.rpc.call("eth_getTransactionCount", GATEWAY.address, "pending") == "0x0"


def test_bug_13_a_mismatch_is_told_and_not_taken_for_absence(rig: Rig) -> None:
    rig.register(1)

    def another() -> int:
        raise HandshakeError("code of EvidenceLog", "0x01", "0x02")

    rig.chain.head = another
    with pytest.raises(HandshakeError):
        rig.manager.tick()


def test_bug_17_who_lost_the_lease_signs_and_sends_nothing(rig: Rig) -> None:
    """A stalled process wakes up after another has taken over: its fence is old, the work goes on elsewhere."""
    ours = Lease(rig.database, holder="stalled", ttl_ms=1)
    ours.acquire()
    stalled = Rig(rig.database, rig.chain, rig.policy, fence=ours.check)
    operation = stalled.register(1)
    theirs = Lease(rig.database, holder="successor", ttl_ms=60_000)
    until(theirs.offer)  # the term of the first runs for one more millisecond
    with pytest.raises(LeaseLost):
        stalled.tick()
    assert rig.chain.sent == []
    assert stalled.state(operation) == "queued"
    successor = Rig(rig.database, rig.chain, rig.policy, fence=theirs.check)
    successor.run(operation)
    assert successor.nonces_used() == 1


def test_a_nonce_gap_left_by_others_is_filled_so_that_ours_go_on(rig: Rig, anvil: Anvil) -> None:
    """Foreign transactions at lower nonces made room for ours and then vanished in a reorganisation."""
    rig.chain.final_after(5)
    for nonce in range(2):
        anvil.send(rig.signer.sign(_transfer(rig, nonce=nonce)).raw)
    operation = rig.register(1)
    rig.tick(2)
    assert rig.state(operation) == "mined"
    anvil.rpc.call("anvil_reorg", 3, [])
    assert rig.nonces_used() == 0
    for _ in range(8):
        rig.tick()
        anvil.mine(1)
    anvil.mine(5)
    rig.run(operation)
    view = rig.operation(operation)
    assert view.transaction is not None
    assert view.transaction.nonce == 2
    assert rig.nonces_used() == 3
    assert rig.heard() == [1]


def test_a_backlog_made_while_the_chain_was_away_drains_when_it_is_back(
    database: Database, persistent: Anvil, tmp_path: Path
) -> None:
    """Commands each get their transaction; of heads waiting to be anchored only the newest does."""
    address_file = deployed(persistent, tmp_path)
    rig = Rig(database, client_of(persistent.url, address_file))
    first = rig.register(1)
    rig.run(first)
    persistent.stop()

    operations = [rig.register(number) for number in range(2, 6)]
    anchors: list[str] = []
    for mask in range(1, 6):
        with database.write() as session:
            superseded = bool(anchors) and rig.service.supersede(session, anchors[-1])
            anchors.append(_own_act(rig, session, mask))
        assert superseded == (mask > 1)
        assert rig.manager.tick() is False
    assert {rig.state(each) for each in operations} == {"queued"}

    persistent.start()
    rig.run(*operations)
    assert {rig.state(each) for each in operations} == {"final"}
    with database.read() as session:
        views = [rig.service.get_transaction(session, each) for each in anchors]
    assert [view.state for view in views if view] == ["withdrawn"] * 4 + ["final"]
    assert rig.nonces_used() == 1 + len(operations) + 1
    assert sorted(rig.heard()) == [1, 2, 3, 4, 5]


def test_an_absent_chain_is_asked_ever_less_often(rig: Rig, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> None:
    rig.register(1)
    anvil.stop()
    asked = now = 0
    monkeypatch.setattr(manager, "time", SimpleNamespace(monotonic=lambda: now))
    real = rig.chain.request

    def request(method: str, *params: object) -> object:
        nonlocal asked
        asked += 1
        return real(method, *params)

    rig.chain.request = request
    times: list[int] = []
    for now in range(1, 70):
        before = asked
        for _ in range(3):
            assert rig.manager.tick() is False
        if asked != before:
            times.append(now)
    assert asked == len(times)
    assert [later - earlier for earlier, later in pairwise(times)] == [1, 2, 4, 8, 15, 30]


@pytest.fixture
def persistent(tmp_path: Path) -> Iterator[Anvil]:
    """A node that has its state again when it is started again."""
    node = Anvil("--state", str(tmp_path / "state.json")).start()
    yield node
    node.stop()


def _own_act(rig: Rig, session: Session, mask: int) -> str:
    """A transaction in the gateway's own name."""
    return rig.service.enqueue(
        session,
        chain="supervision",
        contract="EvidenceLog",
        function="cancelNonces",
        args={"word": 0, "mask": mask},
        purpose="anchor",
        queue="anchor:log",
    )


def _transfer(rig: Rig, *, nonce: int) -> dict[str, object]:
    fees = {"maxFeePerGas": 10**11, "maxPriorityFeePerGas": 10**9}
    call = {"to": OWNER.address, "value": 0, "data": b"", "gas": 21_000}
    return {"type": 2, "chainId": rig.chain.chain_id, "nonce": nonce, **call, **fees}


def _sent_but_answer_lost(rig: Rig) -> Callable[[Sequence[bytes]], list[str | None]]:
    real = rig.chain.send

    def send(raws: Sequence[bytes]) -> list[str | None]:
        real(raws)
        raise EndpointError("the answer was lost")

    return send
