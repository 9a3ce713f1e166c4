"""What somebody does who holds a copy of the service's home: plain SQL, the public format, and the keys found there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine
from sqlalchemy.orm import Session

from chain.proof.canonical import write_checked
from chain.proof.checkpoint import Checkpoint
from chain.proof.leaf import Leaf
from chain.proof.merkle import Frontier
from chain.proof.note import sign_note
from chain.proof.record import commit
from services.evidence.heads import Head, HeadFile
from services.evidence.keys import LogKeys
from services.evidence.records import StoredRecord
from services.evidence.submission import record_aad
from services.evidence.tree import grow
from services.platform.atrest import Vault

__all__ = ["CASES", "Case", "Thief"]


class Thief:
    """In a copied home, at work on one record in the middle of one log."""

    def __init__(self, home: Path, origin: str, index: int) -> None:
        self.home, self.origin, self.index = home, origin, index
        self.file = home / "regseal.sqlite"
        self.log = self.rows("SELECT id FROM logs WHERE origin = ?", origin)[0][0]

    @contextmanager
    def sql(self) -> Iterator[sqlite3.Connection]:
        """A transaction."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            yield connection

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """What a question gives."""
        with self.sql() as connection:
            return connection.execute(statement, values).fetchall()

    def do(self, statement: str, *values: Any) -> None:
        """A change; it must hit something."""
        with self.sql() as connection:
            if not connection.execute(statement, values).rowcount:
                raise RuntimeError(f"nothing was changed by: {statement}")

    def sizes(self, table: str) -> list[int]:
        """Of the log's checkpoints or anchors."""
        read = f"SELECT size FROM {table} WHERE log_id = ? ORDER BY size"  # noqa: S608
        return [row[0] for row in self.rows(read, self.log)]

    def seal_other_units(self) -> bytes:
        """Encrypts the record anew with other units, by the stolen master key; its new commitment."""
        vault, engine = Vault(self.home / "master.key"), create_engine(f"sqlite:///{self.file}")
        ((record, owner, sealed),) = self.rows(
            "SELECT id, institution_id, ciphertext FROM records WHERE log_id = ? AND idx = ?", self.log, self.index
        )
        with Session(engine) as session:
            stored = StoredRecord.unpack(vault.decrypt(session, owner, sealed, record_aad(record)))
            document = stored.document()
            document["body"] = {**document["body"], "units": "99999900"}  # type: ignore[dict-item]
            changed = StoredRecord(write_checked(document), stored.secret).pack()
            sealed = vault.encrypt(session, owner, changed, record_aad(record))
        engine.dispose()
        self.do("UPDATE records SET ciphertext = ? WHERE id = ?", sealed, record)
        return commit(document, stored.secret)

    def replace_leaf(self, commitment: bytes) -> list[bytes]:
        """Another commitment in the leaf, and all that follows recomputed: its stream, tiles, the log's row."""
        last: dict[bytes, bytes] = {}
        hashes: list[bytes] = []
        changed = []
        for at, data in self.rows("SELECT idx, leaf FROM leaves WHERE log_id = ? ORDER BY idx", self.log):
            leaf = Leaf.decode(data)
            if at == self.index:
                leaf = replace(leaf, commitment=commitment)
            if leaf.stream in last:
                leaf = replace(leaf, previous=last[leaf.stream])
            hashes.append(leaf.hash())
            if at >= self.index and (at == self.index or leaf.stream in last):
                last[leaf.stream] = hashes[-1]
                changed.append((leaf.encode(), hashes[-1], self.log, at))
        frontier = Frontier().extend(hashes).encode()
        tiles = grow(0, self.sizes("checkpoints")[-1], hashes, lambda _level, _index: b"")
        with self.sql() as connection:
            connection.executemany("UPDATE leaves SET leaf = ?, leaf_hash = ? WHERE log_id = ? AND idx = ?", changed)
            connection.executemany(
                "UPDATE streams SET last_leaf_hash = ? WHERE log_id = ? AND stream_id = ?",
                [(head, self.log, stream) for stream, head in last.items()],
            )
            connection.executemany(
                "UPDATE tiles SET hashes = ? WHERE log_id = ? AND level = ? AND idx = ?",
                [(data, self.log, *place) for place, data in tiles.items()],
            )
            connection.execute("UPDATE logs SET frontier = ? WHERE id = ?", (frontier, self.log))
        self._write_head(hashes)
        return hashes

    def sign_again(self, roots: Mapping[int, bytes]) -> None:
        """Checkpoints over other roots, signed with the log key that the master key unwraps."""
        keys, engine = LogKeys(Vault(self.home / "master.key")), create_engine(f"sqlite:///{self.file}")
        with Session(engine) as session:
            rows = []
            for size, root in roots.items():
                signer = keys.head_signer(session, self.log, size)
                rows.append((root, sign_note(Checkpoint(self.origin, size, root).text(), signer), self.log, size))
        engine.dispose()
        with self.sql() as connection:
            connection.executemany("UPDATE checkpoints SET root = ?, note = ? WHERE log_id = ? AND size = ?", rows)

    def forget_outsiders(self) -> None:
        """What witnesses and chain said of later heads, and that they said it."""
        with self.sql() as connection:
            for act in ("DELETE FROM cosignatures", "DELETE FROM anchors", "UPDATE checkpoints SET grade = 0"):
                connection.execute(f"{act} WHERE log_id = ? AND size > ?", (self.log, self.index))

    def _write_head(self, hashes: list[bytes]) -> None:
        heads = HeadFile.open(self.home / "heads")
        heads.write([Head(self.origin, len(hashes), Frontier().extend(hashes).root())])
        heads.close()


def _field(thief: Thief) -> None:
    thief.seal_other_units()


def _deleted(thief: Thief) -> None:
    thief.do("DELETE FROM records WHERE log_id = ? AND idx = ?", thief.log, thief.index)


def _swapped(thief: Thief) -> None:
    other = thief.index + 1
    read = "SELECT leaf, leaf_hash, record_id FROM leaves WHERE log_id = ? AND idx = ?"
    rows = {at: thief.rows(read, thief.log, at)[0] for at in (thief.index, other)}
    for at, row in ((thief.index, rows[other]), (other, rows[thief.index])):
        write = "UPDATE leaves SET leaf = ?, leaf_hash = ?, record_id = ? WHERE log_id = ? AND idx = ?"
        thief.do(write, *row, thief.log, at)


def _flipped(thief: Thief) -> None:
    stored = max((each for each in (thief.home / "materials" / "objects").rglob("*") if each.is_file()), key=_size)
    data = bytearray(stored.read_bytes())
    data[len(data) // 2] ^= 1
    stored.write_bytes(data)


def _size(file: Path) -> int:
    return file.stat().st_size


def _replaced(thief: Thief) -> None:
    thief.replace_leaf(thief.seal_other_units())


def _resigned(thief: Thief) -> None:
    size = next(size for size in thief.sizes("checkpoints") if size > thief.index)
    thief.sign_again({size: b"\x66" * 32})


def _anchor(thief: Thief) -> None:
    size = thief.sizes("anchors")[-1]
    other = "0x" + "66" * 32
    thief.do("UPDATE anchors SET tx_hash = ? WHERE log_id = ? AND size = ?", other, thief.log, size)


def _cursor(thief: Thief) -> None:
    thief.do("UPDATE cursors SET handled_block = handled_block + 7, scanned_block = scanned_block + 7")


def _rewritten(thief: Thief) -> None:
    hashes = thief.replace_leaf(thief.seal_other_units())
    frontier, roots, done = Frontier(), {}, 0
    for size in thief.sizes("checkpoints"):
        frontier, done = frontier.extend(hashes[done:size]), size
        if size > thief.index:
            roots[size] = frontier.root()
    thief.sign_again(roots)
    thief.forget_outsiders()


@dataclass(frozen=True)
class Case:
    """A way to tamper, and the findings by which it must show: with chain and head file alone, and with a mirror."""

    told: str
    act: Callable[[Thief], None]
    alone: str
    mirrored: str


CASES = {
    "field": Case("a record's field is changed and sealed anew", _field, "record-differs", "record-differs"),
    "deleted": Case("a record is deleted", _deleted, "record-missing", "record-missing"),
    "swapped": Case("two leaves change places", _swapped, "leaf-differs", "leaf-differs"),
    "file": Case("one bit of a stored file is turned", _flipped, "file-damaged", "file-damaged"),
    "leaf": Case("a leaf is replaced and all later hashes recomputed", _replaced, "tree-differs", "leaf-differs"),
    "checkpoint": Case("a head is signed again with the log's key", _resigned, *2 * ["checkpoint-differs"]),
    "anchor": Case("an anchor's row names another transaction", _anchor, "anchor-differs", "anchor-differs"),
    "cursor": Case("the event cursor is moved", _cursor, "cursor-moved", "cursor-moved"),
    "database": Case("everything is rewritten without a contradiction", _rewritten, "tree-differs", "leaf-differs"),
}  # fmt: skip
