"""Tables of the register: securities, positions, lots, liens and acts as the chain tells them, alerts, statements."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _what_is()
    _what_was()
    _liens_were()
    _lockups_were()
    _acts()
    _papers()


def _what_is() -> None:
    op.create_table(
        "register_securities",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("issuer_id", sa.Text(), nullable=False),
        sa.Column("issuer_region", sa.BigInteger(), nullable=False),
        sa.Column("form", sa.SmallInteger(), nullable=False),
        sa.Column("kinds", sa.BigInteger(), nullable=False),
        sa.Column("cap", sa.BigInteger(), nullable=False),
        sa.Column("grandfathered", sa.BigInteger(), nullable=False),
        sa.Column("interval", sa.SmallInteger(), nullable=False),
        sa.Column("subscription_counts", sa.Boolean(), nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("issued", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("liens", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "security_id", name=op.f("pk_register_securities")),
    )
    op.create_index(op.f("ix_register_securities_chain_issuer_id"), "register_securities", ["chain", "issuer_id"])
    op.create_table(
        "register_investors",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("suitable_until", sa.BigInteger(), nullable=False),
        sa.Column("addend", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "account_id", name=op.f("pk_register_investors")),
    )
    op.create_table(
        "register_liens",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("secured", sa.Text(), nullable=True),
        sa.Column("opened_units", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("lien_id", sa.Text(), nullable=True),
        sa.Column("legal_status", sa.Text(), nullable=True),
        sa.Column("legal_reference", sa.Text(), nullable=True),
        sa.Column("legal_at", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("chain", "security_id", "number", name=op.f("pk_register_liens")),
        sa.UniqueConstraint("lien_id", name=op.f("uq_register_liens_lien_id")),
    )
    op.create_index(
        op.f("ix_register_liens_chain_security_id_account_id"),
        "register_liens",
        ["chain", "security_id", "account_id"],
    )


def _what_was() -> None:
    op.create_table(
        "register_positions",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("held", sa.SmallInteger(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "security_id", "account_id", "seq", name=op.f("pk_register_positions")),
    )
    op.create_index("ix_register_positions_account", "register_positions", ["chain", "account_id", "valid_to"])
    op.create_index(
        "ix_register_positions_as_of",
        "register_positions",
        ["chain", "security_id", "valid_to", "account_id", "valid_from"],
    )
    op.create_table(
        "register_lots",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("lots", sa.Text(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "chain", "security_id", "account_id", "block_number", "log_index", name=op.f("pk_register_lots")
        ),
    )
    op.create_index(
        "ix_register_lots_as_of",
        "register_lots",
        ["chain", "security_id", "valid_to", "account_id", "valid_from"],
    )


def _liens_were() -> None:
    op.create_table(
        "register_lien_versions",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "chain", "security_id", "number", "block_number", "log_index", name=op.f("pk_register_lien_versions")
        ),
    )
    op.create_index(
        "ix_register_lien_versions_as_of",
        "register_lien_versions",
        ["chain", "security_id", "valid_to", "number"],
    )


def _lockups_were() -> None:
    op.create_table(
        "register_lockups",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.BigInteger(), nullable=False),
        sa.Column("valid_to", sa.BigInteger(), nullable=False),
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint(
            "chain", "security_id", "account_id", "block_number", "log_index", name=op.f("pk_register_lockups")
        ),
    )
    op.create_index(
        "ix_register_lockups_as_of",
        "register_lockups",
        ["chain", "security_id", "valid_to", "account_id", "valid_from"],
    )


def _acts() -> None:
    op.create_table(
        "register_events",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("log_index", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("other_id", sa.Text(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("subject_to", sa.Text(), nullable=True),
        sa.Column("commitment", sa.LargeBinary(), nullable=False),
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("tx_hash", sa.LargeBinary(), nullable=False),
        sa.Column("block_time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "block_number", "log_index", name=op.f("pk_register_events")),
    )
    op.create_index(
        op.f("ix_register_events_chain_security_id_account_id_block_time"),
        "register_events",
        ["chain", "security_id", "account_id", "block_time"],
    )
    op.create_index(
        op.f("ix_register_events_chain_security_id_name_block_number"),
        "register_events",
        ["chain", "security_id", "name", "block_number"],
    )
    op.create_table(
        "register_evidence",
        sa.Column("leaf", sa.LargeBinary(), nullable=False),
        sa.Column("log_id", sa.Text(), nullable=False),
        sa.Column("request_record", sa.Text(), nullable=False),
        sa.Column("request_index", sa.BigInteger(), nullable=False),
        sa.Column("outcome_record", sa.Text(), nullable=False),
        sa.Column("outcome_index", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("leaf", name=op.f("pk_register_evidence")),
    )


def _papers() -> None:
    op.create_table(
        "register_alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=True),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("cleared_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_alerts")),
        sa.UniqueConstraint("chain", "cause", name=op.f("uq_register_alerts_chain_cause")),
    )
    op.create_index(op.f("ix_register_alerts_chain_kind_id"), "register_alerts", ["chain", "kind", "id"])
    op.create_table(
        "register_statements",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=False),
        sa.Column("host_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_statements")),
        sa.UniqueConstraint("number", name=op.f("uq_register_statements_number")),
    )
    op.create_index(
        op.f("ix_register_statements_chain_security_id_id"),
        "register_statements",
        ["chain", "security_id", "id"],
    )
    op.create_table(
        "register_reconciliations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=True),
        sa.Column("block", sa.BigInteger(), nullable=False),
        sa.Column("compared", sa.Text(), nullable=False),
        sa.Column("differences", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_reconciliations")),
    )
    op.create_index(op.f("ix_register_reconciliations_chain_id"), "register_reconciliations", ["chain", "id"])
