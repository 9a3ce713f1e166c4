"""A clock that jumped: what was taken later never says that it was taken before."""

from collections.abc import Callable

import pytest

from chain.proof.leaf import Leaf
from services.platform.clock import FixedClock, from_ms
from tests.integration.services.evidence.house import House

DAY_MS = 86_400_000


def taken(house: House) -> list[int]:
    return [Leaf.decode(leaf).accepted_at for _, leaf in house.leaves()]


@pytest.mark.parametrize("behind_days", [1, 4_000])
def test_a_process_whose_clock_is_behind_that_of_the_last_one_holds_still(
    new_house: Callable[..., House], house: House, clock: FixedClock, behind_days: int
) -> None:
    first = house.submit()
    house.close()
    again = new_house()
    again.log_id = house.log_id
    slow = FixedClock(from_ms(clock.ms() - behind_days * DAY_MS))
    again.service.sequencer._clock = slow
    second = again.submit()
    assert second.accepted_at == first.accepted_at
    slow.advance(ms=(behind_days * DAY_MS) + 5)
    third = again.submit()
    assert third.accepted_at == first.accepted_at + 5
    assert taken(again) == sorted(taken(again))
    assert third.anchor_by > third.accepted_at


def test_a_jump_forward_is_followed_and_not_taken_back(house: House, clock: FixedClock) -> None:
    house.submit()
    clock.advance(seconds=400 * 86_400)
    far = house.submit()
    house.service.sequencer._clock = FixedClock(from_ms(clock.ms() - 400 * DAY_MS))
    back = house.submit()
    assert far.accepted_at == back.accepted_at == clock.ms()
    assert taken(house) == sorted(taken(house))
