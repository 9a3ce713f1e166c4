"""Tables of the context.

Times are UTC milliseconds, hashes and addresses 0x hex, amounts of wei decimal text (they exceed 64 bits).
"""

from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = [
    "AttemptRow",
    "AuthorisationRow",
    "CursorRow",
    "NonceRow",
    "OperationEventRow",
    "OperationRow",
    "TransactionRow",
]

_Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only under this name


class OperationRow(Base):
    """A command that touches a chain (操作), as its author follows it.

    ``deadline`` is the authorisation's, in Unix seconds. ``needs``: whose signatures it takes, of an operation whose
    function takes several (:mod:`needs`); ``signers`` otherwise.
    """

    __tablename__ = "operations"
    __table_args__ = (Index(None, "institution_id", "id"), Index(None, "state", "deadline"))

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    state: Mapped[str]
    chain: Mapped[str]
    contract: Mapped[str]
    function: Mapped[str]
    args: Mapped[Any] = mapped_column(JsonText)
    typed_data: Mapped[Any | None] = mapped_column(JsonText)
    signers: Mapped[Any] = mapped_column(JsonText)
    needs: Mapped[Any | None] = mapped_column(JsonText)
    deadline: Mapped[int | None]
    institution_id: Mapped[str | None]
    record_id: Mapped[str | None]
    reference: Mapped[str | None]
    queue: Mapped[str]
    reason: Mapped[Any | None] = mapped_column(JsonText)
    created_at: Mapped[int]
    updated_at: Mapped[int]


class OperationEventRow(Base):
    """One line of an operation's history. What repeats (resending) is counted, with its first and last time."""

    __tablename__ = "operation_events"
    __table_args__ = (Index(None, "operation_id", "id"),)

    id: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"))
    action: Mapped[str]
    state: Mapped[str]
    detail: Mapped[Any] = mapped_column(JsonText)
    count: Mapped[int]
    first_at: Mapped[int]
    last_at: Mapped[int]


class AuthorisationRow(Base):
    """A signature (授权) under which an operation goes on. ``meets``: the places of its needs that it meets."""

    __tablename__ = "authorisations"

    operation_id: Mapped[str] = mapped_column(ForeignKey("operations.id"), primary_key=True)
    signer: Mapped[str] = mapped_column(primary_key=True)
    meets: Mapped[Any] = mapped_column(JsonText)
    signature: Mapped[bytes]
    digest: Mapped[bytes]
    created_at: Mapped[int]


class TransactionRow(Base):
    """One intended call. ``position`` orders its queue; ``data`` is the call data, fixed when it was enqueued.

    ``from_block`` is the chain's head when the nonce was given: whoever used the nonce did so after it.
    """

    __tablename__ = "chain_transactions"
    __table_args__ = (Index(None, "chain", "state", "position"), Index(None, "chain", "queue", "state", "position"))

    position: Mapped[int] = mapped_column(_Serial, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(unique=True)
    chain: Mapped[str]
    contract: Mapped[str]
    function: Mapped[str]
    args: Mapped[Any] = mapped_column(JsonText)
    data: Mapped[bytes]
    purpose: Mapped[str]
    reference: Mapped[str | None]
    queue: Mapped[str]
    operation_id: Mapped[str | None] = mapped_column(ForeignKey("operations.id"), unique=True)
    state: Mapped[str]
    sender: Mapped[str | None]
    nonce: Mapped[int | None]
    from_block: Mapped[int | None]
    tx_hash: Mapped[str | None]
    block_number: Mapped[int | None]
    block_hash: Mapped[str | None]
    reason: Mapped[Any | None] = mapped_column(JsonText)
    created_at: Mapped[int]
    updated_at: Mapped[int]


class AttemptRow(Base):
    """Signed bytes, kept for good: any of a transaction's attempts may be the one that is mined."""

    __tablename__ = "transaction_attempts"
    __table_args__ = (Index(None, "transaction_id", "nonce"),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("chain_transactions.id"))
    nonce: Mapped[int]
    raw: Mapped[bytes]
    gas: Mapped[int]
    max_fee: Mapped[str]
    priority_fee: Mapped[str]
    signed_at: Mapped[int]
    sent_at: Mapped[int | None]
    sends: Mapped[int]
    answer: Mapped[str | None]


class NonceRow(Base):
    """Every nonce ever given to a transaction, and to which: the primary key is what makes a second use impossible."""

    __tablename__ = "nonces"
    __table_args__ = (UniqueConstraint("transaction_id", "nonce"),)

    chain: Mapped[str] = mapped_column(primary_key=True)
    sender: Mapped[str] = mapped_column(primary_key=True)
    nonce: Mapped[int] = mapped_column(primary_key=True)
    transaction_id: Mapped[str] = mapped_column(ForeignKey("chain_transactions.id"))


class CursorRow(Base):
    """How far one listener is.

    ``handled``: the last block whose events it has; ``scanned``: the last block looked into, found empty or not, and
    its time (Unix seconds; None where it was read before times were kept).
    """

    __tablename__ = "cursors"

    chain: Mapped[str] = mapped_column(primary_key=True)
    listener: Mapped[str] = mapped_column(primary_key=True)
    handled_block: Mapped[int | None]
    handled_hash: Mapped[str | None]
    scanned_block: Mapped[int]
    scanned_hash: Mapped[str]
    scanned_time: Mapped[int | None]
    updated_at: Mapped[int]
