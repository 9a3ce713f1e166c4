"""The register's acts as they were asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0046"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_acts",
        sa.Column("id", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("chain", "about", "name", "struct", "message")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("state", "actor_id")),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("batch_id", "lien")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("operation_id", "log_id", "record_id")),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_index", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=True) for name in ("outcome_record", "tx_hash")),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_acts")),
        *(
            sa.UniqueConstraint(name, name=op.f(f"uq_register_acts_{name}"))
            for name in ("operation_id", "record_id", "leaf_hash")
        ),
    )
    op.create_index(op.f("ix_register_acts_chain_about_state"), "register_acts", ["chain", "about", "state"])
    op.create_index(op.f("ix_register_acts_chain_state_id"), "register_acts", ["chain", "state", "id"])
