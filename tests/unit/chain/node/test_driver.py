import pytest

from chain.node.driver import Block


@pytest.mark.parametrize(
    ("base", "used", "following"),
    [
        (1_000_000_000, 15_000_000, 1_000_000_000),
        (1_000_000_000, 0, 875_000_000),
        (1_000_000_000, 30_000_000, 1_125_000_000),
        (1_000_000_000, 7_500_000, 937_500_000),
        (7, 0, 7),
        (7, 30_000_000, 8),
    ],
)
def test_base_fees_follow_eip_1559(base: int, used: int, following: int) -> None:
    block = Block(1, "", "", 0, base, used, 30_000_000, "", ())
    assert block.next_base_fee == following
