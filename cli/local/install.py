"""A new installation, and the one-time token with which its first institution introduces itself."""

from __future__ import annotations

from chain.party.evm import checksummed, parse_address
from cli.local import gateway
from cli.local.errors import LocalError
from cli.local.layout import Layout, shown
from cli.local.migrate import migrate


def create(
    layout: Layout,
    deployment: gateway.Deployment,
    *,
    house_origin: str,
    public_url: str,
    witnesses: tuple[gateway.Witness, ...] = (),
    fast: bool = False,
) -> None:
    """Keys, settings, tables. An interrupted one is completed; a complete one is refused.

    Raises:
        LocalError: there is an installation already, or an address is none.
    """
    if layout.settings_file.exists():
        raise LocalError(f"there is an installation at {shown(layout.gateway)} already", "regseal up, or another --var")
    try:
        checked = gateway.Deployment(
            checksummed(parse_address(deployment.root)), deployment.authorities, deployment.delay
        )
    except ValueError as error:
        raise LocalError(f"--root {deployment.root!r}: {error}") from None
    gateway.create_keys(layout)
    gateway.write_deployment(layout, checked)
    # last, because the settings file marks the installation as complete
    gateway.write_settings(layout, witnesses=witnesses, house_origin=house_origin, public_url=public_url, fast=fast)


def new_bootstrap_token(layout: Layout) -> str:
    """Makes the tables when they are missing, and a one-time token. It is shown once and kept hashed."""
    from services.identity.bootstrap import new_bootstrap_secret
    from services.platform.clock import SystemClock
    from services.platform.database import Database
    from services.platform.settings import load_settings

    migrate(layout, lambda _: None)
    database = Database(load_settings(layout.gateway).url, pool_size=1)  # not the whole service: it has no chain yet
    try:
        return new_bootstrap_secret(database, SystemClock())
    finally:
        database.close()
