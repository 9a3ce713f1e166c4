"""Bytes that are sent again: skipped, but not believed."""

from collections.abc import Callable, Sequence

from chain.proof.hashing import RunningSha256
from services.evidence.bulk.models import UploadChunkRow
from services.platform.errors import Conflict

__all__ = ["Replay"]


class Replay:
    """Compares what comes with the digests of the chunks that were committed from ``start`` to ``end``.

    ``load(start)`` gives the next chunks from this byte on.
    """

    def __init__(self, start: int, end: int, load: Callable[[int], Sequence[UploadChunkRow]]) -> None:
        self._position = start
        self._end = end
        self._load = load
        self._ahead: list[UploadChunkRow] = []
        self._hash = RunningSha256()

    def feed(self, data: bytes) -> bytes:
        """What lies beyond the committed bytes. Conflict ``upload-differs`` when these are not the same bytes."""
        while data and self._position < self._end:
            chunk = self._chunk()
            part, data = data[: chunk.end - self._position], data[chunk.end - self._position :]
            self._hash.update(part)
            self._position += len(part)
            if self._position == chunk.end:
                if self._hash.digest() != chunk.digest:
                    raise _differs(chunk.start, chunk.first_line)
                self._hash = RunningSha256()
                self._ahead.pop()
        return data

    def finish(self) -> None:
        """The body has ended. Conflict ``upload-differs`` when it did so in the middle of a chunk."""
        if self._ahead and self._ahead[-1].start < self._position:
            raise _differs(self._ahead[-1].start, self._ahead[-1].first_line)

    def _chunk(self) -> UploadChunkRow:
        if not self._ahead:
            self._ahead = list(reversed(self._load(self._position)))
            if not self._ahead or self._ahead[-1].start != self._position:  # not where a chunk begins
                raise _differs(self._position, None)
        return self._ahead[-1]


def _differs(start: int, line: int | None) -> Conflict:
    where = {"position": start} if line is None else {"position": start, "line": line}
    return Conflict(
        f"These are not the bytes that were committed from byte {start} on.", slug="upload-differs", extra=where
    )
