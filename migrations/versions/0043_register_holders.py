"""Companies in custody, investor accounts, and imports of holder lists."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0046"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _companies()
    _accounts()
    _imports()


def _texts(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=nullable) for name in names]


def _numbers(*names: str, nullable: bool = False) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=nullable) for name in names]


def _companies() -> None:
    op.create_table(
        "register_companies",
        *_texts("id", "owner_id"),
        *_texts("issuer_id", nullable=True),
        *_texts("code", "number", "name", "usci"),
        *_numbers("region"),
        *_texts("form", "capital", "state"),
        *_texts("security_id", nullable=True),
        *_numbers("count", "created_at", "updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_companies")),
        sa.UniqueConstraint("owner_id", "number", name=op.f("uq_register_companies_owner_id_number")),
        sa.UniqueConstraint("owner_id", "usci", name=op.f("uq_register_companies_owner_id_usci")),
    )
    op.create_index(op.f("ix_register_companies_owner_id_id"), "register_companies", ["owner_id", "id"])
    op.create_index(op.f("ix_register_companies_issuer_id_id"), "register_companies", ["issuer_id", "id"])
    op.create_table(
        "register_company_events",
        *_texts("company_id"),
        *_numbers("seq"),
        *_texts("name", "before", "after", "documents", "actor_id", "record_id"),
        *_texts("operation_id", nullable=True),
        *_numbers("at"),
        sa.PrimaryKeyConstraint("company_id", "seq", name=op.f("pk_register_company_events")),
        sa.ForeignKeyConstraint(
            ["company_id"],
            ["register_companies.id"],
            name=op.f("fk_register_company_events_company_id_register_companies"),
        ),
    )


def _accounts() -> None:
    op.create_table(
        "register_accounts",
        *_texts("id", "owner_id"),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        *_texts("state"),
        sa.Column("holder", sa.LargeBinary(), nullable=True),
        sa.Column("identity", sa.LargeBinary(), nullable=True),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        *_texts("investor_code", nullable=True),
        *_numbers("suitable_until", "addend"),
        *_texts("record_id"),
        *_numbers("created_at"),
        *_numbers("closed_at", "restricted_until", "erased_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_accounts")),
        sa.UniqueConstraint("owner_id", "holder", name=op.f("uq_register_accounts_owner_id_holder")),
        sa.UniqueConstraint("owner_id", "investor_code", name=op.f("uq_register_accounts_owner_id_investor_code")),
    )
    op.create_index(op.f("ix_register_accounts_owner_id_id"), "register_accounts", ["owner_id", "id"])
    whose = ("account_id", "register_accounts.id")
    op.create_table(
        "register_identities",
        *_texts("account_id"),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        *_numbers("until"),
        sa.PrimaryKeyConstraint("account_id", "version", name=op.f("pk_register_identities")),
        sa.ForeignKeyConstraint(
            [whose[0]], [whose[1]], name=op.f("fk_register_identities_account_id_register_accounts")
        ),
    )
    op.create_table(
        "register_account_events",
        *_texts("account_id"),
        *_numbers("seq"),
        *_texts("name", "actor_id", "record_id"),
        *_numbers("at"),
        sa.PrimaryKeyConstraint("account_id", "seq", name=op.f("pk_register_account_events")),
        sa.ForeignKeyConstraint(
            [whose[0]], [whose[1]], name=op.f("fk_register_account_events_account_id_register_accounts")
        ),
    )
    op.create_table(
        "register_holder_keys",
        *_texts("owner_id"),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        *_numbers("created_at"),
        sa.PrimaryKeyConstraint("owner_id", name=op.f("pk_register_holder_keys")),
    )


def _imports() -> None:
    op.create_table(
        "register_imports",
        *_texts("id", "owner_id", "company_id"),
        *_texts("security_id", nullable=True),
        *_texts("state", "files", "demands", "documents", "summary"),
        *_numbers("findings", "groups"),
        *_texts("actor_id"),
        *_texts("record_id", nullable=True),
        *_numbers("created_at", "updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_imports")),
    )
    for first in ("owner_id", "company_id", "state"):
        op.create_index(op.f(f"ix_register_imports_{first}_id"), "register_imports", [first, "id"])
    op.create_table(
        "register_import_groups",
        *_texts("import_id"),
        *_numbers("number"),
        *_texts("kind"),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        *_numbers("lines"),
        *_texts("units"),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        *_texts("entries", "state", "acts"),
        *_texts("reason", nullable=True),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_register_import_groups")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["register_imports.id"], name=op.f("fk_register_import_groups_import_id_register_imports")
        ),
    )
    op.create_index(
        op.f("ix_register_import_groups_import_id_state_number"),
        "register_import_groups",
        ["import_id", "state", "number"],
    )
    op.create_table(
        "register_import_findings",
        *_texts("import_id"),
        *_numbers("first"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "first", name=op.f("pk_register_import_findings")),
        sa.ForeignKeyConstraint(
            ["import_id"], ["register_imports.id"], name=op.f("fk_register_import_findings_import_id_register_imports")
        ),
    )
