"""Epochs of chains: what stood on one that was lost, who is known to the present one, what witnesses say of it."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table, columns in (
        ("institutions", ("epoch", "status_epoch")),
        ("chain_roles", ("epoch",)),
    ):
        for column in columns:
            op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=False, server_default="1"))
    for column in ("epoch", "state_epoch"):
        op.add_column("logs", sa.Column(column, sa.SmallInteger(), nullable=False, server_default="1"))
    _past_anchors()
    _epoch_statements()


def _past_anchors() -> None:
    op.create_table(
        "past_anchors",
        sa.Column("epoch", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("ordinal", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(length=32), nullable=False),
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(length=66), nullable=True),
        sa.Column("tx_hash", sa.String(length=66), nullable=True),
        sa.Column("log_index_in_block", sa.BigInteger(), nullable=True),
        sa.Column("anchored_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"], name=op.f("fk_past_anchors_log_id_size")
        ),
        sa.PrimaryKeyConstraint("epoch", "ordinal", name=op.f("pk_past_anchors")),
    )
    op.create_index("ix_past_anchors_head", "past_anchors", ["log_id", "size"], unique=False)
    op.create_index("ix_past_anchors_block", "past_anchors", ["chain", "block_hash"], unique=False)


def _epoch_statements() -> None:
    op.create_table(
        "epoch_statements",
        sa.Column("chain", sa.String(length=64), nullable=False),
        sa.Column("epoch", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("witness", sa.String(length=256), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "epoch", "witness", name=op.f("pk_epoch_statements")),
    )
