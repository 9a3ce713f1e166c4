"""Bulk uploads against the log: what each chunk's row says of lines, leaves and acknowledgement."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from chain.proof.checkpoint import Acknowledgement
from chain.proof.errors import ProofError
from chain.proof.merkle import leaf_hash, root_of
from chain.proof.note import parse_note, verify_note
from services.evidence.bulk.models import UploadChunkRow, UploadRow
from services.evidence.fsck import files_repository as repository
from services.evidence.fsck.findings import Finding
from services.evidence.keys import LogKeys
from services.platform.errors import NotFound, Unavailable

__all__ = ["check_uploads"]


def check_uploads(session: Session, keys: LogKeys) -> Iterator[Finding]:
    """Every chunk of every upload."""
    for upload, origin in repository.uploads(session):
        yield from _check_upload(session, keys, upload, origin)
        session.expunge(upload)


def _check_upload(session: Session, keys: LogKeys, upload: UploadRow, origin: str) -> Iterator[Finding]:
    line, start, accepted, rejected = 1, 0, 0, 0
    for chunk in repository.chunks(session, upload.id):
        lines = f"lines {chunk.first_line} to {chunk.first_line + chunk.lines - 1} of {upload.id}"
        if (chunk.first_line, chunk.start) != (line, start):
            detail = f"between line {line} (byte {start}) and {lines} (byte {chunk.start}) a chunk is missing or moved"
            yield _finding("upload-chunk", origin, chunk, detail)
        refused = repository.rejected_in(session, upload.id, chunk.first_line, chunk.lines)
        if chunk.accepted + refused != chunk.lines:
            detail = f"{lines}: {chunk.accepted} accepted and {refused} rejected are not {chunk.lines}"
            yield _finding("upload-chunk", origin, chunk, detail)
        if chunk.accepted or chunk.acknowledgement is not None:
            fault = _fault(session, keys, upload, origin, chunk)
            if fault is not None:
                yield _finding("upload-chunk", origin, chunk, f"{lines}: {fault}")
        line, start = chunk.first_line + chunk.lines, chunk.end
        accepted, rejected = accepted + chunk.accepted, rejected + refused
        session.expunge(chunk)
    said = (upload.lines + 1, upload.position, upload.accepted, upload.rejected)
    refused_whole = upload.status == "aborted" and start == 0  # all or nothing: nothing was committed
    if said != (line, start, accepted, rejected) and not refused_whole:
        detail = (
            f"{upload.id} says it stands at line {said[0] - 1}, byte {said[1]}; its chunks end at {line - 1}, {start}"
        )
        yield Finding(kind="upload-row", origin=origin, detail=detail)


def _fault(session: Session, keys: LogKeys, upload: UploadRow, origin: str, chunk: UploadChunkRow) -> str | None:
    """What contradicts the chunk's acknowledgement, in words."""
    try:
        note = parse_note(chunk.acknowledgement or "")
        promise = Acknowledgement.parse(note.text)
        signed = verify_note(note, [keys.acknowledger(session, upload.log_id, chunk.first_index).key])
    except (ProofError, NotFound, Unavailable) as error:
        return f"its acknowledgement cannot be read: {error}"
    if not signed:
        return "its acknowledgement is not signed by the log's key"
    if (promise.origin, promise.first, promise.count) != (origin, chunk.first_index, chunk.accepted):
        return f"its row says {chunk.accepted} leaves from {chunk.first_index} on, its acknowledgement others"
    rows = repository.leaves_of_chunk(session, upload.log_id, chunk.first_index, chunk.accepted)
    if len(rows) != chunk.accepted or root_of([leaf_hash(leaf) for leaf, _ in rows]) != promise.root:
        return "the leaves there are not those that were acknowledged"
    if {owner for _, owner in rows} != {upload.institution_id}:
        return "the records there are not the institution's"
    return None


def _finding(kind: str, origin: str, chunk: UploadChunkRow, detail: str) -> Finding:
    first, count = chunk.first_index, chunk.accepted
    return Finding(kind=kind, origin=origin, detail=detail, first=first, end=first + count if count else None)
