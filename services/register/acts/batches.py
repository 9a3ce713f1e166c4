"""Many acts in one request (批量办理), line by line: each is asked for by itself, and a refused line is told.

What must be all or nothing is one act: ``transfer-batch``, under one checker's signature.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from chain.proof.hashing import sha256
from services.identity.policy import Principal
from services.platform.errors import Invalid, RegsealError
from services.platform.idempotency import Once
from services.platform.ids import new_id
from services.register.acts.desk import ActDesk
from services.register.acts.said import Said
from services.register.acts.views import ActView

__all__ = ["MOST", "BatchLine", "BatchView", "Batches"]

MOST = 500
"""Lines of one request."""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """What became of a line (from 1): its act, or why there is none."""

    line: int
    act: ActView | None
    problem: RegsealError | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """The lines of a batch, in their order."""

    id: str
    lines: tuple[BatchLine, ...]


class Batches:
    """The door."""

    def __init__(self, desk: ActDesk) -> None:
        self._desk = desk

    def request(self, caller: Principal, lines: Sequence[Said], *, once: Once | None) -> BatchView:
        """Asks for each line; durable when it returns. The same request again makes no line twice, tries the refused.

        Invalid for an empty or too long list; Forbidden, NotFound, Conflict as for one act.
        """
        if not 0 < len(lines) <= MOST:
            raise Invalid("/acts", f"Expected 1 to {MOST} acts.")
        batch = new_id("bat") if once is None else f"bat_{sha256(once.key.encode() + once.digest).hex()[:32]}"
        self._desk.require(caller)
        asked = [self._ask(caller, said, batch, _line_of(once, place)) for place, said in enumerate(lines, start=1)]
        return BatchView(batch, tuple(_settled(place, each) for place, each in enumerate(asked, start=1)))

    def _ask(self, caller: Principal, said: Said, batch: str, once: Once | None) -> Future[ActView] | RegsealError:
        try:
            return self._desk.request(caller, said, once=once, batch=batch)
        except RegsealError as error:
            return error


def _line_of(once: Once | None, place: int) -> Once | None:
    """Each line is done once under a key of its own, made from the request's."""
    return None if once is None else Once(sha256(f"{once.key}\n{place}".encode()).hex(), once.digest)


def _settled(line: int, asked: Future[ActView] | RegsealError) -> BatchLine:
    if isinstance(asked, RegsealError):
        return BatchLine(line, None, asked)
    try:
        return BatchLine(line, asked.result(), None)
    except RegsealError as error:
        return BatchLine(line, None, error)
