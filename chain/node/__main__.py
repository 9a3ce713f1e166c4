"""`python -m chain.node --home DIR --chain-id N [--port P] [--fund ADDRESS …]`: an embedded chain, until SIGTERM."""

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from chain.errors import NodeError
from chain.node.home import Home
from chain.node.producer import Cadence
from chain.node.service import Options, serve
from chain.party.clock import Now, SimulatedNow, system_now
from chain.party.durable import only_process
from chain.party.errors import ConfigError


def main(arguments: list[str] | None = None) -> int:
    """0 after a clean stop, 1 when the chain must not run; the reason is the last line on stderr."""
    asked = _parser().parse_args(arguments)
    options = Options(
        chain_id=asked.chain_id,
        funded=tuple(asked.fund),
        port=asked.port,
        cadence=Cadence(asked.heartbeat, asked.window_ms / 1000),
        full_replay=asked.full_replay,
        snapshot_blocks=asked.snapshot_blocks,
    )
    try:
        with only_process(asked.home):
            asyncio.run(_run(Home(asked.home.resolve()), options, _clock(asked.clock_offset)))
    except (NodeError, ConfigError, ValueError, OSError) as error:
        _say(f"chain.node: {error}")
        return 1
    return 0


def _clock(offset: Path | None) -> Now:
    """The machine's clock, or a sample's, which is said on the first line."""
    if offset is None:
        return system_now
    _say(f"chain.node: SIMULATED TIME: as far ahead of this machine's clock as {offset} says; a sample, no evidence")
    return SimulatedNow(offset)


async def _run(home: Home, options: Options, now: Now) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await serve(home, options, lambda: int(now().timestamp()), stop, _say)


def _say(line: str) -> None:
    with contextlib.suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chain.node", description="An embedded EVM chain of one operator.")
    parser.add_argument("--home", type=Path, required=True, help="the chain's folder")
    parser.add_argument("--chain-id", type=int, required=True)
    parser.add_argument("--port", type=int, help="default: the one used before, else a free one from 8545 on")
    parser.add_argument("--fund", action="append", default=[], metavar="ADDRESS", help="has funds from block 0 on")
    parser.add_argument("--heartbeat", type=float, default=60.0, metavar="SECONDS", help="an empty block at the latest")
    parser.add_argument("--window-ms", type=int, default=100, metavar="MS", help="how long work gathers for a block")
    parser.add_argument(
        "--clock-offset", type=Path, metavar="FILE", help="samples only: run as many seconds ahead as this file says"
    )
    parser.add_argument("--full-replay", action="store_true", help="replay from block 0, leaving snapshots aside")
    parser.add_argument("--snapshot-blocks", type=int, default=5_000, metavar="N", help="blocks between snapshots")
    return parser


if __name__ == "__main__":
    sys.exit(main())
