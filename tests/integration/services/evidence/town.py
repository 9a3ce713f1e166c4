"""A chain, a gateway on it and the parties that sign: the town in which logs are opened and anchored."""

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from chain.addresses import load_addresses
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.hashing import keccak256
from chain.proof.leaf import Leaf
from chain.proof.merkle import empty_root
from chain.proof.note import NoteSigner, SignatureType, parse_note, sign_note
from chain.proof.types import Phase
from services.chains import Chains
from services.platform.clock import SystemClock
from services.platform.database import Database
from services.platform.errors import NotFound
from services.platform.settings import ChainConfig, Settings
from services.transactions.desk import Desk
from services.transactions.indexer import Indexer
from services.transactions.manager import Manager
from services.transactions.service import Transactions
from services.transactions.signer import GatewayKey
from services.transactions.views import OperationView
from tests.integration.services.evidence.house import OPERATOR, House, TestWitness, open_house
from tests.integration.services.transactions.rig import ENDED, GATEWAY, OWNER, REGION, REGIONAL, Anvil
from tests.waiting import until

REGULATOR = TestWitness("w-regulator")


class Town:
    """A chain, and on it the operator's gateway: evidence, manager and indexer as one process has them."""

    def __init__(self, url: str, home: Path, *, node: Anvil, addresses_file: Path) -> None:
        self.url, self.home, self.node = url, home, node
        pins = load_addresses(addresses_file)
        assert pins is not None
        config = ChainConfig(
            endpoints=(node.url,), chain_id=pins.chain_id, genesis=pins.genesis, addresses_file=addresses_file
        )
        self.chains = Chains(Settings(home=home, chains={"supervision": config}), SystemClock())
        self.client = self.chains.clients["supervision"]
        self.pin = self.chains.pins["supervision"]
        self.house = self.opened()

    def opened(self, **options: Any) -> House:
        clock = SystemClock()
        database = Database(self.url)
        self.transactions = Transactions(database, clock, {"supervision": self.client})
        house = open_house(
            self.home,
            database,
            clock,
            witnesses=[REGULATOR],
            quorum={"regulator": 1},
            chain_head=self.chains.head_of,
            collect=self.chains.event_proof,
            transactions=self.transactions,
            anchor_address=GATEWAY.address,
            chains={"supervision": self.pin},
            authority_of=lambda *_: OWNER.address,
            regional_authority_of=lambda *_: REGIONAL.address,
            settings={"anchor_interval_ms": 1, "anchor_grace_ms": 100_000, **options},
        )
        shared: dict[str, Any] = {
            "database": database,
            "clock": clock,
            "units": house.service.sequencer,
            "fence": lambda _: None,
            "handlers": self.transactions.handlers,
        }
        self.manager = Manager(Desk(chain=self.client, signer=GatewayKey(GATEWAY), **shared))
        self.indexer = Indexer(self.client, **shared)
        return house

    def restart(self, **options: Any) -> None:
        log_id = self.house.log_id
        self.house.close()
        self.house = self.opened(**options)
        self.house.log_id = log_id

    def witness_answers(self) -> None:
        try:
            size, root = self.house.head()
        except NotFound:
            size, root = 0, empty_root()
        REGULATOR.states(self.house, size, root)

    def tick(self, times: int = 4) -> None:
        """What the jobs do; the node has mined what it was sent before the next of them looks."""
        for _ in range(times):
            self.manager.tick()
            self.node.settle()
            self.indexer.tick()

    def ended(self, operation: OperationView) -> OperationView:
        """The operation when nothing more happens to it."""

        def found() -> OperationView | None:
            self.tick(1)
            with self.house.database.read() as session:
                view = self.transactions.get_operation(session, operation.id)
            return view if view.state in ENDED else None

        ended = until(found)
        assert ended is not None
        return ended

    def sign(self, operation: OperationView, key: EvmKey) -> None:
        signature = sign_typed_data(operation.typed_data, key)
        checked = self.transactions.check_signature(operation.id, signer=key.address, signature=signature)
        with self.house.database.write() as session:
            self.transactions.authorise(session, checked)

    def done(self, request: Future[OperationView], key: EvmKey = OWNER) -> OperationView:
        """The operation, signed and ended."""
        operation = request.result(60)
        self.sign(operation, key)
        return self.ended(operation)

    def register(self, institution: str) -> None:
        """The region's authority registers the institution, its authority being OWNER."""
        raw = bytes.fromhex(institution[4:])
        message = {"institution": "0x" + raw.hex(), "kind": 1, "region": REGION, "authority": OWNER.address}
        message |= {"commitment": "0x" + keccak256(raw).hex(), "leaf": "0x" + keccak256(raw + b"leaf").hex()}
        deadline = SystemClock().ms() // 1000 + 86_400
        typed = self.transactions.typed_data("RegisterInstitution", message, "supervision", deadline=deadline)
        with self.house.database.write() as session:
            operation = self.transactions.create_operation(
                session,
                kind="institution.registration",
                chain="supervision",
                contract="InstitutionRegistry",
                function="register",
                args=message,
                queue=institution,
                typed_data=typed,
                signer_hint=REGIONAL.address,
            )
        self.sign(operation, REGIONAL)
        assert self.ended(operation).state == "final"

    def founded(self) -> None:
        """The operator is registered and the house log open on chain."""
        self.house.bootstrap(OPERATOR)
        self.witness_answers()
        self.register(OPERATOR)
        assert self.done(self.house.service.request_house_opening()).state == "final"

    def seal(self, *, cosigned: bool = True, log_id: str | None = None) -> int:
        self.house.service.sealer.run()
        note = self.house.service.public.checkpoint(log_id or self.house.log_id)
        if cosigned:
            self.house.service.add_cosignature(REGULATOR.cosigns(note))
        return Checkpoint.parse(parse_note(note).text).size

    def anchor(self) -> None:
        """Asks for due anchors and brings them home with their proofs."""
        time.sleep(0.005)  # the interval of these tests is a millisecond
        self.house.service.anchorer.run()
        self.tick()
        self.house.service.collector.run()

    def attest(self) -> None:
        anchor = self.house.service.public.anchors(self.house.log_id)[-1]
        raw = [bytes.fromhex(each[2:]) for each in (self.pin.genesis, anchor.block_hash)]
        header = HeaderAttestation(self.pin.chain_id, raw[0], anchor.block_number, raw[1])
        signer = NoteSigner(REGULATOR.name, SignatureType.ED25519, REGULATOR.seed)
        self.house.service.add_attestation("supervision", sign_note(header.text(), signer))

    def chain_size(self) -> int:
        entry = self.client.read("EvidenceLog", "logOf", keccak256(self.house.origin.encode()))
        return int(entry[2])

    def phases(self, type_name: str) -> list[Phase]:
        from chain.proof.types import BY_NAME

        leaves = [Leaf.decode(leaf) for _, leaf in self.house.leaves()]
        return [leaf.phase for leaf in leaves if leaf.type_code == BY_NAME[type_name].code]
