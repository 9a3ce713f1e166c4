"""Events are heard once each and none is lost, whoever fails, restarts, joins late or answers twice."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.transactions import cursor
from services.transactions.cursor import FinalityViolated, Position
from services.transactions.indexer import LogsMissing
from services.transactions.models import CursorRow
from tests.integration.services.transactions.rig import Anvil, Rig

REGISTERED = "InstitutionRegistry.InstitutionRegistered"


def cursor_of(rig: Rig, listener: str = REGISTERED) -> CursorRow | None:
    with rig.database.read() as session:
        return session.scalar(select(CursorRow).where(CursorRow.listener == listener))


def asked_of(rig: Rig) -> list[tuple[int, int]]:
    """Records from here on the ranges for which logs are asked."""
    ranges: list[tuple[int, int]] = []
    real: Callable[[int, int], Any] = rig.chain.logs

    def logs(first: int, last: int) -> Any:
        ranges.append((first, last))
        return real(first, last)

    rig.chain.logs = logs
    return ranges


def test_bug_1_the_cursor_moves_only_with_the_handled_event(rig: Rig, anvil: Anvil) -> None:
    operation = rig.register(1)
    rig.manager.tick()
    rig.indexer.tick()
    block = rig.events[0].block_number
    assert rig.heard() == [1]

    failing = rig.restarted()
    failures = 0

    def fails_twice(group: Any, event: Any) -> None:
        nonlocal failures
        if failures < 2:
            failures += 1
            raise RuntimeError("a handler that is not ready")
        heard.append(event.block_number)

    heard: list[int] = []
    failing.service.on_event("InstitutionRegistry", "InstitutionRegistered", fails_twice, listener="second")
    anvil.mine(5)
    for _ in range(2):
        with pytest.raises(RuntimeError):
            failing.indexer.tick()
        late = cursor_of(rig, "second")
        assert late is None or (late.scanned_block < block and late.handled_block is None)
    failing.indexer.tick()
    late = cursor_of(rig, "second")
    assert heard == [block]
    assert late is not None
    assert (late.handled_block, late.scanned_block) == (block, anvil_head(rig))
    assert rig.heard() == [1], "the other listener heard nothing twice"
    failing.run(operation)


def anvil_head(rig: Rig) -> int:
    head: int = rig.chain.head()
    return head


def test_bug_1_a_failing_handler_takes_back_what_others_wrote_for_that_block(rig: Rig) -> None:
    broken = True

    def second(group: Any, event: Any) -> None:
        if broken:
            raise RuntimeError("not now")

    rig.service.on_event("InstitutionRegistry", "InstitutionRegistered", second, listener="second")
    rig.register(1)
    rig.manager.tick()
    with pytest.raises(RuntimeError):
        rig.indexer.tick()
    assert rig.heard() == []
    broken = False
    rig.indexer.tick()
    assert rig.heard() == [1]


def test_who_listens_to_blocks_is_told_all_events_of_one_at_once_after_the_others(rig: Rig) -> None:
    told: list[Any] = []
    events = ("InstitutionRegistered", "RoleGranted")
    rig.service.on_block("InstitutionRegistry", events, lambda _group, found: told.append(found), listener="blocks")
    rig.service.on_event(
        "InstitutionRegistry",
        "InstitutionRegistered",
        lambda _group, event: told.append(event.block_number),
        listener="single",
    )
    rig.run(rig.register(1))
    block = rig.events[0].block_number
    assert [each if isinstance(each, int) else [(one.block_number, one.name) for one in each] for each in told] == [
        block,
        [(block, "InstitutionRegistered")],
    ]
    place = cursor_of(rig, "blocks")
    assert place is not None
    assert place.handled_block == block


def test_bug_3_a_listener_registered_later_hears_everything_from_the_deployment_on(rig: Rig, anvil: Anvil) -> None:
    for number in (1, 2):
        rig.run(rig.register(number))
    anvil.mine(300)
    rig.tick()
    later = rig.restarted()
    heard: list[int] = []
    later.service.on_event(
        "InstitutionRegistry",
        "InstitutionRegistered",
        lambda _group, event: heard.append(int.from_bytes(event.args["institution"])),
        listener="later",
    )
    operation = later.register(3)
    later.run(operation)
    assert heard == [1, 2, 3]
    assert later.heard() == [1, 2, 3]
    first, second = cursor_of(later), cursor_of(later, "later")
    assert first is not None
    assert second is not None
    assert first.scanned_block == second.scanned_block


def test_bug_5_a_restart_over_empty_blocks_goes_on_where_it_was(rig: Rig, anvil: Anvil) -> None:
    anvil.mine(500)
    rig.indexer.tick()
    reached = cursor_of(rig)
    assert reached is not None
    assert (reached.handled_block, reached.scanned_block) == (None, anvil_head(rig))
    anvil.mine(3)
    again = rig.restarted()
    ranges = asked_of(again)
    again.indexer.tick()
    assert ranges == [(reached.scanned_block + 1, reached.scanned_block + 3)]
    again.indexer.tick()
    assert len(ranges) == 1, "nothing new, nothing asked"


def test_bug_6_each_listener_hears_only_what_is_after_its_own_position(rig: Rig, anvil: Anvil) -> None:
    """While a later listener reads up, the older one is not given old events a second time."""
    rig.run(rig.register(1))
    later = rig.restarted()
    heard: list[int] = []
    later.service.on_event(
        "InstitutionRegistry",
        "InstitutionRegistered",
        lambda _group, event: heard.append(event.block_number),
        listener="later",
    )
    ranges = asked_of(later)
    later.indexer.tick()
    assert len(heard) == 1
    assert later.events == []
    assert min(first for first, _ in ranges) == later.chain.first_block, "nothing before the contracts existed"


def test_bug_9_answers_given_twice_are_handled_once(rig: Rig) -> None:
    real = rig.chain.logs
    rig.chain.logs = lambda first, last: [*real(first, last), *real(first, last)][::-1]
    operations = [rig.register(number) for number in (1, 2, 3)]
    rig.run(*operations)
    assert sorted(rig.heard()) == [1, 2, 3]


def test_bug_9_events_made_while_a_listener_reads_up_are_not_lost(rig: Rig, anvil: Anvil) -> None:
    rig.run(rig.register(1))
    later = rig.restarted()
    heard: list[int] = []

    def slow(group: Any, event: Any) -> None:
        heard.append(int.from_bytes(event.args["institution"]))
        if len(heard) == 1:  # the chain goes on in the middle of the backfill
            anvil.rpc.call("eth_sendRawTransaction", "0x" + waiting.hex())

    anvil.automine(False)
    second = later.register(2)
    later.manager.tick()
    waiting = later.chain.sent[-1]
    anvil.rpc.call("anvil_dropTransaction", later.operation(second).history[-1].detail["hash"])
    anvil.automine(True)
    later.service.on_event("InstitutionRegistry", "InstitutionRegistered", slow, listener="slow")
    later.run(second)
    assert heard == [1, 2]
    assert later.heard() == [1, 2]


def test_events_of_one_block_are_one_unit_in_log_order(rig: Rig, anvil: Anvil) -> None:
    anvil.automine(False)
    operations = [rig.register(number) for number in (1, 2, 3, 4)]
    rig.manager.tick()
    anvil.mine()
    before = rig.units.count
    rig.indexer.tick()
    assert rig.units.count == before + 1
    assert [event.log_index_in_block for event in rig.events] == sorted(e.log_index_in_block for e in rig.events)
    assert len({event.block_hash for event in rig.events}) == 1
    rig.run(*operations)


def test_a_lagging_node_that_gives_no_logs_for_a_block_is_doubted(rig: Rig) -> None:
    operation = rig.register(1)
    rig.manager.tick()
    real = rig.chain.logs
    rig.chain.logs = lambda _first, _last: []
    for _ in range(3):
        with pytest.raises(LogsMissing):
            rig.indexer.tick()
    rig.chain.logs = real
    rig.run(operation)
    assert rig.heard() == [1]


def test_a_final_block_that_is_no_more_stops_the_indexer_for_good(rig: Rig, anvil: Anvil) -> None:
    operation = rig.register(1)
    rig.run(operation)
    anvil.mine(2)
    rig.tick()
    anvil.rpc.call("anvil_reorg", 2, [])
    anvil.mine(3)
    for _ in range(2):
        with pytest.raises(FinalityViolated):
            rig.indexer.tick()
    with pytest.raises(FinalityViolated):
        rig.restarted().indexer.tick()


def test_a_final_transaction_that_is_no_more_stops_the_manager_at_its_start(rig: Rig, anvil: Anvil) -> None:
    operation = rig.register(1)
    rig.run(operation)
    anvil.rpc.call("anvil_reorg", 1, [])
    anvil.mine(3)
    waiting = rig.register(2)
    again = rig.restarted()
    for _ in range(2):
        with pytest.raises(FinalityViolated):
            again.manager.tick()
    assert again.state(waiting) == "queued"


def test_a_cursor_never_goes_back(rig: Rig) -> None:
    def move(session: Session, block: int) -> None:
        to = Position(block, "0x" + f"{block:064x}")
        cursor.advance(session, "supervision", [REGISTERED], to, handled=False, now_ms=0)

    with rig.database.write() as session:
        move(session, 7)
    for block in (7, 6):
        with rig.database.write() as session, pytest.raises(ValueError, match="not before"):
            move(session, block)
