"""From a stream of bytes to chunks of lines, in constant memory. Pure.

A chunk ends after :data:`MAX_CHUNK_LINES` lines or when it holds :data:`MAX_CHUNK_BYTES`, whichever is first. Lines end
with LF (a CR before it is white space of JSON); the last one of a body needs none. A line longer than
:data:`MAX_LINE` bytes is counted and hashed, but never held.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from chain.proof.hashing import RunningSha256

__all__ = ["MAX_CHUNK_BYTES", "MAX_CHUNK_LINES", "MAX_LINE", "Chunk", "Splitter"]

MAX_LINE = 131_072
MAX_CHUNK_LINES = 1_000
MAX_CHUNK_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class Chunk:
    """The lines from number ``first`` (from 1) on, at bytes ``start`` to ``end`` of the upload.

    ``lines`` has None for a line that is too long, ``offsets`` where each begins; ``digest`` is SHA-256 of the bytes.
    """

    first: int
    start: int
    end: int
    lines: list[bytes | None]
    offsets: list[int]
    digest: bytes


class Splitter:
    """Feed it the bytes after ``offset``, at which ``lines`` lines have ended."""

    def __init__(
        self, offset: int, lines: int, *, max_lines: int = MAX_CHUNK_LINES, max_bytes: int = MAX_CHUNK_BYTES
    ) -> None:
        self.position = offset
        self._number = lines
        self._max_lines = max_lines
        self._max_bytes = max_bytes
        self._tail = bytearray()  # of the line that has not ended
        self._too_long = False
        self._line_at = offset
        self._begin()

    def feed(self, data: bytes) -> Iterator[Chunk]:
        """The chunks that are full now."""
        begin = hashed = 0
        while (end := data.find(b"\n", begin)) != -1:
            self._hold(data[begin:end])
            self.position += end + 1 - begin
            self._end_line()
            begin = end + 1
            if len(self._lines) >= self._max_lines or self._bytes >= self._max_bytes:
                self._hash.update(data[hashed:begin])
                hashed = begin
                yield self._close()
        self._hold(data[begin:])
        self.position += len(data) - begin
        self._hash.update(data[hashed:])

    def finish(self) -> Iterator[Chunk]:
        """The last chunk, if there is one: the body has ended, and with it its last line."""
        if self.position > self._line_at:
            self._end_line()
        if self._lines:
            yield self._close()

    def _hold(self, part: bytes) -> None:
        if self._too_long or len(self._tail) + len(part) > MAX_LINE:
            self._too_long = True
            self._tail.clear()
        else:
            self._tail += part

    def _end_line(self) -> None:
        self._lines.append(None if self._too_long else bytes(self._tail))
        self._offsets.append(self._line_at)
        self._bytes += len(self._tail)
        self._tail.clear()
        self._too_long = False
        self._line_at = self.position

    def _close(self) -> Chunk:
        first, self._number = self._number + 1, self._number + len(self._lines)
        chunk = Chunk(first, self._start, self.position, self._lines, self._offsets, self._hash.digest())
        self._begin()
        return chunk

    def _begin(self) -> None:
        self._start = self.position
        self._lines: list[bytes | None] = []
        self._offsets: list[int] = []
        self._bytes = 0
        self._hash = RunningSha256()
