"""Tables of the transactions context."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _cursors()
    _operations()
    _authorisations()
    _chain_transactions()
    _operation_events()
    _nonces()
    _transaction_attempts()


def _cursors() -> None:
    op.create_table(
        "cursors",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("listener", sa.Text(), nullable=False),
        sa.Column("handled_block", sa.BigInteger(), nullable=True),
        sa.Column("handled_hash", sa.Text(), nullable=True),
        sa.Column("scanned_block", sa.BigInteger(), nullable=False),
        sa.Column("scanned_hash", sa.Text(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("chain", "listener", name=op.f("pk_cursors")),
    )


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("typed_data", sa.Text(), nullable=True),
        sa.Column("signers", sa.Text(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=True),
        sa.Column("institution_id", sa.Text(), nullable=True),
        sa.Column("record_id", sa.Text(), nullable=True),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operations")),
    )
    op.create_index(op.f("ix_operations_institution_id_id"), "operations", ["institution_id", "id"], unique=False)
    op.create_index(op.f("ix_operations_state_deadline"), "operations", ["state", "deadline"], unique=False)


def _authorisations() -> None:
    op.create_table(
        "authorisations",
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("signer", sa.Text(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_authorisations_operation_id")),
        sa.PrimaryKeyConstraint("operation_id", name=op.f("pk_authorisations")),
    )


def _chain_transactions() -> None:
    op.create_table(
        "chain_transactions",
        sa.Column("position", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("contract", sa.Text(), nullable=False),
        sa.Column("function", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=True),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=True),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("from_block", sa.BigInteger(), nullable=True),
        sa.Column("tx_hash", sa.Text(), nullable=True),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_chain_transactions_operation_id")),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_chain_transactions")),
        sa.UniqueConstraint("id", name=op.f("uq_chain_transactions_id")),
        sa.UniqueConstraint("operation_id", name=op.f("uq_chain_transactions_operation_id")),
    )
    op.create_index(
        op.f("ix_chain_transactions_chain_queue_state_position"),
        "chain_transactions",
        ["chain", "queue", "state", "position"],
        unique=False,
    )
    op.create_index(
        op.f("ix_chain_transactions_chain_state_position"),
        "chain_transactions",
        ["chain", "state", "position"],
        unique=False,
    )


def _operation_events() -> None:
    op.create_table(
        "operation_events",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("operation_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name=op.f("fk_operation_events_operation_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operation_events")),
    )
    op.create_index(
        op.f("ix_operation_events_operation_id_id"), "operation_events", ["operation_id", "id"], unique=False
    )


def _nonces() -> None:
    op.create_table(
        "nonces",
        sa.Column("chain", sa.Text(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["transaction_id"], ["chain_transactions.id"], name=op.f("fk_nonces_transaction_id")),
        sa.PrimaryKeyConstraint("chain", "sender", "nonce", name=op.f("pk_nonces")),
        sa.UniqueConstraint("transaction_id", "nonce", name=op.f("uq_nonces_transaction_id_nonce")),
    )


def _transaction_attempts() -> None:
    op.create_table(
        "transaction_attempts",
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("gas", sa.BigInteger(), nullable=False),
        sa.Column("max_fee", sa.Text(), nullable=False),
        sa.Column("priority_fee", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("sends", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["chain_transactions.id"], name=op.f("fk_transaction_attempts_transaction_id")
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_transaction_attempts")),
    )
    op.create_index(
        op.f("ix_transaction_attempts_transaction_id_nonce"),
        "transaction_attempts",
        ["transaction_id", "nonce"],
        unique=False,
    )
