"""A service's home: keys, master key, settings. Every step leaves alone what an earlier, interrupted run has made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.addresses import Market, Role, contracts_of
from chain.party.durable import private_folder, write_json, write_private
from chain.party.keystore import EvmKey, new_passphrase_file, passphrase_for
from cli.local.errors import LocalError
from cli.local.layout import CHAIN_IDS, SUPERVISION, Layout, shown

DELAY_SECONDS = 2 * 24 * 3600
PORT = 8440
SIMULATED = "simulated-time"
"""In the installation's folder: how many seconds a sample is ahead."""


@dataclass(frozen=True)
class Deployment:
    """Constructor arguments of the contracts: addresses of keys that are made outside the gateway.

    ``market``: whose register the business chain has, as the settings say; None for an installation without.
    """

    root: str
    authorities: Mapping[int, str]
    delay: int = DELAY_SECONDS
    market: Market | None = None

    @classmethod
    def load(cls, layout: Layout) -> Deployment:
        """What `init` was told. LocalError when there is none."""
        try:
            stored: dict[str, Any] = json.loads(layout.deployment_file.read_text("utf-8"))
        except FileNotFoundError:
            raise LocalError(f"{layout.deployment_file} is missing", "regseal init --root … --authority …") from None
        regions = {int(region): address for region, address in stored["authorities"].items()}
        return cls(stored["root"], regions, stored["delay"], _stated_market(layout))

    def contracts(self, name: str) -> tuple[str, ...]:
        """The contracts that the chain of this name is to have."""
        return contracts_of(role_of(name), market=self.market is not None)


def role_of(name: str) -> Role:
    """What the chain of this name is for."""
    return Role.SUPERVISION if name == SUPERVISION else Role.BUSINESS


@dataclass(frozen=True)
class MarketName:
    """A regional equity market (区域性股权市场), what its register is deployed with, and the operator's own rule.

    ``confirmation``: hundredths of a per cent that must be confirmed (确权) before custody; None: not decided yet.
    """

    name: str
    market: Market
    confirmation: int | None = None

    @property
    def line(self) -> str:
        """As the settings have it."""
        checked = str(self.market.checked).lower()
        facts = [f"name = {quoted(self.name)}", f"region = {self.market.region}", f"checked = {checked}"]
        facts += [] if self.confirmation is None else [f"confirmation = {self.confirmation}"]
        return f"market = {{ {', '.join(facts)} }}"


def name_market(layout: Layout, market: MarketName) -> bool:
    """Adds the market to settings that name none yet; the next start deploys its register. False when they do."""
    if _stated_market(layout) is not None:
        return False
    text = layout.settings_file.read_text("utf-8")
    first, section, rest = text.partition("\n[")  # what belongs to no section comes before them
    write_private(layout.settings_file, f"{first.rstrip()}\n{market.line}\n{section}{rest}".encode())
    return True


@dataclass(frozen=True)
class Witness:
    """A witness whose statements the service takes."""

    vkey: str
    role: str


def create_keys(layout: Layout) -> None:
    """Folder, passphrase, master key, the gateway's key, and the deployer's (without any right after deployment)."""
    from services.platform.atrest import Vault

    home = private_folder(layout.gateway)
    if not (home / "passphrase").exists():
        new_passphrase_file(home)
    for name in ("gateway", "deployer"):
        path = home / "keys" / f"{name}.json"
        if not path.exists():
            EvmKey.generate().save(path, passphrase_for(path, {}))
    if not (home / "master.key").exists():
        Vault.create(home / "master.key")


def write_deployment(layout: Layout, deployment: Deployment) -> None:
    """Keeps the constructor arguments for the deployment that follows."""
    authorities = {str(region): key for region, key in deployment.authorities.items()}
    stored = {"root": deployment.root, "authorities": authorities, "delay": deployment.delay}
    write_json(layout.deployment_file, stored)


def write_settings(
    layout: Layout,
    *,
    witnesses: tuple[Witness, ...] = (),
    house_origin: str,
    public_url: str,
    database_url: str = "",
    market: MarketName | None = None,
    fast: bool = False,
    simulated: bool = False,
) -> None:
    """The settings without chains: those are added at the first start, with the genesis they turned out to have."""
    quorum = dict.fromkeys(sorted({witness.role for witness in witnesses}), 1)
    lines = [
        "# Settings of this regseal service (see docs/operations.md); REGSEAL_… variables override them.",
        f"public_url = {quoted(public_url)}",
        f"house_origin = {quoted(house_origin)}",
        *((f"database_url = {quoted(database_url)}",) if database_url else ()),
        *((market.line,) if market else ()),
        "# Witnesses, each by the vkey that its `regseal witness init` printed, and how many of a role a head needs:",
        "#   witness_quorum = { regulator = 1 }",
        '#   witnesses = [{ vkey = "…", role = "regulator" }]',
        f"witness_quorum = {{ {', '.join(f'{role} = {count}' for role, count in quorum.items())} }}",
        "witnesses = [",
        *(f"    {{ vkey = {quoted(witness.vkey)}, role = {quoted(witness.role)} }}," for witness in witnesses),
        "]",
        *(("anchor_interval_ms = 5000  # a sample waits for people who watch",) if fast else ()),
        *((f'simulated_time = "../{SIMULATED}"  # a sample whose story takes years',) if simulated else ()),
    ]
    write_private(layout.settings_file, ("\n".join(lines) + "\n").encode())


@dataclass(frozen=True)
class Pin:
    """What the settings say of a chain: where it answers and what it must be."""

    endpoints: tuple[str, ...]
    chain_id: int
    genesis: str
    finality: str = "immediate"
    chain_class: str = "embedded"


def pin_chain(layout: Layout, name: str, pin: Pin) -> None:
    """Adds a chain to the settings, or checks that it still is the one that was pinned.

    Raises:
        LocalError: another genesis stands in the settings: this is not the chain the log is anchored on.
    """
    known = _chains(layout).get(name)
    if known is not None:
        if (known["chain_id"], known["genesis"]) != (pin.chain_id, pin.genesis):
            raise LocalError(
                f"the {name} chain is not the one in {layout.settings_file}: "
                f"chain {pin.chain_id} with genesis {pin.genesis}, pinned {known['chain_id']} with {known['genesis']}",
                "put the chain's folder back from its backup; if it is lost for good: regseal chain replace",
            )
        return
    section = _section(layout, name, pin, layout.addresses(name))
    write_private(layout.settings_file, layout.settings_file.read_bytes() + section.encode())


def _section(layout: Layout, name: str, pin: Pin, addresses: Path) -> str:
    endpoints = ", ".join(quoted(one) for one in pin.endpoints)
    return (
        f"\n[chains.{name}]\nendpoints = [{endpoints}]\nchain_id = {pin.chain_id}\ngenesis = {quoted(pin.genesis)}\n"
        f"addresses_file = {quoted(str(addresses.relative_to(layout.gateway)))}\n"
        f"finality = {quoted(pin.finality)}\nchain_class = {quoted(pin.chain_class)}\n"
    )


def replace_pin(layout: Layout, name: str, pin: Pin, addresses: Path, past: Sequence[Mapping[str, object]]) -> None:
    """Puts a chain in the place of a lost one, at once or not at all; ``past``: those before it, the lost one last."""
    lines, kept, inside = layout.settings_file.read_text("utf-8").splitlines(), list[str](), False
    for line in lines:
        if line.lstrip().startswith("["):
            inside = line.strip() in (f"[chains.{name}]", f"[[chains.{name}.past]]")
        if not inside:
            kept.append(line)
    text = "\n".join(kept).rstrip("\n") + "\n" + _section(layout, name, pin, addresses)
    for one in past:
        members = (f"{key} = {quoted(value) if isinstance(value, str) else value}" for key, value in one.items())
        text += f"\n[[chains.{name}.past]]\n" + "\n".join(members) + "\n"
    write_private(layout.settings_file, text.encode())


def chain_id(layout: Layout, name: str) -> int:
    """The pinned one, else that of a first embedded chain of this name."""
    known = _chains(layout).get(name)
    return int(known["chain_id"]) if known is not None else CHAIN_IDS[name]


def pinned_chains(layout: Layout) -> frozenset[str]:
    """Names of the chains in the settings."""
    return frozenset(_chains(layout))


def simulated_time(layout: Layout) -> Path | None:
    """The file by which this sample's time goes, if it is one."""
    stated = _stated(layout).get("simulated_time")
    return layout.gateway / str(stated) if stated else None


def stated_database(layout: Layout) -> str:
    """The settings' `database_url`, empty for the SQLite file in the gateway's folder."""
    return str(_stated(layout).get("database_url", ""))


def _stated_market(layout: Layout) -> Market | None:
    try:
        stated = _stated(layout).get("market")
        return None if stated is None else Market(int(stated["region"]), bool(stated.get("checked", True)))
    except FileNotFoundError:
        return None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        fix = 'market = { name = "…", region = 440300, checked = true }'
        raise LocalError(f"market in {layout.settings_file} is ill-formed: {error}", fix) from None


def embedded(layout: Layout, name: str) -> bool:
    """Whether the settings pin this chain as an embedded one."""
    return name in _chains(layout) and name not in external_chains(layout)


def external_chains(layout: Layout) -> dict[str, Any]:
    """Chains of the settings that somebody else runs."""
    return {
        name: chain for name, chain in _chains(layout).items() if chain.get("chain_class") not in (None, "embedded")
    }


def loopback_url(layout: Layout, url: str) -> dict[str, str]:
    """The variable that corrects `public_url` when it names this machine only and the port had to be another."""
    stated = str(_stated(layout).get("public_url", ""))
    return {"REGSEAL_PUBLIC_URL": url} if stated.startswith("http://127.0.0.1:") else {}


def address_of_key(path: Path) -> str:
    """The address written in a v3 key file, without opening it."""
    from chain.party.evm import checksummed

    return checksummed(bytes.fromhex(json.loads(path.read_text("utf-8"))["address"]))


def quoted(text: str) -> str:
    """A TOML basic string (JSON's escapes are a subset of TOML's)."""
    return json.dumps(text, ensure_ascii=False)


def _chains(layout: Layout) -> dict[str, Any]:
    try:
        return dict(_stated(layout).get("chains", {}))
    except FileNotFoundError:
        raise LocalError(
            f"there is no installation at {layout.gateway}", "regseal init, or regseal up --sample"
        ) from None


def _stated(layout: Layout) -> dict[str, Any]:
    """The settings as their file states them. LocalError when it is not TOML."""
    import tomllib

    try:
        return tomllib.loads(layout.settings_file.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise LocalError(f"{shown(layout.settings_file)} is not TOML: {error}", "edit it, or put it back") from None
