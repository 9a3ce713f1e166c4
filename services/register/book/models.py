"""Tables of the register as its contract's events tell it. Only :mod:`services.register.book.repository` uses them.

``chain`` is what rows call the business chain, its epoch included: a chain that took a lost one's place begins an empty
register. Moments are UTC milliseconds, days numbers since 1970-01-01 in Shanghai, hashes bytes. A row with
``valid_from`` and ``valid_to`` says what was so from one moment up to, and without, the other: block times both;
:data:`OPEN_END` while it is so still.
"""

from typing import Any

from sqlalchemy import Dialect, Index, SmallInteger, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from services.platform.database import Base, JsonText

__all__ = [
    "OPEN_END",
    "AlertRow",
    "EventRow",
    "EvidenceRow",
    "InvestorRow",
    "LegalWordRow",
    "LienRow",
    "LienVersionRow",
    "LockupRow",
    "LotsRow",
    "PositionRow",
    "ReconciliationRow",
    "SecurityRow",
    "StatementRow",
]

OPEN_END = (1 << 63) - 1
"""``valid_to`` of what is so now: a number, so that one range of one index finds what was so at a moment."""


class Wide(TypeDecorator[int]):
    """An integer of up to 256 bits as decimal text, for units."""

    impl = Text
    cache_ok = True

    @override
    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class SecurityRow(Base):
    """A security (证券品种) as it is now. ``count``: holders, each with its addend; ``liens``: opened so far."""

    __tablename__ = "register_securities"
    __table_args__ = (Index(None, "chain", "issuer_id"),)

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    issuer_id: Mapped[str]
    issuer_region: Mapped[int]
    form: Mapped[int] = mapped_column(SmallInteger)
    kinds: Mapped[int]
    cap: Mapped[int]
    grandfathered: Mapped[int]
    interval: Mapped[int] = mapped_column(SmallInteger)
    subscription_counts: Mapped[bool]
    basis: Mapped[str]
    state: Mapped[int] = mapped_column(SmallInteger)
    issued: Mapped[int] = mapped_column(Wide)
    count: Mapped[int]
    liens: Mapped[int]
    opened_at: Mapped[int]


class InvestorRow(Base):
    """An investor (投资者账户) as the chain knows it now."""

    __tablename__ = "register_investors"

    chain: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[int] = mapped_column(SmallInteger)
    suitable_until: Mapped[int]
    addend: Mapped[int]
    opened_at: Mapped[int]


class PositionRow(Base):
    """What a position (持仓) was after one of its changes: a row for each ``PositionChanged``, never changed but ended.

    ``word`` is the event's, 32 bytes; ``held`` 1 while it has units; ``leaf`` the requested leaf of the act, zero where
    nobody asked (a lien that lapsed).
    """

    __tablename__ = "register_positions"
    __table_args__ = (
        Index("ix_register_positions_as_of", "chain", "security_id", "valid_to", "account_id", "valid_from"),
        Index("ix_register_positions_account", "chain", "account_id", "valid_to"),
    )

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[int]
    valid_to: Mapped[int]
    held: Mapped[int] = mapped_column(SmallInteger)
    word: Mapped[bytes]
    block_number: Mapped[int]
    log_index: Mapped[int]
    tx_hash: Mapped[bytes]
    leaf: Mapped[bytes]


class LotsRow(Base):
    """The lots of a position after one of their changes. ``lots``: [units as text, [lien numbers by rank]] each."""

    __tablename__ = "register_lots"
    __table_args__ = (Index("ix_register_lots_as_of", "chain", "security_id", "valid_to", "account_id", "valid_from"),)

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[int]
    valid_to: Mapped[int]
    lots: Mapped[Any] = mapped_column(JsonText)
    tx_hash: Mapped[bytes]
    leaf: Mapped[bytes]


class LockupRow(Base):
    """What an officer (董监高) may sell, after a change. ``word`` is the event's: all zero, nothing is limited."""

    __tablename__ = "register_lockups"
    __table_args__ = (
        Index("ix_register_lockups_as_of", "chain", "security_id", "valid_to", "account_id", "valid_from"),
    )

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[int]
    valid_to: Mapped[int]
    word: Mapped[bytes]
    tx_hash: Mapped[bytes]
    leaf: Mapped[bytes]


class LienRow(Base):
    """A lien (权利负担), by the number that its security gave it: what was registered, and beside it what the law says.

    ``kind``: 1 pledge 质押, 2 freeze 司法冻结, 3 lock 限售; ``since``: Unix seconds, its rank; ``secured``: whose
    signature consents. What comes after ``leaf`` is filled by acts and is no fact of the chain's: ``lien_id`` of the
    request, and when the operator received it.
    """

    __tablename__ = "register_liens"
    __table_args__ = (Index(None, "chain", "security_id", "account_id"), UniqueConstraint("lien_id"))

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[str]
    kind: Mapped[int] = mapped_column(SmallInteger)
    since: Mapped[int]
    secured: Mapped[str | None]
    opened_units: Mapped[int] = mapped_column(Wide)
    opened_at: Mapped[int]
    block_number: Mapped[int]
    log_index: Mapped[int]
    tx_hash: Mapped[bytes]
    leaf: Mapped[bytes]
    lien_id: Mapped[str | None]
    received_at: Mapped[int | None]


class LegalWordRow(Base):
    """One word on what the law says of a lien (法律状态: 出质登记, 公示): never changed, the next is another row.

    ``seq`` from 0 in the order of telling, at ``told_at`` by ``actor_id``; ``at``: since when it is so. ``record_id``:
    of the fact, or of the act that opened the lien and said it; empty where an older database did not keep it.
    """

    __tablename__ = "register_legal_words"

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    status: Mapped[str]
    reference: Mapped[str]
    at: Mapped[int]
    told_at: Mapped[int]
    actor_id: Mapped[str]
    record_id: Mapped[str]
    documents: Mapped[Any] = mapped_column(JsonText)


class LienVersionRow(Base):
    """What a lien covered after one of its changes. ``until``: its last day, 0 without a term; no units: it is over."""

    __tablename__ = "register_lien_versions"
    __table_args__ = (Index("ix_register_lien_versions_as_of", "chain", "security_id", "valid_to", "number"),)

    chain: Mapped[str] = mapped_column(primary_key=True)
    security_id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    valid_from: Mapped[int]
    valid_to: Mapped[int]
    units: Mapped[int] = mapped_column(Wide)
    until: Mapped[int]
    tx_hash: Mapped[bytes]
    leaf: Mapped[bytes]


class EventRow(Base):
    """An act as the contract tells of it. ``account_id``: whose units, the giver's; ``other_id``: the taker.

    ``number``: of the lien; ``args``: all that the event says; ``subject_to``: numbers of freezes that were published
    before this act and arrived after it (强制执行股权规定 7).
    """

    __tablename__ = "register_events"
    __table_args__ = (
        Index(None, "chain", "security_id", "name", "block_number"),
        Index(None, "chain", "security_id", "account_id", "block_time"),
    )

    chain: Mapped[str] = mapped_column(primary_key=True)
    block_number: Mapped[int] = mapped_column(primary_key=True)
    log_index: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    security_id: Mapped[str | None]
    account_id: Mapped[str | None]
    other_id: Mapped[str | None]
    number: Mapped[int | None]
    args: Mapped[Any] = mapped_column(JsonText)
    subject_to: Mapped[Any] = mapped_column(JsonText, nullable=True)
    commitment: Mapped[bytes]
    leaf: Mapped[bytes]
    tx_hash: Mapped[bytes]
    block_time: Mapped[int]


class EvidenceRow(Base):
    """Where the leaves of an act of this service stand, by its requested leaf: what lines of the register rest on."""

    __tablename__ = "register_evidence"

    leaf: Mapped[bytes] = mapped_column(primary_key=True)
    log_id: Mapped[str]
    request_record: Mapped[str]
    request_index: Mapped[int]
    outcome_record: Mapped[str]
    outcome_index: Mapped[int]


class AlertRow(Base):
    """Something that operator and regulator must see (预警): one row a ``cause``.

    ``cleared_at``: when the cause went, and ``cleared_because`` how.
    """

    __tablename__ = "register_alerts"
    __table_args__ = (UniqueConstraint("chain", "cause"), Index(None, "chain", "kind", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    cause: Mapped[str]
    kind: Mapped[str]
    security_id: Mapped[str | None]
    account_id: Mapped[str | None]
    said: Mapped[Any] = mapped_column(JsonText)
    since: Mapped[int]
    cleared_at: Mapped[int | None]
    cleared_because: Mapped[str | None]


class ReconciliationRow(Base):
    """That rows were compared with the contract's storage after ``block``; ``security_id`` None: the whole register.

    ``compared``: numbers by what was compared; ``differences``: the first ones, ``count`` all.
    """

    __tablename__ = "register_reconciliations"
    __table_args__ = (Index(None, "chain", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    security_id: Mapped[str | None]
    block: Mapped[int]
    compared: Mapped[Any] = mapped_column(JsonText)
    differences: Mapped[Any] = mapped_column(JsonText)
    count: Mapped[int]
    at: Mapped[int]


class StatementRow(Base):
    """A statement (证明) as it was given out, as of ``at``. ``document``: canonical JSON, encrypted for the host."""

    __tablename__ = "register_statements"
    __table_args__ = (UniqueConstraint("number"), Index(None, "chain", "security_id", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    number: Mapped[str]
    kind: Mapped[str]
    security_id: Mapped[str]
    account_id: Mapped[str | None]
    at: Mapped[int]
    issued_at: Mapped[int]
    actor_id: Mapped[str]
    host_id: Mapped[str]
    digest: Mapped[bytes]
    record_id: Mapped[str]
    document: Mapped[bytes]
