"""When a block may be made and which timestamp it gets. Pure.

Timestamps are whole seconds and strictly increase (Ethereum yellow paper §4.3.4), yet blocks may come faster: they may
run up to `LEAD` seconds ahead of the clock, so a short burst waits for nothing. Beyond that, and when the clock was set
back, one block a second is made, one second after its parent: time never goes back and drifts no further away.
"""

__all__ = ["LEAD", "next_timestamp", "wait_seconds"]

LEAD = 3


def next_timestamp(parent: int, now: int) -> int:
    """The timestamp (Unix seconds) of a block made now on a parent."""
    return max(parent + 1, now)


def wait_seconds(parent: int, now: int, since_last: float) -> float:
    """How long the next block has to wait, 0 when it may be made.

    ``parent``, ``now`` in Unix seconds; ``since_last``: seconds since the last block by a clock that only goes forward.
    """
    if next_timestamp(parent, now) - now <= LEAD:
        return 0.0
    return max(0.0, 1.0 - since_last)
