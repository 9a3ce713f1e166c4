"""Whether the business chain says of the market and its roles what settings and supervision chain say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chain.errors import ChainError
from cli.local.checks import Check, bad, good
from cli.local.layout import Layout

if TYPE_CHECKING:
    from chain.client import ChainClient
    from services.platform.settings import ChainConfig, MarketConfig, Settings

REGISTER = "EquityRegister"


def market(layout: Layout) -> Iterator[Check]:
    """While chains answer: the register's region and its maker-checker 经办复核, and the roles on both chains."""
    from cli.local.up import read_state
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    running = read_state(layout).get("chains")
    if not layout.settings_file.exists() or not isinstance(running, dict):
        return
    try:
        settings = load_settings(layout.gateway)
    except StartRefused:  # reported by the check of the settings
        return
    if settings.market is None:
        yield good("market", "none named: no register is run here")
        return
    try:
        yield from _compared(settings, settings.market, running)
    except ChainError as error:
        yield bad("market", f"a chain does not answer: {error}", "regseal status")


def _compared(settings: Settings, stated: MarketConfig, running: dict[str, str]) -> Iterator[Check]:
    from services.identity.repeating import differences

    home, there = (
        _client(name, settings.chains[name], running.get(name)) for name in (settings.supervision, settings.business)
    )
    if REGISTER not in there.contracts():
        return  # said by the check of the chain
    region, checked = int(there.read(REGISTER, "region")), bool(there.read(REGISTER, "checked"))
    if (region, checked) != (stated.region, stated.checked):
        found = f"the register is for region {region:06}, checked {checked}, the settings say {stated.region:06}, "
        yield bad("market", f"{found}{stated.checked}", "write into settings.toml what the register was deployed with")
    else:
        yield good("market", f"{stated.name}: region {region:06}, checked {checked}, as deployed")
    wrong = differences(home, there)
    for line in wrong:
        yield bad("market roles", f"{line} ({settings.business})", "regseal institution repeat; the authority signs")
    if not wrong:
        yield good("market roles", f"{settings.business} says what {settings.supervision} decided")


def _client(name: str, config: ChainConfig, running: str | None) -> ChainClient:
    from chain.client import ChainClient, ChainSettings

    return ChainClient(
        ChainSettings(
            name=name,
            endpoints=(running,) if running else config.endpoints,
            chain_id=config.chain_id,
            genesis=config.genesis,
            finality=config.finality,
            addresses=config.addresses_file,
        )
    )
