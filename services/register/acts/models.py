"""The register's acts as they were asked for. What they say in full is in their records, encrypted."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = ["ActRow"]


class ActRow(Base):
    """An act (登记事项): ``message`` is what the contract takes and everybody who agrees signs, by the struct's names.

    ``chain`` is what rows call the business chain. ``about``: the security or account whose stream and queue it is in.
    ``state``: requested, registered or refused; ``reason`` of a refusal. ``batch_id`` of one that came in a file.
    ``lien``: of an act that opens one, its id and what is known of it beside the chain. Times are UTC milliseconds.
    """

    __tablename__ = "register_acts"
    __table_args__ = (Index(None, "chain", "about", "state"), Index(None, "chain", "state", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    about: Mapped[str]
    name: Mapped[str]
    struct: Mapped[str]
    message: Mapped[Any] = mapped_column(JsonText)
    state: Mapped[str]
    actor_id: Mapped[str]
    batch_id: Mapped[str | None]
    lien: Mapped[Any | None] = mapped_column(JsonText)
    operation_id: Mapped[str] = mapped_column(unique=True)
    log_id: Mapped[str]
    record_id: Mapped[str] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    leaf_index: Mapped[int]
    outcome_record: Mapped[str | None]
    tx_hash: Mapped[str | None]
    block_number: Mapped[int | None]
    reason: Mapped[Any | None] = mapped_column(JsonText)
    created_at: Mapped[int]
    decided_at: Mapped[int | None]
