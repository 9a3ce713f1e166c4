"""`regseal init | up | down | status | doctor | migrate`: this machine's own installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.local.errors import LocalError
from cli.local.layout import CHAIN_IDS, Layout, default_layout, shown
from cli.output import ExitCode, Json, emit, fail, note

if TYPE_CHECKING:
    from cli.local.gateway import MarketName
    from cli.local.up import Up

VarOption = Annotated[
    Path | None, typer.Option("--var", envvar="REGSEAL_VAR", help="The installation's folder.", show_default="var/")
]


def _layout(var: Path | None) -> Layout:
    return Layout(var.absolute()) if var is not None else default_layout()


@contextmanager
def _plain(*, as_json: bool = False) -> Iterator[None]:
    """Errors a user can meet become a sentence, a fix and an exit code."""
    from chain.party.errors import PartyError

    try:
        yield
    except KeyboardInterrupt:
        fail(ExitCode.REFUSED, "interrupted", as_json=as_json)
    except LocalError as error:
        detail = {"fix": error.fix} if error.fix else {}
        fail(
            ExitCode.REFUSED,
            f"{error}\n  fix: {error.fix}" if error.fix else str(error),
            as_json=as_json,
            detail=detail,
        )
    except (PartyError, OSError) as error:
        fail(ExitCode.REFUSED, str(error), as_json=as_json)


def init(
    root: Annotated[str, typer.Option(help="Address of the national root's key, made elsewhere.")],
    authority: Annotated[list[str], typer.Option(help="REGION=ADDRESS of a regional authority; repeatable.")],
    origin: Annotated[str, typer.Option(help="Origin of this installation's own log, e.g. regseal.example/house.")],
    url: Annotated[str, typer.Option(help="Address under which others reach this service.")] = "http://127.0.0.1:8440",
    market: Annotated[
        str, typer.Option(help="REGION=NAME of the market whose register is run here 登记簿; none: no register.")
    ] = "",
    unchecked: Annotated[
        bool, typer.Option("--unchecked", help="Its acts need no checker's signature 免复核; cannot be changed.")
    ] = False,
    delay: Annotated[int, typer.Option(min=0, help="Seconds before a new regional authority takes effect.")] = 172_800,
    database_url: Annotated[
        str, typer.Option(envvar="REGSEAL_DATABASE_URL", help="postgresql://…; default an SQLite file in gateway/.")
    ] = "",
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """Create a real installation: keys, master key, settings, tables; prints the first institution's one-time token."""
    from cli.local import gateway
    from cli.local.install import create, new_bootstrap_token

    layout = _layout(var)
    with _plain(as_json=as_json):
        deployment = gateway.Deployment(root, dict(_region_and_address(item) for item in authority), delay)
        named = market_said(market, checked=not unchecked)
        create(layout, deployment, house_origin=origin, public_url=url, database_url=database_url, market=named)
        secret = new_bootstrap_token(layout)
        lines = (
            f"installation   {shown(layout.gateway)}",
            f"gateway key    {gateway.address_of_key(layout.gateway / 'keys' / 'gateway.json')}",
            f"one-time token {secret}   (shown once; for `regseal institution bootstrap`)",
            "keep apart     master.key and passphrase, away from the database and its backups",
            "next           regseal up      with embedded chains, or before that, for a chain of your own:",
            "               regseal deploy supervision --endpoint URL --finality immediate",
        )
        emit({"home": str(layout.gateway), "bootstrap_token": secret}, lines, as_json=as_json)


def deploy(
    name: Annotated[str, typer.Argument(help="The chain's name in the settings: supervision or business.")],
    endpoint: Annotated[list[str], typer.Option(help="JSON-RPC address of a node of that chain; repeatable.")],
    finality: Annotated[str, typer.Option(help="immediate (BFT), confirmations:N or finalized.")],
    chain_class: Annotated[str, typer.Option("--class", help="permissioned or public.")] = "permissioned",
    key: Annotated[
        Path | None, typer.Option("--key", help="EVM key file of who pays; default the deployer that `init` made.")
    ] = None,
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """Use a chain that others run: deploy the contracts on it once, and pin it in the settings. Before `up`."""
    from dataclasses import asdict

    from cli.local.external import CLASSES
    from cli.local.external import deploy as bring

    layout = _layout(var)
    with _plain(as_json=as_json):
        if name not in CHAIN_IDS or chain_class not in CLASSES:
            raise LocalError(
                f"{name} ({chain_class}): a chain is one of {', '.join(CHAIN_IDS)}; {' or '.join(CLASSES)}"
            )
        pin = bring(layout, name, endpoint, finality=finality, chain_class=chain_class, key_file=key, say=note)
        lines = (
            f"chain          {name}: {pin.chain_id}, genesis {pin.genesis}",
            f"contracts      {shown(layout.addresses(name))}   (witnesses and auditors need it)",
            "next           regseal up",
        )
        emit({"name": name, **asdict(pin), "addresses": str(layout.addresses(name))}, lines, as_json=as_json)


def access(var: VarOption = None, as_json: Json = False) -> None:
    """Print a new one-time token; or, once the first institution is there, a new administrator's token of it.

    For who lost the token that was shown once, or let it expire. With SQLite the service must be stopped.
    """
    from cli.local.install import new_access

    with _plain(as_json=as_json):
        kind, secret = new_access(_layout(var))
        emit({"kind": kind, "secret": secret}, (f"{kind} {secret}",), as_json=as_json)


def up(
    sample: Annotated[bool, typer.Option("--sample", help="With sample parties, tokens, logs and a witness.")] = False,
    simulated: Annotated[
        bool, typer.Option("--simulated-time", help="A new sample whose time `regseal sample-time` moves.")
    ] = False,
    database_url: Annotated[
        str, typer.Option(help="A new sample's: postgresql://… of an empty database; default an SQLite file.")
    ] = "",
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """Start everything in the foreground: both embedded chains, contracts, tables, service. Ctrl-C stops all.

    With --json what runs is told once it does: {home, url, chains}.
    """
    from cli.local.run import NewSample, run

    layout = _layout(var)

    def ready(running: Up) -> None:
        if as_json:
            chains = {name: chain.url for name, chain in running.chains.items()}
            emit({"home": str(layout.var), "url": running.url, "chains": chains}, (), as_json=True)

    with _plain(as_json=as_json):
        run(layout, note, NewSample(simulated, database_url), sample=sample, ready=ready)


def sample_time(
    days: Annotated[int, typer.Option(min=1, max=4_000, help="How far to move it, forward.")],
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """Move the simulated time of a sample: its chains and its service. Refused for every other installation."""
    from cli.local.sample.moving import advance

    with _plain(as_json=as_json):
        ahead = advance(_layout(var), days * 86_400)
        shown_ = f"simulated time: {ahead // 86_400} days ahead of this machine's clock"
        emit({"ahead_s": ahead}, (shown_,), as_json=as_json)


def down(var: VarOption = None, as_json: Json = False) -> None:
    """Stop what `up` started, from another terminal."""
    from cli.local.up import down as stop

    with _plain(as_json=as_json):
        layout = _layout(var)
        stopped = stop(layout, note)
        emit({"stopped": stopped}, ["stopped" if stopped else f"nothing runs at {shown(layout.var)}"], as_json=as_json)


def status(var: VarOption = None, as_json: Json = False) -> None:
    """What runs, where, and how it fares. Exit code 1 when a check fails, 4 when the service does not answer."""
    from cli.local.status import read

    layout = _layout(var)
    found = read(layout)
    emit(found.data, found.lines, as_json=as_json)
    if not found.answers:
        raise typer.Exit(int(ExitCode.UNREACHABLE))
    if not found.data["health"].get("ok"):
        raise typer.Exit(int(ExitCode.REFUSED))


def doctor(var: VarOption = None, as_json: Json = False) -> None:
    """Examine machine and installation; names each missing piece and its fix. Exit code 1 when something fails."""
    from dataclasses import asdict

    from cli.local.checks import Level, examine

    found = examine(_layout(var))
    lines = [line for check in found for line in (f"{check.level:<5} {check.name:<14} {check.found}", *_fix(check.fix))]
    emit([asdict(check) for check in found], lines, as_json=as_json)
    if any(check.level is Level.FAIL for check in found):
        raise typer.Exit(int(ExitCode.REFUSED))


def migrate(var: VarOption = None, as_json: Json = False) -> None:
    """Bring the database to the tables of this version (`up` does it too)."""
    from cli.local.migrate import migrate as upgrade
    from services.platform.migrate import head

    with _plain(as_json=as_json):
        upgrade(_layout(var), note)
        emit({"revision": head()}, ["the database has this version's tables"], as_json=as_json)


def _fix(fix: str) -> tuple[str, ...]:
    return (f"      fix: {fix}",) if fix else ()


def market_said(text: str, *, checked: bool) -> MarketName | None:
    """What `--market` says; None for nothing. LocalError."""
    from chain.addresses import Market
    from cli.local.gateway import MarketName

    if not text:
        return None
    region, separator, name = text.partition("=")
    if not separator or not name.strip() or not (region.isdecimal() and len(region) == 6):
        raise LocalError(f"{text!r} is not REGION=NAME, such as 440300=鹏城股权交易中心", None)
    return MarketName(name.strip(), Market(int(region), checked))


def _region_and_address(text: str) -> tuple[int, str]:
    from chain.party.evm import checksummed, parse_address

    region, separator, address = text.partition("=")
    try:
        if separator and len(region) == 6:
            return int(region), checksummed(parse_address(address))
    except ValueError:
        pass
    raise LocalError(f"{text!r} is not REGION=ADDRESS, such as 440300=0x…", None)
