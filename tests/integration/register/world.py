"""A service with a market: two real chains, the register on one of them, its roles granted, its calendar published.

In a test module below tests/integration::

    @pytest.fixture(scope="module")
    def market(founded, founded_business, sqlite_template, tmp_path_factory):
        with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("market")) as world:
            yield world

- ``market.host``: the caller of the operator (host, administrator, submitter, reader), its house log open;
- ``market.services``: the container, nothing scheduled: ``market.work(operation_id)`` runs the jobs until an operation
  has ended, ``market.settle()`` until the gateway has nothing left to do and everything is read from both chains;
- ``market.sign(operation, CHECKER)``: a party (CHECKER, REGULATOR, LIAISON of business.py) signs what waits;
- ``market.acting``: acts sent to the business chain directly, without the service (business.py): for projections;
- ``market.pass_days(3)``: service and chains move. A world begins on Monday 2030-12-02 at ten in Shanghai, and Mondays
  to Fridays of 2030 and 2031 are trading days;
- ``market.client()``: HTTP with the host's token; ``market.admit(...)``: another institution.

``founded_business`` has ``checked`` set, as samples have: every act needs CHECKER's signature. ``founded_unchecked``
has not. Both are made once a session; a world costs about two seconds. On PostgreSQL give its URL as ``database_url``.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.testclient import TestClient

from api.app import create_app
from chain.party.keystore import EvmKey
from services.container import Services
from services.identity.policy import Principal
from services.platform.settings import ChainConfig, MarketConfig, Settings
from services.transactions.views import OperationView
from tests.integration.founded import Founded
from tests.integration.register.business import FIRST_DAY, Acting, FoundedBusiness, go_to, seconds_of
from tests.integration.services.identity.house import REGION, House, make_home, registration, start
from tests.integration.services.pilots.region import MovedClock
from tests.integration.services.transactions.rig import ENDED, OWNER, REGIONAL, Anvil
from tests.waiting import until

BUSINESS = "business"
WORK = (
    "transactions.supervision.manage", "transactions.supervision.index",
    "transactions.business.manage", "transactions.business.index",
    "evidence.seal", "evidence.anchor", "register.checked",
)  # fmt: skip
_QUIET = 3


@dataclass
class MarketWorld:
    """The service and its chains."""

    house: House
    clock: MovedClock
    host: Principal
    secret: str
    nodes: tuple[Anvil, Anvil]
    acting: Acting

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def settings(self) -> Settings:
        return self.services.settings

    @property
    def business(self) -> Anvil:
        """The business chain's node."""
        return self.nodes[1]

    def step(self) -> None:
        """Every job once."""
        for job in WORK:
            self.services.jobs.run(job)

    def work(self, *operation_ids: str) -> str:
        """Steps until the operations have ended; the last one's state."""

        def ended() -> bool:
            self.step()
            return all(self.house.operation(one).state in ENDED for one in operation_ids)

        until(ended, tell=lambda: [self.house.operation(one) for one in operation_ids])
        return self.house.operation(operation_ids[-1]).state

    def settle(self) -> None:
        """Steps until both chains are read up to their heads and nothing more happens by itself."""
        still = 0
        before: object = None

        def quiet() -> bool:
            nonlocal still, before
            self.step()
            now = tuple(node.rpc.call("eth_blockNumber") for node in self.nodes)
            still, before = (still + 1 if now == before else 0), now
            return still >= _QUIET

        until(quiet, tell=self.services.jobs.states)

    def sign(self, operation: OperationView, *keys: EvmKey) -> str:
        """Each key signs what the operation shows, the host brings it back; the state when it has ended."""
        for key in keys:
            self.house.sign(self.host, operation, key)
        return self.work(operation.id)

    def admit(self, name: str, *, kind: str = "regulator", key: EvmKey = OWNER) -> Principal:
        """Another institution of the region, with every role that a token of its kind can have."""
        return self.house.admit(self.host, registration(name, kind=kind, key=key))

    def client(self, secret: str = "") -> TestClient:
        """HTTP, with the host's token unless another is given."""
        headers = {"Authorization": f"Bearer {secret or self.secret}"}
        return TestClient(create_app(self.services), headers=headers, raise_server_exceptions=False)

    def pass_days(self, days: int) -> None:
        """Moves the service and both chains."""
        self.pass_seconds(days * 86_400)

    def pass_seconds(self, seconds: int) -> None:
        """The same."""
        self.clock.ahead_ms += seconds * 1_000
        for node in self.nodes:
            node.rpc.call("evm_increaseTime", hex(seconds))
            node.mine()


@contextmanager
def open_market(
    founded: Founded, business: FoundedBusiness, template: Path, folder: Path, *, database_url: str = ""
) -> Iterator[MarketWorld]:
    """Started, the operator registered on the supervision chain and its log open; on SQLite unless told otherwise."""
    if not database_url:
        shutil.copyfile(template, folder / "regseal.sqlite")
        database_url = f"sqlite:///{folder / 'regseal.sqlite'}"
    with founded.running() as supervision, business.running() as node:
        go_to(supervision, seconds_of(FIRST_DAY))
        settings = make_home(supervision, founded.addresses, folder / "home", database_url)
        acting = business.acting(node)
        chains = {**settings.chains, BUSINESS: _config(node, business, acting)}
        market = MarketConfig(
            name="鹏城股权交易中心(测试)",
            region=REGION,
            checked=acting.chain.read("EquityRegister", "checked"),
            confirmation=8_000,
        )
        changes = {"chains": chains, "market": market, "anchor_interval_ms": 1, "anchor_grace_ms": 0}
        clock = MovedClock()
        clock.ahead_ms = seconds_of(FIRST_DAY) * 1000 - clock.ms()
        house = start(settings.model_copy(update=changes), clock)
        try:
            yield _opened(house, clock, (supervision, node), acting)
        finally:
            house.services.stop()


def _config(node: Anvil, business: FoundedBusiness, acting: Acting) -> ChainConfig:
    pins = acting.chain.settings
    return ChainConfig(
        endpoints=(node.url,), chain_id=pins.chain_id, genesis=pins.genesis, addresses_file=business.addresses
    )


def _opened(house: House, clock: MovedClock, nodes: tuple[Anvil, Anvil], acting: Acting) -> MarketWorld:
    done = house.bootstrap()
    caller = house.caller(done.issued)
    world = MarketWorld(house, clock, caller, str(done.issued.secret), nodes, acting)
    for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
        assert world.sign(operation, key) == "final", house.operation(operation.id).reason
        world.host = house.caller(done.issued)
    return world
