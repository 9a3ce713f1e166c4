"""Places where a test may have the process killed: $REGSEAL_FAILPOINT = `name` or `name:3` (at the third passage)."""

import os
import signal

__all__ = ["failpoint", "is_armed"]

_NAME, _, _COUNT = os.environ.get("REGSEAL_FAILPOINT", "").partition(":")
_left = int(_COUNT or "1")


def is_armed(name: str) -> bool:
    """True when this passage of the place is the one at which the process shall die."""
    global _left  # noqa: PLW0603 -- counts passages of the one process
    if name != _NAME:
        return False
    _left -= 1
    return _left == 0


def failpoint(name: str) -> None:
    """Kills the process (SIGKILL) when the test asked for it here."""
    if is_armed(name):
        os.kill(os.getpid(), signal.SIGKILL)
