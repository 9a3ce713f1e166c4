"""Tables of the evidence context."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _attestations()
    _logs()
    _checkpoints()
    _leaves()
    _log_keys()
    _records()
    _streams()
    _tiles()
    _anchors()
    _cosignatures()


def _attestations() -> None:
    op.create_table(
        "attestations",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("witness", sa.String(length=256), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "block_hash", "witness", name=op.f("pk_attestations")),
    )


def _logs() -> None:
    op.create_table(
        "logs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("origin", sa.String(length=128), nullable=False),
        sa.Column("owner_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("house", sa.Boolean(), nullable=False),
        sa.Column("suite", sa.SmallInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("frontier", sa.LargeBinary(), nullable=False),
        sa.Column("stream_key", sa.LargeBinary(), nullable=False),
        sa.Column("predecessor_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("frozen_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_logs")),
        sa.UniqueConstraint("origin", name=op.f("uq_logs_origin")),
    )


def _checkpoints() -> None:
    op.create_table(
        "checkpoints",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("grade", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_checkpoints_log_id")),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_checkpoints")),
    )
    op.create_index("ix_checkpoints_grade", "checkpoints", ["log_id", "grade", "size"], unique=False)


def _leaves() -> None:
    op.create_table(
        "leaves",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(length=104), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("record_id", sa.String(length=40), nullable=True),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_leaves_log_id")),
        sa.PrimaryKeyConstraint("log_id", "idx", name=op.f("pk_leaves")),
    )


def _log_keys() -> None:
    op.create_table(
        "log_keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("vkey", sa.String(length=256), nullable=False),
        sa.Column("key_id", sa.String(length=66), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("from_size", sa.BigInteger(), nullable=True),
        sa.Column("from_index", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_log_keys_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_keys")),
        sa.UniqueConstraint("key_id", name=op.f("uq_log_keys_key_id")),
    )
    op.create_index(op.f("ix_log_keys_log_id"), "log_keys", ["log_id"], unique=False)


def _records() -> None:
    op.create_table(
        "records",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("type_code", sa.SmallInteger(), nullable=False),
        sa.Column("phase", sa.SmallInteger(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.Column("anchor_by", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_records_log_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
    )
    op.create_index("ix_records_institution", "records", ["institution_id", "id"], unique=False)


def _streams() -> None:
    op.create_table(
        "streams",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("stream_id", sa.LargeBinary(length=16), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last_leaf_hash", sa.LargeBinary(length=32), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_streams_log_id")),
        sa.PrimaryKeyConstraint("log_id", "key", name=op.f("pk_streams")),
    )


def _tiles() -> None:
    op.create_table(
        "tiles",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("idx", sa.BigInteger(), nullable=False),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_tiles_log_id")),
        sa.PrimaryKeyConstraint("log_id", "level", "idx", name=op.f("pk_tiles")),
    )


def _anchors() -> None:
    op.create_table(
        "anchors",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("tx_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(length=66), nullable=True),
        sa.Column("tx_hash", sa.String(length=66), nullable=True),
        sa.Column("log_index_in_block", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"], name=op.f("fk_anchors_log_id_size")
        ),
        sa.PrimaryKeyConstraint("log_id", "size", name=op.f("pk_anchors")),
    )
    op.create_index("ix_anchors_block", "anchors", ["chain", "block_hash"], unique=False)
    op.create_index("ix_anchors_state", "anchors", ["log_id", "state", "size"], unique=False)


def _cosignatures() -> None:
    op.create_table(
        "cosignatures",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("witness", sa.String(length=256), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"], name=op.f("fk_cosignatures_log_id_size")
        ),
        sa.PrimaryKeyConstraint("log_id", "size", "witness", name=op.f("pk_cosignatures")),
    )
