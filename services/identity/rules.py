"""What institutions, roles, tokens and keys may be. Pure: values in, values or refusals out."""

import re
from collections.abc import Collection, Mapping
from enum import IntEnum, StrEnum

from eth_utils.address import is_address, to_checksum_address

from chain.proof.possession import SUBMITTER, possession_holds
from services.platform.errors import Conflict, Invalid, RuleRefused

__all__ = [
    "KIND_ROLES",
    "MOVES",
    "Kind",
    "Role",
    "Status",
    "check_address",
    "check_name",
    "check_possession",
    "check_public_key",
    "check_region",
    "check_role_name",
    "check_roles",
    "check_status_move",
    "check_validity",
    "covers",
    "kind_named",
]

TOKEN_DAYS_MAX = 366
NATIONAL = 0


class Kind(IntEnum):
    """Kinds of institutions; the numbers are the contract's (docs/spec/anchor.md)."""

    OPERATOR = 1  # 运营机构
    REGULATOR = 2  # 监管机构
    WORKING_GROUP = 3  # 专项工作组
    AUDITOR = 4  # 审计机构
    APPLICANT = 5  # 试点机构
    DATA_USER = 6  # 数据使用机构
    SERVICE_PROVIDER = 7  # 服务机构

    @property
    def slug(self) -> str:
        """As the API writes it: ``working-group``."""
        return self.name.lower().replace("_", "-")


class Status(StrEnum):
    """Where an institution stands. ``pending`` and ``refused`` are ours; the others are the contract's."""

    PENDING = "pending"
    ACTIVE = "active"  # 正常
    SUSPENDED = "suspended"  # 暂停
    EXITED = "exited"  # 退出
    REFUSED = "refused"

    @property
    def code(self) -> int:
        """The contract's number; ValueError for a status that the chain does not know."""
        if self not in _CODES:
            raise ValueError(f"{self} is no status of the registry")
        return _CODES[self]


class Role(StrEnum):
    """What a token may be for."""

    SYSTEM = "system"  # 系统管理员: runs the installation; the hosting institution's alone
    ADMINISTRATOR = "administrator"  # 机构管理员
    REGISTRAR = "registrar"  # 登记员: asks the registry, within its region
    SUBMITTER = "submitter"  # 提交员
    READER = "reader"  # 查阅员
    AUDITOR = "auditor"  # 审计员: reads what its region submitted
    SUPERVISOR = "supervisor"  # 监管员: drives the pilots of its region


_CODES = {Status.ACTIVE: 1, Status.SUSPENDED: 2, Status.EXITED: 3}
_ORDINARY = frozenset({Role.ADMINISTRATOR, Role.SUBMITTER, Role.READER})
KIND_ROLES: Mapping[Kind, frozenset[Role]] = {
    Kind.OPERATOR: _ORDINARY,
    Kind.REGULATOR: _ORDINARY | {Role.REGISTRAR, Role.AUDITOR, Role.SUPERVISOR},
    Kind.WORKING_GROUP: _ORDINARY | {Role.REGISTRAR, Role.AUDITOR, Role.SUPERVISOR},
    Kind.AUDITOR: _ORDINARY | {Role.AUDITOR},
    Kind.APPLICANT: _ORDINARY,
    Kind.DATA_USER: _ORDINARY,
    Kind.SERVICE_PROVIDER: _ORDINARY,
}
"""Which roles an institution can give its own tokens: an administrator cannot make its operator a supervisor."""

MOVES: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset(),
    Status.ACTIVE: frozenset({Status.SUSPENDED, Status.EXITED}),
    Status.SUSPENDED: frozenset({Status.ACTIVE, Status.EXITED}),
    Status.EXITED: frozenset(),
    Status.REFUSED: frozenset(),
}
"""Changes of status that may be asked for; a registration's outcome is the chain's alone."""

_KINDS = {kind.slug: kind for kind in Kind}
_ROLE_NAME = re.compile(r"[a-z][a-z.-]{1,31}")


def kind_named(slug: str, field: str = "kind") -> Kind:
    """The kind of a slug; Invalid otherwise."""
    if slug not in _KINDS:
        raise Invalid(field, f"Expected one of {', '.join(_KINDS)}.")
    return _KINDS[slug]


def covers(region: int, other: int) -> bool:
    """Whether ``region`` contains ``other`` (GB/T 2260): 0 all, 440000 a province, 440300 a city, 440305 a district."""
    step = 10_000 if region % 10_000 == 0 else 100 if region % 100 == 0 else 1
    return region == NATIONAL or region // step == other // step


def check_region(region: int, field: str = "region") -> int:
    """A GB/T 2260 code of six digits, or 0 for the national bodies."""
    if region != NATIONAL and not 110_000 <= region <= 999_999:
        raise Invalid(field, "Expected a six-digit code of GB/T 2260, or 0 for a national body.", source="GB/T 2260")
    return region


def check_name(name: str, field: str = "name") -> str:
    """1 to 200 characters, no control characters, no space around."""
    if not 1 <= len(name) <= 200 or name != name.strip() or any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in name):
        raise Invalid(field, "Expected 1 to 200 characters without control characters and without spaces around.")
    return name


def check_address(address: str, field: str) -> str:
    """The EIP-55 form of an address that is not zero."""
    if not is_address(address) or not address.startswith("0x") or int(address, 16) == 0:
        raise Invalid(field, "Expected an address: 0x and 40 hexadecimal digits, not zero.", source="EIP-55")
    return to_checksum_address(address)


def check_role_name(role: str, field: str = "role") -> str:
    """The name of a role on the chain (``freeze``, ``pilot.working-group``): lower case, 2 to 32 characters."""
    if not _ROLE_NAME.fullmatch(role):
        raise Invalid(field, "Expected 2 to 32 lower-case letters, hyphens or dots.")
    return role


def check_roles(roles: Collection[str], kind: Kind, *, host: bool) -> frozenset[Role]:
    """The roles a token of such an institution may have; RuleRefused (ID-1) when one is not for its kind."""
    try:
        wanted = frozenset(Role(role) for role in roles)
    except ValueError:
        raise Invalid("roles", f"Expected some of {', '.join(Role)}.") from None
    if not wanted:
        raise Invalid("roles", "At least one role is needed.")
    possible = KIND_ROLES[kind] | ({Role.SYSTEM, Role.REGISTRAR} if host else frozenset())
    if foreign := sorted(wanted - possible):
        raise RuleRefused("ID-1", f"A token of kind {kind.slug} cannot have the roles {', '.join(foreign)}.")
    return wanted


def check_status_move(current: Status, wanted: str) -> Status:
    """The status to ask the registry for; Conflict when the present one does not lead there."""
    try:
        status = Status(wanted)
    except ValueError:
        raise Invalid("status", "Expected active, suspended or exited.") from None
    if status not in MOVES[current]:
        raise Conflict(f"An institution that is {current} cannot become {status}.", slug="institution-status")
    return status


def check_public_key(raw: bytes, field: str = "public_key") -> bytes:
    """32 bytes of an Ed25519 key; one of small order is refused, for under it anybody's signature is good."""
    if len(raw) != 32:
        raise Invalid(field, "Expected an Ed25519 public key of 32 bytes.", source="RFC 8032")
    if int.from_bytes(raw, "little") & ((1 << 255) - 1) in _SMALL_ORDER:
        raise Invalid(field, "This key is a point of small order.", source="RFC 8032 §8.4, RFC 7748 §6")
    return raw


def check_possession(institution_id: str, public_key: bytes, signature: bytes) -> None:
    """The key itself has signed that it is the institution's submitter key: nobody registers another's as its own."""
    if not possession_holds(SUBMITTER, institution_id, public_key, signature):
        detail = "The key has not signed that it is this institution's submitter key (`regseal keys prove`)."
        raise Invalid("possession", detail, source="docs/spec/record.md, Possession of a key")


def check_validity(valid_from: int, valid_to: int | None) -> None:
    """Times in UTC ms: the end, if there is one, lies after the beginning."""
    if valid_to is not None and valid_to <= valid_from:
        raise Invalid("valid_to", "The key would end before it begins.")


_P = 2**255 - 19
_Y8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826  # of the points of order 8
# y of the eight points whose order divides 8, also where they are written with more than p
_SMALL_ORDER = frozenset({0, 1, _P - 1, _P, _P + 1, _Y8, _P - _Y8})
