"""Dividends: what was resolved, what each holder gets, and every step."""

import sqlalchemy as sa
from alembic import op

revision = "0047"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_dividends",
        *_texts("id", "chain", "security_id", "company_id", "amount"),
        *_numbers("record_day"),
        *_texts("stage"),
        sa.Column("totals", sa.Text(), nullable=True),
        sa.Column("digest", sa.LargeBinary(), nullable=True),
        *_texts("released"),
        *_numbers("count", "created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_register_dividends")),
    )
    op.create_index(
        op.f("ix_register_dividends_chain_security_id_id"), "register_dividends", ["chain", "security_id", "id"]
    )
    op.create_table(
        "register_dividend_lines",
        *_texts("dividend_id", "account_id", "units", "frozen", "pledged"),
        *_texts("gross", "withheld", "payable", "fruits", "remainder", "released"),
        _of_dividend("register_dividend_lines"),
        sa.PrimaryKeyConstraint("dividend_id", "account_id", name=op.f("pk_register_dividend_lines")),
    )
    op.create_table(
        "register_dividend_events",
        *_texts("dividend_id"),
        *_numbers("seq"),
        *_texts("name", "said", "actor_id", "record_id"),
        *_numbers("at"),
        _of_dividend("register_dividend_events"),
        sa.PrimaryKeyConstraint("dividend_id", "seq", name=op.f("pk_register_dividend_events")),
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _numbers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _of_dividend(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_dividend_id_register_dividends")
    return sa.ForeignKeyConstraint(["dividend_id"], ["register_dividends.id"], name=name)
