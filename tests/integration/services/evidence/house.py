"""What the tests of evidence stand on: a whole service without chain, records, witnesses."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.proof.canonical import JsonObject, canonical
from chain.proof.checkpoint import Checkpoint, HeadStatement
from chain.proof.note import Note, NoteSigner, SignatureType, parse_note
from chain.proof.receipt import Anchor
from services.evidence.group import Group
from services.evidence.service import EvidenceService, Ports
from services.evidence.standing import ChainPin
from services.evidence.submission import Accepted
from services.platform.atrest import Vault
from services.platform.clock import FixedClock, SystemClock
from services.platform.database import Database
from services.platform.settings import Settings, WitnessConfig
from services.transactions.service import Transactions

OPERATOR = "ins_" + "0a" * 16
OTHER = "ins_" + "0b" * 16
GATEWAY = "0x" + "11" * 20
PIN = ChainPin("supervision", 440300, "0x" + "22" * 32, "embedded", "0x" + "33" * 20)
Head = tuple[int, bytes]


def record(subject: str = "project-1", actor: str = OPERATOR, **body: Any) -> JsonObject:
    return {
        "type": "business.event",
        "subject": subject,
        "actor": actor,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": body or {"title": "材料已补正"},
    }


class TestWitness:
    """A witness's key, speaking."""

    __test__ = False

    def __init__(self, name: str, role: str = "regulator") -> None:
        self.seed = name.encode().ljust(32, b".")[:32]
        self.role = role
        self.name = f"{name}.example"
        self.vkey = NoteSigner(self.name, SignatureType.COSIGNATURE, self.seed).key.format()

    def states(self, house: "House", size: int, root: bytes, *, nonce: str | None = None, origin: str = "") -> None:
        text = HeadStatement(origin or house.origin, nonce or house.service.challenge(), size, root).text()
        signer = NoteSigner(self.name, SignatureType.ED25519, self.seed)
        house.service.add_head_statement(Note(text, (signer.sign(text),)).format())

    def cosigns(self, note: str, seconds: int = 1_800_000_000) -> str:
        text = parse_note(note).text
        signer = NoteSigner(self.name, SignatureType.COSIGNATURE, self.seed)
        return Note(text, (signer.sign(text, seconds=seconds),)).format()


@dataclass
class House:
    """An evidence service and what it stands on."""

    home: Path
    database: Database
    clock: Any
    service: EvidenceService
    vault: Vault
    transactions: Transactions
    log_id: str = ""
    closed: bool = field(default=False)

    @property
    def origin(self) -> str:
        return self.service._settings.house_origin

    def bootstrap(self, owner: str) -> None:
        self.log_id = self.service.create_house_log(owner)

    def force_open(self, log_id: str) -> None:
        """What the chain's event does, in tests without one."""
        self.service.sequencer.run(lambda group: group.change_state(log_id, "open"))

    def submit(self, value: JsonObject | None = None, **options: Any) -> Accepted:
        content = canonical(value if value is not None else record())
        actor = str((value or record())["actor"])
        return self.service.submit_record(actor, content, **options).result(timeout=60)

    def leaves(self, log_id: str | None = None) -> list[tuple[int, bytes]]:
        from sqlalchemy import select

        from services.evidence.models import LeafRow

        with self.database.read() as session:
            query = select(LeafRow.idx, LeafRow.leaf).where(LeafRow.log_id == (log_id or self.log_id))
            return [(row[0], row[1]) for row in session.execute(query.order_by(LeafRow.idx))]

    def head(self) -> Head:
        checkpoint = Checkpoint.parse(parse_note(self.service.public.checkpoint(self.log_id)).text)
        return checkpoint.size, checkpoint.root

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.service.stop()
            self.database.close()


class AppendOnly:
    """Of a chain no more than what encoding an append takes: nothing is sent."""

    def abi(self, _contract: str) -> list[dict[str, Any]]:
        kinds = {"log": "bytes32", "size": "uint64", "root": "bytes32", "proof": "bytes32[]"}
        inputs = [{"name": name, "type": kind} for name, kind in kinds.items()]
        return [
            {"type": "function", "name": "append", "inputs": inputs, "outputs": [], "stateMutability": "nonpayable"}
        ]


def nowhere(_origin: str) -> Head | None:
    """A chain that knows no log yet."""
    return None


def away(_origin: str) -> Head | None:
    raise ConnectionError("the chain is away")


def nothing_to_collect(chain: str, tx_hash: str, log_index: int) -> Anchor:
    raise ConnectionError("the chain is away")


def open_house(
    home: Path,
    database: Database,
    clock: FixedClock | SystemClock,
    *,
    witnesses: Sequence[TestWitness] = (),
    quorum: dict[str, int] | None = None,
    chain_head: Callable[[str], Head | None] = nowhere,
    submitters: Sequence[bytes] = (),
    start: bool = True,
    transactions: Transactions | None = None,
    **ports_changed: Any,
) -> House:
    home.mkdir(exist_ok=True)
    master = home / "master.key"
    vault = Vault(master, clock) if master.exists() else Vault.create(master, clock)
    settings = Settings(
        home=home,
        database_url=database.url,
        witnesses=tuple(WitnessConfig(vkey=each.vkey, role=each.role) for each in witnesses),
        witness_quorum=quorum or {},
        **ports_changed.pop("settings", {}),
    )
    transactions = transactions or Transactions(database, clock, {"supervision": AppendOnly()})  # type: ignore[dict-item]
    ports = Ports(
        transactions=transactions,
        fence=lambda _: None,
        chain_head=chain_head,
        submitter_keys=lambda *_: list(submitters),
        trusted_submitters=lambda _: [],
        **{
            "collect": nothing_to_collect,
            "anchor_address": GATEWAY,
            "chains": {"supervision": PIN},
            "authority_of": lambda *_: "0x" + "44" * 20,
            "regional_authority_of": lambda *_: None,
            **ports_changed,
        },
    )
    service = EvidenceService(settings, database, clock, vault=vault, ports=ports)
    if start:
        service.start()
    return House(home, database, clock, service, vault, transactions)


def count_units(house: House, count: int, make: Callable[[int], Callable[[Group], Any]]) -> list[Any]:
    """Hands over many units at once and waits for all."""
    futures = [house.service.sequencer.submit(make(number)) for number in range(count)]
    return [future.result(timeout=60) for future in futures]
