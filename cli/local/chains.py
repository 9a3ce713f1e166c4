"""The embedded chains: start them, pin what they are, deploy what is missing."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.addresses import load_addresses
from chain.errors import ChainError, DeployError
from chain.party.errors import PartyError
from chain.party.keystore import EvmKey, passphrase_for
from chain.party.rpc import JsonRpc
from cli.local.errors import LocalError
from cli.local.gateway import Deployment, address_of_key, chain_id, role_of, simulated_time
from cli.local.layout import CHAIN_TERMS, Layout, shown
from cli.local.supervisor import Child, Supervisor

Say = Callable[[str], None]


@dataclass(frozen=True)
class Running:
    """An embedded chain that answers."""

    name: str
    url: str
    chain_id: int
    genesis: str


def launch(supervisor: Supervisor, layout: Layout, ports: dict[str, int], names: Sequence[str]) -> list[Child]:
    """Starts the nodes of all named chains at once; wait for each with `await_chain`."""
    return [launch_one(supervisor, layout, name, ports[name], chain_id(layout, name)) for name in names]


def identity(home: Path) -> tuple[int, str] | None:
    """(chain id, genesis) of the chain in this folder; None when there is none, or not so much of it."""
    try:
        written = json.loads((home / "chain.json").read_text("utf-8"))
        return int(written["chain_id"]), str(written["hash"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def await_chain(supervisor: Supervisor, layout: Layout, name: str, child: Child) -> Running:
    """Waits until the chain answers. LocalError with the node's last words otherwise."""
    supervisor.wait_ready(child, 120)
    written = _endpoint(layout, name)
    if written is None:
        raise LocalError(f"the {name} chain has not written its endpoint", "regseal doctor")
    return Running(name, str(written["url"]), int(written["chain_id"]), str(written["genesis"]))


def deploy_missing(layout: Layout, chain: Running, say: Say) -> None:
    """Deploys the contracts of one chain that its address file does not name yet."""
    out = layout.addresses(chain.name)
    wanted = Deployment.load(layout)
    if has_contracts(layout, chain.name, (chain.chain_id, chain.genesis)):
        return
    from chain.deploy import deploy_all

    say(f"contracts are deployed on the {chain.name} chain")
    key_file = layout.gateway / "keys" / "deployer.json"
    key = EvmKey.load(key_file, passphrase_for(key_file, {}))
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = (wanted.root, dict(wanted.authorities), wanted.delay)
    try:
        deploy_all(chain.url, key.secret, *facts, out, role=role_of(chain.name), market=wanted.market)
    except ChainError as error:
        raise LocalError(f"contracts cannot be deployed on {chain.name}: {error}", "regseal doctor") from None


def begun_on(addresses: Path) -> tuple[int, str] | None:
    """(chain id, genesis) of the chain on which the deployment in this file, or on its way to it, was begun."""
    try:
        written = json.loads(addresses.read_text("utf-8"))
        return int(written["chain_id"]), str(written["genesis"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def pending(addresses: Path) -> Path:
    """Where a deployment keeps what it has signed until the address file stands."""
    return addresses.with_name(f"{addresses.name}.pending")


def refuse_begun_elsewhere(layout: Layout, name: str) -> None:
    """LocalError when the operator began to deploy on a chain that others run: an embedded one would then stay."""
    file = pending(layout.addresses(name))
    begun = begun_on(file)
    if begun is not None and begun[0] != chain_id(layout, name):
        fix = f"regseal deploy {name} … once more; or, for an embedded chain: rm {shown(file)}"
        raise LocalError(f"the deployment of {name} on chain {begun[0]} was begun and did not end", fix)


def has_contracts(layout: Layout, name: str, where: tuple[int, str] | None = None) -> bool:
    """Whether the address file names every contract of this chain; and on ``where`` (chain id, genesis), if given."""
    try:
        found = load_addresses(layout.addresses(name))
    except DeployError:
        return False
    if found is None or not set(Deployment.load(layout).contracts(name)) <= set(found.contracts):
        return False
    return where is None or where == (found.chain_id, found.genesis)


def launch_one(supervisor: Supervisor, layout: Layout, name: str, port: int, chain_id: int) -> Child:
    """Starts the node of one chain."""
    home = layout.chain(name)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    (home / "endpoint.json").unlink(missing_ok=True)
    command = ["-m", "chain.node", "--home", str(home), "--chain-id", str(chain_id), "--port", str(port)]
    for owner in ("gateway", "deployer"):
        command += ["--fund", address_of_key(layout.gateway / "keys" / f"{owner}.json")]
    offset = simulated_time(layout)
    if offset is not None:  # time may jump while nothing is to be mined
        command += ["--clock-offset", str(offset), "--heartbeat", "2"]
    child = Child(f"chain-{name}", command)
    child.ready = lambda: _answers(layout, name, child, chain_id)
    supervisor.start(child)
    return child


def _answers(layout: Layout, name: str, child: Child, chain_id: int) -> bool:
    written = _endpoint(layout, name)
    if written is None or child.process is None or written.get("pid") != child.process.pid:
        return False
    try:
        return int(JsonRpc(str(written["url"]), timeout=5).call("eth_chainId"), 16) == chain_id
    except PartyError:
        return False


def _endpoint(layout: Layout, name: str) -> dict[str, Any] | None:
    try:
        value = json.loads((layout.chain(name) / "endpoint.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def term(name: str) -> str:
    """`supervision (监管链)`."""
    return f"{name} ({CHAIN_TERMS[name]})" if name in CHAIN_TERMS else name
