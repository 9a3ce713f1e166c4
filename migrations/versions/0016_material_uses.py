"""Which records need a stored file, and what is left of those that none needs."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("materials", sa.Column("erased_at", sa.BigInteger(), nullable=True))
    op.create_index(op.f("ix_material_objects_address"), "material_objects", ["address"])
    op.create_table(
        "material_uses",
        sa.Column("record_id", sa.String(length=40), nullable=False),
        sa.Column("material_id", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["material_id"], ["materials.id"], name=op.f("fk_material_uses_material_id_materials")),
        sa.ForeignKeyConstraint(["record_id"], ["records.id"], name=op.f("fk_material_uses_record_id_records")),
        sa.PrimaryKeyConstraint("record_id", "material_id", name=op.f("pk_material_uses")),
    )
    op.create_index(op.f("ix_material_uses_material_id"), "material_uses", ["material_id"])
    op.create_table(
        "material_tombstones",
        sa.Column("object_id", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("record_id", sa.String(length=40), nullable=False),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.Column("destroyed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_material_tombstones")),
    )
    op.create_index(op.f("ix_material_tombstones_destroyed_at"), "material_tombstones", ["destroyed_at"])
