"""Named points at which a test may kill the process, as a power cut would: SIGKILL, nothing flushed, nothing unwound.

``REGSEAL_FAILPOINT=name`` kills at the first passage, ``name:3`` at the third. Read once, at import; unset, a point
is a call of an empty function. A misspelt name stops the process at its start, for a fault that never happens would
prove nothing.
"""

import os
import signal
from collections.abc import Callable, Mapping

__all__ = ["POINTS", "hit"]

POINTS = (
    "sequencer.before-commit",
    "sequencer.after-commit",
    "sequencer.after-heads",
    "heads.before-write",
    "heads.after-write",
    "seal.before-commit",
    "seal.after-commit",
    "anchor.before-commit",
    "anchor.after-commit",
    "anchor-again.before-commit",
    "anchor-again.after-commit",
    "anchor-event.before-commit",
    "transactions.after-store",
    "transactions.before-send",
    "transactions.after-send",
    "transactions.after-mined",
    "indexer.before-unit",
    "indexer.after-unit",
    "intake.before-answer",
    "material.after-chunk",
    "material.before-store",
    "material.after-part",
    "material.after-store",
    "material.after-commit",
    "material.after-remove",
)


def _nothing(name: str) -> None:
    """Unarmed."""


def armed(environment: Mapping[str, str]) -> Callable[[str], None]:
    """The function behind :func:`hit` for this environment. ValueError for a point that does not exist."""
    setting = environment.get("REGSEAL_FAILPOINT")
    if not setting:
        return _nothing
    target, _, count = setting.partition(":")
    if target not in POINTS:
        raise ValueError(f"no such failpoint: {target!r}")
    left = int(count or "1")

    def passed(name: str) -> None:
        nonlocal left
        if name == target:
            left -= 1
            if left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return passed


hit = armed(os.environ)
