"""Operations that need several signatures."""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("operations", sa.Column("needs", sa.Text(), nullable=True))
    with op.batch_alter_table("authorisations") as table:
        table.add_column(sa.Column("meets", sa.Text(), nullable=False, server_default="[]"))
        table.drop_constraint(op.f("pk_authorisations"), type_="primary")
        table.create_primary_key(op.f("pk_authorisations"), ["operation_id", "signer"])
    with op.batch_alter_table("authorisations") as table:
        table.alter_column("meets", server_default=None)
