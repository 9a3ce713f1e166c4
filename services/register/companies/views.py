"""What the door of the companies takes and tells."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.register.acts.said import Document
from services.register.companies.rules import Phase

__all__ = ["Application", "CompanyEvent", "CompanyView", "FurtherRequest", "FurtherView", "StepRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """托管申请. ``capital``: registered capital in units; ``issuer``: the company's institution, if it is one here.

    ``pre_emption``: days for which the articles let the other shareholders buy first, None where they say nothing.
    """

    code: str
    name: str
    usci: str
    region: int
    form: str
    capital: str
    issuer: str | None = None
    pre_emption: int | None = None
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRequest:
    """A step of the custody cycle. ``security``: needed once, when the list was carried out."""

    step: str
    documents: tuple[Document, ...] = ()
    security: str | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyView:
    """A company where it stands now."""

    id: str
    code: str
    layer: str
    name: str
    usci: str
    region: int
    form: str
    capital: str
    phase: Phase
    steps: Sequence[str]
    issuer: str | None
    pre_emption: int | None
    security: str | None
    created_at: int
    updated_at: int
    operation_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherRequest:
    """A further security (类别股、可转债), opened for the company: so many ``units`` are to be registered."""

    security: str
    units: str
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FurtherView:
    """A further security where it stands; ``issued``: units that are entered on the chain."""

    security: str
    company: str
    units: str
    issued: str
    phase: Phase
    steps: Sequence[str]
    created_at: int
    updated_at: int
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class CompanyEvent:
    """A fact of a company."""

    seq: int
    name: str
    before: str
    after: str
    documents: Mapping[str, str]
    actor_id: str
    record_id: str
    operation_id: str | None
    at: int
