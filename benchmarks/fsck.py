"""fsck of one log: leaf → root → chain, and everything down to the fields of each record; beside bare SHA-256."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import insert

import services.evidence.models as tables
import services.platform.models  # noqa: F401 (the data keys' table)
from benchmarks.measure import Figure, compared, per_second
from chain.proof.canonical import write_checked
from chain.proof.checkpoint import Checkpoint
from chain.proof.hashing import Suite, sha256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import Frontier
from chain.proof.note import sign_note
from chain.proof.record import commit
from chain.proof.types import Phase
from services.evidence.fsck.fsck import Fsck, Scope
from services.evidence.fsck.outside import ChainLog, ChainView, Event, Outside
from services.evidence.heads import Head
from services.evidence.keys import LogKeys
from services.evidence.materials.store import FileStore
from services.evidence.records import StoredRecord
from services.evidence.standing import Standing
from services.evidence.standing_repository import put_graded_by
from services.evidence.submission import record_aad
from services.evidence.tree import grow
from services.platform.atrest import Vault
from services.platform.database import Base, Database

LEAVES = 1_000_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 100_000
RECORDS = 20 * 4_096
SEALED, STREAMS, NOW = 4_000, 1_000, 1_800_000_000_000
LOG, ORIGIN, OWNER = "log_" + "0" * 32, "bench.example/log", "ins_" + "0" * 32


def run() -> Iterator[Figure]:
    """Leaves and records a second."""
    with tempfile.TemporaryDirectory() as folder:
        store = _Store(Path(folder))
        leaf = store.build()
        bare = Figure("SHA-256 of a leaf", per_second(lambda: sha256(leaf)), "/s")
        yield bare
        jobs = os.cpu_count() or 1
        for name, records, goal in (("leaf → root → chain", False, 100_000), ("records derived anew", True, 10_000)):
            wall, core = store.rate(records=records, jobs=1)
            yield compared(Figure(f"{name}, one process", wall, "/s"), bare)
            yield compared(Figure(f"{name}, a second of one core", core, "", target=Decimal(goal), at_most=False), bare)
            yield compared(Figure(f"{name}, {jobs} processes", store.rate(records=records, jobs=jobs)[0], "/s"), bare)


class _Store:
    """A log of LEAVES leaves in an SQLite file, the first RECORDS of them with records; signed heads, all anchored."""

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'regseal.sqlite'}"
        self._key_file = folder / "master.key"
        self._vault = Vault.create(self._key_file)
        self._database = Database(self._url)
        Base.metadata.create_all(self._database.writer)
        self._files = FileStore(folder / "objects")
        self._frontier = Frontier()
        self._events: list[Event] = []

    def rate(self, *, records: bool, jobs: int) -> tuple[Decimal, Decimal]:
        """Leaves a second, and a second of this process's processor time; RuntimeError when something is found."""
        view = ChainView("bench", 10**9, {ORIGIN: ChainLog(tuple(self._events), None, ())})
        outside = Outside({ORIGIN: Head(ORIGIN, LEAVES, self._frontier.root())}, view)
        fsck = Fsck(self._url, self._key_file, outside, witnesses={}, quorum={}, store=self._files)
        count = RECORDS if records else LEAVES
        began, worked = time.perf_counter(), time.process_time()
        report = fsck.run(Scope(end=count if records else None, records=records, jobs=jobs))
        seconds, core = time.perf_counter() - began, time.process_time() - worked
        if report.findings or report.counts["leaves"] != count:
            raise RuntimeError("\n".join(report.lines()))
        return Decimal(round(count / seconds)), Decimal(round(count / core))

    def build(self) -> bytes:
        """Fills the database; a leaf."""
        leaves, hashes, rows = self._leaves()
        with self._database.write() as session:
            log: dict[str, Any] = {"id": LOG, "origin": ORIGIN, "owner_id": OWNER, "state": "open", "house": True}
            log |= {"suite": 1, "size": LEAVES, "frontier": Frontier().extend(hashes).encode(), "stream_key": b""}
            session.execute(insert(tables.LogRow).values(**log, created_at=NOW))
            LogKeys(self._vault).create(session, LOG, ORIGIN, active=True)
            put_graded_by(session, Standing({}, {}, {}).digest, NOW)
            session.execute(insert(tables.LeafRow), leaves)
            session.execute(insert(tables.RecordRow), [self._sealed(session, row) for row in rows])
            tiles = grow(0, LEAVES, hashes, lambda _level, _index: b"")
            made = [{"log_id": LOG, "level": at[0], "idx": at[1], "hashes": data} for at, data in tiles.items()]
            session.execute(insert(tables.TileRow), made)
            self._heads(session, hashes)
        return bytes(leaves[0]["leaf"])

    def _leaves(self) -> tuple[list[dict[str, Any]], list[bytes], list[dict[str, Any]]]:
        streams = [(secrets.token_bytes(16), 0, NO_LEAF) for _ in range(STREAMS)]
        leaves, hashes, records = [], [], []
        for at in range(LEAVES):
            stream, seq, last = streams[at % STREAMS]
            secret, document, commitment = secrets.token_bytes(32), _record(at), bytes(32)
            record_id = f"rec_{at:032x}"
            if at < RECORDS:
                commitment = commit(document, secret)
                records.append({"at": at, "id": record_id, "content": write_checked(document), "secret": secret})
            leaf = Leaf(Suite.INTL_V1, 1, Phase.EVENT, seq, stream, last, commitment, NOW)
            hashes.append(leaf.hash())
            streams[at % STREAMS] = (stream, seq + 1, hashes[-1])
            row = {"log_id": LOG, "idx": at, "leaf": leaf.encode(), "leaf_hash": hashes[-1], "record_id": record_id}
            leaves.append(row)
        self._streams = streams
        return leaves, hashes, records

    def _sealed(self, session: Any, row: dict[str, Any]) -> dict[str, Any]:
        plain = StoredRecord(row["content"], row["secret"]).pack()
        sealed = self._vault.encrypt(session, OWNER, plain, record_aad(row["id"]))
        made = {"id": row["id"], "log_id": LOG, "idx": row["at"], "institution_id": OWNER, "type_code": 1, "phase": 0}
        return {**made, "ciphertext": sealed, "accepted_at": NOW, "anchor_by": NOW}

    def _heads(self, session: Any, hashes: list[bytes]) -> None:
        rows = [
            {"log_id": LOG, "key": stream, "stream_id": stream, "count": count, "last_leaf_hash": last}
            for stream, count, last in self._streams
        ]
        session.execute(insert(tables.StreamRow), rows)
        signer = LogKeys(self._vault).head_signer(session, LOG, 1)
        for size in range(SEALED, LEAVES + 1, SEALED):
            self._frontier = self._frontier.extend(hashes[size - SEALED : size])
            root = self._frontier.root()
            note = sign_note(Checkpoint(ORIGIN, size, root).text(), signer)
            head = {"log_id": LOG, "size": size, "root": root, "note": note, "grade": 1, "created_at": NOW}
            session.execute(insert(tables.CheckpointRow).values(**head))
            self._events.append(Event(size, root, 10**6 + size, "0x", "0x", 0))


def _record(at: int) -> dict[str, Any]:
    body = {"event": "share-transfer.registered", "units": str(at), "from": "a", "to": "b", "note": "协议转让登记"}
    moment = "2026-11-20T09:30:00Z"
    record: dict[str, Any] = {"type": "business.event", "subject": f"security/{at % STREAMS}", "actor": OWNER}
    return record | {"occurred_at": moment, "body": body}
