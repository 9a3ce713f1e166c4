"""Further securities of a company, what its articles say of pre-emption, and the time of the last block read."""

import sqlalchemy as sa
from alembic import op

revision = "0049"
down_revision = "0050"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("register_companies", sa.Column("pre_emption", sa.BigInteger(), nullable=True))
    op.add_column("register_imports", sa.Column("further_id", sa.Text(), nullable=True))
    op.add_column("cursors", sa.Column("scanned_time", sa.BigInteger(), nullable=True))
    op.create_table(
        "register_company_securities",
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["register_companies.id"],
            name=op.f("fk_register_company_securities_company_id_register_companies"),
        ),
        sa.PrimaryKeyConstraint("security_id", name=op.f("pk_register_company_securities")),
    )
    op.create_index(
        op.f("ix_register_company_securities_company_id_security_id"),
        "register_company_securities",
        ["company_id", "security_id"],
    )
