"""Replays the chain in a second EVM node, aside from the running one, and makes the snapshot from that.

So a snapshot never holds what the plans do not give, and a running node whose state was changed from outside is found:
`python -m chain.node.shadow HOME` ends with 3 when the journal's hashes cannot be had again.
"""

import asyncio
import os
import sys
from pathlib import Path

from chain.errors import NodeError
from chain.node import snapshot as snapshots
from chain.node.home import Home
from chain.node.replay import replay

__all__ = ["MISMATCH", "run"]

MISMATCH = 3


async def run(home: Home) -> snapshots.Snapshot:
    """Replays what is noted and takes the snapshot. Raises NodeError."""
    identity = home.identity()
    if identity is None:
        raise NodeError(f"{home.path} holds no chain")
    replayed = await replay(home, _say, expected=identity.hash, aside=True)
    try:
        return await snapshots.take(replayed.backend, home.snapshots, replayed.end)
    finally:
        await replayed.backend.stop()


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def main() -> int:
    """Runs for the folder given, gently."""
    os.nice(10)
    try:
        asyncio.run(run(Home(Path(sys.argv[1]))))
    except NodeError as error:
        _say(str(error))
        return MISMATCH
    return 0


if __name__ == "__main__":
    sys.exit(main())
