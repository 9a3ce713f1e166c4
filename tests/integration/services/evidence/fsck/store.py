"""A store with records, checkpoints, anchors and a real witness with a mirror; copies of it; and what a thief does."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import Session

from api.app import create_app
from chain.addresses import load_addresses
from chain.party.keystore import NoteKey
from chain.party.witness.config import ChainPin, WitnessConfig
from chain.party.witness.run import Witness
from chain.proof.canonical import JsonObject, write_checked
from chain.proof.checkpoint import Checkpoint
from chain.proof.leaf import Leaf, leaf_hash
from chain.proof.merkle import Frontier, root_of
from chain.proof.note import NoteSigner, SignatureType, sign_note
from chain.proof.record import commit
from services.evidence.heads import Head, HeadFile
from services.evidence.keys import LogKeys
from services.evidence.records import StoredRecord
from services.evidence.submission import record_aad
from services.evidence.tree import grow
from services.fsck import Report, Scope, fsck
from services.platform import settings as configuration
from services.platform.atrest import Vault
from services.platform.settings import Settings
from tests.databases import create, drop
from tests.integration.services.identity.house import House, make_home, start
from tests.integration.services.transactions.rig import OWNER, REGIONAL, Anvil
from tests.serving import serving
from tests.waiting import until

FULL = os.environ.get("REGSEAL_TEST_SIZE") == "full"
ROUNDS = 6
RECORDS = 10_080 if FULL else 600  # the same number in each half of a round
JOBS = ("transactions.supervision.manage", "transactions.supervision.index", "evidence.proofs")
KEY = NoteKey("witness.example", b"\x42" * 32)


def record(actor: str, number: int) -> JsonObject:
    return {
        "type": "business.event",
        "subject": f"security/440300-2026-{number % 7:04d}",
        "actor": actor,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": {"event": "share-transfer.registered", "units": str(1_000 + number), "note": "协议转让登记"},
    }


@dataclass
class Store:
    """A stopped installation. ``marked``: the private receipt of a record in the middle, ``index`` its place."""

    settings: Settings
    witness: Path
    log_id: str
    origin: str
    size: int
    index: int
    receipt: bytes
    acknowledgement: str

    @contextmanager
    def copy(self, folder: Path) -> Iterator["Copy"]:
        """An own database and home, in which a thief may do as it likes."""
        home = folder / "home"
        shutil.copytree(self.settings.home, home)
        url = make_url(self.settings.url)
        if self.settings.url.startswith("sqlite"):
            changed = {"home": home, "database_url": f"sqlite:///{home / Path(str(url.database)).name}"}
            yield Copy(self, self.settings.model_copy(update=changed))
            return
        server = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        name = create(server, template=str(url.database))
        changed = {"home": home, "database_url": url.set(database=name).render_as_string(hide_password=False)}
        yield Copy(self, self.settings.model_copy(update=changed))
        drop(server, name)


@dataclass
class Copy:
    """A copy in a thief's hands, and the examination of it."""

    store: Store
    settings: Settings

    def __post_init__(self) -> None:
        self.url = self.settings.url.replace("postgresql://", "postgresql+psycopg://")

    def fsck(self, *, mirror: bool = False, receipts: tuple[Path, ...] = (), scope: Scope | None = None) -> Report:
        folder = self.store.witness if mirror else None
        return fsck(self.settings, scope or Scope(), mirror=folder, receipts=receipts)

    @contextmanager
    def sql(self) -> Iterator[Connection]:
        engine = create_engine(self.url)
        with engine.begin() as connection:
            yield connection
        engine.dispose()

    def do(self, statement: str, **values: Any) -> None:
        with self.sql() as connection:
            assert connection.execute(text(statement), {"log": self.store.log_id, **values}).rowcount, statement

    def one(self, statement: str, **values: Any) -> Any:
        with self.sql() as connection:
            return connection.execute(text(statement), {"log": self.store.log_id, **values}).one()

    def all(self, statement: str, **values: Any) -> list[Any]:
        with self.sql() as connection:
            return list(connection.execute(text(statement), {"log": self.store.log_id, **values}))

    def store_root(self) -> bytes:
        """The root that the log's row says it has now."""
        return Frontier.decode(bytes(self.one("SELECT frontier FROM logs WHERE id = :log")[0])).root()

    def sizes(self, what: str) -> list[int]:
        where = " AND state = 'anchored'" if what == "anchors" else ""
        return [row[0] for row in self.all(f"SELECT size FROM {what} WHERE log_id = :log{where} ORDER BY size")]

    # what a thief with the master key can do

    def reseal(self, index: int, **body: str) -> bytes:
        """Encrypts the record at ``index`` anew with another body; its new commitment."""
        vault = Vault(self.settings.master_key_file)
        row = self.one("SELECT id, institution_id, ciphertext FROM records WHERE log_id = :log AND idx = :at", at=index)
        engine = create_engine(self.url)
        with Session(engine) as session:
            aad = record_aad(row[0])
            stored = StoredRecord.unpack(vault.decrypt(session, row[1], bytes(row[2]), aad))
            document = stored.document()
            members = document["body"]
            assert isinstance(members, dict)
            members.update(body)
            plain = StoredRecord(write_checked(document), stored.secret).pack()
            sealed = vault.encrypt(session, row[1], plain, aad)
        engine.dispose()
        self.do("UPDATE records SET ciphertext = :sealed WHERE id = :id", sealed=sealed, id=row[0])
        return commit(document, stored.secret)

    def replace_leaf(self, index: int, commitment: bytes, *, above: bool = True) -> list[bytes]:
        """Puts another commitment into a leaf; ``above``: recomputes all that follows from it. The leaf hashes."""
        rows = self.all("SELECT idx, leaf FROM leaves WHERE log_id = :log ORDER BY idx")
        last: dict[bytes, bytes] = {}
        hashes = []
        for at, data in rows:
            old = Leaf.decode(bytes(data))
            linked = last.get(old.stream, old.previous) if above else old.previous
            chosen = commitment if at == index else old.commitment
            leaf = Leaf(
                old.suite, old.type_code, old.phase, old.seq, old.stream, linked, chosen, old.accepted_at
            ).encode()
            last[old.stream] = leaf_hash(leaf)
            hashes.append(last[old.stream])
            if leaf != bytes(data):
                self.do(
                    "UPDATE leaves SET leaf = :leaf, leaf_hash = :hash WHERE log_id = :log AND idx = :at",
                    leaf=leaf, hash=hashes[-1], at=at,
                )  # fmt: skip
        if above:
            self._rebuild(hashes, last)
        return hashes

    def _rebuild(self, hashes: list[bytes], last: dict[bytes, bytes]) -> None:
        sealed = self.sizes("checkpoints")[-1]
        for (level, number), data in grow(0, sealed, hashes, lambda _level, _number: b"").items():
            self.do(
                "UPDATE tiles SET hashes = :data WHERE log_id = :log AND level = :level AND idx = :number",
                data=data, level=level, number=number,
            )  # fmt: skip
        for stream, head in last.items():
            self.do(
                "UPDATE streams SET last_leaf_hash = :head WHERE log_id = :log AND stream_id = :stream",
                head=head, stream=stream,
            )  # fmt: skip
        frontier = Frontier().extend(hashes).encode()
        self.do("UPDATE logs SET frontier = :frontier WHERE id = :log", frontier=frontier)

    def resign(self, size: int, root: bytes) -> None:
        """Rewrites a checkpoint with the stolen log key."""
        engine = create_engine(self.url)
        with Session(engine) as session:
            signer = LogKeys(Vault(self.settings.master_key_file)).head_signer(session, self.store.log_id, size)
        engine.dispose()
        note = sign_note(Checkpoint(self.store.origin, size, root).text(), signer)
        where = "WHERE log_id = :log AND size = :size"
        self.do(f"UPDATE checkpoints SET root = :root, note = :note {where}", root=root, note=note, size=size)

    def forget_outsiders(self, above: int) -> None:
        """What witnesses and chain said of larger heads, and that they said it."""
        for table in ("cosignatures", "anchors"):
            self.do(f"DELETE FROM {table} WHERE log_id = :log AND size > :above", above=above)
        self.do("UPDATE checkpoints SET grade = 0 WHERE log_id = :log AND size > :above", above=above)

    def write_head(self, size: int, root: bytes) -> None:
        heads = HeadFile.open(self.settings.heads_dir)
        heads.write([Head(self.store.origin, size, root)])
        heads.close()

    def rewrite_all(self, index: int) -> None:
        """The whole installation, consistently: record, leaf, stream, tiles, frontier, checkpoints, head file."""
        hashes = self.replace_leaf(index, self.reseal(index, units="999999"))
        for size in self.sizes("checkpoints"):
            if size > index:
                self.resign(size, root_of(hashes[:size]))
        self.forget_outsiders(index)
        self.write_head(len(hashes), root_of(hashes))


def build(node: Anvil, addresses: Path, folder: Path, url: str) -> Store:
    """Founds, fills and stops an installation."""
    settings = make_home(node, addresses, folder / "home", url)
    house = start(settings)
    done = house.bootstrap()
    caller = house.caller(done.issued)
    for operation, key in zip(done.operations, (REGIONAL, OWNER), strict=True):
        house.sign(caller, operation, key)
        assert house.run(operation.id) == "final"
    house.services.stop()
    vkey = NoteSigner(KEY.name, SignatureType.COSIGNATURE, KEY.secret).key.format()
    one = configuration.WitnessConfig(vkey=vkey, role="regulator")
    changed = {"witnesses": (one,), "witness_quorum": {"regulator": 1}, "anchor_interval_ms": 1}
    settings = settings.model_copy(update={**changed, "anchor_grace_ms": 600_000})
    house = start(settings)
    try:
        with serving(create_app(house.services)) as port:
            witness = _witness(settings, node, folder / "witness", f"http://127.0.0.1:{port}")
            return _fill(house, settings, witness, folder / "witness")
    finally:
        house.services.stop()


def _witness(settings: Settings, node: Anvil, home: Path, api: str) -> Witness:
    found = load_addresses(settings.chains["supervision"].addresses_file)
    assert found is not None
    contract, genesis = (
        bytes.fromhex(one[2:])
        for one in (found.contracts["EvidenceLog"].address, settings.chains["supervision"].genesis)
    )
    pin = ChainPin(name="supervision", rpc=(node.url,), chain_id=found.chain_id, genesis=genesis, contract=contract)
    return Witness(home, WitnessConfig(name=KEY.name, role="regulator", api=api, chain=pin), KEY)


def _fill(house: House, settings: Settings, witness: Witness, home: Path) -> Store:
    """Six rounds of records, each sealed; every second one cosigned, anchored and attested."""
    services, evidence = house.services, house.services.evidence
    (log,) = evidence.public.logs()
    witness.round()
    services.jobs.run("evidence.check")
    middle = None
    for number in range(ROUNDS):
        for part in range(2):
            count = RECORDS // ROUNDS // 2
            first = number * count * 2 + part * count
            futures = [
                evidence.submit_record(log.owner_id, record(log.owner_id, first + at), log_id=log.id)
                for at in range(count)
            ]
            accepted = [future.result(60) for future in futures]
            middle = accepted[count // 2] if middle is None and number == ROUNDS // 2 else middle
            services.jobs.run("evidence.seal")
        if number % 2:
            _anchor(house, witness, log.id)
    assert middle is not None
    head = evidence.public.log(log.id)
    receipt = evidence.receipt(middle.record_id, private=True)
    return Store(settings, home, log.id, log.origin, head.size, middle.index, receipt, middle.acknowledgement)


def _anchor(house: House, witness: Witness, log_id: str) -> None:
    """Until the newest checkpoint is final."""
    jobs, evidence = house.services.jobs, house.services.evidence
    size = evidence.public.log(log_id).size

    def anchored() -> bool:
        witness.round()
        for job in ("evidence.anchor", *JOBS):
            jobs.run(job)
        return any(one.size == size for one in evidence.public.anchors(log_id))

    until(anchored, tell=jobs.states)
    witness.round()
    jobs.run("evidence.proofs")
