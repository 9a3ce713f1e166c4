"""Duties around running pilots and after them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pilot_duties",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("awaits", sa.Text(), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("round", sa.BigInteger(), nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_duties_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_duties")),
        sa.UniqueConstraint("project_id", "cause", name=op.f("uq_pilot_duties_project_id_cause")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_pilot_duties_project_id_number")),
    )
    op.create_index(op.f("ix_pilot_duties_awaits_due_id"), "pilot_duties", ["awaits", "due", "id"])
