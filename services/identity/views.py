"""What the context shows to others: values without a session behind them. Times are UTC milliseconds."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from services.transactions.views import OperationView

__all__ = [
    "AuthorityRequest",
    "Bootstrapped",
    "ChainRoleView",
    "InstitutionView",
    "IssuedToken",
    "Page",
    "RegistrationRequest",
    "RoleRequest",
    "StatusRequest",
    "SubmitterKeyRequest",
    "SubmitterKeyView",
    "TokenRequest",
    "TokenView",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items of a list and the cursor of the next ones, None at the end."""

    items: tuple[T, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class InstitutionView:
    """An institution (机构) as the directory shows it. ``kind`` is a slug, ``authority`` an EIP-55 address."""

    id: str
    name: str
    kind: str
    region: int
    status: str
    authority: str
    host: bool
    created_at: int


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its secret; ``person`` only where the caller may know it."""

    id: str
    institution_id: str
    name: str
    prefix: str
    roles: tuple[str, ...]
    person: str | None
    created_at: int
    expires_at: int
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A new token; ``secret`` is shown this once, None when an idempotent repeat asks again."""

    token: TokenView
    secret: str | None


@dataclass(frozen=True, slots=True)
class SubmitterKeyView:
    """A submitter key (提交钥): valid from ``valid_from`` to before the earlier of ``valid_to`` and ``revoked_at``."""

    id: str
    institution_id: str
    public_key: bytes
    valid_from: int
    valid_to: int | None
    revoked_at: int | None
    record_id: str


@dataclass(frozen=True, slots=True)
class ChainRoleView:
    """A role of an account on the chain; ``role`` is keccak256 of its name, ``expires_at`` Unix seconds."""

    role: bytes
    region: int
    account: str
    institution_id: str
    expires_at: int
    revoked: bool


@dataclass(frozen=True, slots=True)
class Bootstrapped:
    """The first institution, its administrator's token, and the operations that await a signature."""

    institution: InstitutionView
    issued: IssuedToken
    operations: tuple[OperationView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationRequest:
    """Who is to be registered; ``kind`` a slug, ``authority`` the address of the institution's own key."""

    name: str
    kind: str
    region: int
    authority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRequest:
    """A change of status: active, suspended or exited."""

    institution_id: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorityRequest:
    """Another authority key for an institution."""

    institution_id: str
    authority: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRequest:
    """A role by its name for one account in one region; ``expires_at`` in Unix seconds, not read by a revocation."""

    institution_id: str
    account: str
    role: str
    region: int
    reason: str
    expires_at: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitterKeyRequest:
    """An Ed25519 key of 32 bytes, good from its leaf on and before ``valid_to`` (ms) if that is given.

    ``possession``: its own signature over :func:`chain.proof.possession.possession_message`.
    """

    institution_id: str
    public_key: bytes
    possession: bytes
    valid_to: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenRequest:
    """A token of the caller's institution unless ``institution_id`` names another; ``person`` is kept encrypted."""

    name: str
    roles: tuple[str, ...]
    days: int = 90
    institution_id: str | None = None
    person: str | None = None
