"""The sample's market (区域性股权市场): who acts in its register, and the days that count, on both chains."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from chain.party.clock import system_now
from chain.party.errors import ApiProblem
from chain.party.http import segment
from cli.local import gateway
from cli.local.layout import BUSINESS, SUPERVISION, Layout
from cli.local.sample.parties import CHECKER, HOST, LIAISON, MARKET_REGION

if TYPE_CHECKING:
    from cli.local.sample.actor import Actor
    from cli.local.sample.world import Asked, World

AUTHORITY = f"authority-{MARKET_REGION}"
_UNTIL = "2060-01-01T00:00:00Z"
_SHANGHAI = timedelta(hours=8)
_DECIDED = ("final", "refused", "expired", "cancelled")


def ask(world: World) -> Iterator[Asked]:
    """For the roles, decided on the supervision chain, and for the trading days on both."""
    office = world.everyone[AUTHORITY]
    world.say(f"the market's register: roles and trading days of region {MARKET_REGION}, signed by {office.party.name}")
    for path, body, key in _roles(world):
        yield world.ask(office, path, body, key=key)
    yield from _years(world, office)


def repeat(world: World) -> None:
    """What was decided is said again on the business chain, under the region's authority's signature."""
    office = world.everyone[AUTHORITY]
    for slug in (HOST, AUTHORITY):
        path = f"/v1/institutions/{segment(_institution(world, slug))}/repetitions"
        world.post(office, path, {"chain": BUSINESS}, key=f"repeat-{slug}")
    api = office.api(world.url)
    known = sorted((dict(one) for one in api.items("/v1/operations")), key=lambda one: str(one["id"]))
    world.settle([(api, one) for one in known if one["chain"] == BUSINESS and one["state"] not in _DECIDED])


def _roles(world: World) -> Iterator[tuple[str, dict[str, object], str]]:
    """Who holds what: the gateway's account, a second person of the operator, the regulator, the court's liaison."""
    accounts = {
        "register.operator": (HOST, gateway.address_of_key(world.layout.gateway / "keys" / "gateway.json")),
        "register.checker": (HOST, world.everyone[CHECKER].address),
        "register.regulator": (AUTHORITY, world.everyone[AUTHORITY].address),
        "register.court-liaison": (AUTHORITY, world.everyone[LIAISON].address),
    }
    for role, (slug, account) in accounts.items():
        body = {"account": account, "role": role, "region": MARKET_REGION, "expires_at": _UNTIL, "reason": "示例市场"}
        yield f"/v1/institutions/{_institution(world, slug)}/roles", body, f"grant-{role}"


def _years(world: World, office: Actor) -> Iterator[Asked]:
    """This year and the next on both chains, as far as the service's library knows them and nobody has asked yet."""
    api = office.api(world.url)
    now = (system_now() + timedelta(seconds=_ahead(world.layout)) + _SHANGHAI).year
    for year in (now, now + 1):
        try:
            api.get(f"/v1/public/calendars/library/{year}")
        except ApiProblem as problem:
            if problem.status != 404:
                raise
            world.say(f"the calendar of {year} is not announced yet: regseal calendar publish, once it is")
            continue
        for chain in (SUPERVISION, BUSINESS):
            body: dict[str, object] = {"region": MARKET_REGION, "year": year, "file": None, "chain": chain}
            try:
                yield world.ask(office, "/v1/calendars/years", body, key=f"{chain}-{year}")
            except ApiProblem as problem:
                if problem.status != 409:
                    raise


def _ahead(layout: Layout) -> int:
    file = gateway.simulated_time(layout)
    return int(file.read_text("ascii")) if file is not None and file.exists() else 0


def _institution(world: World, slug: str) -> str:
    return str(json.loads((world.everyone[slug].home / "api.json").read_text("utf-8"))["institution"])
