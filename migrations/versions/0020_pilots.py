"""Tables of the pilots: rulebooks in force, projects, applications, events, comments."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:  # long: one call for each table
    op.create_table(
        "pilot_rulebooks",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("region", sa.BigInteger(), nullable=False),
        sa.Column("log_id", sa.Text(), nullable=False),
        sa.Column("book", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("settings_name", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_pilot_rulebooks_leaf_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_rulebooks")),
    )
    op.create_index(op.f("ix_pilot_rulebooks_region_created_at"), "pilot_rulebooks", ["region", "created_at"])
    op.create_table(
        "pilot_projects",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("rulebook_id", sa.Text(), nullable=False),
        sa.Column("region", sa.BigInteger(), nullable=False),
        sa.Column("track", sa.Text(), nullable=False),
        sa.Column("lead_id", sa.Text(), nullable=False),
        sa.Column("log_id", sa.Text(), nullable=False),
        sa.Column("title", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("flags", sa.BigInteger(), nullable=False),
        sa.Column("items", sa.Text(), nullable=False),
        sa.Column("notice_from", sa.BigInteger(), nullable=False),
        sa.Column("ends_on", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("step_count", sa.BigInteger(), nullable=False),
        sa.Column("last_leaf", sa.LargeBinary(), nullable=True),
        sa.Column("stream", sa.LargeBinary(), nullable=False),
        sa.Column("draft_version", sa.BigInteger(), nullable=False),
        sa.Column("visible", sa.Boolean(), nullable=False),
        sa.Column("published", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["rulebook_id"], ["pilot_rulebooks.id"], name=op.f("fk_pilot_projects_rulebook_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pilot_projects")),
    )
    op.create_index(op.f("ix_pilot_projects_visible_id"), "pilot_projects", ["visible", "id"])
    op.create_index(op.f("ix_pilot_projects_region_state_id"), "pilot_projects", ["region", "state", "id"])
    op.create_index(op.f("ix_pilot_projects_region_id"), "pilot_projects", ["region", "id"])
    op.create_table(
        "pilot_applicants",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_applicants_project_id")),
        sa.PrimaryKeyConstraint("project_id", "institution_id", name=op.f("pk_pilot_applicants")),
    )
    op.create_index(
        op.f("ix_pilot_applicants_institution_id_project_id"), "pilot_applicants", ["institution_id", "project_id"]
    )
    op.create_table(
        "pilot_drafts",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_drafts_project_id")),
        sa.PrimaryKeyConstraint("project_id", "version", name=op.f("pk_pilot_drafts")),
    )
    op.create_table(
        "pilot_materials",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("manifest_id", sa.Text(), nullable=False),
        sa.Column("manifest_leaf", sa.LargeBinary(), nullable=False),
        sa.Column("details", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_materials_project_id")),
        sa.PrimaryKeyConstraint("project_id", "code", "owner", "version", name=op.f("pk_pilot_materials")),
    )
    op.create_table(
        "pilot_confirmations",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("institution_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("draft_version", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_confirmations_project_id")),
        sa.PrimaryKeyConstraint("project_id", "institution_id", "digest", name=op.f("pk_pilot_confirmations")),
    )
    op.create_table(
        "pilot_events",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("phase", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("rule", sa.Text(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("public", sa.Text(), nullable=True),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("request", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("signer", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("tx_hash", sa.Text(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_events_project_id")),
        sa.UniqueConstraint("leaf_hash", name=op.f("uq_pilot_events_leaf_hash")),
        sa.PrimaryKeyConstraint("project_id", "seq", name=op.f("pk_pilot_events")),
    )
    op.create_index(op.f("ix_pilot_events_project_id_name_seq"), "pilot_events", ["project_id", "name", "seq"])
    op.create_table(
        "pilot_comments",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_comments_project_id")),
        sa.PrimaryKeyConstraint("project_id", "number", name=op.f("pk_pilot_comments")),
    )
    op.create_table(
        "pilot_waits",
        sa.Column("project_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["pilot_projects.id"], name=op.f("fk_pilot_waits_project_id")),
        sa.PrimaryKeyConstraint("project_id", "body", name=op.f("pk_pilot_waits")),
    )
    op.create_index(op.f("ix_pilot_waits_body_project_id"), "pilot_waits", ["body", "project_id"])
