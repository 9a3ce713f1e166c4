"""A real chain, a real database and the parts of the transaction manager on them, for tests in this folder."""

import gzip
import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Column, Integer, MetaData, Table, Text, select
from sqlalchemy.orm import Session

from chain.addresses import load_addresses
from chain.client import ChainClient, ChainSettings
from chain.deploy import deploy_all
from chain.party.eip712 import sign_typed_data
from chain.party.errors import PartyError
from chain.party.evm import checksummed
from chain.party.keystore import EvmKey
from chain.party.rpc import JsonRpc
from chain.proof.hashing import keccak256
from services.platform.clock import Clock, SystemClock
from services.platform.database import Database
from services.transactions.desk import Desk, Policy
from services.transactions.indexer import Indexer
from services.transactions.manager import Manager
from services.transactions.service import Transactions
from services.transactions.signer import GatewayKey
from services.transactions.views import OperationView
from tests.ports import free_port
from tests.waiting import until

T = TypeVar("T")
ROOT = Path(__file__).parents[4]
ANVIL = next((ROOT / "hardhat-devnet/node_modules/@foundry-rs").glob("anvil-*/bin/anvil"))


def key_of(name: str) -> EvmKey:
    """A party's key, the same in every process of a test."""
    return EvmKey(keccak256(f"regseal test key of {name}".encode()))


DEPLOYER, REGIONAL, GATEWAY, OWNER = (key_of(name) for name in ("deployer", "regional", "gateway", "owner"))
REGION, OTHER_REGION, WALLET_REGION = 440300, 440100, 440200
OTHER_REGIONAL = key_of("other regional")
WALLET = checksummed(bytes.fromhex("c0de1271".rjust(40, "0")))
"""The authority of the last region is a contract wallet: ``isValidSignature`` answers yes to everything."""
YES_TO_ALL = "0x631626ba7e60e01b60005260206000f3"


class Anvil:
    """A plain node that a test may stop, kill and start again at the same port."""

    def __init__(self, *arguments: str) -> None:
        self.arguments = arguments
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.rpc = JsonRpc(self.url, timeout=60)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Anvil":
        """Returns when it answers."""
        command = [
            str(ANVIL),
            "--port",
            str(self.port),
            "--hardfork",
            "cancun",
            "-q",
            "--accounts",
            "0",
            *self.arguments,
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(self._answers, tell=lambda: f"{command} ended with {self._process and self._process.poll()}")
        return self

    def _answers(self) -> bool:
        try:
            return bool(self.rpc.call("eth_chainId"))
        except PartyError:
            return False

    def stop(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def send(self, raw: bytes) -> None:
        """Takes a signed transaction, and mines it when it mines at once."""
        self.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        self.settle()

    def settle(self) -> None:
        """Returns when nothing is left to mine: told to mine at once, it does so soon after it has answered."""
        until(lambda: not self.rpc.call("anvil_getAutomine") or self.rpc.call("txpool_status")["pending"] == "0x0")

    def state(self) -> bytes:
        """What another node begins with when it is given it by ``--load-state``."""
        return gzip.decompress(bytes.fromhex(str(self.rpc.call("anvil_dumpState"))[2:]))

    def fund(self, *keys: EvmKey) -> None:
        """Gives each key 1,000 ether."""
        for key in keys:
            self.rpc.call("anvil_setBalance", key.address, hex(10**21))

    def mine(self, blocks: int = 1) -> None:
        """Makes blocks."""
        self.rpc.call("anvil_mine", hex(blocks))

    def automine(self, on: bool) -> None:  # noqa: FBT001 (a switch)
        """One block a transaction, or blocks only when told."""
        self.rpc.call("evm_setAutomine", on)


class Client(ChainClient):
    """The real client, noting what it sends; a test may change the rule of finality.

    ``settle`` is called after each sending, so that a test knows what has been mined when it counts its ticks.
    """

    def __init__(self, settings: ChainSettings, settle: Callable[[], None]) -> None:
        super().__init__(settings)
        self.sent: list[bytes] = []
        self._settle = settle

    def send(self, raws: Sequence[bytes]) -> list[str | None]:
        """Notes them first: the answer may be lost."""
        self.sent += raws
        answers = super().send(raws)
        self._settle()
        return answers

    def final_after(self, confirmations: int) -> None:
        """From now on a block needs so many on top of it."""
        self.settings = replace(self.settings, finality=f"confirmations:{confirmations}")


def client_of(url: str, address_file: Path, settle: Callable[[], None] = lambda: None) -> Client:
    """A client of the chain whose contracts the file names; final at once."""
    addresses = load_addresses(address_file)
    assert addresses is not None
    pins = (addresses.chain_id, addresses.genesis)
    return Client(ChainSettings("supervision", (url,), *pins, addresses=address_file, timeout=60), settle)


def deployed(anvil: Anvil, folder: Path) -> Path:
    """Funds the parties and deploys the contracts; the address file."""
    anvil.fund(DEPLOYER, GATEWAY)
    anvil.rpc.call("anvil_setCode", WALLET, YES_TO_ALL)
    deploy_on(anvil.url, folder / "addresses.json")
    return folder / "addresses.json"


def deploy_on(url: str, addresses: Path) -> None:
    """The contracts, on a node where the deployer has funds."""
    regions = {REGION: REGIONAL.address, OTHER_REGION: OTHER_REGIONAL.address, WALLET_REGION: WALLET}
    deploy_all(url, DEPLOYER.secret, key_of("root").address, regions, 3600, addresses)


@dataclass
class DirectGroup:
    """What handlers get: a transaction and its time."""

    session: Session
    now_ms: int


class DirectUnits:
    """Stands in for the sequencer: each unit in a write transaction of its own."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.count = 0

    def submit(self, unit: Callable[[Any], T]) -> Future[T]:
        """Runs at once."""
        self.count += 1
        future: Future[T] = Future()
        try:
            with self.database.write() as session:
                value = unit(DirectGroup(session, SystemClock().ms()))
            future.set_result(value)
        except BaseException as error:  # noqa: BLE001 (the future carries it)
            future.set_exception(error)
        return future


@dataclass
class Rig:
    """The context as a process would build it; ``restarted()`` builds it anew on the same database and chain."""

    database: Database
    chain: Any
    policy: Policy = field(default_factory=lambda: Policy(stale_ms=0))
    events: list[Any] = field(default_factory=list)
    refusals: list[tuple[Any, str]] = field(default_factory=list)
    fence: Callable[[Session], None] = lambda _session: None
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        self.units = DirectUnits(self.database)
        self.service = Transactions(self.database, self.clock, {self.chain.name: self.chain})
        self.service.on_event("InstitutionRegistry", "InstitutionRegistered", self._heard)
        self.service.on_refused("institution.registration", self._refused)
        self.signer = GatewayKey(GATEWAY)
        shared: dict[str, Any] = {"clock": self.clock, "units": self.units, "fence": self.fence}
        shared["handlers"] = self.service.handlers
        self.desk = Desk(chain=self.chain, signer=self.signer, database=self.database, policy=self.policy, **shared)
        self.manager = Manager(self.desk)
        self.indexer = Indexer(self.chain, self.database, **shared)

        HEARD.metadata.create_all(self.database.writer, checkfirst=True)

    def _heard(self, group: Any, event: Any) -> None:
        self.events.append(event)
        where = f"{event.block_hash}/{event.log_index_in_block}"
        group.session.execute(HEARD.insert().values(institution=int.from_bytes(event.args["institution"]), place=where))

    def heard(self) -> list[int]:
        """The institutions whose registration was handled, durably, in order; twice in it, if it was handled twice."""
        with self.database.read() as session:
            return list(session.scalars(select(HEARD.c.institution).order_by(HEARD.c.id)))

    def _refused(self, _group: Any, transaction: Any, reason: str) -> None:
        self.refusals.append((transaction, reason))

    @property
    def address_file(self) -> Path:
        """Where the contracts are."""
        assert self.chain.settings.addresses is not None
        return Path(self.chain.settings.addresses)

    def restarted(self, chain: Any = None) -> "Rig":
        """As after a restart: nothing is remembered but the database."""
        return Rig(self.database, chain or self.chain, self.policy)

    def ask(
        self,
        institution: int,
        *,
        queue: str = "",
        deadline: int | None = None,
        region: int = REGION,
        signer: str = REGIONAL.address,
    ) -> str:
        """An operation that registers an institution, waiting for the region's authority; its id."""
        identity = institution.to_bytes(16, "big")
        message = {
            "institution": "0x" + identity.hex(),
            "kind": 1,
            "region": region,
            "authority": OWNER.address,
            "commitment": "0x" + keccak256(b"commitment" + identity).hex(),
            "leaf": "0x" + keccak256(b"leaf" + identity).hex(),
        }
        latest = deadline or self.clock.ms() // 1000 + 86_400
        typed = self.service.typed_data("RegisterInstitution", message, self.chain.name, deadline=latest)
        with self.database.write() as session:
            operation = self.service.create_operation(
                session,
                kind="institution.registration",
                chain=self.chain.name,
                contract="InstitutionRegistry",
                function="register",
                args=message,
                queue=queue or f"institution/{institution}",
                typed_data=typed,
                signer_hint=signer,
                reference=str(institution),
            )
        return operation.id

    def sign(self, operation_id: str, key: EvmKey = REGIONAL) -> OperationView:
        """The authority signs what the operation shows, as ``regseal sign`` does, and its signature is brought back."""
        signature = sign_typed_data(self.operation(operation_id).typed_data, key)
        checked = self.service.check_signature(operation_id, signer=key.address, signature=signature)
        with self.database.write() as session:
            return self.service.authorise(session, checked)

    def register(self, institution: int, *, queue: str = "") -> str:
        """A signed registration, queued."""
        operation_id = self.ask(institution, queue=queue)
        self.sign(operation_id)
        return operation_id

    def operation(self, operation_id: str) -> OperationView:
        """The operation now."""
        with self.database.read() as session:
            return self.service.get_operation(session, operation_id)

    def actions(self, operation_id: str) -> list[str]:
        """What happened to it, in order."""
        return [line.action for line in self.operation(operation_id).history]

    def state(self, operation_id: str) -> str:
        """Where it stands."""
        return self.operation(operation_id).state

    def tick(self, times: int = 1) -> None:
        """Indexer and manager, once each."""
        for _ in range(times):
            self.indexer.tick()
            self.manager.tick()

    def run(self, *operation_ids: str) -> None:
        """Ticks until all operations have ended; fails when they do not."""

        def ended() -> bool:
            self.tick()
            return all(self.state(each) in ENDED for each in operation_ids)

        until(ended, tell=lambda: {each: self.actions(each) for each in operation_ids})

    def nonces_used(self) -> int:
        """How many transactions of the gateway the chain has."""
        count: int = self.chain.nonce(self.signer.address)
        return count


HEARD = Table(
    "test_heard",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("institution", Integer),
    Column("place", Text),
)
"""What a handler writes: in the same transaction as the cursor, or not at all."""

ENDED = ("final", "refused", "expired", "cancelled")
