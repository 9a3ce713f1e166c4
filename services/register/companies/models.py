"""Tables of the companies in custody. Moments are UTC milliseconds; units decimal text."""

from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = ["CompanyEventRow", "CompanyRow", "FurtherSecurityRow"]


class CompanyRow(Base):
    """A company (托管企业). ``state`` is the service's; once ``security_id`` is in custody, the chain's word counts.

    ``issuer_id``: its institution, if it is one here; ``code`` by JR/T 0326, ``number`` that code without its layer;
    ``capital``: registered capital in units of its shares or equity; ``pre_emption``: for how many days its articles
    let the other shareholders buy first, 0 where they give no such right, None where they say nothing. All of it is
    public in the credit system.
    """

    __tablename__ = "register_companies"
    __table_args__ = (
        UniqueConstraint("owner_id", "number"),
        UniqueConstraint("owner_id", "usci"),
        Index(None, "owner_id", "id"),
        Index(None, "issuer_id", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[str]
    issuer_id: Mapped[str | None]
    code: Mapped[str]
    number: Mapped[str]
    name: Mapped[str]
    usci: Mapped[str]
    region: Mapped[int]
    form: Mapped[str]
    capital: Mapped[str]
    state: Mapped[str]
    pre_emption: Mapped[int | None]
    security_id: Mapped[str | None]
    count: Mapped[int]
    created_at: Mapped[int]
    updated_at: Mapped[int]


class FurtherSecurityRow(Base):
    """A further security of a company (类别股、可转债): its own first registration, of so many ``units``.

    ``state`` as the company's: the service's, until the security is in custody on the chain.
    """

    __tablename__ = "register_company_securities"
    __table_args__ = (Index(None, "company_id", "security_id"),)

    security_id: Mapped[str] = mapped_column(primary_key=True)
    company_id: Mapped[str] = mapped_column(ForeignKey("register_companies.id"))
    units: Mapped[str]
    state: Mapped[str]
    created_at: Mapped[int]
    updated_at: Mapped[int]


class CompanyEventRow(Base):
    """A fact of a company: a step of its custody or a change of its particulars, with the documents it rests on."""

    __tablename__ = "register_company_events"

    company_id: Mapped[str] = mapped_column(ForeignKey("register_companies.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    documents: Mapped[Any] = mapped_column(JsonText)
    actor_id: Mapped[str]
    record_id: Mapped[str]
    operation_id: Mapped[str | None]
    at: Mapped[int]
