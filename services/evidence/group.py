"""What one group commit has done so far, taken back unit by unit.

A group is one transaction and many units. Leaves and rows are *staged*: the frontier and the streams move in memory,
rows are collected and inserted many at a time. A unit that needs SQL of its own asks for :attr:`Group.session` and
thereby gets a SAVEPOINT; most submissions never do. Either way a unit that raises leaves nothing behind, in memory or
in the database.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from chain.proof.hashing import Suite
from chain.proof.leaf import NO_LEAF, Leaf, leaf_hash
from chain.proof.merkle import Frontier
from chain.proof.note import NoteSigner
from chain.proof.types import Phase
from services.evidence import repository
from services.evidence.heads import Head
from services.platform.errors import Conflict, RegsealError
from services.platform.rows_repository import insert_rows

__all__ = ["FlushFailed", "Group", "LeafDraft", "LogState", "SequencedLeaf", "Sources", "StreamState"]

StreamKey = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class LeafDraft:
    """A leaf before it has a place.

    ``stream_key`` names the stream within the log; it is hashed before it is stored.
    """

    stream_key: str
    type_code: int
    phase: Phase
    commitment: bytes
    record_id: str | None = None


@dataclass(frozen=True, slots=True)
class SequencedLeaf:
    """A leaf at its index. ``accepted_at`` in UTC milliseconds."""

    draft: LeafDraft
    log_id: str
    index: int
    leaf: bytes
    leaf_hash: bytes
    accepted_at: int
    stream_id: bytes
    seq: int


@dataclass(frozen=True, slots=True)
class LogState:
    """A log as the sequencer carries it. ``stream_secret`` hashes stream keys, ``signer`` acknowledges."""

    id: str
    origin: str
    owner_id: str
    house: bool
    state: str
    signer: NoteSigner
    suite: Suite
    frontier: Frontier
    stream_secret: bytes

    def stream(self, name: str) -> StreamKey:
        """Under what the stream ``name`` is stored: the database does not learn the subject."""
        return self.id, self.suite.hmac(self.stream_secret, name.encode())

    def head(self) -> Head:
        """What the head file says of it."""
        return Head(self.origin, self.frontier.size, self.frontier.root())


@dataclass(frozen=True, slots=True)
class StreamState:
    """A stream's id, its number of leaves and its last leaf hash."""

    stream_id: bytes
    count: int
    last: bytes


class FlushFailed(BaseException):  # no unit may catch it
    """Rows staged by some unit were refused by the database; the group must be run again, unit by unit."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where a group reads what it does not carry: the committed logs and streams, and how to load a log."""

    logs: Mapping[str, LogState]
    streams: Mapping[StreamKey, StreamState]
    load_log: Callable[[Session, str], LogState]
    require_checked: Callable[[str], None]


@dataclass(slots=True)
class _Staged:
    """Done and not yet in the database."""

    logs: dict[str, LogState] = field(default_factory=dict)
    streams: dict[StreamKey, StreamState] = field(default_factory=dict)
    rows: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)


class Group:
    """The unit's view of the transaction.

    A unit may be run twice (the first run then leaves no trace), never kept beyond its call.
    """

    def __init__(self, session: Session, now_ms: int, sources: Sources) -> None:
        self.now_ms = now_ms
        self.logs: dict[str, LogState] = {}  # as of the last good unit
        self.streams: dict[StreamKey, StreamState] = {}
        self.memo: dict[Any, Any] = {}  # what good units of one kind tell the next within the group
        self._session = session
        self._sources = sources
        self._pending = _Staged()  # by good units
        self._unit = _Staged()
        self._read: dict[StreamKey, StreamState | None] = {}
        self._savepoint: SessionTransaction | None = None

    # what units use

    @property
    def session(self) -> Session:
        """The transaction's session, inside this unit's SAVEPOINT.

        Rows staged by this unit are not visible in it yet.
        """
        if self._savepoint is None:
            self._flush_pending()
            self._savepoint = self._session.begin_nested()
        return self._session

    @property
    def reading(self) -> Session:
        """The same session for SELECTs only: needs no SAVEPOINT."""
        return self._session

    def log(self, log_id: str) -> LogState:
        """The log as of this unit. NotFound."""
        known = self._unit.logs.get(log_id) or self.logs.get(log_id) or self._sources.logs.get(log_id)
        return known or self._sources.load_log(self._session, log_id)

    def change_state(self, log_id: str, state: str) -> None:
        """Opens, freezes or refuses a log as of this unit."""
        self._unit.logs[log_id] = replace(self.log(log_id), state=state)

    def change_signer(self, log_id: str, signer: NoteSigner) -> None:
        """Acknowledges with another key as of this unit."""
        self._unit.logs[log_id] = replace(self.log(log_id), signer=signer)

    def insert(self, table: Any, row: dict[str, Any]) -> None:
        """Stages a row of ``table``; it stands or falls with the unit."""
        self._unit.rows.setdefault(table, []).append(row)

    def append(self, log_id: str, draft: LeafDraft) -> SequencedLeaf:
        """The draft as the log's next leaf. Conflict when the log takes none, Unavailable while it is unchecked."""
        return self.append_many(log_id, (draft,))[0]

    def append_many(self, log_id: str, drafts: Iterable[LeafDraft]) -> list[SequencedLeaf]:
        """The drafts as the log's next leaves, in their order; as :meth:`append`."""
        self._sources.require_checked(log_id)
        log = self.log(log_id)
        if log.state not in ("open", "opening"):
            raise Conflict(f"The log {log.origin} is {log.state} and takes no leaves.", slug="log-closed")
        drafts = list(drafts)
        keys = {name: log.stream(name) for name in {draft.stream_key for draft in drafts}}
        self._read_streams(keys.values())
        done: list[SequencedLeaf] = []
        rows = self._unit.rows.setdefault(repository.LEAVES, [])
        for index, draft in enumerate(drafts, log.frontier.size):
            key = keys[draft.stream_key]
            stream = self._stream(key)
            leaf = _leaf(log, stream, draft, self.now_ms)
            hashed = leaf_hash(leaf)
            self._unit.streams[key] = StreamState(stream.stream_id, stream.count + 1, hashed)
            rows.append(repository.leaf_row(log_id, index, leaf, hashed, draft.record_id))
            done.append(SequencedLeaf(draft, log_id, index, leaf, hashed, self.now_ms, stream.stream_id, stream.count))
        self._unit.logs[log_id] = replace(log, frontier=log.frontier.extend([each.leaf_hash for each in done]))
        return done

    def prefetch_streams(self, names: Iterable[tuple[str, str]]) -> None:
        """Reads the streams of many (log id, stream key) at once: appending to them asks the database no more.

        A log that cannot be read is left to the unit that names it: the others must not fail with it.
        """
        keys: set[StreamKey] = set()
        for log_id, name in names:
            with suppress(RegsealError):
                keys.add(self.log(log_id).stream(name))
        self._read_streams(keys)

    # what the sequencer uses

    def end_unit(self) -> None:
        """Keeps the unit. Its own rows are refused here when it has a SAVEPOINT, else at the group's flush."""
        unit, self._unit = self._unit, _Staged()
        if self._savepoint is not None:
            _write(self._session, unit)
            self._savepoint.commit()
            self._savepoint = None
        else:
            self._pending.streams.update(unit.streams)
            for table, rows in unit.rows.items():
                self._pending.rows.setdefault(table, []).extend(rows)
        self.logs.update(unit.logs)
        self.streams.update(unit.streams)

    def undo_unit(self) -> None:
        """Takes the unit back: rows, frontier and streams."""
        self._unit = _Staged()
        if self._savepoint is not None:
            self._savepoint.rollback()
            self._savepoint = None

    def finish(self) -> None:
        """Writes what is staged and where the logs now stand. FlushFailed when a staged row is refused."""
        self._flush_pending()
        for log in self.logs.values():
            repository.move_log(
                self._session, log.id, state=log.state, size=log.frontier.size, frontier=log.frontier.encode()
            )

    def _read_streams(self, keys: Iterable[StreamKey]) -> None:
        carried = (self._unit.streams, self.streams, self._sources.streams, self._read)
        missing = {key for key in keys if not any(key in known for known in carried)}
        if missing:
            found = repository.load_streams(self._session, missing)
            self._read.update({key: StreamState(*found[key]) if key in found else None for key in missing})

    def _stream(self, key: StreamKey) -> StreamState:
        known = self._unit.streams.get(key) or self.streams.get(key) or self._sources.streams.get(key)
        return known or self._read[key] or StreamState(secrets.token_bytes(16), 0, NO_LEAF)

    def _flush_pending(self) -> None:
        pending, self._pending = self._pending, _Staged()
        try:
            _write(self._session, pending)
        except SQLAlchemyError as error:
            raise FlushFailed from error


def _write(session: Session, staged: _Staged) -> None:
    for table, rows in staged.rows.items():
        insert_rows(session, table, rows)
    if staged.streams:
        repository.put_streams(session, {key: (s.stream_id, s.count, s.last) for key, s in staged.streams.items()})


def _leaf(log: LogState, stream: StreamState, draft: LeafDraft, now_ms: int) -> bytes:
    return Leaf(
        suite=log.suite,
        type_code=draft.type_code,
        phase=draft.phase,
        seq=stream.count,
        stream=stream.stream_id,
        previous=stream.last,
        commitment=draft.commitment,
        accepted_at=now_ms,
    ).encode()
