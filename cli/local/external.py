"""A chain that somebody else runs: our contracts on it, once, and its pin in the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from chain.party.errors import PartyError
from chain.party.keystore import EvmKey, passphrase_for
from chain.party.rpc import JsonRpc
from cli.local import gateway
from cli.local.errors import LocalError
from cli.local.layout import Layout

Say = Callable[[str], None]
CLASSES = ("permissioned", "public")


def deploy(
    layout: Layout,
    name: str,
    endpoints: Sequence[str],
    *,
    finality: str,
    chain_class: str,
    key_file: Path | None,
    say: Say,
) -> gateway.Pin:
    """Deploys the contracts for the authorities that `init` was told, or confirms them, and pins the chain.

    Raises:
        LocalError: the chain does not answer, refuses, is another than the pinned one, or is pinned as embedded.
    """
    if gateway.embedded(layout, name):
        raise LocalError(
            f"the {name} chain of this installation is embedded", "a chain is chosen before its first start"
        )
    pin = pin_of(endpoints, finality, chain_class)
    key_path = key_file or layout.gateway / "keys" / "deployer.json"
    key = EvmKey.load(key_path, passphrase_for(key_path, {} if key_file is None else None))
    _deploy(layout, name, pin, key)
    gateway.pin_chain(layout, name, pin)
    account = gateway.address_of_key(layout.gateway / "keys" / "gateway.json")
    balance = int(JsonRpc(pin.endpoints[0], timeout=10).call("eth_getBalance", account, "latest"), 16)
    if not balance:
        say(f"the gateway's account {account} is empty on {name}: fund it, unless gas is free there")
    return pin


def pin_of(endpoints: Sequence[str], finality: str, chain_class: str) -> gateway.Pin:
    """What the endpoints say they are; all the same. LocalError."""
    from pydantic import ValidationError

    from services.platform.settings import ChainConfig

    found: set[tuple[int, str]] = set()
    for endpoint in endpoints:
        try:
            rpc = JsonRpc(endpoint, timeout=10)
            genesis = str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])
            found.add((int(rpc.call("eth_chainId"), 16), genesis))
        except (PartyError, TypeError, KeyError) as error:
            raise LocalError(str(error), "--endpoint http://HOST:PORT of a running node") from None
    if len(found) != 1:
        raise LocalError(f"these endpoints are not one chain: {sorted(found)}", "give the endpoints of one chain")
    ((chain_id, genesis),) = found
    try:
        ChainConfig(
            endpoints=tuple(endpoints), chain_id=chain_id, genesis=genesis, addresses_file=Path("x"),
            finality=finality, chain_class=chain_class,  # type: ignore[arg-type]  # judged by the model
        )  # fmt: skip
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise LocalError(f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}") from None
    return gateway.Pin(tuple(endpoints), chain_id, genesis, finality, chain_class)


def _deploy(layout: Layout, name: str, pin: gateway.Pin, key: EvmKey) -> None:
    from chain.deploy import deploy_all
    from chain.errors import ChainError

    wanted = gateway.Deployment.load(layout)
    out = layout.addresses(name)
    out.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        facts = (wanted.root, dict(wanted.authorities), wanted.delay)
        deploy_all(pin.endpoints[0], key.secret, *facts, out, role=gateway.role_of(name), market=wanted.market)
    except ChainError as error:
        fix = f"fund the deployer {key.address} on that chain, or give --key of an account that can pay; then again"
        raise LocalError(f"contracts cannot be deployed on {name}: {error}", fix) from None
