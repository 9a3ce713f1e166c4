"""What has become of a record's content, as others are shown it."""

from dataclasses import dataclass

from services.platform.clock import rfc3339
from services.platform.errors import RegsealError

__all__ = ["ERASED", "RESTRICTED", "RetentionView", "withheld"]

RESTRICTED, ERASED = "restricted", "erased"


@dataclass(frozen=True, slots=True)
class RetentionView:
    """``restricted`` (限制处理): stored and not read until ``erasable_at``; ``erased`` (已删除): gone for good.

    ``rule`` and ``source`` say why it was not erased at once; ``evidence`` are the records of request and outcome.
    Times in UTC ms; ``erasable_at`` is None while no term is set.
    """

    record_id: str
    state: str
    retention_class: str
    rule: str | None
    source: str
    erasable_at: int | None
    requested_at: int
    erased_at: int | None
    evidence: tuple[str, ...]


def withheld(held: RetentionView) -> RegsealError:
    """The refusal to whoever asks for the content: 410 ``record-erased`` or 409 ``record-restricted``."""
    if held.state == ERASED:
        detail = "The content of this record was erased. Its leaf and its public receipt still verify."
        extra = {"erased_at": rfc3339(held.erased_at or 0)}
        return RegsealError("record-erased", 410, "The record was erased", detail, source=held.source, extra=extra)
    until = rfc3339(held.erasable_at) if held.erasable_at is not None else None
    return RegsealError(
        "record-restricted",
        409,
        "The record is restricted",
        "Its erasure was asked for; until its term is over it is stored and not read. Its public receipt verifies.",
        rule=held.rule,
        source=held.source,
        extra={"erasable_at": until},
    )
