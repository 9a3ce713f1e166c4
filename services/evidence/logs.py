"""Making logs and loading their state."""

import secrets
from collections.abc import Iterator
from functools import partial

from sqlalchemy.orm import Session

from chain.proof.checkpoint import check_origin
from chain.proof.errors import FormatError
from chain.proof.hashing import Suite
from chain.proof.merkle import Frontier
from services.evidence import repository
from services.evidence.group import Group, LogState
from services.evidence.keys import LogKeys, seed_aad
from services.evidence.models import LogKeyRow, LogRow
from services.platform.atrest import Vault, Wrapping, aad
from services.platform.errors import Conflict, Invalid, NotFound
from services.platform.ids import new_id

__all__ = ["LogBook", "streams_aad", "wrappings"]

_UNOPENED_MAX = 16  # of one institution: each is listed, checked and watched, and keeps its origin from others


def wrappings(session: Session) -> Iterator[Wrapping]:
    """What master keys wrap in this context: the seeds of log keys and the secrets of streams."""
    for row in repository.logs(session):
        yield Wrapping(row.stream_key, streams_aad(row.id), partial(setattr, row, "stream_key"))
        for key in repository.keys_of(session, row.id):
            yield Wrapping(key.wrapped, seed_aad(key.id), partial(setattr, key, "wrapped"))


def streams_aad(log_id: str) -> bytes:
    """What binds a log's wrapped stream secret to its row."""
    return aad("log-streams", log_id)


class LogBook:
    """Creates log rows with their secrets and reads them into the sequencer's form."""

    def __init__(self, vault: Vault, keys: LogKeys) -> None:
        self._vault = vault
        self._keys = keys

    def create(
        self,
        group: Group,
        *,
        origin: str,
        owner_id: str,
        house: bool = False,
        follows: str | None = None,
    ) -> tuple[LogRow, LogKeyRow]:
        """A log in state ``opening`` with its first key. Invalid for a bad origin.

        Conflict ``origin-taken``, or ``too-many-logs`` when too many of the owner wait for the chain.
        A refused log of the owner is taken up again: its origin never stood on the chain.
        """
        try:
            check_origin(origin)
        except FormatError as error:
            raise Invalid("origin", error.reason) from error
        session = group.session
        row = repository.log_by_origin(session, origin)
        if row is not None:
            return self._resume(group, row, owner_id)
        if repository.count_unopened(session, owner_id) >= _UNOPENED_MAX:
            raise Conflict("Too many logs of the institution were asked for and never opened.", slug="too-many-logs")
        log_id = new_id("log")
        row = LogRow(id=log_id, origin=origin, owner_id=owner_id, state="opening", house=house, size=0)
        row.suite, row.frontier, row.created_at = int(Suite.INTL_V1), Frontier().encode(), group.now_ms
        row.stream_key = self._vault.wrap(secrets.token_bytes(32), streams_aad(log_id))
        row.predecessor_id = follows
        repository.add(session, row)
        return row, self._keys.create(session, log_id, origin, active=True)

    def load(self, session: Session, log_id: str) -> LogState:
        """The committed state of a log. NotFound."""
        row = repository.log_by_id(session, log_id)
        if row is None:
            raise NotFound("There is no such log.")
        return LogState(
            id=row.id,
            origin=row.origin,
            owner_id=row.owner_id,
            house=row.house,
            state=row.state,
            signer=self._keys.acknowledger(session, row.id, row.size),
            suite=Suite(row.suite),
            frontier=Frontier.decode(row.frontier),
            stream_secret=self._vault.unwrap(row.stream_key, streams_aad(row.id)),
        )

    def _resume(self, group: Group, row: LogRow, owner_id: str) -> tuple[LogRow, LogKeyRow]:
        if row.state != "refused" or row.owner_id != owner_id or row.size:
            raise Conflict("A log of this origin exists; an origin never restarts.", slug="origin-taken")
        group.change_state(row.id, "opening")
        return row, repository.keys_of(group.session, row.id)[0]
