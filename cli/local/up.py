"""`regseal up`: both embedded chains, contracts, tables, the service and the sample's witness, in the foreground."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from chain.party.durable import private_folder, write_json
from chain.party.errors import ApiProblem, PartyError
from chain.party.http import ApiClient
from cli.local import chains, gateway
from cli.local.errors import LocalError
from cli.local.layout import BUSINESS, SUPERVISION, Layout, shown
from cli.local.ports import LOOPBACK, claim, listen
from cli.local.processes import clear_leftovers
from cli.local.supervisor import Child, Supervisor

Say = Callable[[str], None]
_PINNING = threading.Lock()
PREFERRED = {"service": gateway.PORT, SUPERVISION: 8441, BUSINESS: 8442}


@dataclass(frozen=True)
class Up:
    """A running installation."""

    layout: Layout
    url: str
    chains: Mapping[str, chains.Running]


@contextmanager
def only_one(layout: Layout) -> Iterator[None]:
    """Holds the installation for this process. LocalError, naming the other one, when it runs already."""
    private_folder(layout.run)
    with layout.lock_file.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            state = read_state(layout)
            raise LocalError(
                f"already running at {state.get('url', 'an address not yet known')} (pid {state.get('pid', '?')})",
                "regseal down stops it; another installation needs its own folder: REGSEAL_VAR=… regseal up",
            ) from None
        write_json(layout.state_file, {"pid": os.getpid()})
        try:
            yield
        finally:
            layout.state_file.unlink(missing_ok=True)


def read_state(layout: Layout) -> dict[str, object]:
    """What the running `up` wrote, or nothing."""
    try:
        value = json.loads(layout.state_file.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextmanager
def stopping_on_signals(supervisor: Supervisor) -> Iterator[None]:
    """Ctrl-C, TERM and a closed terminal ask for an orderly stop; a second Ctrl-C changes nothing.

    While things still start it is a KeyboardInterrupt at once: every step of a start survives being killed.
    """

    def stop(_number: int, _frame: object) -> None:
        first = not supervisor.stopping.is_set()
        supervisor.stopping.set()
        if first and not supervisor.watching:
            raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        supervisor.stopping.set()
        supervisor.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def choose_ports(supervisor: Supervisor, say: Say) -> dict[str, int]:
    """A free port for each chain, nobody else's while the supervisor works; another than the usual one is said."""
    chosen: dict[str, int] = {}
    for name in (SUPERVISION, BUSINESS):
        chosen[name], held = claim(PREFERRED[name])
        supervisor.hold(held)
        _say_other_port(name, chosen[name], say)
    return chosen


def _say_other_port(name: str, port: int, say: Say) -> None:
    if port != PREFERRED[name]:
        say(f"port {PREFERRED[name]} is busy: {name} takes {port}")


def start(supervisor: Supervisor, layout: Layout, say: Say, *, before_service: Callable[[], None] = lambda: None) -> Up:
    """Starts everything but witnesses, in order; returns when the service answers.

    ``before_service`` runs at a first start, while the chains come up and the database is still nobody's.
    """
    embedded = [name for name in (SUPERVISION, BUSINESS) if name not in gateway.external_chains(layout)]
    for name in embedded:
        chains.refuse_begun_elsewhere(layout, name)
    clear_leftovers(layout, say)
    door = listen(PREFERRED["service"])
    supervisor.hold(door)
    _say_other_port("service", int(door.getsockname()[1]), say)
    ports = choose_ports(supervisor, say)
    nodes = dict(zip(embedded, chains.launch(supervisor, layout, ports, embedded), strict=True))
    where = {name: f"http://{LOOPBACK}:{ports[name]}" for name in embedded}
    # a service that knows its chains need not wait for them: an absent chain is no error to it
    service = _launch_service(supervisor, layout, door, where, say) if _known(layout, embedded) else None
    if service is None:
        import chain.deploy  # noqa: F401 -- once for both chains: threads that import at once may see a module half made
    with ThreadPoolExecutor(3) as pool:
        preparing = pool.submit(before_service if service is None else lambda: None)
        brought = pool.map(lambda name: _bring_up(supervisor, layout, name, nodes[name], say), embedded)
        running = dict(zip(embedded, brought, strict=True))
        preparing.result()
    if service is None:
        service = _launch_service(supervisor, layout, door, where, say)
    child, url = service
    supervisor.wait_ready(child, 120)
    for more in _more_workers(layout, child):  # once the first has migrated
        supervisor.start(more)
    write_json(layout.state_file, {"pid": os.getpid(), "url": url, "chains": where})
    return Up(layout, url, running)


def _known(layout: Layout, names: Sequence[str]) -> bool:
    """Whether an earlier start has pinned these chains and deployed on them."""
    pinned = gateway.pinned_chains(layout)
    return all(name in pinned and chains.has_contracts(layout, name) for name in names)


def _bring_up(supervisor: Supervisor, layout: Layout, name: str, node: Child, say: Say) -> chains.Running:
    """Waits for a chain, compares it with its pin, deploys what is missing."""
    chain = chains.await_chain(supervisor, layout, name, node)
    say(f"{chains.term(name)} chain at {chain.url}: embedded, single operator, not tamper-resistant")
    with _PINNING:
        gateway.pin_chain(layout, name, gateway.Pin((chain.url,), chain.chain_id, chain.genesis))
    chains.deploy_missing(layout, chain, say)
    return chain


def _launch_service(
    supervisor: Supervisor, layout: Layout, door: socket.socket, where: Mapping[str, str], say: Say
) -> tuple[Child, str]:
    """The service's process and address. Its socket is ours: no restart can lose the port."""
    url = f"http://{LOOPBACK}:{door.getsockname()[1]}"
    environment = {**_given_settings(), "REGSEAL_HOME": str(layout.gateway), **gateway.loopback_url(layout, url)}
    for name, endpoint in where.items():  # ports may differ from the ones in the settings
        environment[f"REGSEAL_CHAINS__{name.upper()}__ENDPOINTS"] = json.dumps([endpoint])
    command = ["-m", "cli.local.serve", str(door.fileno())]
    child = Child("service", command, environment, lambda: _lives(url), inherits=(door.fileno(),))
    supervisor.start(child)
    say(f"service at {url}")
    return child, url


def _more_workers(layout: Layout, first: Child) -> Iterator[Child]:
    """As many as the settings say, on the same socket: whoever is free takes the next connection."""
    from services.platform.settings import load_settings

    for number in range(2, load_settings(layout.gateway).workers + 1):
        yield replace(first, name=f"{first.name}-{number}", process=None)


def _given_settings() -> dict[str, str]:
    """The service's settings that this process was given as variables (``REGSEAL_DATABASE_URL`` …); it has them too."""
    from services.platform.settings import Settings

    def named(variable: str) -> str:
        return variable.removeprefix("REGSEAL_").split("__")[0].lower()

    given = {name: value for name, value in os.environ.items() if name.startswith("REGSEAL_")}
    return {name: value for name, value in given.items() if named(name) in Settings.model_fields}


def await_checked(up: Up, say: Say, seconds: float = 20.0) -> None:
    """Waits until the service has checked its logs and takes submissions; says why when it does not."""
    from cli.local.status import complaint

    client, until, reason = ApiClient(up.url, timeout=5), time.monotonic() + seconds, ""
    while time.monotonic() < until:
        try:
            client.get("/health/ready")
        except ApiProblem as problem:
            reason = complaint(problem.problem)
        except PartyError as error:
            reason = str(error)
        else:
            return
        time.sleep(0.2)
    say(f"!! the service takes no submissions yet: {reason} (regseal doctor)")


def _lives(url: str) -> bool:
    with suppress(PartyError):
        ApiClient(url, timeout=1).get("/health/live")
        return True
    return False


def down(layout: Layout, say: Say) -> bool:
    """Stops a running installation; False when none ran."""
    state = read_state(layout)
    pid = state.get("pid")
    if isinstance(pid, int) and supervised(layout):
        say(f"stopping the installation at {shown(layout.var)} (pid {pid})")
        from cli.local.processes import end

        end(pid, alive=lambda: supervised(layout), patience=60)
        clear_leftovers(layout, say)
        return True
    clear_leftovers(layout, say)
    return False


def supervised(layout: Layout) -> bool:
    """Whether an `up` lives that watches over what runs here."""
    try:
        with layout.lock_file.open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
