"""The embedded chains of an installation without its service, for acts on a stopped one that must ask them."""

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
        nodes = chains.launch(supervisor, layout, up.choose_ports(0, say), names)
        for name, node in zip(names, nodes, strict=True):
            running = chains.await_chain(supervisor, layout, name, node)
            os.environ[f"REGSEAL_CHAINS__{name.upper()}__ENDPOINTS"] = json.dumps([running.url])
        yield
