"""All SQL of the evidence context. Functions take the caller's session; none commits.

The statements of the hot path take many rows at once: :func:`put_streams`, and whatever inserts
(:mod:`services.platform.rows_repository`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Table, and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.leaf import Leaf
from services.evidence.epochs.models import PastAnchorRow
from services.evidence.models import (
    AnchorRow,
    AttestationRow,
    CheckpointRow,
    CosignatureRow,
    LeafRow,
    LogKeyRow,
    LogRow,
    RecordRow,
    StreamRow,
    TileRow,
)
from services.platform.rows_repository import upsert_rows

LEAVES: Table = LeafRow.metadata.tables["leaves"]
RECORDS: Table = RecordRow.metadata.tables["records"]
_STREAMS: Table = StreamRow.metadata.tables["streams"]
_LOGS: Table = LogRow.metadata.tables["logs"]
_CHUNK = 512  # keys in one statement
StreamKey = tuple[str, bytes]
Stream = tuple[bytes, int, bytes]


def _upsert(session: Session, table: Any) -> Any:
    dialect = session.get_bind().dialect.name
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


# logs and keys


def add(session: Session, row: LogRow | LogKeyRow | CheckpointRow) -> None:
    """A new row, visible at once."""
    session.add(row)
    session.flush()


def log_by_id(session: Session, log_id: str) -> LogRow | None:
    """The log as committed, or as this session changed it."""
    return session.get(LogRow, log_id, populate_existing=True)


def log_by_origin(session: Session, origin: str) -> LogRow | None:
    """Likewise."""
    return session.scalars(select(LogRow).where(LogRow.origin == origin)).one_or_none()


def house_log(session: Session) -> LogRow | None:
    """The newest house log: a frozen one is followed by its successor."""
    return session.scalars(
        select(LogRow).where(LogRow.house).order_by(LogRow.created_at.desc(), LogRow.id.desc()).limit(1)
    ).one_or_none()


def logs(session: Session) -> Sequence[LogRow]:
    """All, the oldest first."""
    return session.scalars(select(LogRow).order_by(LogRow.id)).all()


def count_unopened(session: Session, owner_id: str) -> int:
    """How many logs of an institution the chain does not have, or not yet."""
    query = select(func.count()).where(LogRow.owner_id == owner_id, LogRow.state.in_(("opening", "refused")))
    return session.scalar(query) or 0


def log_of_owner(session: Session, owner_id: str) -> LogRow | None:
    """The newest open log of an institution that is not the house's."""
    query = select(LogRow).where(LogRow.owner_id == owner_id, LogRow.state == "open", LogRow.house.is_(False))
    return session.scalars(query.order_by(LogRow.id.desc()).limit(1)).one_or_none()


def move_log(session: Session, log_id: str, *, state: str, size: int, frontier: bytes) -> None:
    """Where the sequencer left a log."""
    session.execute(update(_LOGS).where(_LOGS.c.id == log_id).values(state=state, size=size, frontier=frontier))


def mark_log(session: Session, log_id: str, **marks: int) -> None:
    """Sets ``opened_at``, ``frozen_at``, ``epoch`` or ``state_epoch``."""
    session.execute(update(LogRow).where(LogRow.id == log_id).values(**marks))


def keys_of(session: Session, log_id: str) -> Sequence[LogKeyRow]:
    """In the order of their making."""
    return session.scalars(select(LogKeyRow).where(LogKeyRow.log_id == log_id).order_by(LogKeyRow.id)).all()


def activate_key(session: Session, key_id: str, *, from_size: int, from_index: int) -> bool:
    """Whether there was such a key to activate."""
    query = update(LogKeyRow).where(LogKeyRow.key_id == key_id).values(from_size=from_size, from_index=from_index)
    return session.execute(query.returning(LogKeyRow.id)).first() is not None


# leaves, streams, records


def leaf_row(log_id: str, index: int, leaf: bytes, leaf_hash: bytes, record_id: str | None) -> dict[str, Any]:
    """A row of :data:`LEAVES`."""
    return {"log_id": log_id, "idx": index, "leaf": leaf, "leaf_hash": leaf_hash, "record_id": record_id}


def load_streams(session: Session, keys: Collection[StreamKey]) -> dict[StreamKey, Stream]:
    """(stream id, count, last leaf hash) of those that exist."""
    # One log at a time: SQLite does not use the index for pairs.
    by_log: dict[str, list[bytes]] = {}
    for log_id, key in keys:
        by_log.setdefault(log_id, []).append(key)
    row = _STREAMS.c
    found: dict[StreamKey, Stream] = {}
    for log_id, wanted in by_log.items():
        for start in range(0, len(wanted), _CHUNK):
            chunk = wanted[start : start + _CHUNK]
            query = select(row.key, row.stream_id, row.count, row.last_leaf_hash)
            query = query.where(row.log_id == log_id, row.key.in_(chunk))
            found.update({(log_id, each[0]): (each[1], each[2], each[3]) for each in session.execute(query)})
    return found


def put_streams(session: Session, streams: Mapping[StreamKey, Stream]) -> None:
    """Inserts or moves many streams."""
    rows = [(*key, *stream) for key, stream in streams.items()]
    upsert_rows(session, _STREAMS, rows, key=("log_id", "key"), moved=("count", "last_leaf_hash"))


def leaf_at(session: Session, log_id: str, index: int) -> tuple[bytes, bytes] | None:
    """(leaf, leaf hash)."""
    row = session.execute(
        select(LeafRow.leaf, LeafRow.leaf_hash).where(LeafRow.log_id == log_id, LeafRow.idx == index)
    ).first()
    return None if row is None else (row[0], row[1])


def leaf_hashes(session: Session, log_id: str, start: int, end: int) -> list[bytes]:
    """Of the indexes [start, end) that exist, in order."""
    query = (
        select(LeafRow.leaf_hash)
        .where(LeafRow.log_id == log_id, LeafRow.idx >= start, LeafRow.idx < end)
        .order_by(LeafRow.idx)
    )
    return list(session.scalars(query))


def last_accepted_ms(session: Session) -> int:
    """When the newest of all logs' last leaves was taken; 0 without one. What cannot be read is for fsck to tell."""
    query = select(LeafRow.leaf).join(LogRow, and_(LogRow.id == LeafRow.log_id, LeafRow.idx == LogRow.size - 1))
    latest = 0
    for leaf in session.scalars(query):
        with suppress(ProofError):
            latest = max(latest, Leaf.decode(leaf).accepted_at)
    return latest


def last_index(session: Session, log_id: str) -> int | None:
    """The largest index there is."""
    return session.scalar(select(func.max(LeafRow.idx)).where(LeafRow.log_id == log_id))


def record(session: Session, record_id: str) -> RecordRow | None:
    """A record by its id."""
    return session.get(RecordRow, record_id)


def records_of(
    session: Session, institution_id: str, *, log_id: str | None, after: str | None, limit: int
) -> Sequence[RecordRow]:
    """In the order of arrival, from the one after ``after`` on."""
    query = select(RecordRow).where(RecordRow.institution_id == institution_id).order_by(RecordRow.id).limit(limit)
    if log_id is not None:
        query = query.where(RecordRow.log_id == log_id)
    if after is not None:
        query = query.where(RecordRow.id > after)
    return session.scalars(query).all()


# tiles and checkpoints


def tile(session: Session, log_id: str, level: int, index: int) -> bytes | None:
    """The hashes of a tile, None when there is none."""
    query = select(TileRow.hashes).where(TileRow.log_id == log_id, TileRow.level == level, TileRow.idx == index)
    return session.scalar(query)


def put_tiles(session: Session, log_id: str, tiles: Iterable[tuple[int, int, bytes]]) -> None:
    """(level, index, hashes): new tiles, and wider ones in the place of narrower ones."""
    statement = _upsert(session, TileRow.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["log_id", "level", "idx"], set_={"hashes": statement.excluded.hashes}
    )
    rows = [{"log_id": log_id, "level": level, "idx": index, "hashes": hashes} for level, index, hashes in tiles]
    session.connection().execute(statement, rows)


def checkpoint(session: Session, log_id: str, size: int) -> CheckpointRow | None:
    """The checkpoint of exactly this size."""
    return session.get(CheckpointRow, (log_id, size), populate_existing=True)


def hold_checkpoint(session: Session, log_id: str, size: int) -> bool:
    """Locks a checkpoint against other transactions; whether there is one."""
    query = select(CheckpointRow.size).where(CheckpointRow.log_id == log_id, CheckpointRow.size == size)
    return session.execute(query.with_for_update()).first() is not None


def latest_checkpoint(session: Session, log_id: str) -> CheckpointRow | None:
    """The largest."""
    query = select(CheckpointRow).where(CheckpointRow.log_id == log_id).order_by(CheckpointRow.size.desc()).limit(1)
    return session.scalars(query).one_or_none()


def checkpoints_from(session: Session, log_id: str, size: int) -> Sequence[CheckpointRow]:
    """Those of at least this size, the smallest first."""
    query = (
        select(CheckpointRow)
        .where(CheckpointRow.log_id == log_id, CheckpointRow.size >= size)
        .order_by(CheckpointRow.size)
    )
    return session.scalars(query).all()


def covering(session: Session, log_id: str, index: int, grade: int) -> CheckpointRow | None:
    """The earliest checkpoint of exactly this grade that covers ``index``."""
    query = select(CheckpointRow).where(
        CheckpointRow.log_id == log_id, CheckpointRow.grade == grade, CheckpointRow.size > index
    )
    return session.scalars(query.order_by(CheckpointRow.size).limit(1)).one_or_none()


def newest_of_grade(session: Session, log_id: str, grade: int, above: int) -> CheckpointRow | None:
    """The newest checkpoint of exactly this grade larger than ``above``."""
    query = select(CheckpointRow).where(
        CheckpointRow.log_id == log_id, CheckpointRow.grade == grade, CheckpointRow.size > above
    )
    return session.scalars(query.order_by(CheckpointRow.size.desc()).limit(1)).one_or_none()


def oldest_above(session: Session, log_id: str, size: int) -> CheckpointRow | None:
    """The smallest checkpoint beyond ``size``."""
    query = (
        select(CheckpointRow)
        .where(CheckpointRow.log_id == log_id, CheckpointRow.size > size)
        .order_by(CheckpointRow.size)
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def set_grade(session: Session, log_id: str, size: int, grade: int) -> None:
    """Only when it changed, so that a repeated signature writes nothing."""
    query = update(CheckpointRow).where(CheckpointRow.log_id == log_id, CheckpointRow.size == size)
    session.execute(query.where(CheckpointRow.grade != grade).values(grade=grade))


def set_note(session: Session, log_id: str, size: int, note: str) -> None:
    """Another set of signatures over the same text."""
    session.execute(
        update(CheckpointRow).where(CheckpointRow.log_id == log_id, CheckpointRow.size == size).values(note=note)
    )


def cosignatures(session: Session, log_id: str, size: int) -> Sequence[CosignatureRow]:
    """Of one checkpoint, by name."""
    query = select(CosignatureRow).where(CosignatureRow.log_id == log_id, CosignatureRow.size == size)
    return session.scalars(query.order_by(CosignatureRow.witness)).all()


def put_cosignature(session: Session, row: Mapping[str, Any]) -> None:
    """Keeps the newest of one witness over one checkpoint."""
    statement = _upsert(session, CosignatureRow.__table__)
    session.execute(
        statement.values(**row).on_conflict_do_update(
            index_elements=["log_id", "size", "witness"],
            set_={"line": statement.excluded.line, "signed_at": statement.excluded.signed_at},
            where=CosignatureRow.__table__.c.signed_at < statement.excluded.signed_at,
        )
    )


# anchors and attestations


def add_anchor(session: Session, row: Mapping[str, Any]) -> None:
    """A new attempt at anchoring a checkpoint; a refused one is followed by another in its place."""
    statement = _upsert(session, AnchorRow.__table__)
    changed = {
        "tx_id": statement.excluded.tx_id,
        "state": "pending",
        "reason": None,
        "requested_at": statement.excluded.requested_at,
    }
    changed["attempts"] = AnchorRow.__table__.c.attempts + 1
    session.execute(statement.values(**row).on_conflict_do_update(index_elements=["log_id", "size"], set_=changed))


def put_anchored(session: Session, row: Mapping[str, Any]) -> None:
    """An anchor that stands on the chain, whoever asked for it."""
    statement = _upsert(session, AnchorRow.__table__)
    placed = ("state", "block_number", "block_hash", "tx_hash", "log_index_in_block", "anchored_at")
    set_ = {name: statement.excluded[name] for name in placed} | {"reason": None}
    session.execute(statement.values(**row).on_conflict_do_update(index_elements=["log_id", "size"], set_=set_))


def last_anchor(session: Session, log_id: str, state: str) -> AnchorRow | None:
    """The largest in this state."""
    query = (
        select(AnchorRow)
        .where(AnchorRow.log_id == log_id, AnchorRow.state == state)
        .order_by(AnchorRow.size.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def refuse_anchor(session: Session, tx_id: str, reason: str) -> None:
    """Ends an attempt."""
    session.execute(
        update(AnchorRow)
        .where(AnchorRow.tx_id == tx_id, AnchorRow.state == "pending")
        .values(state="refused", reason=reason)
    )


def anchors_without_proof(session: Session, limit: int) -> Sequence[AnchorRow]:
    """Those that stand and whose event proof is missing, the oldest first."""
    query = select(AnchorRow).where(AnchorRow.state == "anchored", AnchorRow.proof.is_(None))
    return session.scalars(query.order_by(AnchorRow.block_number).limit(limit)).all()


def put_proof(session: Session, log_id: str, size: int, proof: str) -> None:
    """Stores an event proof."""
    session.execute(update(AnchorRow).where(AnchorRow.log_id == log_id, AnchorRow.size == size).values(proof=proof))


def heads_in_block(session: Session, chain: str, block_hash: str) -> list[tuple[str, int]]:
    """(log, size) of the anchors of one block, whatever the epoch."""
    found: list[tuple[str, int]] = []
    for row in (PastAnchorRow, AnchorRow):
        query = select(row.log_id, row.size).where(row.chain == chain, row.block_hash == block_hash)
        found += ((each[0], each[1]) for each in session.execute(query))
    return found


def anchors_after(
    session: Session, log_id: str | None, after: tuple[str, int] | None, limit: int
) -> Sequence[AnchorRow]:
    """Anchors that stand, by log and size, from the one after ``after`` on."""
    query = (
        select(AnchorRow).where(AnchorRow.state == "anchored").order_by(AnchorRow.log_id, AnchorRow.size).limit(limit)
    )
    if log_id is not None:
        query = query.where(AnchorRow.log_id == log_id)
    if after is not None:
        same_log = and_(AnchorRow.log_id == after[0], AnchorRow.size > after[1])
        query = query.where(or_(AnchorRow.log_id > after[0], same_log))
    return session.scalars(query).all()


def attestations(session: Session, chain: str, block_hash: str) -> Sequence[AttestationRow]:
    """Of one block, by name."""
    query = select(AttestationRow).where(AttestationRow.chain == chain, AttestationRow.block_hash == block_hash)
    return session.scalars(query.order_by(AttestationRow.witness)).all()


def put_attestation(session: Session, row: Mapping[str, Any]) -> None:
    """Ed25519 is deterministic: a repetition is the same row."""
    statement = _upsert(session, AttestationRow.__table__).values(**row)
    session.execute(statement.on_conflict_do_nothing(index_elements=["chain", "block_hash", "witness"]))


def counts(session: Session) -> dict[str, tuple[int, int, int]]:
    """Of each log: leaves, the largest sealed size, the largest anchored size."""
    # One look into an index for each log; a GROUP BY would read every checkpoint there ever was.
    sealed = select(func.max(CheckpointRow.size)).where(CheckpointRow.log_id == LogRow.id)
    anchored = select(func.max(AnchorRow.size)).where(AnchorRow.log_id == LogRow.id, AnchorRow.state == "anchored")
    query = select(LogRow.id, LogRow.size, sealed.scalar_subquery(), anchored.scalar_subquery())
    return {row[0]: (row[1], row[2] or 0, row[3] or 0) for row in session.execute(query)}
