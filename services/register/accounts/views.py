"""What the door of the accounts tells."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.register.accounts.identity import Identity
from services.register.acts.said import Document
from services.register.rules.values import Kind

__all__ = ["AccountDetails", "AccountEvent", "AccountView", "Entered", "PersonalView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDetails:
    """A request to open one. ``suitable_until``: a day number, 0 without proof."""

    kind: Kind
    identity: Identity
    suitable_until: int = 0
    addend: int = 0
    investor_code: str = ""
    documents: tuple[Document, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountView:
    """An account without its holder. ``state``: opened, active, frozen or closed; ``restricted_until`` in UTC ms.

    ``suitable_until`` and ``addend`` are in force: the chain's, once it knows the account.
    """

    id: str
    kind: Kind
    state: str
    investor_code: str | None
    suitable_until: int
    addend: int
    version: int
    created_at: int
    closed_at: int | None
    restricted_until: int | None
    erased_at: int | None
    operation_id: str | None = None


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """A fact of an account and its record."""

    name: str
    actor_id: str
    record_id: str
    at: int


@dataclass(frozen=True, slots=True)
class PersonalView:
    """Who the holder is, who it was said to be before, and what happened."""

    account: AccountView
    identity: Identity
    earlier: Sequence[tuple[int, Identity]]
    events: Sequence[AccountEvent]


@dataclass(frozen=True, slots=True)
class Entered:
    """One of many that were entered together: the account, and whether it is new."""

    account_id: str
    kind: Kind
    suitable_until: int
    addend: int
    is_new: bool
