"""The foreground of `regseal up`: start, sample world, table of parties, watch, stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from shlex import quote

from cli.local import gateway
from cli.local import up as starting
from cli.local.errors import LocalError
from cli.local.layout import SUPERVISION, Layout, shown
from cli.local.supervisor import Child, Supervisor

Say = Callable[[str], None]


@dataclass(frozen=True)
class NewSample:
    """What a sample is to be that does not exist yet: its own time, its own database."""

    simulated: bool = False
    database_url: str = ""


def run(
    layout: Layout, say: Say, new: NewSample, *, sample: bool, ready: Callable[[starting.Up], None] = lambda _: None
) -> None:
    """Until Ctrl-C. LocalError when something does not start; what was started is stopped first.

    ``ready`` is told what runs, once everything does.
    """
    began = time.monotonic()
    supervisor = Supervisor(layout, say)
    with starting.only_one(layout), starting.stopping_on_signals(supervisor):
        try:
            if new.simulated and not sample:
                raise LocalError("only a sample's time can be simulated", "regseal up --sample --simulated-time")
            if new.database_url and not sample:
                raise LocalError("a real installation is told its database once", "regseal init --database-url …")
            if sample:
                up = _start_sample(supervisor, layout, say, new)
            else:
                up = starting.start(supervisor, layout, say)
                starting.await_checked(up, say, seconds=5)
                _announce(up, say)
        except KeyboardInterrupt:
            say("interrupted while starting; the next start goes on from here")
            return
        ready(up)
        say(f"\nready after {time.monotonic() - began:.1f} s; Ctrl-C stops all")
        supervisor.watch()
        say("stopping …")
    say("stopped")


def _start_sample(supervisor: Supervisor, layout: Layout, say: Say, new: NewSample) -> starting.Up:
    from cli.local.sample import world

    if layout.settings_file.exists() and not layout.parties.exists():
        raise LocalError(f"{shown(layout.gateway)} is a real installation", "regseal up, without --sample")
    world.prepare(layout, say, simulated=new.simulated, database_url=new.database_url)
    if gateway.simulated_time(layout) is not None:
        say("SIMULATED TIME: chains and service run ahead of this machine's clock as `regseal sample-time` says")
    up = starting.start(supervisor, layout, say, before_service=lambda: world.keep_bootstrap_token(layout))
    _start_witness(supervisor, layout, up)
    if not world.complete(layout):
        world.World(layout, up.url, say).build()
    elif world.lacks_market(layout):
        world.World(layout, up.url, say).found_market()
    else:
        world.point_to(layout, up.url)
    starting.await_checked(up, say)
    _announce_sample(up, say)
    return up


def _start_witness(supervisor: Supervisor, layout: Layout, up: starting.Up) -> None:
    from cli.local.sample import world
    from cli.local.sample.parties import WITNESS

    world.configure_witness(layout, up.url, up.chains[SUPERVISION])
    home = layout.party(WITNESS)
    supervisor.start(Child("witness", ["-m", "cli", "witness", "--home", str(home)]))


def _announce(up: starting.Up, say: Say) -> None:
    say(f"\nregseal is at  {up.url}   (API reference: {up.url}/docs)")
    for name, chain in gateway.external_chains(up.layout).items():
        say(f"{name} chain: {chain['chain_class']}, at {', '.join(chain['endpoints'])}")


def _announce_sample(up: starting.Up, say: Say) -> None:
    from cli.local.sample.parties import HOST, PARTIES

    _announce(up, say)
    say("\nparties, all invented, each in a folder of its own with a README.txt:")
    for party in PARTIES:
        say(f"  {shown(up.layout.party(party.slug)):<34} {party.name} · {party.part}")
    home = quote(shown(up.layout.party(HOST)))
    say("\nnext, in another terminal:")
    say(f"  ./regseal record submit samples/records/transfer.json --party {home} --wait final")
