"""Tables of the materials."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "material_keys",
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("institution_id", name=op.f("pk_material_keys")),
    )
    op.create_table(
        "material_objects",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material_objects")),
        sa.UniqueConstraint("institution_id", "address", name=op.f("uq_material_objects_institution_id_address")),
    )
    op.create_table(
        "materials",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("institution_id", sa.String(length=40), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("upload_id", sa.String(length=40), nullable=True),
        sa.Column("key", sa.LargeBinary(), nullable=True),
        sa.Column("object_id", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("touched_at", sa.BigInteger(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["object_id"], ["material_objects.id"], name=op.f("fk_materials_object_id_material_objects")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_materials")),
    )
    op.create_index(op.f("ix_materials_institution_id_id"), "materials", ["institution_id", "id"])
    op.create_index(op.f("ix_materials_object_id"), "materials", ["object_id"])
    op.create_index(op.f("ix_materials_upload_id"), "materials", ["upload_id"])
