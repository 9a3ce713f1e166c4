"""Comparisons of fsck, pure: over values, without session, files or chain."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from chain.proof.canonical import JsonObject, fields, parse_json, write_checked
from chain.proof.encoding import TIME_MAX
from chain.proof.errors import ProofError
from chain.proof.hashing import Suite
from chain.proof.leaf import LEAF_VERSION, NO_LEAF, Leaf
from chain.proof.record import commit
from chain.proof.types import BY_CODE, BY_NAME

__all__ = [
    "Book",
    "Broken",
    "Claim",
    "Judged",
    "Refuted",
    "StreamPart",
    "Streams",
    "Strength",
    "changed_fields",
    "leaf_fault",
    "record_fault",
]  # fmt: skip

_HEADERS = frozenset(
    bytes((LEAF_VERSION, Suite.INTL_V1)) + code.to_bytes(2) + bytes((phase, 0, 0, 0))
    for code, record_type in BY_CODE.items()
    for phase in record_type.phases
)
_FIRST = bytes(8)


def leaf_fault(leaf: bytes) -> str | None:
    """Why these bytes are no leaf, None when they are."""
    well_formed = (
        len(leaf) == 104
        and leaf[:8] in _HEADERS
        and (leaf[8:16] == _FIRST) == (leaf[32:64] == NO_LEAF)
        and int.from_bytes(leaf[96:]) <= TIME_MAX
    )
    if well_formed:
        return None
    try:
        Leaf.decode(leaf)
    except ProofError as error:
        return str(error)
    return None


def record_fault(content: bytes, secret: bytes, leaf: bytes) -> str | None:
    """Why the stored record is not what the leaf commits to."""
    try:
        record = parse_json(content)
        if not isinstance(record, dict) or write_checked(record) != content:
            return "the stored bytes are not canonical"
        record_type = BY_NAME.get(str(record.get("type")))
        if record_type is None or record_type.code.to_bytes(2) != leaf[2:4]:
            return f"the record's type is {record.get('type')}, the leaf's code {leaf[2:4].hex()}"
        if commit(record, secret, Suite(leaf[1])) != leaf[64:96]:
            return "its commitment is not the leaf's"
    except (ProofError, ValueError) as error:
        return f"it is no record: {error}"
    return None


def changed_fields(true: JsonObject, stored: JsonObject) -> list[str]:
    """The paths of the fields that differ, are missing or were added."""
    before, after = dict(fields(true)), dict(fields(stored))
    missing = object()
    return sorted(
        path
        for path in before.keys() | after.keys()
        if before.get(path, missing) != after.get(path, missing)
        or type(before.get(path, missing)) is not type(after.get(path, missing))
    )


# streams


@dataclass(slots=True)
class StreamPart:
    """What one range has of a stream: its first leaf there, what that leaf says comes before it, and its last leaf."""

    first: int
    first_seq: int
    first_previous: bytes
    last_seq: int
    last_hash: bytes


class Streams:
    """The chains of all streams; memory grows with the number of streams (about 200 bytes each), not of leaves."""

    def __init__(self, *, from_start: bool) -> None:
        self._from_start = from_start
        self._heads: dict[bytes, bytes] = {}

    def take(self, parts: dict[bytes, StreamPart]) -> Iterator[tuple[int, bytes, str]]:
        """The next range; (index, stream, what is wrong) of each that does not continue."""
        for stream, part in parts.items():
            head = self._heads.get(stream)
            expected = (0, NO_LEAF) if head is None else (int.from_bytes(head[:8]) + 1, head[8:])
            if (head is not None or self._from_start) and expected != (part.first_seq, part.first_previous):
                yield part.first, stream, broken_link(*expected, part.first_seq, part.first_previous)
            self._heads[stream] = part.last_seq.to_bytes(8) + part.last_hash

    def head(self, stream: bytes) -> tuple[int, bytes] | None:
        """(number of leaves, hash of the last one); None for a stream without leaves."""
        head = self._heads.get(stream)
        return None if head is None else (int.from_bytes(head[:8]) + 1, head[8:])

    def __len__(self) -> int:
        return len(self._heads)


def broken_link(seq: int, previous: bytes, found_seq: int, found_previous: bytes) -> str:
    """In words."""
    if seq != found_seq:
        return f"number {found_seq} of its stream follows number {seq - 1}" if seq else f"it begins with {found_seq}"
    return f"it names {found_previous.hex()[:16]}… as the stream's leaf before, which is {previous.hex()[:16]}…"


# heads that somebody vouches for


class Strength(IntEnum):
    """Who vouches for a head; those from WITNESS on are somebody else than the service."""

    LOG = 1
    HEAD_FILE = 2
    WITNESS = 3
    CHAIN = 4


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """Somebody's word that the first ``size`` leaves have this root. ``by`` says whose, for people."""

    size: int
    strength: Strength
    root: bytes
    by: str

    @property
    def outside(self) -> bool:
        """Whether somebody else than the service gave it."""
        return self.strength >= Strength.WITNESS


@dataclass(frozen=True, slots=True)
class Judged:
    """A claim that the tree contradicts, and the largest claims below it that held: any, and an outside one."""

    claim: Claim
    below: Claim | None
    below_outside: Claim | None


@dataclass(frozen=True, slots=True)
class Refuted:
    """A claim that is itself wrong: ``by`` vouches for the tree at its size or beyond."""

    claim: Claim
    by: Claim


@dataclass(frozen=True, slots=True)
class Broken:
    """The tree is wrong somewhere in [``lower``, ``upper``): the narrowest that is certain.

    ``own``: the same by the log's own signatures, when they are narrower. ``key_needed``: none of the log's own
    signatures contradicts the tree, so whoever changed it could make them.
    """

    lower: Claim | None
    upper: Claim
    against: tuple[Claim, ...]
    own: tuple[int, int] | None
    key_needed: bool


@dataclass(slots=True)
class Book:
    """Judges claims, in the order of their sizes, against one tree."""

    holding: dict[Strength, Claim] = field(default_factory=dict)
    failing: list[Judged] = field(default_factory=list)
    unknown: int = 0
    failed: int = 0

    MOST = 10_000

    def judge(self, claim: Claim, root: bytes | None) -> bool | None:
        """Whether the tree has this root at the claim's size; None when it has none there."""
        if root is None:
            self.unknown += 1
            return None
        if root == claim.root:
            self.holding[claim.strength] = claim
            return True
        self.failed += 1
        if len(self.failing) < self.MOST:
            self.failing.append(Judged(claim, self._largest(Strength.LOG), self._largest(Strength.WITNESS)))
        return False

    def _largest(self, least: Strength) -> Claim | None:
        return max((claim for strength, claim in self.holding.items() if strength >= least), default=None)

    def refuted(self) -> list[Refuted]:
        """Claims that are themselves wrong.

        Somebody at least as strong vouches for the tree at their size or beyond; where the tree itself is wrong, it
        must be somebody else than the service.
        """
        inside = not self._outside_failing()
        found = ((judged.claim, self._refuter(judged.claim, inside=inside)) for judged in self.failing)
        return [Refuted(claim, by) for claim, by in found if by is not None]

    def _refuter(self, claim: Claim, *, inside: bool = True) -> Claim | None:
        held = [one for one in self.holding.values() if one.size >= claim.size and one.strength >= claim.strength]
        held = [one for one in held if inside or one.outside]
        return max(held, key=lambda one: (one.strength, one.size), default=None)

    def _outside_failing(self) -> list[Judged]:
        return [one for one in self.failing if one.claim.outside and self._refuter(one.claim) is None]

    def broken(self) -> Broken | None:
        """Where the tree itself is wrong, judged first by others than the service."""
        outside = self._outside_failing()
        inside = not outside
        own = [
            one
            for one in self.failing
            if one.claim.strength is Strength.LOG and self._refuter(one.claim, inside=inside) is None
        ]
        if not outside and not own:
            return None
        first = (outside or own)[0]
        lower = first.below_outside if outside else first.below
        start = lower.size if lower else 0
        own = [one for one in own if one.claim.size <= first.claim.size]
        narrower = (own[0].below.size if own[0].below else start, own[0].claim.size) if outside and own else None
        against = tuple(_distinct(one.claim for one in (outside or own)))[:6]
        return Broken(lower, first.claim, against, narrower, key_needed=bool(outside) and not own)


def _distinct(claims: Iterable[Claim]) -> Sequence[Claim]:
    return list({(claim.size, claim.by): claim for claim in claims}.values())
