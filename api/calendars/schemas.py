"""Shapes of calendars (工作日历): years, closures, counts, comparisons."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

REGION = Field(ge=0, lt=2**31, description="Code of GB/T 2260", examples=[440300])
YEAR = Field(ge=1970, le=9998, examples=[2027])
CHAIN = Field(default=None, max_length=64, description="A configured chain; the supervision chain unless given")
Kind = Literal["trading", "make-up", "closed"]
_FILE = """\
year: 2027
issuer: 国务院办公厅
document: 国办发明电〔2026〕0号
issued_on: 2026-11-04
holidays: [2027-01-01/2027-01-03]
working: [2027-02-20]
"""


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class YearFile(_Request):
    """An announcement (放假安排) written down: every holiday and every make-up day (调休上班日) of the year."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$", examples=["2027.yaml"])
    document: str = Field(min_length=1, max_length=65_536, examples=[_FILE])


class PublicationRequest(_Request):
    """Publishes a year, by the library that the service has unless a file says it; the region's authority signs."""

    region: int = REGION
    year: int = YEAR
    file: YearFile | None = None
    chain: str | None = CHAIN


class ClosureRequest(_Request):
    """Closes days ahead as trading days (临时休市), or also as working days; the region's authority signs."""

    region: int = REGION
    days: list[date] = Field(min_length=1, max_length=366, examples=[["2027-09-08"]])
    working: bool = Field(default=False, description="Close them as working days too")
    reason: str = Field(min_length=1, max_length=500, examples=["台风停工停市"])
    document: str = Field(min_length=1, max_length=200, examples=["示例〔2027〕8号"])
    chain: str | None = CHAIN


class Month(BaseModel):
    """A month: `days` has one letter for each day, T trading, M make-up (working, no trading), - closed."""

    month: int
    working: int
    trading: int
    days: str = Field(examples=["-TT--TTTTT--TTTTT--TTTTT--TTTTT"])


class Closure(BaseModel):
    """Days that were closed after the year was published."""

    days: list[str]
    working: bool
    reason: str
    document: str
    state: str
    record: str


class YearView(BaseModel):
    """A year of a region on a chain, closures included."""

    chain: str
    region: int
    year: int
    state: Literal["pending", "published", "refused"]
    source: str = Field(description="The library and its version, or the file's name")
    document: str
    working: int
    trading: int
    operation: str | None
    record: str | None
    requested_at: str
    decided_at: str | None


class YearDetail(YearView):
    """A year, day by day."""

    months: list[Month]
    closures: list[Closure]


class Proposal(BaseModel):
    """A year as the library has it: nothing is published by this."""

    year: int
    source: str
    working: int
    trading: int
    months: list[Month]


class Count(BaseModel):
    """Days after `since` up to `until`: by this service, and by the contract. None where a year is not known."""

    region: int
    since: str
    until: str
    working: int | None
    trading: int | None
    chain_working: int | None
    chain_trading: int | None


class Difference(BaseModel):
    """A day that two calendars tell differently."""

    day: str
    expected: Kind
    found: Kind


class Comparison(BaseModel):
    """The chain's year against the announcement, and against what this service believes of the chain."""

    chain: str
    region: int
    year: int
    agrees: bool
    published: bool
    announced_by: str | None
    against_announced: list[Difference]
    against_projection: list[Difference]
