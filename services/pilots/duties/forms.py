"""What must be said at some moves; elsewhere the words are free."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.pilots.projects.formats import InstitutionId, Text, Word

__all__ = ["CLAIM", "MEASURES", "ClaimForm", "MeasuresForm"]

CLAIM = "tolerance"
MEASURES = frozenset({"measures", "referral"})
"""The duties of taking measures (监管措施) and of referral (移送); what was taken is told in one form."""


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MeasureForm(_Said):
    """A measure: administrative (行政监管措施), an integrity archive entry (诚信档案), a referral (移交司法机关)."""

    kind: Literal["administrative", "integrity-archive", "referral", "other"]
    institution: InstitutionId
    document: Word
    """The number of the decision or the entry (文号)."""
    decided_on: date
    note: Text = ""


class MeasuresForm(_Said):
    """The measures that were taken, each with its document."""

    measures: tuple[MeasureForm, ...] = Field(min_length=1, max_length=50)
    note: Text = ""


class ClaimForm(_Said):
    """A claim to tolerance (容错): the incident by its duty's number, and why the region's conditions are met."""

    incident: int = Field(ge=1, lt=2**31)
    event: Word
    loss: Literal["none", "compensated"]
    impact: Word
    note: Text = ""
