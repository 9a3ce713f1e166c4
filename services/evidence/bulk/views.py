"""What others see of an upload."""

from dataclasses import dataclass

__all__ = ["AcknowledgedChunk", "Outcome", "UploadView"]


@dataclass(frozen=True, slots=True)
class UploadView:
    """An upload. ``position`` bytes and ``lines`` lines are committed; times in UTC milliseconds."""

    id: str
    institution_id: str
    log_id: str
    atomic: bool
    status: str
    position: int
    lines: int
    accepted: int
    rejected: int
    created_at: int
    changed_at: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a line: ``record_id`` and ``index``, or ``start`` (byte), ``slug``, ``field`` and ``reason``."""

    line: int
    record_id: str | None = None
    index: int | None = None
    start: int | None = None
    slug: str | None = None
    field: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class AcknowledgedChunk:
    """A chunk's lines, and the signed note for those accepted: ``accepted`` indexes from ``first_index`` on."""

    first_line: int
    lines: int
    start: int
    end: int
    accepted: int
    first_index: int
    acknowledgement: str | None
