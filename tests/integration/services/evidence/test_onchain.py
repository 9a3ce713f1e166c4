"""Logs on a real chain: opened, anchored, rotated, frozen, followed. The transaction manager is the real one."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from chain.addresses import load_addresses
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.hashing import keccak256
from chain.proof.leaf import Leaf
from chain.proof.merkle import empty_root
from chain.proof.note import NoteSigner, SignatureType, parse_note, sign_note
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.types import Phase
from chain.proof.verify import verify
from services.chains import Chains
from services.evidence import repository
from services.platform.clock import SystemClock
from services.platform.database import Database
from services.platform.errors import Conflict, Forbidden, NotFound, Unavailable
from services.platform.settings import ChainConfig, Settings
from services.transactions.desk import Desk
from services.transactions.indexer import Indexer
from services.transactions.manager import Manager
from services.transactions.service import Transactions
from services.transactions.signer import GatewayKey
from services.transactions.views import OperationView
from tests.integration.services.evidence.house import OPERATOR, OTHER, House, TestWitness, open_house, record
from tests.integration.services.transactions.rig import GATEWAY, OWNER, REGION, REGIONAL, Anvil, deployed, key_of

REGULATOR = TestWitness("w-regulator")
ENDED = ("final", "refused", "expired", "cancelled")


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
        for _ in range(times):
            self.manager.tick()
            self.indexer.tick()

    def ended(self, operation: OperationView) -> OperationView:
        found = operation
        for _ in range(40):
            self.tick(1)
            with self.house.database.read() as session:
                found = self.transactions.get_operation(session, operation.id)
            if found.state in ENDED:
                break
        return found

    def sign(self, operation: OperationView, key: EvmKey) -> None:
        signature = sign_typed_data(operation.typed_data, key)
        checked = self.transactions.check_signature(operation.id, signer=key.address, signature=signature)
        with self.house.database.write() as session:
            self.transactions.authorise(session, checked)

    def done(self, request: Future[OperationView], key: EvmKey = OWNER) -> OperationView:
        """The operation, signed and ended."""
        operation = request.result(30)
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


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    node = Anvil().start()
    yield node
    node.stop()


@pytest.fixture
def town(anvil: Anvil, database_url: str, home: Path, tmp_path: Path) -> Iterator[Town]:
    made = Town(database_url, home, node=anvil, addresses_file=deployed(anvil, tmp_path))
    yield made
    made.house.close()


def test_a_record_becomes_final_and_its_receipt_verifies_offline(town: Town) -> None:
    town.founded()
    assert town.phases("log.opening") == [Phase.REQUESTED, Phase.REGISTERED]
    record_id = town.house.submit().record_id
    size = town.seal()
    town.anchor()
    assert town.chain_size() == size
    assert town.house.service.get_record(record_id).status == "anchored"
    town.attest()
    assert town.house.service.get_record(record_id).status == "final"
    trust = parse_trust(town.house.service.trust.file())
    verdict = verify(parse_receipt(town.house.service.receipt(record_id, private=True)), trust)
    assert verdict.outcome == "valid", verdict
    town.restart()
    town.witness_answers()
    assert town.house.service.gate.ready(), "the chain's own head passes the start-up check"
    assert town.house.submit().index == size


def test_a_backlog_is_carried_by_one_append_and_no_head_is_anchored_twice(town: Town) -> None:
    town.founded()
    town.seal()
    town.anchor()
    first = town.chain_size()
    for _ in range(5):
        town.house.submit()
        town.seal()
    last = town.house.head()[0]
    before = town.client.nonce(GATEWAY.address)
    town.anchor()
    town.anchor()
    town.anchor()
    assert town.chain_size() == last
    assert town.client.nonce(GATEWAY.address) == before + 1
    anchors = town.house.service.public.anchors(town.house.log_id)
    assert [each.size for each in anchors] == [first, last]
    assert all(each.proven for each in anchors)


def test_while_no_block_is_made_submissions_go_on_and_one_append_stays_on_its_way(town: Town) -> None:
    town.founded()
    town.seal()
    town.node.rpc.call("evm_setAutomine", False)
    town.house.service.anchorer.run()
    town.manager.tick()
    for _ in range(3):
        town.house.submit()
        town.seal()
        town.house.service.anchorer.run()
        town.manager.tick()
    with town.house.database.read() as session:
        assert repository.last_anchor(session, town.house.log_id, "pending") is not None
        assert repository.last_anchor(session, town.house.log_id, "anchored") is None
    town.node.rpc.call("evm_setAutomine", True)
    town.node.mine()
    town.tick()
    town.anchor()
    assert town.chain_size() == town.house.head()[0]
    assert len(town.house.service.public.anchors(town.house.log_id)) == 2


def test_the_quorum_is_waited_for_and_then_done_without(town: Town) -> None:
    town.founded()
    witnessed = town.seal()
    town.house.submit()
    town.seal(cosigned=False)
    town.anchor()
    assert town.chain_size() == witnessed, "the newest head with the quorum, not the newest head"
    town.anchor()
    assert town.chain_size() == witnessed
    town.restart(anchor_grace_ms=0)
    town.witness_answers()
    town.anchor()
    assert town.chain_size() == town.house.head()[0]


def test_an_institution_opens_a_log_of_its_own(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k"))
    assert operation.state == "final"
    again = town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k").result(10)
    assert again.id == operation.id
    log_id = str(operation.reference)
    accepted = town.house.submit(record(actor=OTHER))
    assert accepted.log_id == log_id, "an institution's own log is its default"
    with pytest.raises(NotFound):
        town.house.submit(log_id=log_id)
    with pytest.raises(Conflict):
        town.house.service.request_log_opening(OPERATOR, "regseal.example/other").result(10)
    assert town.phases("log.opening")[2:] == [Phase.REQUESTED, Phase.REGISTERED]


def test_a_repeated_request_for_a_log_does_not_pass_the_gate_after_a_restart(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k"))
    log_id = str(operation.reference)
    assert town.house.service.gate.states()[log_id].passed, "made by this process"
    town.restart()
    assert not town.house.service.gate.states()[log_id].passed, "no witness has answered"
    again = town.house.service.request_log_opening(OTHER, "regseal.example/other", key="k").result(10)
    assert again.id == operation.id
    with pytest.raises(Unavailable, match="log-unchecked"):
        town.house.submit(record(actor=OTHER), log_id=log_id)


def test_an_opening_that_the_chain_refuses_leaves_a_refused_log(town: Town) -> None:
    town.founded()
    operation = town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other"))
    assert operation.state == "refused", "the owner is no institution on chain"
    assert town.house.service.public.log(str(operation.reference)).state == "refused"
    assert town.phases("log.opening")[2:] == [Phase.REQUESTED, Phase.REFUSED]
    town.register(OTHER)
    assert town.done(town.house.service.request_log_opening(OTHER, "regseal.example/other")).state == "final"


def test_after_a_rotation_old_and_new_receipts_verify(town: Town) -> None:
    town.founded()
    early = town.house.submit(idempotency_key="early")
    town.seal()
    town.anchor()
    request = town.house.service.request_rotation(OPERATOR, town.house.log_id, reason="yearly")
    between = town.house.submit()
    operation = request.result(10)
    town.seal()
    town.sign(operation, OWNER)
    assert town.ended(operation).state == "final"
    late = town.house.submit()
    town.seal()
    keys = town.house.service.public.log(town.house.log_id).keys
    assert [each.from_size for each in keys] == [0, keys[0].to_size]
    trust = parse_trust(town.house.service.trust.file())
    for accepted in (early, between, late):
        receipt = parse_receipt(town.house.service.receipt(accepted.record_id, private=False))
        assert verify(receipt, trust).stages["checkpoint"].status == "pass"
    assert town.house.submit(idempotency_key="early").acknowledgement == early.acknowledgement
    signers = {parse_note(each.acknowledgement).signatures[0].key_id for each in (early, between, late)}
    assert len(signers) == 2
    town.anchor()
    assert town.chain_size() == town.house.head()[0]


def test_a_frozen_log_takes_nothing_and_its_successor_goes_on(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    service = town.house.service
    log_id = str(town.done(service.request_log_opening(OTHER, "regseal.example/one")).reference)
    town.house.submit(record(actor=OTHER))
    with pytest.raises(Conflict):
        service.request_successor(OTHER, log_id, "regseal.example/two", reason="moved").result(10)
    with pytest.raises(NotFound):
        service.request_freeze(OPERATOR, log_id, reason="stolen key").result(10)
    assert town.done(service.request_freeze(OTHER, log_id, reason="stolen key")).state == "final"
    with pytest.raises(Conflict) as closed:
        town.house.submit(record(actor=OTHER), log_id=log_id)
    assert closed.value.slug == "log-closed"
    follower = town.done(service.request_successor(OTHER, log_id, "regseal.example/two", reason="moved"))
    assert follower.state == "final"
    view = service.public.log(str(follower.reference))
    assert (view.state, view.predecessor_id) == ("open", log_id)
    assert town.house.submit(record(actor=OTHER)).log_id == view.id
    assert town.phases("log.freeze") == town.phases("log.succession") == [Phase.REQUESTED, Phase.REGISTERED]


def test_a_freeze_asked_by_the_regulator_says_so_and_takes_no_strangers_signature(town: Town) -> None:
    town.founded()
    town.register(OTHER)
    service = town.house.service
    log_id = str(town.done(service.request_log_opening(OTHER, "regseal.example/one")).reference)
    request = service.request_freeze(OTHER, log_id, reason="stolen key", key="k", actor_id=OPERATOR)
    operation = request.result(10)
    stranger = key_of("stranger")
    signature = sign_typed_data(operation.typed_data, stranger)
    with pytest.raises(Forbidden):
        town.transactions.check_signature(operation.id, signer=stranger.address, signature=signature)
    asked = service.get_record(str(operation.record_id))
    assert (asked.institution_id, asked.document and asked.document["actor"]) == (OPERATOR, OPERATOR)
    town.house.submit(record(actor=OTHER), log_id=log_id, idempotency_key="k")  # the owner's keys are its own
    town.sign(operation, REGIONAL)
    assert town.ended(operation).state == "final"
    assert service.public.log(log_id).state == "frozen"


def test_a_head_on_chain_that_was_never_sealed_here_closes_the_gate(
    town: Town, new_database: Callable[..., str]
) -> None:
    """The stolen anchor key: somebody appends a head that extends ours."""
    from services.evidence.handlers import LogEvents
    from services.transactions.views import ChainEvent

    town.founded()
    town.seal()
    town.anchor()
    args = {"log": keccak256(town.house.origin.encode()), "size": 99, "root": b"\x01" * 32, "previousSize": 2}
    event = ChainEvent("supervision", "EvidenceLog", "HeadAnchored", args, 9, "0x" + "5c" * 32, 0, "0x", 0, 0)
    events = LogEvents(town.house.service._desk, chain="supervision", gate=town.house.service.gate)
    town.house.service.sequencer.run(lambda group: events.anchored(group, event))
    with pytest.raises(Unavailable, match="log-behind-anchor"):
        town.house.submit()
