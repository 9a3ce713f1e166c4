"""Checks of chains, pins, clocks and witnesses; those that need something running say so when it is not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chain.party.clock import SimulatedNow, system_now
from chain.party.errors import ApiProblem, PartyError
from chain.party.http import ApiClient
from chain.party.rpc import JsonRpc
from cli.local.checks import Check, Level, bad, good
from cli.local.checks_calendars import calendars
from cli.local.checks_market import market
from cli.local.checks_store import store
from cli.local.checks_workers import workers
from cli.local.layout import Layout, shown
from cli.local.status import complaint

SKEW_SECONDS = 30
_EARLIER = "their acts are refused here; a sample begins anew (rm -r var), others: docs/operations.md, Upgrades"


def chains(layout: Layout) -> Iterator[Check]:
    """Each chain of the settings: does it answer, is it the pinned one, is the code ours, has the gateway no right."""
    from cli.local.up import read_state

    running = read_state(layout).get("chains", {})
    for name, chain in _configured(layout).items():
        where = running.get(name) if isinstance(running, dict) else None
        if where is None and chain.chain_class == "embedded":
            yield good(f"chain {name}", "embedded; does not run now")  # another's may answer at the same port
            continue
        yield from _chain(layout, name, chain, where or chain.endpoints[0])


def _configured(layout: Layout) -> Mapping[str, Any]:
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    if not layout.settings_file.exists():
        return {}
    try:
        return load_settings(layout.gateway).chains
    except StartRefused:  # reported by the check of the settings
        return {}


def _chain(layout: Layout, name: str, chain: Any, url: str) -> Iterator[Check]:
    title = f"chain {name}"
    rpc = JsonRpc(url, timeout=5)
    try:
        chain_id = int(rpc.call("eth_chainId"), 16)
        genesis = str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])
        head = rpc.call("eth_getBlockByNumber", "latest", False)
    except PartyError as error:
        log = shown(layout.run / f"chain-{name}.log")
        fix = f"read {log}" if chain.chain_class == "embedded" else "start its node, or correct its endpoints"
        yield Check(title, Level.WARN, f"{url} does not answer ({error})", fix)
        return
    if (chain_id, genesis) != (chain.chain_id, chain.genesis):
        found = f"chain {chain_id} with genesis {genesis}, pinned {chain.chain_id} with {chain.genesis}"
        yield bad(title, found, "put the chain's folder back from its backup, or correct endpoints")
        return
    yield good(title, f"{url}: chain {chain_id}, genesis as pinned, block {int(head['number'], 16)}")
    yield _skew(title, int(head["timestamp"], 16), _now(layout))
    yield from _contracts(layout, name, chain, rpc)


def _how_to_deploy(name: str, chain: Any) -> str:
    if chain.chain_class == "embedded":
        return "regseal up deploys"
    return f"regseal deploy {name} --endpoint {chain.endpoints[0]} --finality {chain.finality}"


def _now(layout: Layout) -> int:
    """By which the installation goes: the machine's clock, or a sample's own."""
    from cli.local.gateway import simulated_time

    offset = simulated_time(layout)
    return int((system_now if offset is None else SimulatedNow(offset))().timestamp())


def _skew(title: str, block_time: int, now: int) -> Check:
    ahead = block_time - now
    if ahead > SKEW_SECONDS:
        return bad("clock", f"the head of {title} is {ahead} s in this machine's future", "set the clock (NTP)")
    return good("clock", "no block from the future")


def _contracts(layout: Layout, name: str, chain: Any, rpc: JsonRpc) -> Iterator[Check]:
    from chain.proof.hashing import keccak256
    from cli.local.gateway import Deployment, address_of_key

    try:
        deployed = json.loads(chain.addresses_file.read_text("utf-8"))["contracts"]
    except (OSError, ValueError, KeyError):
        found = f"{shown(chain.addresses_file)} is missing or unreadable"
        yield bad(f"chain {name}", found, _how_to_deploy(name, chain))
        return
    wanted = Deployment.load(layout)
    missing = [contract for contract in wanted.contracts(name) if contract not in deployed]
    if missing:
        yield bad(f"chain {name}", f"{', '.join(missing)} not deployed there yet", _how_to_deploy(name, chain))
    for contract, entry in deployed.items():
        code = bytes.fromhex(str(rpc.call("eth_getCode", entry["address"], "latest")).removeprefix("0x"))
        if "0x" + keccak256(code).hex() != entry["code_hash"]:
            yield bad(
                contract, f"other code at {entry['address']} on {name}", "this is another deployment: compare addresses"
            )
        else:
            yield _version(contract, code, f"{entry['address']} on {name}")
    gateway = address_of_key(layout.gateway / "keys" / "gateway.json")
    if gateway in (wanted.root, *wanted.authorities.values()):
        yield bad(
            "gateway key",
            "it is an authority on chain: it could act in a regulator's name",
            "deploy with keys made elsewhere",
        )
    else:
        yield good("gateway key", f"{gateway} is neither root nor authority")


def _version(contract: str, code: bytes, where: str) -> Check:
    """Contracts are never replaced: one of an earlier version may lack what this one calls."""
    from chain.artifacts import load
    from chain.versions import is_of_this_version, lacking

    artifact = load(contract)
    if is_of_this_version(code, artifact):
        return good(contract, f"{where}, code as deployed")
    found = f"{where}, code as deployed by an earlier version"
    if missing := lacking(code, artifact.abi):
        return bad(contract, f"{found}: it lacks {', '.join(missing)}", _EARLIER)
    return good(contract, found)


def service(layout: Layout) -> Iterator[Check]:
    """What the running service says: ready, log checked, witness heard."""
    from cli.local.up import read_state

    url = read_state(layout).get("url")
    if not isinstance(url, str):
        return
    client = ApiClient(url, timeout=10)
    try:
        client.get("/health/ready")
    except ApiProblem as problem:
        reason = complaint(problem.problem)
        yield bad("service", f"{url} is not ready: {reason}", _advice(reason))
    except PartyError as error:
        yield bad("service", f"{url} does not answer: {error}", f"look at {shown(layout.run / 'service.log')}")
        return
    else:
        yield good("service", f"{url} is ready")
    try:
        yield from _epochs(client)
        yield from calendars(client)
    except PartyError as error:
        yield bad("service", str(error), "a chain that hangs holds it up: regseal status; then again")
    yield from _witnesses(layout)


def _epochs(client: ApiClient) -> Iterator[Check]:
    """Where a chain took a lost one's place: what stands on it again, and which witnesses say that it begins alike."""
    chains: Any = client.get("/v1/chains")
    for chain in chains:
        again = chain["anchored_again"]
        if again is None:
            continue
        title, done, total = f"epoch {chain['epoch']} of {chain['name']}", again["done"], again["total"]
        said = [one for one in client.items(f"/v1/chains/{chain['name']}/statements") if one["epoch"] == chain["epoch"]]
        names = ", ".join(f"{one['witness']} ({one['count']} heads)" for one in said)
        if done < total:
            fix = "regseal operation batch in the host's folder, then in each owner's: somebody has not signed yet"
            yield Check(title, Level.WARN, f"{done} of {total} heads are anchored again", fix)
        elif not said:
            fix = "each witness's operator: regseal witness epoch add"
            yield Check(title, Level.WARN, f"all {total} heads are anchored again; no witness has said so", fix)
        else:
            yield good(title, f"all {total} heads are anchored again; so say {names}")


_ADVICE = {
    "behind": "put the newest database back; else: regseal down, regseal log recover --mirror WITNESS-HOME",
    "waits for the head file": "put gateway/heads back as it was; if lost: regseal log recover --without-head-file",
    "waits for the chain": "start the chain, or correct its endpoints",
    "waits for a witness": "ask who runs it: does `regseal witness` run and reach this service",
}


def _advice(reason: str) -> str:
    return next((fix for words, fix in _ADVICE.items() if words in reason), "regseal status shows which part")


def _witnesses(layout: Layout) -> Iterator[Check]:
    """The sample's witness writes how its last round went."""
    from cli.local.sample.parties import WITNESS

    file = layout.party(WITNESS) / "status.json"
    if not layout.party(WITNESS).exists():
        return
    try:
        worst = str(json.loads(file.read_text("utf-8"))["worst"])
    except (OSError, ValueError, KeyError, TypeError):
        yield bad("witness", "has not reported a round", f"look at {shown(layout.run / 'witness.log')}")
        return
    ok = worst == "ok"
    yield good("witness", "last round ok") if ok else bad("witness", f"last round: {worst}", f"read {shown(file)}")


RUNNING: tuple[Callable[[Layout], Iterator[Check]], ...] = (chains, market, store, service, workers)
