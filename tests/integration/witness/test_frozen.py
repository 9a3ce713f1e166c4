"""A freeze on the chain ends what a witness signs for a log."""

from __future__ import annotations

from collections.abc import Callable

from chain.party.witness.run import State, Witness
from tests.integration.witness.evil import Log, Stage
from tests.integration.witness.test_log_watch import cosigned

Start = Callable[..., Witness]


def test_a_frozen_log_is_not_cosigned_beyond_where_it_was_frozen(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(log.opened())
    start().round()
    log.grow(2)
    stage.chain.mine(log.frozen(7))
    witness = start()
    assert witness.round().worst is State.OK
    log.grow(3)
    for each in (witness, start()):  # the freeze is remembered
        assert each.round().worst is State.OK
    assert {size for size, _ in cosigned(stage)} == {5, 7}


def test_what_was_cosigned_before_a_freeze_was_heard_of_stands(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(log.opened())
    witness = start()
    log.grow(4)
    witness.round()
    stage.chain.mine(log.frozen(5))
    assert witness.round().worst is State.OK
    log.leaves[0] = bytes(32)
    assert witness.round().worst is State.ALARM, "another tree at a size it knows is a fork as ever"
