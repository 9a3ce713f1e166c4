"""One request makes one thing, however often it arrives: for units of the sequencer."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.platform import idempotency
from services.platform.idempotency import Once

__all__ = ["do_once", "made_before"]

T = TypeVar("T")


def made_before(session: Session, whose: str, once: Once | None) -> str | None:
    """The id of what the request made before, None when it is new; keys are ``whose`` (an institution's, say)."""
    found = once and idempotency.find(session, whose, once.key, once.digest)
    return found.resource_id if found else None


def do_once(
    group: Group,
    whose: str,
    once: Once | None,
    *,
    kind: str,
    make: Callable[[], tuple[str, T]],
    again: Callable[[str], T],
) -> T:
    """What ``make`` makes, with its id; or what it made before, by ``again``."""
    known = made_before(group.session, whose, once)
    if known is not None:
        return again(known)
    made_id, made = make()
    if once is not None:
        idempotency.begin(
            group.session,
            whose,
            once.key,
            once.digest,
            resource_type=kind,
            resource_id=made_id,
            now_ms=group.now_ms,
        )
    return made
