"""One unit of work: the leaves of one range with all that hangs on them. Runs in any process, reads one snapshot."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from chain.proof.checkpoint import Checkpoint
from chain.proof.ed25519 import signature_holds
from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES, leaf_hash
from chain.proof.note import SignatureType, VerifierKey, parse_note, verify_note
from chain.proof.record import submission_message
from chain.proof.tiles import TILE_WIDTH
from services.evidence import standing_repository
from services.evidence.fsck import repository
from services.evidence.fsck.findings import Finding
from services.evidence.fsck.mirrored import mirrored_fields
from services.evidence.fsck.outside import MirrorFolder
from services.evidence.fsck.repository import LeafAndRecord
from services.evidence.fsck.rules import Claim, StreamPart, Strength, broken_link, leaf_fault, record_fault
from services.evidence.fsck.tree import Part, part_of
from services.evidence.keys import KeyRange
from services.evidence.models import CheckpointRow, CosignatureRow
from services.evidence.records import StoredRecord
from services.evidence.retention.evidence import erasure_fault
from services.evidence.rules import Witness
from services.evidence.standing import Standing
from services.evidence.submission import record_aad
from services.evidence.tree import split_hashes
from services.platform.atrest import Vault
from services.platform.errors import Unavailable

__all__ = ["LogFacts", "RangeResult", "Task", "examine"]

Hashes = list[bytes | None]
_EXPLAINED: Mapping[str, tuple[tuple[str, ...], str | None]] = {
    "record-differs": (
        ("the commitment in the leaf at this index",),
        "a private receipt of this record (--receipt) or a mirror of its entries (--mirror) names the field",
    )
}


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What every range of a log needs to know.

    ``sealed``: the size of its newest checkpoint; ``graded``: grades were given under the present witness settings.
    """

    id: str
    origin: str
    size: int
    sealed: int
    keys: tuple[KeyRange, ...]
    witnesses: Mapping[str, tuple[str, str]]
    quorum: Mapping[str, int]
    graded: bool
    mirror: MirrorFolder | None
    mirror_size: int

    def standing(self) -> Standing:
        """How grades are given."""
        return Standing({name: Witness(*one) for name, one in self.witnesses.items()}, self.quorum, {})


@dataclass(frozen=True, slots=True)
class Task:
    """The leaves [``start``, ``end``) of a log; ``sizes`` at which somebody outside vouches for a head."""

    log: LogFacts
    start: int
    end: int
    sizes: tuple[int, ...]
    records: bool


@dataclass(slots=True)
class RangeResult:
    """What was found. ``leaves``, ``tiles`` and ``mirror`` are three accounts of the same stretch of the tree.

    ``against_tiles`` and ``against_mirror``: the leaves that these contradict, index -> record id.
    """

    start: int
    end: int
    leaves: Part | None = None
    tiles: Part | None = None
    mirror: Part | None = None
    against_tiles: dict[int, str | None] = field(default_factory=dict)
    against_mirror: dict[int, str | None] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    streams: dict[bytes, StreamPart] = field(default_factory=dict)
    claims: list[Claim] = field(default_factory=list)
    unknown_witnesses: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)


def examine(session: Session, vault: Vault, task: Task) -> RangeResult:
    """Derives the range anew."""
    result = RangeResult(task.start, task.end)
    hashes, ids = _read(session, vault, task, result)
    stored = _stored(session, task)
    copied = _copied(task)
    result.against_tiles = _differing(task.start, hashes, stored, ids)
    result.against_mirror = _differing(task.start, hashes, copied, ids)
    filled = _first_known(hashes, stored, copied)
    sizes = {*task.sizes, task.end, *_check_heads(session, task, result)}
    result.leaves = _part(task.start, filled, sizes, None, filled)
    result.tiles = _part(task.start, _first_known(stored, filled), sizes, result.leaves, filled)
    result.mirror = _part(task.start, _first_known(copied, filled), sizes, result.leaves, filled)
    _check_first_tiles(session, task, result, stored)
    return result


def _part(start: int, hashes: Hashes, sizes: Iterable[int], same: Part | None, as_these: Hashes) -> Part | None:
    if same is not None and hashes == as_these:
        return same
    whole = [one for one in hashes if one is not None]
    return part_of(start, whole, sizes) if len(whole) == len(hashes) else None


def _first_known(*accounts: Sequence[bytes | None]) -> Hashes:
    return [next((one for one in each if one is not None), None) for each in zip(*accounts, strict=True)]


def _differing(start: int, ours: Hashes, theirs: Hashes, ids: Sequence[str | None]) -> dict[int, str | None]:
    if ours == theirs:
        return {}
    both = enumerate(zip(ours, theirs, strict=True))
    return {start + at: ids[at] for at, (our, their) in both if their is not None and our is not None and our != their}


def _stored(session: Session, task: Task) -> Hashes:
    """The leaf hashes in the stored tiles; None behind the last checkpoint and where a tile is short."""
    first, end = task.start // TILE_WIDTH, -(-task.end // TILE_WIDTH)
    found = repository.tiles(session, task.log.id, 0, first, end)
    hashes: Hashes = []
    for index in range(first, end):
        tile = split_hashes(found.get(index, b""))[:TILE_WIDTH]
        hashes += [one if len(one) == HASH_BYTES else None for one in tile] + [None] * (TILE_WIDTH - len(tile))
    sealed = max(0, min(task.end, task.log.sealed) - task.start)
    return hashes[:sealed] + [None] * (task.end - task.start - sealed)


def _copied(task: Task) -> Hashes:
    log, end = task.log, min(task.end, task.log.mirror_size)
    found: Hashes = []
    if log.mirror is not None and end > task.start:
        found = log.mirror.hashes(log.origin, task.start, end, log.mirror_size)
    return found + [None] * (task.end - task.start - len(found))


def _check_first_tiles(session: Session, task: Task, result: RangeResult, stored: Hashes) -> None:
    """Tiles are complete, and those of the next level hold the roots of these."""
    sealed = max(0, min(task.end, task.log.sealed) - task.start)
    for at in [at for at in range(sealed) if stored[at] is None][:1]:
        result.findings.append(
            Finding(
                kind="tile-differs",
                origin=task.log.origin,
                first=task.start + at,
                detail=f"the tile 0/{(task.start + at) // TILE_WIDTH} ends before the last checkpoint does",
            )
        )
    if result.leaves is None or result.against_tiles:
        return
    full = list(result.leaves.tiles[: sealed // TILE_WIDTH])
    index, offset = divmod(task.start // TILE_WIDTH, TILE_WIDTH)
    above = split_hashes(repository.tiles(session, task.log.id, 1, index, index + 1).get(index, b""))
    if full != above[offset : offset + len(full)]:
        result.findings.append(
            Finding(
                kind="tile-differs",
                origin=task.log.origin,
                first=task.start,
                end=task.end,
                detail=f"the tile 1/{index} does not hold the roots of the tiles below it",
            )
        )


# rows


def _read(session: Session, vault: Vault, task: Task, result: RangeResult) -> tuple[Hashes, list[str | None]]:
    """Looks at each row once. By index: the leaf's hash, None where the leaf is missing, and the record's id."""
    hashes: Hashes = []
    ids: list[str | None] = []
    check = _RowCheck(session, vault, task, result)
    records = 0

    def missing_until(index: int) -> None:
        while task.start + len(hashes) < index:
            check.missing(task.start + len(hashes))
            hashes.append(None)
            ids.append(None)

    for row in repository.leaves(session, task.log.id, task.start, task.end, records=task.records):
        missing_until(row.idx)
        hashes.append(check.leaf(row))
        ids.append(row.record_id)
        if task.records:
            check.record(row)
            records += row.found_id is not None
    missing_until(task.end)
    result.counts["leaves"] = len(hashes) - hashes.count(None)
    if task.records:
        result.counts["records"] = records
    return hashes, ids


class _RowCheck:
    """Looks at one row after the other."""

    def __init__(self, session: Session, vault: Vault, task: Task, result: RangeResult) -> None:
        self._session = session
        self._vault = vault
        self._log = task.log
        self._result = result

    def missing(self, index: int) -> None:
        self._found("leaf-missing", index, None, "there is no row at this index")

    def leaf(self, row: LeafAndRecord) -> bytes:
        """Its hash."""
        leaf = row.leaf
        hashed = leaf_hash(leaf)
        fault = leaf_fault(leaf)
        if fault is not None:
            self._found("leaf-malformed", row.idx, row.record_id, fault)
            return hashed
        if hashed != row.leaf_hash:
            self._found("leaf-hash", row.idx, row.record_id, "the column beside the leaf says otherwise")
        seq, stream, previous = int.from_bytes(leaf[8:16]), leaf[16:32], leaf[32:64]
        known = self._result.streams.get(stream)
        if known is None:
            self._result.streams[stream] = StreamPart(row.idx, seq, previous, seq, hashed)
            return hashed
        if seq != known.last_seq + 1 or previous != known.last_hash:
            told = broken_link(known.last_seq + 1, known.last_hash, seq, previous)
            self._found("stream-broken", row.idx, row.record_id, told)
        known.last_seq, known.last_hash = seq, hashed
        return hashed

    def record(self, row: LeafAndRecord) -> None:
        if row.found_id is None or row.ciphertext is None or row.institution_id is None:
            named = f"the row of {row.record_id} is gone" if row.record_id else "it names no record"
            self._found("record-missing", row.idx, row.record_id, named)
            return
        leaf = row.leaf
        expected = (self._log.id, row.idx, int.from_bytes(leaf[2:4]), leaf[4], int.from_bytes(leaf[96:]))
        actual = (row.log_id, row.record_idx, row.type_code, row.phase, row.accepted_at)
        names = ("log", "index", "type", "phase", "accepted_at")
        wrong = [name for name, one, other in zip(names, expected, actual, strict=True) if one != other]
        if wrong:
            self._found("record-row", row.idx, row.found_id, f"{', '.join(wrong)} of the row are not the leaf's")
        self._open(row, row.institution_id, row.ciphertext)

    def _open(self, row: LeafAndRecord, institution_id: str, ciphertext: bytes) -> None:
        if not ciphertext:
            fault = erasure_fault(self._session, self._vault, row.found_id or "")
            if fault is not None:
                self._found("record-unreadable", row.idx, row.found_id, fault)
            return
        try:
            plain = self._vault.decrypt(self._session, institution_id, ciphertext, record_aad(row.found_id or ""))
            stored = StoredRecord.unpack(plain)
        except (Unavailable, ValueError) as error:
            self._found("record-unreadable", row.idx, row.found_id, str(error) or "not a stored record")
            return
        fault = record_fault(stored.content, stored.secret, row.leaf)
        if fault is not None:
            self._found("record-differs", row.idx, row.found_id, fault)
            if self._log.mirror is not None:
                self._result.findings += mirrored_fields(
                    self._session, self._vault, self._log.mirror, origin=self._log.origin, row=row, stored=stored
                )
        elif stored.submitter is not None:
            message = submission_message(self._log.origin, stored.document())
            if not signature_holds(stored.submitter.public_key, message, stored.submitter.signature):
                self._found("submitter-signature", row.idx, row.found_id, "the record itself is what was committed to")

    def _found(self, kind: str, index: int, record_id: str | None, detail: str) -> None:
        against, no_closer = _EXPLAINED.get(kind, ((), None))
        finding = Finding(
            kind=kind,
            origin=self._log.origin,
            detail=detail,
            first=index,
            end=index + 1,
            record_id=record_id,
            contradicted_by=against,
            why_not_narrower=no_closer,
        )
        self._result.findings.append(finding)


# heads


def _check_heads(session: Session, task: Task, result: RangeResult) -> list[int]:
    """The range's checkpoints and their signatures; the sizes at which some head must be computed."""
    rows = repository.checkpoints(session, task.log.id, task.start, task.end)
    if not rows:
        return []
    witnesses = {name: VerifierKey.parse(one[0]) for name, one in task.log.witnesses.items()}
    cosigned: dict[int, list[CosignatureRow]] = {}
    for each in standing_repository.cosignatures_between(session, task.log.id, rows[0].size, rows[-1].size):
        cosigned.setdefault(each.size, []).append(each)
    for row in rows:
        text = _check_checkpoint(task.log, row, result)
        for each in cosigned.get(row.size, ()) if text else ():
            _check_cosignature(task.log, text or "", each, witnesses, result)
    for row, grade in task.log.standing().graded(session, rows):
        if task.log.graded and int(grade) != row.grade:
            result.findings.append(_grade_finding(task.log, row, int(grade), cosigned.get(row.size, ())))
    result.counts["checkpoints"] = len(rows)
    result.counts["cosignatures"] = sum(map(len, cosigned.values()))
    return [row.size for row in rows]


def _check_checkpoint(log: LogFacts, row: CheckpointRow, result: RangeResult) -> str | None:
    """The signed text when it is this checkpoint's and signed by the log's key of this size."""
    try:
        note = parse_note(row.note)
        head = Checkpoint.parse(note.text)
        vkey = next(one.vkey for one in log.keys if one.from_size <= row.size < (one.to_size or row.size + 1))
        signed = verify_note(note, [VerifierKey.parse(vkey)])
    except (ProofError, StopIteration) as error:
        told = str(error) or "the log has no key for it"
        result.findings.append(_head_finding("checkpoint-signature", log, row.size, told))
        return None
    if not signed or (head.origin, head.size) != (log.origin, row.size):
        told = "the key of this size did not sign it" if not signed else "its note is of another head"
        result.findings.append(_head_finding("checkpoint-signature", log, row.size, told))
        return None
    if head.root != row.root:
        told = "its row has another root than its signed note"
        result.findings.append(_head_finding("checkpoint-differs", log, row.size, told))
    result.claims.append(Claim(row.size, Strength.LOG, head.root, f"the log's signed checkpoint {row.size}"))
    return note.text


def _check_cosignature(
    log: LogFacts, text: str, line: CosignatureRow, witnesses: Mapping[str, VerifierKey], result: RangeResult
) -> None:
    try:
        note = parse_note(f"{text}\n{line.line}")
        key = witnesses.get(line.witness)
        cosigner = key.of_type(SignatureType.COSIGNATURE) if key else None
        if cosigner is None or all(one.key_id != cosigner.key_id for one in note.signatures):
            result.unknown_witnesses.add(line.witness)
            return
        verify_note(note, [cosigner])
    except ProofError as error:
        told = f"that of {line.witness}: {error}"
        result.findings.append(_head_finding("cosignature-wrong", log, line.size, told))
        return
    by = f"the cosignature of {line.witness} at {line.size}"
    result.claims.append(Claim(line.size, Strength.WITNESS, Checkpoint.parse(text).root, by))


def _grade_finding(log: LogFacts, row: CheckpointRow, grade: int, lines: Sequence[CosignatureRow]) -> Finding:
    have = ", ".join(line.witness for line in lines) or "nobody"
    told = f"its grade is {row.grade}, what is stored beside it gives {grade} (cosigned by {have})"
    return _head_finding("grade-differs", log, row.size, told)


def _head_finding(kind: str, log: LogFacts, size: int, told: str) -> Finding:
    detail = f"checkpoint {size}: {told}"
    return Finding(kind=kind, origin=log.origin, first=size - 1, end=size, detail=detail)
