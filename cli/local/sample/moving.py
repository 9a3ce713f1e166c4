"""Moving the time of a sample that simulates it: forward, and everybody at once."""

from __future__ import annotations

import json
import time

from chain.party.durable import write_private
from chain.party.rpc import JsonRpc
from cli.local import gateway
from cli.local.errors import LocalError
from cli.local.layout import Layout
from cli.local.up import read_state

_PATIENCE = 60.0


def advance(layout: Layout, seconds: int) -> int:
    """Moves chains and service; the seconds that they are ahead of the machine's clock from now on.

    Returns when every chain has made a block of the new time. LocalError when this is no such sample.
    """
    file = gateway.simulated_time(layout)
    if file is None:
        raise LocalError("this installation runs by the machine's clock", "regseal up --sample --simulated-time")
    before = int(file.read_text("ascii")) if file.exists() else 0
    chains = read_state(layout).get("chains")
    if not isinstance(chains, dict):
        raise LocalError("the sample does not run", "regseal up --sample")
    heads = {url: _head(url) for url in chains.values()}
    write_private(file, str(before + seconds).encode("ascii"))
    until = time.monotonic() + _PATIENCE
    while any(_head(url) < head + seconds // 2 for url, head in heads.items()):
        if time.monotonic() > until:
            raise LocalError("the chains did not follow", "regseal status")
        time.sleep(0.1)
    return before + seconds


def _head(url: str) -> int:
    block = JsonRpc(url, timeout=10).call("eth_getBlockByNumber", "latest", False)
    return int(json.loads(json.dumps(block))["timestamp"], 16)
