"""A market in this process, on a real embedded or plain chain: the service with its scheduler, and who signs."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from chain.addresses import Market, Role
from chain.deploy import deploy_all
from chain.proof.hashing import keccak256
from services.platform.clock import SystemClock
from services.platform.settings import ChainConfig, MarketConfig
from tests.integration.pilots.onchain import Calendar
from tests.integration.register.business import FOREVER, INSTITUTION, ROLES, Acting
from tests.integration.register.office import Office
from tests.integration.register.world import BUSINESS, MarketWorld
from tests.integration.services.identity.house import REGION, make_home, start
from tests.integration.services.pilots.region import MovedClock
from tests.integration.services.transactions.rig import (
    DEPLOYER,
    GATEWAY,
    OWNER,
    REGIONAL,
    Anvil,
    client_of,
    deploy_on,
    key_of,
)
from tests.integration.services.whole.world import EmbeddedNode

__all__ = ["Market", "Stall", "opened"]

CHAIN_ID = 7_004
EMBEDDED, PLAIN = "embedded chain", "plain node"
_PLAIN = ("--chain-id", str(CHAIN_ID), "--block-time", "1", "--gas-limit", "300000000")
"""One-second blocks of 300 million gas: what a permissioned chain of few validators is set to."""


@dataclass(frozen=True)
class Stall:
    """``office``: the operator's clerk; ``pids``: the processes of the nodes."""

    office: Office
    acting: Acting
    pids: tuple[int, ...]

    def nodes_s(self) -> float:
        """Seconds of processor time that the nodes have used."""
        return sum(_processor_s(pid) for pid in self.pids)


@contextmanager
def opened(kind: str, folder: Path) -> Iterator[Stall]:
    """Samples' kind of market: every act needs a checker's signature. On SQLite; nothing is scheduled yet."""
    with ExitStack() as stack:
        supervision = EmbeddedNode(folder / "supervision").start()
        stack.callback(supervision.kill)
        deploy_on(supervision.url, folder / "supervision.json")
        business, pids = _node(kind, folder, stack)
        acting = _found(business.url, folder / "business.json")
        settings = make_home(
            supervision, folder / "supervision.json", folder / "home", f"sqlite:///{folder / 'regseal.sqlite'}"
        )
        pins = acting.chain.settings
        place = ChainConfig(
            endpoints=(business.url,), chain_id=pins.chain_id, genesis=pins.genesis,
            addresses_file=folder / "business.json",
        )  # fmt: skip
        market = MarketConfig(name="鹏城股权交易中心(测试)", region=REGION, checked=True, confirmation=8_000)
        changes = {"chains": {**settings.chains, BUSINESS: place}, "market": market}
        house = start(settings.model_copy(update=changes))
        stack.callback(house.services.stop)
        done = house.bootstrap()
        nodes = (supervision, business)
        world = MarketWorld(house, MovedClock(), house.caller(done.issued), str(done.issued.secret), nodes, acting)  # type: ignore[arg-type]
        for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
            world.sign(operation, key)
            world.host = house.caller(done.issued)
        yield Stall(Office(world, world.client()), acting, pids)


def _node(kind: str, folder: Path, stack: ExitStack) -> tuple[EmbeddedNode | Anvil, tuple[int, ...]]:
    if kind == PLAIN:
        plain = Anvil(*_PLAIN).start()
        stack.callback(plain.stop)
        plain.fund(DEPLOYER, GATEWAY)
        return plain, _family(plain)
    node = EmbeddedNode(folder / "business")
    node.chain_id = CHAIN_ID
    node.start()
    stack.callback(node.kill)
    return node, _family(node)


def _found(url: str, addresses: Path) -> Acting:
    """The contracts, roles and two years' calendars."""
    deploy_all(
        url, DEPLOYER.secret, key_of("root").address, {REGION: REGIONAL.address}, 3600, addresses,
        role=Role.BUSINESS, market=Market(REGION, checked=True),
    )  # fmt: skip
    acting = Acting(client_of(url, addresses))
    whose = {"institution": INSTITUTION, "kind": 1, "region": REGION, "authority": REGIONAL.address}
    acting.act("RegisterInstitution", whose, REGIONAL)
    for role, key in ROLES.items():
        held = {"institution": INSTITUTION, "account": key.address, "role": keccak256(role.encode()), "region": REGION}
        acting.act("GrantRole", {**held, "expiresAt": FOREVER}, REGIONAL)
    today = SystemClock().now()
    for year in (today.year, today.year + 1):
        words = [str(word) for word in Calendar.words(year)]
        said = {"region": REGION, "year": year, "working": words, "trading": words}
        acting.act("PublishCalendarYear", said, REGIONAL)
    return acting


def _family(node: EmbeddedNode | Anvil) -> tuple[int, ...]:
    """The node's process and its children."""
    first = node._process  # noqa: SLF001 -- no test needs it
    if first is None:
        raise RuntimeError("the node does not run")
    found = subprocess.run(["pgrep", "-P", str(first.pid)], capture_output=True, text=True, check=False)
    return (first.pid, *map(int, found.stdout.split()))


def _processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
