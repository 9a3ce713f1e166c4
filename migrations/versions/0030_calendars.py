"""Tables of the calendars: years as asked for and as the chains have them, and closures."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_years",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("region", sa.BigInteger(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("working", sa.LargeBinary(), nullable=False),
        sa.Column("trading", sa.LargeBinary(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=True),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("record_id", name=op.f("uq_calendar_years_record_id")),
        sa.PrimaryKeyConstraint("chain", "region", "year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "calendar_closures",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("region", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_calendar_closures_leaf_hash")),
        sa.UniqueConstraint("record_id", name=op.f("uq_calendar_closures_record_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_closures")),
    )
    op.create_index(
        op.f("ix_calendar_closures_chain_region_created_at"), "calendar_closures", ["chain", "region", "created_at"]
    )
