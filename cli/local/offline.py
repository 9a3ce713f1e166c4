"""Where this installation's embedded chains are, for commands that ask them: started for it, or run by `up`."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cli.local import chains, gateway, up
from cli.local.layout import BUSINESS, SUPERVISION, Layout
from cli.local.processes import clear_leftovers
from cli.local.supervisor import Supervisor


@contextmanager
def embedded_chains(layout: Layout, say: Callable[[str], None]) -> Iterator[None]:
    """They run until the block ends, and this process's settings know where. LocalError while `up` runs."""
    names = [name for name in (SUPERVISION, BUSINESS) if gateway.embedded(layout, name)]
    if not names:
        yield
        return
    supervisor = Supervisor(layout, say)
    with up.only_one(layout), up.stopping_on_signals(supervisor):
        clear_leftovers(layout, say)
        nodes = chains.launch(supervisor, layout, up.choose_ports(supervisor, say), names)
        for name, node in zip(names, nodes, strict=True):
            running = chains.await_chain(supervisor, layout, name, node)
            _point(name, running.url)
        yield


def ask_running(layout: Layout) -> None:
    """This process's settings know where the chains are that `up` runs, on whatever ports it found free."""
    running = up.read_state(layout).get("chains")
    for name, url in running.items() if isinstance(running, dict) else ():
        _point(name, url)


def _point(name: str, url: str) -> None:
    os.environ[f"REGSEAL_CHAINS__{name.upper()}__ENDPOINTS"] = json.dumps([url])
