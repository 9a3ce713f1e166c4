"""Who gives what to whom (交易内容): what only the service looks at of transfers and enforcements."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from services.register.acts.said import STRICT, Said
from services.register.rules.values import Reason

__all__ = ["Deal", "Dealing", "PreEmption"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreEmption:
    """优先购买权: since when the other shareholders know of the terms, or that all of them have ``waived``."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    notified_on: date | None = None
    waived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Deal:
    """One of many transfers. ``payment``: the reference of an agreed transfer's payment."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    giver: str
    taker: str
    units: str
    payment: str = ""
    pre_emption: PreEmption | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealing(Said):
    """Units of one security change hands."""

    security: str

    @property
    @abstractmethod
    def why(self) -> Reason:
        """The reason by which rules are chosen. Invalid."""

    @property
    @abstractmethod
    def deals_done(self) -> Sequence[Deal]:
        """Who gives what to whom, for the rules that only the service checks."""
