"""A new installation, the one-time token with which its first institution introduces itself, and a lost token."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from chain.party.evm import checksummed, parse_address
from cli.local import gateway
from cli.local.errors import LocalError
from cli.local.layout import Layout, shown
from cli.local.migrate import migrate, reachable

if TYPE_CHECKING:
    from services.platform.atrest import Vault
    from services.platform.clock import Clock
    from services.platform.database import Database


def create(
    layout: Layout,
    deployment: gateway.Deployment,
    *,
    house_origin: str,
    public_url: str,
    database_url: str = "",
    witnesses: tuple[gateway.Witness, ...] = (),
    market: gateway.MarketName | None = None,
    fast: bool = False,
    simulated: bool = False,
) -> None:
    """Keys, settings, tables. An interrupted one is completed; a complete one is refused.

    Raises:
        LocalError: there is an installation already, or an address is none.
    """
    if layout.settings_file.exists():
        raise LocalError(
            f"there is an installation at {shown(layout.gateway)} already",
            "regseal up; or another --var. `regseal access` prints another one-time token",
        )
    try:
        checked = gateway.Deployment(
            checksummed(parse_address(deployment.root)), deployment.authorities, deployment.delay
        )
    except ValueError as error:
        raise LocalError(f"--root {deployment.root!r}: {error}") from None
    _check_settings(layout, house_origin=house_origin, database_url=database_url, market=market)
    gateway.create_keys(layout)
    gateway.write_deployment(layout, checked)
    # last, because the settings file marks the installation as complete
    gateway.write_settings(
        layout,
        witnesses=witnesses,
        house_origin=house_origin,
        public_url=public_url,
        database_url=database_url,
        market=market,
        fast=fast,
        simulated=simulated,
    )


def _check_settings(layout: Layout, *, house_origin: str, database_url: str, market: gateway.MarketName | None) -> None:
    """Before anything is written. LocalError names what is wrong."""
    from pydantic import ValidationError

    from services.platform.settings import MarketConfig, Settings

    try:
        Settings(home=layout.gateway, house_origin=house_origin, database_url=database_url, workers=1)
        if market is not None:
            MarketConfig(name=market.name, region=market.market.region, checked=market.market.checked)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        fix = "--market 440300=NAME" if error.title == MarketConfig.__name__ else "--origin market.example/house"
        raise LocalError(f"{first['loc'][0]} {first['input']!r}: {first['msg']}", fix) from None
    if database_url:
        reachable(database_url)


def new_bootstrap_token(layout: Layout) -> str:
    """Makes the tables when they are missing, and a one-time token. It is shown once and kept hashed."""
    from services.identity.bootstrap import new_bootstrap_secret

    vault = _vault(layout)
    return _with_database(layout, lambda database, clock: new_bootstrap_secret(database, clock, vault))


def new_access(layout: Layout) -> tuple[str, str]:
    """(kind, secret) for who has none: the one-time token again, or the host's token when it was introduced.

    Whoever may read the service's files could do as much with the database; nobody can from outside.

    Raises:
        LocalError: there is no installation, or a service holds the database.
    """
    from services.identity.bootstrap import new_host_token
    from services.platform.errors import Conflict

    gateway.pinned_chains(layout)  # says what to do when nothing is installed
    try:
        return "one-time token", new_bootstrap_token(layout)
    except Conflict:
        vault = _vault(layout)
        return "token", _with_database(layout, lambda database, clock: new_host_token(database, clock, vault))


def _vault(layout: Layout) -> Vault:
    from services.platform.atrest import Vault

    return Vault(layout.gateway / "master.key")


def _with_database(layout: Layout, act: Callable[[Database, Clock], str]) -> str:
    from services.platform.clock import SystemClock
    from services.platform.database import Database
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    migrate(layout, lambda _: None)
    database = Database(load_settings(layout.gateway).url, pool_size=1)  # not the whole service: it has no chain yet
    try:
        database.claim()
        return act(database, SystemClock())
    except StartRefused as error:
        raise LocalError(error.detail, "regseal down, then again") from None
    finally:
        database.close()
