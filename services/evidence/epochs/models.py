"""Tables of epochs: what stood on chains that are gone, and what witnesses said of their successors."""

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, LargeBinary, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["EpochStatementRow", "PastAnchorRow"]


class PastAnchorRow(Base):
    """A head that stood on a lost chain, or was on its way there (then it has no block), at its place in the order.

    ``ordinal`` counts from 0 in each epoch; the next epoch's chain gets exactly these heads in exactly this order.
    """

    __tablename__ = "past_anchors"
    __table_args__ = (
        ForeignKeyConstraint(["log_id", "size"], ["checkpoints.log_id", "checkpoints.size"]),
        Index("ix_past_anchors_head", "log_id", "size"),
        Index("ix_past_anchors_block", "chain", "block_hash"),
    )

    epoch: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    ordinal: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    log_id: Mapped[str] = mapped_column(String(40))
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    chain: Mapped[str] = mapped_column(String(64))
    block_number: Mapped[int | None] = mapped_column(BigInteger)
    block_hash: Mapped[str | None] = mapped_column(String(66))
    tx_hash: Mapped[str | None] = mapped_column(String(66))
    log_index_in_block: Mapped[int | None] = mapped_column(BigInteger)
    anchored_at: Mapped[int | None] = mapped_column(BigInteger)
    proof: Mapped[str | None] = mapped_column(Text)


class EpochStatementRow(Base):
    """A witness's word that epoch ``epoch`` begins with the heads it saw on the one before."""

    __tablename__ = "epoch_statements"

    chain: Mapped[str] = mapped_column(String(64), primary_key=True)  # as in the settings
    epoch: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    witness: Mapped[str] = mapped_column(String(256), primary_key=True)
    count: Mapped[int] = mapped_column(BigInteger)
    note: Mapped[str] = mapped_column(Text)
    received_at: Mapped[int] = mapped_column(BigInteger)
