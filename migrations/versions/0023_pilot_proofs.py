"""How far each project's stream was proven to the chain: what a step may claim is measured by it."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pilot_projects", sa.Column("proven_count", sa.BigInteger(), nullable=False, server_default="0"))
