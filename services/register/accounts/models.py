"""Tables of investor accounts. Moments are UTC milliseconds, days numbers since 1970-01-01 in Shanghai.

Who somebody is lies in ciphertexts; what is plain tells a kind and a state of somebody unknown.
"""

from sqlalchemy import ForeignKey, Index, SmallInteger, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["AccountEventRow", "AccountRow", "HolderKeyRow", "IdentityRow"]


class AccountRow(Base):
    """An account (投资者账户) of the operator ``owner_id``; its id is the pseudonym on the chain.

    ``holder``: keyed hash of the holder's document, one account each; NULL once erased. ``identity``: ciphertext of
    what is known now, ``version`` of it, and ``identity_record`` the record that holds it too, for recoveries (None
    until there is one). ``restricted_until``: erasure was asked for, and when it may be.
    """

    __tablename__ = "register_accounts"
    __table_args__ = (
        UniqueConstraint("owner_id", "holder"),
        UniqueConstraint("owner_id", "investor_code"),
        Index(None, "owner_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    kind: Mapped[int] = mapped_column(SmallInteger)
    state: Mapped[str]
    holder: Mapped[bytes | None]
    identity: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(SmallInteger)
    investor_code: Mapped[str | None]
    suitable_until: Mapped[int]
    addend: Mapped[int]
    record_id: Mapped[str]
    created_at: Mapped[int]
    closed_at: Mapped[int | None]
    restricted_until: Mapped[int | None]
    erased_at: Mapped[int | None]
    identity_record: Mapped[str | None]


class IdentityRow(Base):
    """What an account said of its holder before a change (历史身份信息), encrypted."""

    __tablename__ = "register_identities"

    account_id: Mapped[str] = mapped_column(ForeignKey("register_accounts.id"), primary_key=True)
    version: Mapped[int] = mapped_column(SmallInteger, primary_key=True)
    content: Mapped[bytes]
    until: Mapped[int]
    record_id: Mapped[str | None]


class AccountEventRow(Base):
    """A fact of an account, by its record. The opening of accounts that came with an import is the import's fact."""

    __tablename__ = "register_account_events"

    account_id: Mapped[str] = mapped_column(ForeignKey("register_accounts.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    actor_id: Mapped[str]
    record_id: Mapped[str]
    at: Mapped[int]


class HolderKeyRow(Base):
    """The key under which an operator's market hashes holders' documents, encrypted for the operator."""

    __tablename__ = "register_holder_keys"

    owner_id: Mapped[str] = mapped_column(primary_key=True)
    ciphertext: Mapped[bytes]
    created_at: Mapped[int]
