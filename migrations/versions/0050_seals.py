"""Seals over tokens and one-time tokens; whoever migrates may vouch for the tokens that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0048"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("tokens", sa.Column("seal", sa.LargeBinary(), nullable=True))
    op.add_column("bootstrap_secrets", sa.Column("seal", sa.LargeBinary(), nullable=True))
    config = op.get_context().config
    seal = config.attributes.get("seal_tokens") if config else None
    if seal is not None:
        seal(op.get_bind())
