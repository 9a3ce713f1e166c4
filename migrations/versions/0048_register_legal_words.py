"""Every word on a lien's legal status, which records hold identity data, and why an alert was cleared."""

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_TOLD = ("legal_status", "legal_reference", "legal_at")


def upgrade() -> None:
    op.create_table(
        "register_legal_words",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("documents", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "security_id", "number", "seq", name=op.f("pk_register_legal_words")),
    )
    # The newest word is all that was kept; whose it was, the security's stream of facts tells.
    op.execute(
        "INSERT INTO register_legal_words SELECT chain, security_id, number, 0, legal_status, "
        "coalesce(legal_reference, ''), coalesce(legal_at, 0), coalesce(legal_at, 0), '', '', '[]' "
        "FROM register_liens WHERE legal_status IS NOT NULL"
    )
    for name in _TOLD:
        op.drop_column("register_liens", name)
    op.add_column("register_accounts", sa.Column("identity_record", sa.Text(), nullable=True))
    op.add_column("register_identities", sa.Column("record_id", sa.Text(), nullable=True))
    op.add_column("register_alerts", sa.Column("cleared_because", sa.Text(), nullable=True))
