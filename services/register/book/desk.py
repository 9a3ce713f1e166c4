"""The door to what is read of the register: securities, holders at a moment, histories, liens, alerts."""

from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.orm import Session

from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.errors import Conflict, Invalid, NotFound
from services.platform.ids import check_id
from services.register.book import repository
from services.register.book.alerts import KINDS
from services.register.book.models import AlertRow
from services.register.book.projection import LISTENER
from services.register.book.reader import WHOLE, Part, Reader, Seen, security_view
from services.register.book.views import AlertView, Change, Register, SecurityView
from services.register.parts import RegisterParts
from services.register.sight import sight_of

__all__ = ["BookDesk", "Names", "certified", "seen"]

Names = Callable[[Session, Sequence[str]], Mapping[str, str]]
"""What holders are called, by account: identity data, which only ``register.personal`` may see."""


class BookDesk:
    """Reads the register for whoever may, an issuer its own; names stand beside accounts for whom they are."""

    def __init__(self, parts: RegisterParts, reader: Reader, names: Names) -> None:
        self._parts = parts
        self._reader = reader
        self._names = names

    def securities(
        self, caller: Principal, *, issuer: str | None, limit: int, cursor: str | None
    ) -> Page[SecurityView]:
        """Securities by id, of one company if given."""
        with self._parts.database.read() as session:
            sight = sight_of(self._parts, session, caller)
            wanted = sight.companies if issuer is None else [issuer] if sight.sees(issuer) else []
            found = repository.securities(session, self._parts.chain, issuers=wanted, after=cursor, limit=limit + 1)
            items = tuple(security_view(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def security(self, caller: Principal, security_id: str) -> SecurityView:
        """One security. NotFound."""
        with self._parts.database.read() as session:
            sight_of(self._parts, session, caller).require_security(session, self._parts.chain, security_id)
            return self._reader.security(session, check_id(security_id, "sec", "security"))

    def register(
        self,
        caller: Principal,
        security_id: str,
        *,
        at: int | None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> tuple[Register, Mapping[str, str]]:
        """The holders at a moment (None: now), all or a page of them, the liens; and names. NotFound, Invalid."""
        part = WHOLE if limit is None else Part(cursor or "", limit)
        with self._parts.database.read() as session:
            sight = sight_of(self._parts, session, caller)
            sight.require_security(session, self._parts.chain, security_id)
            moment = seen(session, self._parts, at)
            found = self._reader.register(session, check_id(security_id, "sec", "security"), moment, part)
            accounts = [*(line.account_id for line in found.lines), *(lien.account_id for lien in found.liens)]
            return found, self._names(session, list(dict.fromkeys(accounts))) if sight.names else {}

    def history(
        self, caller: Principal, security_id: str, account_id: str, *, limit: int, cursor: str | None
    ) -> Page[Change]:
        """Every change of a position by seq, each with its place. NotFound where it never held the security."""
        after = _number(cursor)
        with self._parts.database.read() as session:
            sight_of(self._parts, session, caller).require_security(session, self._parts.chain, security_id)
            self._reader.security(session, check_id(security_id, "sec", "security"))
            check_id(account_id, "acc", "account")
            found = self._reader.history(session, security_id, account_id, after=after, limit=limit + 1)
        if not found and not after:
            raise NotFound("This account never held the security.")
        items = tuple(found[:limit])
        return Page(items, str(items[-1].position.seq) if len(found) > limit else None)

    def alerts(
        self, caller: Principal, *, kinds: Sequence[str], standing: bool, limit: int, cursor: str | None
    ) -> Page[AlertView]:
        """Alerts, the oldest first. Invalid for a kind that there is not."""
        if unknown := sorted(set(kinds) - set(KINDS)):
            raise Invalid("kind", f"There is no kind of alert {unknown[0]}; there are {', '.join(KINDS)}.")
        with self._parts.database.read() as session:
            self._parts.require(session, caller, "register.read")
            found = repository.alerts(
                session, self._parts.chain, kinds=kinds, standing=standing, after=cursor or "", limit=limit + 1
            )
        items = tuple(_alert(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)


def seen(session: Session, parts: RegisterParts, at: int | None) -> Seen:
    """The moment, and how far the chain was read. Invalid ``at`` for one to come, Conflict ``register-unread``.

    Now is the time of the last block that was read: by it the contract says what is over, and no wall clock.
    """
    block, time = _read(session, parts)
    _require_past(session, parts, at)
    return Seen(at, time, block)


def certified(session: Session, parts: RegisterParts, at: int | None, *, end: int | None = None) -> Seen:
    """As :func:`seen`, with the wall clock as now, for what says that nothing else has happened until then.

    ``end``: UTC milliseconds until which it was read, where it has blocks beyond; nothing is said of a later moment.
    """
    block, time = _read(session, parts)
    clock = _require_past(session, parts, at)
    now = max(clock if end is None else min(clock, end), time)
    if at is not None and at > now:
        raise Conflict("The register's chain was not read up to this moment yet.", slug="register-unread")
    return Seen(at, now, block)


def _read(session: Session, parts: RegisterParts) -> tuple[int, int]:
    """The last block that was read, and its time in UTC milliseconds."""
    place = parts.transactions.place_read(session, parts.chain, LISTENER)
    if place is None:
        raise Conflict("No block of the register's chain was read yet.", slug="register-unread")
    if place.time is not None:
        return place.block, place.time * 1000
    return place.block, repository.newest_time(session, parts.chain) or parts.clock.ms()


def _require_past(session: Session, parts: RegisterParts, at: int | None) -> int:
    """The time by the wall clock, or by the chain's where that is ahead. Invalid ``at`` for one to come."""
    now = max(parts.clock.ms(), _read(session, parts)[1])
    if at is not None and at > now:
        raise Invalid("at", "This moment is still to come.")
    return now


def _alert(row: AlertRow) -> AlertView:
    kind = KINDS[row.kind]
    return AlertView(
        row.id,
        row.kind,
        kind.term,
        kind.rule,
        kind.source,
        row.security_id,
        row.account_id,
        row.said,
        row.since,
        row.cleared_at,
        row.cleared_because,
    )


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 10:
        raise Invalid("cursor", "Expected the `next` of a page before.")
    return int(cursor)
