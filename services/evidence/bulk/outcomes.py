"""What became of each line, from the chunks, the log and the rejected lines."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from services.evidence.bulk import repository
from services.evidence.bulk.models import RejectionRow, UploadChunkRow, UploadRow
from services.evidence.bulk.views import Outcome

__all__ = ["outcomes_of"]

Rejected = Callable[[RejectionRow], Outcome]


def outcomes_of(session: Session, upload: UploadRow, *, after: int, limit: int, rejected: Rejected) -> list[Outcome]:
    """The outcomes of at most ``limit`` lines beyond number ``after``; ``rejected`` reads a rejection."""
    found: list[Outcome] = []
    for chunk in repository.chunks_over(session, upload.id, after, limit):
        begin = max(after, chunk.first_line - 1)
        last = min(chunk.first_line + chunk.lines - 1, begin + limit - len(found))
        found += _of_chunk(session, upload.log_id, chunk, lines=range(begin + 1, last + 1), rejected=rejected)
        if len(found) == limit:
            break
    return found


def _of_chunk(
    session: Session, log_id: str, chunk: UploadChunkRow, *, lines: range, rejected: Rejected
) -> list[Outcome]:
    before, last = chunk.first_line - 1, lines[-1]
    bad = {
        row.line: row for row in repository.rejections(session, chunk.upload_id, before, chunk.lines, last_line=last)
    }
    # The accepted lines of a chunk stand in the log side by side, in their order.
    index = chunk.first_index + lines.start - chunk.first_line - sum(line < lines.start for line in bad)
    good = [line for line in lines if line not in bad]
    ids = dict(zip(good, repository.indexed(session, log_id, index, len(good)), strict=False))
    places = dict(zip(good, range(index, index + len(good)), strict=True))
    return [
        rejected(bad[line]) if line in bad else Outcome(line, record_id=ids.get(line), index=places[line])
        for line in lines
    ]
