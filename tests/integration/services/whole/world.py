"""The service as one process has it, its jobs run by hand, beside a node and a witness that may go and come back."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from typing_extensions import override

from chain.addresses import load_addresses
from chain.party.errors import PartyError
from chain.party.rpc import JsonRpc
from chain.proof.canonical import JsonObject
from chain.proof.checkpoint import Checkpoint, HeaderAttestation, HeadStatement
from chain.proof.hashing import keccak256
from chain.proof.merkle import empty_root
from chain.proof.note import Note, NoteSigner, SignatureType, parse_note, sign_note
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from services.container import Services
from services.evidence.service import EvidenceService
from services.evidence.submission import Accepted
from services.platform.clock import SystemClock
from services.platform.errors import NotFound
from services.platform.settings import Settings, WitnessConfig
from services.transactions.views import OperationView
from tests.integration.services.identity.house import House, start
from tests.integration.services.transactions.rig import DEPLOYER, GATEWAY, OWNER, REGIONAL, deploy_on
from tests.ports import free_port
from tests.waiting import until

__all__ = ["CHAIN_ID", "AdjustedClock", "EmbeddedNode", "Witness", "World", "deploy_on"]

ROOT = Path(__file__).parents[4]
CHAIN_ID = 7003
JOBS = (
    "evidence.check", "evidence.seal", "transactions.supervision.manage", "transactions.supervision.index",
    "evidence.proofs", "evidence.regrade",
)  # fmt: skip


class EmbeddedNode:
    """The embedded chain in its own process; killed, it comes back at the same port with all its blocks."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.chain_id = CHAIN_ID
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "EmbeddedNode":
        self.launch()
        until(self.answers)
        return self

    def launch(self) -> None:
        """Starts it and does not wait."""
        self.home.mkdir(exist_ok=True)
        command = [sys.executable, "-m", "chain.node", "--home", str(self.home), "--chain-id", str(self.chain_id)]
        command += ["--port", str(self.port)]
        command += [word for key in (GATEWAY, DEPLOYER) for word in ("--fund", key.address)]
        self._process = subprocess.Popen(command, cwd=ROOT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """SIGSTOP: the node takes connections and says nothing; SIGCONT: it goes on."""
        assert self._process is not None
        self._process.send_signal(number)

    def answers(self) -> bool:
        """Whether it speaks to us."""
        try:
            return bool(JsonRpc(self.url, timeout=10).call("eth_chainId"))
        except PartyError:
            return False


class Witness:
    """A regulator's witness: remembers what it signed, cosigns the newest head, attests final blocks of anchors."""

    def __init__(self, url: str, name: str = "w-regulator.example") -> None:
        self.name, self._seed = name, name.encode().ljust(32, b".")[:32]
        self._rpc = JsonRpc(url, timeout=60)
        self._heads: dict[str, tuple[int, bytes]] = {}
        self._plain = NoteSigner(name, SignatureType.ED25519, self._seed)
        self._cosigner = NoteSigner(name, SignatureType.COSIGNATURE, self._seed)

    @property
    def config(self) -> WitnessConfig:
        return WitnessConfig(vkey=self._cosigner.key.format(), role="regulator")

    def signs(self, text: str) -> str:
        """A statement of its own, as a note."""
        return sign_note(text, self._plain)

    def looks(self, evidence: EvidenceService, genesis: str, chain_id: int) -> None:
        """One round."""
        for log in evidence.public.logs():
            size, root = self._heads.get(log.origin, (0, empty_root()))
            statement = HeadStatement(log.origin, evidence.challenge(), size, root).text()
            evidence.add_head_statement(sign_note(statement, self._plain))
            try:
                text = parse_note(evidence.public.checkpoint(log.id)).text
            except NotFound:
                continue
            head = Checkpoint.parse(text)
            self._heads[log.origin] = head.size, head.root
            evidence.add_cosignature(Note(text, (self._cosigner.sign(text, seconds=1_800_000_000),)).format())
            for anchor in evidence.public.anchors(log.id):
                self._attest(evidence, anchor.block_number, anchor.block_hash, (chain_id, genesis))

    def _attest(self, evidence: EvidenceService, number: int, block_hash: str, chain: tuple[int, str]) -> None:
        try:
            block: Any = self._rpc.call("eth_getBlockByNumber", hex(number), False)
        except PartyError:
            return
        assert block["hash"] == block_hash, "the service shows an anchor in a block that the chain does not have"
        raw = [bytes.fromhex(each[2:]) for each in (chain[1], block_hash)]
        header = HeaderAttestation(chain[0], raw[0], number, raw[1])
        evidence.add_attestation("supervision", sign_note(header.text(), self._plain))


class AdjustedClock(SystemClock):
    """The machine's clock, put forward by a test that will not wait."""

    ahead_ms = 0

    @override
    def ms(self) -> int:
        return super().ms() + self.ahead_ms


class World:
    """An installation whose operator has the house log open; ``step()`` is what the scheduler does in a second."""

    def __init__(self, settings: Settings, node: Any, *, witness: Witness | None = None, **changes: Any) -> None:
        self.node, self.witness = node, witness
        changes = {"anchor_interval_ms": 1, "anchor_grace_ms": 600_000} | changes
        self.settings = settings.model_copy(update=changes)
        self.clock = AdjustedClock()
        self.house: House = start(self.settings, self.clock)
        self.after_step: Callable[[], None] = lambda: None
        self.between: Callable[[], None] = lambda: None
        """What the chain does by itself between two steps: blocks, when it makes none for itself."""
        self.watched = True
        """Whether the witness is there."""

    @property
    def services(self) -> Services:
        return self.house.services

    @property
    def evidence(self) -> EvidenceService:
        return self.services.evidence

    def found(self) -> None:
        """The operator, registered, and its log open on the chain; the witness is asked for from then on."""
        done = self.house.bootstrap()
        self.institution, self.token = done.institution.id, str(done.issued.secret)
        for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
            self.house.sign(self.house.caller(done.issued), operation, key)
            self.run(lambda operation=operation: self.operation(operation).state == "final")  # type: ignore[misc]
        (self.log,) = self.evidence.public.logs()
        if self.witness is not None:
            self.restart(witnesses=(self.witness.config,), witness_quorum={"regulator": 1})
            self.step()

    def operation(self, operation: OperationView) -> OperationView:
        return self.house.operation(operation.id)

    def step(self, *, anchor: bool = True) -> None:
        """Every job once, and the witness, when it is there."""
        time.sleep(0.002)  # the anchors' interval of these tests is a millisecond
        for job in (*JOBS[:2], *(("evidence.anchor",) if anchor else ()), *JOBS[2:]):
            self.services.jobs.run(job)
        if self.witness is not None and self.settings.witnesses and self.watched:
            pin = self.services.chains.pins["supervision"]
            self.witness.looks(self.evidence, pin.genesis, pin.chain_id)
        self.after_step()

    def run(self, done: Callable[[], bool]) -> None:
        """Steps until it is so."""

        def stepped() -> bool:
            if done():
                return True
            self.between()
            self.step()
            return False

        until(stepped, tell=self.services.jobs.states)

    def submit(self, subject: str = "s", **options: Any) -> Accepted:
        document: JsonObject = {
            "type": "business.event",
            "subject": subject,
            "actor": self.institution,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {"title": "材料已补正"},
        }
        return self.evidence.submit_record(self.institution, document, log_id=self.log.id, **options).result(60)

    def status(self, accepted: Accepted) -> str:
        return self.evidence.get_record(accepted.record_id, with_document=False).status

    def receipt(self, accepted: Accepted) -> bytes:
        return self.evidence.receipt(accepted.record_id, private=True)

    def outcome(self, receipt: bytes) -> str:
        """What an auditor's verifier says of a receipt, with this installation's trust document."""
        return str(verify(parse_receipt(receipt), parse_trust(self.evidence.trust.file())).outcome)

    def anchored_sizes(self) -> list[int]:
        """Of the HeadAnchored events on the chain, in its order; straight from the node."""
        client = self.services.chains.clients["supervision"]
        pins = load_addresses(self.settings.chains["supervision"].addresses_file)
        assert pins is not None
        found = client.logs(0, client.head(), ["EvidenceLog"])
        topic = keccak256(b"HeadAnchored(bytes32,uint64,bytes32,uint64)")
        log = keccak256(self.log.origin.encode())
        return [int.from_bytes(one.data[:32]) for one in found if one.topics[0] == topic and one.topics[1] == log]

    def restart(self, **changes: Any) -> None:
        """As a new process finds it."""
        self.services.stop()
        self.settings = self.settings.model_copy(update=changes)
        self.house = start(self.settings, self.clock)

    def stop(self) -> None:
        self.services.stop()
