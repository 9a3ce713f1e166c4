"""Alerts about pilot projects."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pilot_alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("region", sa.BigInteger(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("code", "kind", "cause", "rule", "source")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("body", "told")),
        sa.Column("subject", sa.BigInteger(), nullable=False),
        sa.Column("day", sa.BigInteger(), nullable=False),
        sa.Column("proposal", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=True),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_alerts_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_alerts")),
        sa.UniqueConstraint("project_id", "cause", name=op.f("uq_pilot_alerts_project_id_cause")),
        sa.UniqueConstraint("project_id", "number", name=op.f("uq_pilot_alerts_project_id_number")),
    )
    op.create_index(op.f("ix_pilot_alerts_region_closed_id"), "pilot_alerts", ["region", "closed", "id"])
    op.create_index(op.f("ix_pilot_alerts_told_closed_id"), "pilot_alerts", ["told", "closed", "id"])
