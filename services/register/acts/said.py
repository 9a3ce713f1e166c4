"""What every act is asked with (申请要素), and how its members become what the contract takes.

Requests are plain dataclasses, read from JSON by the API. Units are decimal text, days dates, ids text; `Invalid` names
the field.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import IntEnum
from typing import Any, ClassVar, TypeVar

from chain.proof.canonical import JsonObject
from services.days import number
from services.platform.errors import Invalid
from services.platform.ids import bytes16, check_id
from services.register.rules.acts import Act

__all__ = [
    "STRICT",
    "Document",
    "Said",
    "account",
    "content",
    "day",
    "enum_of",
    "identity",
    "names_of",
    "security",
    "units",
]

STRICT: Mapping[str, object] = {"extra": "forbid"}
_UNITS_MAX = 2**80 - 1
_UNITS_DIGITS = 25
"""What 2^80 has. Longer texts are no numbers to reckon with; beyond some thousand digits there is no reading them."""
_DAY_MAX = 2**24 - 1
E = TypeVar("E", bound=IntEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that an act rests on (登记材料): what it is, and the record under which the host has filed it."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    code: str
    record: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said(ABC):
    """The root of every request. ``act``: its name; ``documents``: what the act rests on."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    documents: tuple[Document, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """The act's."""
        return str(getattr(self, "act"))  # noqa: B009 (every request has it, each its own)

    @property
    def about(self) -> str:
        """The security, or the account, whose stream and queue it is in."""
        return str(getattr(self, "security", "") or getattr(self, "account", ""))

    @abstractmethod
    def contract_act(self) -> Act:
        """What the contract takes. Invalid."""


def content(said: Any) -> JsonObject:
    """The request as its record holds it: empty members left out, dates and moments as text."""
    return {
        each.name: _plain(value)
        for each in fields(said)
        if (value := getattr(said, each.name)) not in (None, "", ()) and each.name != "documents"
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return content(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return value


def identity(value: str, prefix: str, field: str) -> bytes:
    """The 16 bytes of an id of this kind."""
    return bytes16(check_id(value, prefix, field))


def security(value: str, field: str = "/security") -> bytes:
    """Of a security (登记品种)."""
    return identity(value, "sec", field)


def account(value: str, field: str = "/account") -> bytes:
    """Of an account (投资者账户), which is its holder's pseudonym."""
    return identity(value, "acc", field)


def units(value: str, field: str = "/units") -> int:
    """A positive number of units, below 2^80."""
    plain = len(value) <= _UNITS_DIGITS and value.isascii() and value.isdecimal() and value[0] != "0"
    if not plain or int(value) > _UNITS_MAX:
        raise Invalid(field, "Expected a positive whole number in decimal digits, without separators, below 2^80.")
    return int(value)


def day(value: date | None, field: str) -> int:
    """The number of a date; 0 for none."""
    found = 0 if value is None else number(value)
    if not 0 <= found <= _DAY_MAX:
        raise Invalid(field, "Expected a date after 1970.")
    return found


def names_of(kind: type[IntEnum]) -> Sequence[str]:
    """An enum's members as requests name them."""
    return [each.name.lower().replace("_", "-") for each in kind]


def enum_of(kind: type[E], value: str, field: str) -> E:
    """The member of this name. Invalid lists all."""
    try:
        return kind[value.upper().replace("-", "_")]
    except KeyError:
        raise Invalid(field, f"Expected one of {', '.join(names_of(kind))}.") from None
