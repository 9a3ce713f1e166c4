"""The bytes of one request on their way into the log: verify or split, prepare, encrypt, sequence.

A few chunks are on their way at once, each at another station, always in order. When the request fails, what was not
yet sequenced is forgotten; what was, is finished.
"""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass

from chain.proof.types import Phase
from services.evidence.bulk.lines import Chunk, Splitter
from services.evidence.bulk.models import UploadRow
from services.evidence.bulk.preparing import Prepared, Ready, Refused
from services.evidence.bulk.replay import Replay
from services.evidence.bulk.unit import ChunkUnit, moved_on
from services.evidence.group import LeafDraft
from services.evidence.submission import record_aad
from services.platform.atrest import aad
from services.platform.errors import Conflict, Invalid, TooLarge
from services.platform.ids import new_id

__all__ = ["MAX_ATOMIC_BYTES", "MAX_ATOMIC_LINES", "MAX_REJECTED", "Intake", "Stations"]

MAX_ATOMIC_LINES = 10_000
MAX_ATOMIC_BYTES = 32 << 20
MAX_REJECTED = 100_000
_AHEAD = 3  # chunks that are prepared while one is sequenced
_COMMITTING = 2


@dataclass(frozen=True, slots=True)
class Stations:
    """What a chunk passes. ``seal`` encrypts (plaintext, associated data) for the upload's institution."""

    prepare: Callable[[list[bytes | None]], Future[Prepared]]
    seal: Callable[[list[tuple[bytes, bytes]]], list[bytes]]
    sequence: Callable[[ChunkUnit], Future[str]]
    anchor_by_ms: int
    max_bytes: int


class Intake:
    """One request's. ``feed`` and ``finish`` block as the log does; ``close`` in any case. Not for several threads."""

    def __init__(self, upload: UploadRow, stations: Stations, replay: Replay | None) -> None:
        self._upload = upload
        self._stations = stations
        self._replay = replay
        self._accepted, self._rejected = upload.accepted, upload.rejected
        self._preparing: deque[tuple[Chunk, Future[Prepared]]] = deque()
        self._committing: deque[Future[str]] = deque()
        limits = {"max_lines": MAX_ATOMIC_LINES + 1, "max_bytes": MAX_ATOMIC_BYTES} if upload.atomic else {}
        self._splitter = Splitter(upload.position, upload.lines, **limits)

    def feed(self, data: bytes) -> None:
        """The next bytes. TooLarge, Conflict ``upload-differs`` / ``upload-moved`` / ``log-closed``, Unavailable."""
        if self._replay is not None:
            data = self._replay.feed(data)
        if not data:
            return
        if self._upload.status != "open":
            raise moved_on(self._upload.position)
        if self._splitter.position + len(data) > self._stations.max_bytes:
            raise TooLarge(self._stations.max_bytes)
        for chunk in self._splitter.feed(data):
            if self._upload.atomic:
                most = f"{MAX_ATOMIC_LINES} lines and {MAX_ATOMIC_BYTES} bytes"
                raise Invalid("lines", f"An atomic upload has at most {most}.")
            self._push(chunk)

    def finish(self) -> None:
        """The body has ended whole; returns when everything of it is durable."""
        if self._replay is not None:
            self._replay.finish()
        for chunk in self._splitter.finish():
            self._push(chunk)
        self.keep()

    def keep(self) -> None:
        """Returns when all full chunks are durable: those of a body that broke off are kept."""
        while self._preparing:
            self._hand_over()
        while self._committing:
            self._committing.popleft().result()

    def close(self) -> None:
        """Forgets what was not handed to the sequencer and waits for what was."""
        for _, future in self._preparing:
            future.cancel()
        wait(self._committing)

    def _push(self, chunk: Chunk) -> None:
        self._preparing.append((chunk, self._stations.prepare(chunk.lines)))
        while self._preparing and (len(self._preparing) > _AHEAD or self._preparing[0][1].done()):
            self._hand_over()

    def _hand_over(self) -> None:
        chunk, future = self._preparing.popleft()
        unit = self._unit(chunk, future.result())
        while len(self._committing) >= _COMMITTING:
            self._committing.popleft().result()
        self._committing.append(self._stations.sequence(unit))

    def _unit(self, chunk: Chunk, prepared: Prepared) -> ChunkUnit:
        good = [each for each in prepared if isinstance(each, Ready)]
        bad = [(place, each) for place, each in enumerate(prepared) if isinstance(each, Refused)]
        before = self._accepted, self._rejected
        self._accepted += len(good)
        self._rejected += len(bad)
        if self._rejected > MAX_REJECTED:
            raise Conflict(f"More than {MAX_REJECTED} lines were rejected.", slug="too-many-rejected")
        drafts = [
            LeafDraft(each.stream, each.type_code, Phase.EVENT, each.commitment, record_id=new_id("rec"))
            for each in good
        ]
        plain = [(each.packed, record_aad(draft.record_id or "")) for each, draft in zip(good, drafts, strict=True)]
        return ChunkUnit(
            upload=self._upload,
            chunk=chunk,
            drafts=drafts,
            sealed=self._stations.seal(plain),
            rejected=self._rows(chunk, bad),
            before=before,
            anchor_by_ms=self._stations.anchor_by_ms,
        )

    def _rows(self, chunk: Chunk, bad: list[tuple[int, Refused]]) -> list[dict[str, object]]:
        upload_id = self._upload.id
        plain = [
            (f"{each.field}\n{each.reason}".encode("utf-8", "replace"), rejection_aad(upload_id, chunk.first + place))
            for place, each in bad
        ]
        return [
            {
                "upload_id": upload_id,
                "line": chunk.first + place,
                "start": chunk.offsets[place],
                "slug": each.slug,
                "ciphertext": ciphertext,
            }
            for (place, each), ciphertext in zip(bad, self._stations.seal(plain), strict=True)
        ]


def rejection_aad(upload_id: str, line: int) -> bytes:
    """What binds a stored reason to its row."""
    return aad("upload-rejection", f"{upload_id}/{line}")
