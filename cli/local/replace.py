"""`regseal chain replace`: a chain is gone for good; another one takes its place as the next epoch (链纪元)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.party.errors import PartyError
from chain.party.keystore import EvmKey, passphrase_for
from chain.party.rpc import JsonRpc
from cli.local import chains, external, gateway
from cli.local.errors import LocalError
from cli.local.layout import CHAIN_IDS, Layout, shown

if TYPE_CHECKING:
    from services.platform.settings import ChainConfig, Settings

Say = Callable[[str], None]
_EPOCH_STEP = 1_000
"""Between the chain ids of an embedded chain's epochs: what was signed for the lost one must count nowhere else."""


@dataclass(frozen=True)
class Wanted:
    """What the operator said: endpoints of a chain that others run, or none for an embedded one."""

    endpoints: Sequence[str] = ()
    finality: str = "immediate"
    chain_class: str = "permissioned"
    key_file: Path | None = None
    abandon: bool = False


@dataclass(frozen=True)
class Replaced:
    """The new epoch."""

    epoch: int
    pin: gateway.Pin
    contract: str
    addresses: Path
    logs: int


def replace_chain(layout: Layout, name: str, wanted: Wanted, say: Say) -> Replaced:
    """Closes the epoch, brings up the next chain with the same authorities, and pins it; the old pins are kept.

    Interrupted, it is run again. Nothing is pinned before everything is there.

    Raises:
        LocalError: nothing is pinned under this name, the old chain is still there, or the new one cannot be had.
    """
    settings = _settings(layout)
    old = settings.chains.get(name)
    if old is None:
        raise LocalError(f"no chain {name} is pinned", f"one of {', '.join(settings.chains) or 'none'}")
    _require_lost(layout, name, old, wanted)
    epoch = old.epoch + 1
    closing = Path("chains") / f"closing-{name}@{old.epoch}.json"
    closed = _close(settings, layout.gateway / closing)
    say(f"epoch {old.epoch} is closed: the last heads of {closed.logs} logs are in {shown(layout.gateway / closing)}")
    deployment = gateway.Deployment.load(layout)
    deployment = replace(deployment, authorities={**deployment.authorities, **closed.authorities})
    addresses = layout.gateway / "chains" / f"{name}@{epoch}.json"
    if wanted.endpoints:
        pin = _external(layout, name, wanted, deployment, addresses)
    else:
        pin = _embedded(layout, name, old, deployment, addresses, say)
    contract = _contract(addresses)
    _require_apart(old, pin, contract, addresses)
    gateway.replace_pin(layout, name, pin, addresses, _past(layout, old, closing))
    return Replaced(epoch, pin, contract, addresses, closed.logs)


def _settings(layout: Layout) -> Settings:
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    try:
        return load_settings(layout.gateway)
    except StartRefused as error:
        raise LocalError(error.detail, "regseal doctor") from None


def _require_lost(layout: Layout, name: str, old: ChainConfig, wanted: Wanted) -> None:
    """Refuses to replace a chain that is there: this cannot be undone."""
    if wanted.abandon:
        return
    if old.chain_class == "embedded":
        known = chains.identity(layout.chain(name))
        if known is not None and known == (old.chain_id, old.genesis):
            raise LocalError(
                f"the chain is there, in {shown(layout.chain(name))}",
                "regseal up starts it; --abandon gives it up, if it cannot be started any more",
            )
        return
    for endpoint in old.endpoints:
        if _genesis(endpoint) == (old.chain_id, old.genesis):
            raise LocalError(f"{endpoint} still answers as the pinned chain", "--abandon gives it up all the same")


def _genesis(endpoint: str) -> tuple[int, str] | None:
    try:
        rpc = JsonRpc(endpoint, timeout=10)
        first: Any = rpc.call("eth_getBlockByNumber", "0x0", False)
        return int(rpc.call("eth_chainId"), 16), str(first["hash"])
    except (PartyError, TypeError, KeyError, ValueError):
        return None


def _close(settings: Settings, closing: Path) -> Any:
    from services.platform.errors import StartRefused
    from services.replacement import close_chain

    closing.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return close_chain(settings, closing)
    except StartRefused as error:
        raise LocalError(error.detail, "regseal down, then again; or: regseal doctor") from None


def _embedded(
    layout: Layout, name: str, old: ChainConfig, deployment: gateway.Deployment, addresses: Path, say: Say
) -> gateway.Pin:
    """A new embedded chain; what is left of the old one is put aside, never deleted."""
    from cli.local.ports import claim
    from cli.local.supervisor import Supervisor
    from cli.local.up import PREFERRED, stopping_on_signals

    chain_id = CHAIN_IDS[name] + _EPOCH_STEP * old.epoch
    home = layout.chain(name)
    known = chains.identity(home)
    if home.exists() and (known is None or known[0] != chain_id):
        aside = _free(home.with_name(f"{name}@{old.epoch}.lost"))
        home.rename(aside)
        say(f"what was left of the old chain is in {shown(aside)}")
    supervisor = Supervisor(layout, say)
    with stopping_on_signals(supervisor):
        port, held = claim(PREFERRED[name])
        supervisor.hold(held)
        child = chains.launch_one(supervisor, layout, name, port, chain_id)
        running = chains.await_chain(supervisor, layout, name, child)
        key_file = layout.gateway / "keys" / "deployer.json"
        _deploy(running.url, EvmKey.load(key_file, passphrase_for(key_file, {})), name, deployment, addresses)
    return gateway.Pin((running.url,), running.chain_id, running.genesis)


def _external(
    layout: Layout, name: str, wanted: Wanted, deployment: gateway.Deployment, addresses: Path
) -> gateway.Pin:
    pin = external.pin_of(wanted.endpoints, wanted.finality, wanted.chain_class)
    key_path = wanted.key_file or layout.gateway / "keys" / "deployer.json"
    key = EvmKey.load(key_path, passphrase_for(key_path, {} if wanted.key_file is None else None))
    _deploy(pin.endpoints[0], key, name, deployment, addresses)
    return pin


def _deploy(url: str, key: EvmKey, name: str, wanted: gateway.Deployment, out: Path) -> None:
    from chain.deploy import deploy_all
    from chain.errors import ChainError

    here = _genesis(url)
    for file in (out, chains.pending(out)):
        if here is not None and chains.begun_on(file) not in (None, here):
            file.unlink()  # of an attempt at another chain
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    facts = (wanted.root, dict(wanted.authorities), wanted.delay)
    try:
        deploy_all(url, key.secret, *facts, out, role=gateway.role_of(name), market=wanted.market)
    except ChainError as error:
        fix = f"fund {key.address} on that chain, or give --key of an account that can pay; then again"
        raise LocalError(f"contracts cannot be deployed on {name}: {error}", fix) from None


def _contract(addresses: Path) -> str:
    from chain.addresses import load_addresses

    known = load_addresses(addresses)
    if known is None:
        raise LocalError(f"{shown(addresses)} is missing", "the same command again")
    return known.contracts["EvidenceLog"].address


def _require_apart(old: ChainConfig, pin: gateway.Pin, contract: str, addresses: Path) -> None:
    """What was signed for a lost chain must not count on the next one: EIP-712 knows no genesis."""
    past = {(one.chain_id, one.contract.lower()) for one in old.past}
    past.add((old.chain_id, _contract(old.addresses_file).lower()))
    if (pin.chain_id, pin.genesis) == (old.chain_id, old.genesis):
        raise LocalError("this is the pinned chain itself", "give the endpoint of its successor")
    if (pin.chain_id, contract.lower()) in past:
        addresses.unlink(missing_ok=True)
        raise LocalError(
            f"EvidenceLog would have chain id {pin.chain_id} and address {contract}, as on a lost chain: "
            "old signatures would count again",
            "--key of another account to deploy with, or another chain id",
        )


def _past(layout: Layout, old: ChainConfig, closing: Path) -> list[dict[str, Any]]:
    """All epochs that have ended, as the settings keep them."""
    kept = [
        {**one.model_dump(mode="json"), "closing": str(one.closing.relative_to(layout.gateway))} for one in old.past
    ]
    ended = {
        "epoch": old.epoch,
        "chain_id": old.chain_id,
        "genesis": old.genesis,
        "contract": _contract(old.addresses_file),
        "chain_class": old.chain_class,
        "closing": str(closing),
    }
    return [*kept, ended]


def _free(path: Path) -> Path:
    """The path, or one with a number behind that is not taken."""
    taken = 0
    found = path
    while found.exists():
        taken += 1
        found = path.with_name(f"{path.name}.{taken}")
    return found
