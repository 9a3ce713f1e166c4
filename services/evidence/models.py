"""Tables of the evidence context. Only :mod:`repository <services.evidence.repository>` reads and writes them.

Bytes are stored as bytes, times as UTC milliseconds, ids as text. What is stored in plain text is what the log
publishes anyway: a stream's subject stands as a keyed hash, a record as ciphertext.
"""

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = [
    "AnchorRow",
    "AttestationRow",
    "CheckpointRow",
    "CosignatureRow",
    "ErasureRow",
    "GradingRow",
    "LeafRow",
    "LogKeyRow",
    "LogRow",
    "RecordRow",
    "StreamRow",
    "TileRow",
]

_LOG = "logs.id"


class LogRow(Base):
    """A log (日志). ``size`` and ``frontier`` move with the leaves, in the sequencer's transaction and nowhere else.

    ``epoch``: the last one (链纪元) whose chain opened it; ``state_epoch``: whose chain has it in this state.
    """

    __tablename__ = "logs"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    origin: Mapped[str] = mapped_column(String(128), unique=True)
    owner_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))  # opening, open, frozen, refused
    house: Mapped[bool]
    suite: Mapped[int] = mapped_column(SmallInteger)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)
    stream_key: Mapped[bytes] = mapped_column(LargeBinary)  # wrapped; hashes the stream names
    predecessor_id: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[int] = mapped_column(BigInteger)
    opened_at: Mapped[int | None] = mapped_column(BigInteger)
    frozen_at: Mapped[int | None] = mapped_column(BigInteger)
    epoch: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    state_epoch: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")


class LogKeyRow(Base):
    """A log's key: signs heads from ``from_size`` on (the chain's word), acknowledgements from ``from_index`` on."""

    __tablename__ = "log_keys"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG), index=True)
    vkey: Mapped[str] = mapped_column(String(256))
    key_id: Mapped[str] = mapped_column(
        String(66), unique=True
    )  # 0x, SHA-256 of the public key, as the contract has it
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    from_size: Mapped[int | None] = mapped_column(BigInteger)  # none: the chain has not taken it
    from_index: Mapped[int | None] = mapped_column(BigInteger)


class StreamRow(Base):
    """A stream (卷): what one institution says about one subject in one log."""

    __tablename__ = "streams"
    __table_args__ = (Index("ix_streams_stream_id", "stream_id"),)

    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG), primary_key=True)
    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    stream_id: Mapped[bytes] = mapped_column(LargeBinary(16))
    count: Mapped[int] = mapped_column(BigInteger)
    last_leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LeafRow(Base):
    """The 104 bytes at one index, never changed."""

    __tablename__ = "leaves"

    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG), primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    leaf: Mapped[bytes] = mapped_column(LargeBinary(104))
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    record_id: Mapped[str | None] = mapped_column(String(40))


class RecordRow(Base):
    """A record (记录) at rest: canonical bytes, secret and submitter's signature under the institution's key."""

    __tablename__ = "records"
    __table_args__ = (Index("ix_records_institution", "institution_id", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG))
    idx: Mapped[int] = mapped_column(BigInteger)
    institution_id: Mapped[str] = mapped_column(String(40))
    type_code: Mapped[int] = mapped_column(SmallInteger)
    phase: Mapped[int] = mapped_column(SmallInteger)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    accepted_at: Mapped[int] = mapped_column(BigInteger)
    anchor_by: Mapped[int] = mapped_column(BigInteger)


class ErasureRow(Base):
    """That a record's erasure was asked for, and how far it has come; the content itself is the record's ciphertext."""

    __tablename__ = "erasures"
    __table_args__ = (Index("ix_erasures_state", "state", "due_at"),)

    record_id: Mapped[str] = mapped_column(ForeignKey("records.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))  # restricted, erased
    class_name: Mapped[str] = mapped_column(String(32))
    rule: Mapped[str | None] = mapped_column(String(16))  # why it was not erased at once
    source: Mapped[str] = mapped_column(Text)
    due_at: Mapped[int | None] = mapped_column(BigInteger)
    requested_at: Mapped[int] = mapped_column(BigInteger)
    erased_at: Mapped[int | None] = mapped_column(BigInteger)
    scrubbed_at: Mapped[int | None] = mapped_column(BigInteger)  # SQLite: the write-ahead log was emptied since
    request_id: Mapped[str] = mapped_column(String(40))  # records of the house log
    outcome_id: Mapped[str | None] = mapped_column(String(40))


class TileRow(Base):
    """A hash tile: the concatenated hashes so far (a narrower tile is a prefix of a wider one)."""

    __tablename__ = "tiles"

    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    idx: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hashes: Mapped[bytes] = mapped_column(LargeBinary)


class CheckpointRow(Base):
    """A signed head.

    ``note`` carries the log's signatures alone; ``grade`` sums up what others have added (rules.Grade).
    """

    __tablename__ = "checkpoints"
    __table_args__ = (Index("ix_checkpoints_grade", "log_id", "grade", "size"),)

    log_id: Mapped[str] = mapped_column(ForeignKey(_LOG), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    note: Mapped[str] = mapped_column(Text)
    grade: Mapped[int] = mapped_column(SmallInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)


class CosignatureRow(Base):
    """A witness's newest signature over one checkpoint, as its line in the note."""

    __tablename__ = "cosignatures"
    __table_args__ = (ForeignKeyConstraint(["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"]),)

    log_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    witness: Mapped[str] = mapped_column(String(256), primary_key=True)
    line: Mapped[str] = mapped_column(Text)
    signed_at: Mapped[int] = mapped_column(BigInteger)  # seconds, the witness's clock


class GradingRow(Base):
    """The one row that says under which witness settings the grades of all checkpoints were given."""

    __tablename__ = "gradings"

    id: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    graded_at: Mapped[int] = mapped_column(BigInteger)


class AnchorRow(Base):
    """A checkpoint on its way to the chain, or there. At most one row of a log is ``pending``."""

    __tablename__ = "anchors"
    __table_args__ = (
        ForeignKeyConstraint(["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"]),
        Index("ix_anchors_state", "log_id", "state", "size"),
        Index("ix_anchors_block", "chain", "block_hash"),
    )

    log_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    chain: Mapped[str] = mapped_column(String(64))
    tx_id: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(16))  # pending, anchored, refused
    requested_at: Mapped[int] = mapped_column(BigInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger)
    reason: Mapped[str | None] = mapped_column(Text)
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    block_hash: Mapped[str | None] = mapped_column(String(66))
    tx_hash: Mapped[str | None] = mapped_column(String(66))
    log_index_in_block: Mapped[int | None] = mapped_column(BigInteger)
    anchored_at: Mapped[int | None] = mapped_column(BigInteger)
    proof: Mapped[str | None] = mapped_column(Text)  # the receipt's ``anchor`` member, JSON


class AttestationRow(Base):
    """A witness's word that this block stands on the chain it follows (区块见证)."""

    __tablename__ = "attestations"

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)
    block_hash: Mapped[str] = mapped_column(String(66), primary_key=True)
    witness: Mapped[str] = mapped_column(String(256), primary_key=True)
    block_number: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
