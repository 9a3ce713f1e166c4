"""What is missing of a log, and whether a mirror is fit to put it back. Reads, decides, writes nothing."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.entries import Entry
from chain.proof.errors import ProofError
from chain.proof.leaf import Leaf
from chain.proof.manifest import TYPE as MANIFEST
from chain.proof.merkle import Frontier
from chain.proof.note import NoteSigner, SignatureType, verify_note
from chain.proof.types import BY_CODE, FIRST_SERVICE_CODE
from services.evidence import repository as evidence
from services.evidence.bundles.service import request_aad
from services.evidence.fsck.rules import record_fault
from services.evidence.heads import Head
from services.evidence.keys import seed_aad
from services.evidence.logs import streams_aad
from services.evidence.models import LogRow
from services.evidence.records import StoredRecord
from services.evidence.recovery.source import MirroredLog
from services.evidence.submission import record_aad
from services.evidence.tree import Tree
from services.platform.errors import Conflict, Invalid, Unavailable

__all__ = [
    "LogPlan",
    "Outside",
    "Told",
    "check_entries",
    "check_signed",
    "house_owner",
    "log_rows",
    "plan_log",
    "told",
    "top",
]

Open = Callable[[str, bytes, bytes], bytes]
"""(institution, blob, associated data) -> plaintext; Unavailable."""
Unwrap = Callable[[bytes, bytes], bytes]
"""(wrapped by the master key, associated data) -> secret; Unavailable."""
_PAGE = 4_096


@dataclass(frozen=True, slots=True)
class Outside:
    """What others than the database say of a log: the head file, and the heads on the chain by size."""

    head: Head | None
    anchored: Mapping[int, bytes]

    @property
    def chain_size(self) -> int:
        """The largest head on the chain."""
        return max(self.anchored, default=0)


@dataclass(frozen=True, slots=True)
class Told:
    """A record of the service itself, or a manifest, that was put back: what others build their rows from."""

    record_id: str
    institution_id: str
    log_id: str
    index: int
    leaf: Leaf
    leaf_hash: bytes
    document: JsonObject

    @property
    def type_name(self) -> str:
        """Of the record."""
        return BY_CODE[self.leaf.type_code].name


@dataclass(slots=True)
class LogPlan:
    """One log. ``have`` leaves are in the database, ``size`` afterwards; ``known`` is the most that anybody knows of.

    ``mirror`` is None when there is nothing to put back. ``since``: where a recovery that was interrupted began.
    ``blank``: records that come without content.
    """

    origin: str
    have: int
    size: int
    head_file: int | None
    chain: int
    mirror: MirroredLog | None = None
    new: bool = False
    since: int = 0
    types: dict[str, int] = field(default_factory=dict)
    blank: list[str] = field(default_factory=list)

    @property
    def known(self) -> int:
        """The most leaves that head file, chain or mirror know of."""
        cosigned = self.mirror.head.size if self.mirror else 0
        return max(self.size, self.head_file or 0, self.chain, cosigned)

    @property
    def missing(self) -> int:
        """How many leaves would be put back."""
        return self.size - self.have


def log_rows(session: Session) -> dict[str, LogRow]:
    """Every log of the database, by origin."""
    return {row.origin: row for row in evidence.logs(session)}


def house_owner(session: Session) -> str | None:
    """The institution that runs the installation, as far as its house log tells."""
    house = evidence.house_log(session)
    return house.owner_id if house else None


def top(session: Session, origin: str) -> tuple[int, bytes]:
    """(size, root) of a log as the database has it. Conflict when it has none."""
    row = evidence.log_by_origin(session, origin)
    if row is None:
        raise Conflict(f"There is no log {origin} in the database.", slug="no-such-log")
    return row.size, Tree(session, row.id).root(row.size)


def plan_log(
    session: Session,
    origin: str,
    row: LogRow | None,
    mirrors: Sequence[MirroredLog],
    outside: Outside,
    *,
    begun: int | None = None,
) -> LogPlan:
    """Compares the database, the mirrors and what others know. ``begun``: where an interrupted recovery began.

    Invalid for a mirror that contradicts the chain or itself, Conflict ``database-contradicts`` for a database that
    does, and ``mirror-too-short`` when others know more than any mirror.
    """
    have = row.size if row else 0
    best, reach = None, 0
    for mirror in mirrors:
        _require_own(session, row, mirror)
        vouched = _check_mirror(mirror, outside)
        _compare(session, row, mirror)
        sound = mirror.sound(vouched)
        if best is None or sound > reach:
            best, reach = mirror, sound
    size = max(have, reach)
    plan = LogPlan(origin, have, size, outside.head.size if outside.head else None, outside.chain_size)
    plan.since = have if begun is None else begun
    if best is not None and reach >= have and size > plan.since:
        plan.mirror, plan.new = best, row is None
    _require_long_enough(plan, mirrors)
    _check_head(session, row, best, outside.head)
    return plan


def _require_long_enough(plan: LogPlan, mirrors: Sequence[MirroredLog]) -> None:
    cosigned = max((mirror.head.size for mirror in mirrors), default=0)
    for size, whose in ((plan.chain, "the chain has the head"), (cosigned, "a witness has signed the head")):
        if plan.size < size:
            detail = (
                f"{plan.origin}: {whose} {size}, and only {plan.size} leaves are in the database or in a mirror: the "
                f"leaves {plan.size} to {size - 1} must come from another mirror (--mirror may be repeated)."
            )
            raise Conflict(detail, slug="mirror-too-short", extra={"first": plan.size, "end": size})


def check_signed(mirror: MirroredLog, unwrap: Unwrap) -> None:
    """Only this service can have made the mirror's newest head: a key of the log that the master key opens signed it.

    Invalid; Unavailable when the master key does not open the log's secrets.
    """
    ring, keys = mirror.keyring, []
    unwrap(ring.stream_key, streams_aad(ring.id))
    for key in ring.keys:
        made = NoteSigner(mirror.origin, SignatureType.ED25519, unwrap(key.wrapped, seed_aad(key.id))).key
        if made.format() != key.vkey:
            raise Invalid("mirror", f"{mirror.folder}: the keyring's key {key.id} is not the one of its seed")
        keys.append(made)
    try:
        signed = verify_note(mirror.note, keys)
    except ProofError as error:
        raise Invalid("mirror", f"{mirror.folder}: head.note: {error}") from None
    if not signed:
        raise Invalid("mirror", f"{mirror.folder}: head.note is not signed by a key of {mirror.origin}")


def _require_own(session: Session, row: LogRow | None, mirror: MirroredLog) -> None:
    """The keyring's log is the one of this origin in the database, or one that the database does not know."""
    known = evidence.log_by_id(session, mirror.keyring.id)
    if (known.id if known else None) != (row.id if row else None):
        raise Invalid("mirror", f"{mirror.folder}: the keyring names another log of the database than {mirror.origin}")


def _check_mirror(mirror: MirroredLog, outside: Outside) -> int:
    """Its tiles lead to the head its witness accepted and to every head on the chain; how far heads vouch for them."""
    heads = {mirror.head.size: mirror.head.root} | dict(outside.anchored)
    vouched = 0
    for size, root in sorted(heads.items()):
        if not size or size > mirror.tiles.size:
            continue
        if _root_of(mirror, size) != root:
            raise Invalid("mirror", f"{mirror.folder}: its leaves do not lead to the head at {size} that others have")
        vouched = size
    own = outside.head
    if own is not None and vouched < own.size <= mirror.tiles.size and _root_of(mirror, own.size) == own.root:
        return own.size
    return vouched


def _root_of(mirror: MirroredLog, size: int) -> bytes:
    try:
        return mirror.tiles.root(size)
    except ProofError as error:
        raise Invalid("mirror", f"{mirror.folder}: {error}") from None


def _compare(session: Session, row: LogRow | None, mirror: MirroredLog) -> None:
    """The database is whole and the beginning of the mirror, or the other way round."""
    if row is None or not row.size:
        return
    tree = Tree(session, row.id)
    last = evidence.last_index(session, row.id)
    try:
        whole = last == row.size - 1 and tree.root(row.size) == Frontier.decode(row.frontier).root()
    except ProofError:
        whole = False
    if not whole:
        raise _contradicts(f"{row.origin}: the database's own tree is not whole")
    common = min(row.size, mirror.tiles.size)
    if not common or tree.root(common) == mirror.tiles.root(common):
        return
    for start in range(0, common, _PAGE):
        ours = evidence.leaf_hashes(session, row.id, start, min(common, start + _PAGE))
        theirs = [
            each
            for tile in range(start // 256, -(-min(common, start + _PAGE) // 256))
            for each in mirror.tiles.leaf_hashes(tile)
        ]
        for index, (our, their) in enumerate(zip(ours, theirs, strict=False), start):
            if our != their:
                raise _contradicts(f"{row.origin}: the leaf {index} is not the one in {mirror.home}")
    raise _contradicts(f"{row.origin}: its stored tree is not that of its leaves")


def _check_head(session: Session, row: LogRow | None, mirror: MirroredLog | None, head: Head | None) -> None:
    """The head file tells of this very log, as far as it can be compared."""
    if head is None or not head.size:
        return
    root: bytes | None = None
    if row is not None and head.size <= row.size:
        root = Tree(session, row.id).root(head.size)
    elif mirror is not None and head.size <= mirror.tiles.size:
        root = mirror.tiles.root(head.size)
    if root is not None and root != head.root:
        raise _contradicts(f"{head.origin}: the head file has another root at {head.size}")


def _contradicts(told_as: str) -> Conflict:
    detail = f"{told_as}. Nothing was changed. Find out what was done to it: regseal fsck --mirror HOME"
    return Conflict(detail, slug="database-contradicts")


def check_entries(plan: LogPlan, open_blob: Open) -> list[Told]:
    """Every missing record opens and is what its leaf commits to; gives those of the service itself.

    Unavailable when the master key does not open them, Invalid for a record that is not its leaf's.
    """
    found: list[Told] = []
    mirror = plan.mirror
    if mirror is None:
        return found
    for start, entries in mirror.bundles(plan.since, plan.size):
        for index, entry in enumerate(entries, start):
            said = told(mirror, index, entry, open_blob)
            if index >= plan.have:
                name = BY_CODE[int.from_bytes(entry.leaf[2:4])].name
                plan.types[name] = plan.types.get(name, 0) + 1
                if entry.record_id is not None and not entry.ciphertext:
                    plan.blank.append(entry.record_id)
            if said is not None:
                found.append(said)
    return found


def told(mirror: MirroredLog, index: int, entry: Entry, open_blob: Open) -> Told | None:
    """The record of an entry, checked; None when it was erased, or nobody builds rows from it."""
    if entry.record_id is None:
        return None
    place = f"{mirror.origin}, leaf {index}, record {entry.record_id}"
    try:
        if entry.request:
            open_blob(entry.institution_id, entry.request, request_aad(entry.record_id))
        if not entry.ciphertext:
            return None
        stored = StoredRecord.unpack(open_blob(entry.institution_id, entry.ciphertext, record_aad(entry.record_id)))
    except (Unavailable, ValueError):
        detail = f"{place}: the master key does not open it, or the mirror's file was changed. Nothing was changed."
        raise Unavailable("mirror-unreadable", detail) from None
    fault = record_fault(stored.content, stored.secret, entry.leaf)
    if fault is not None:
        raise Invalid("mirror", f"{place}: {fault}")
    leaf = Leaf.decode(entry.leaf)
    if leaf.type_code < FIRST_SERVICE_CODE and leaf.record_type.name != MANIFEST:
        return None
    return Told(entry.record_id, entry.institution_id, mirror.keyring.id, index, leaf, leaf.hash(), stored.document())
