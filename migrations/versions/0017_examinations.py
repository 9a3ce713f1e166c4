"""How far the service has examined each log."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "examinations",
        sa.Column("log_id", sa.String(length=40), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("examined_at", sa.BigInteger(), nullable=False),
        sa.Column("clean_at", sa.BigInteger(), nullable=True),
        sa.Column("record_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["log_id"], ["logs.id"], name=op.f("fk_examinations_log_id")),
        sa.PrimaryKeyConstraint("log_id", name=op.f("pk_examinations")),
    )
