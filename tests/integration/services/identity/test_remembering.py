"""What authentication remembers, and when it must not."""

import time
from collections.abc import Callable

import pytest

from services.identity import repository, tokens
from services.identity.models import InstitutionRow
from services.identity.tokens import Tokens
from services.identity.views import IssuedToken, TokenRequest
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database, ReadSession
from services.platform.errors import Unauthenticated

DAY_S = 86_400


@pytest.fixture
def desk(database: Database, vault: Vault, clock: FixedClock) -> Tokens:
    row = InstitutionRow(id="ins_" + "0" * 32, name="甲", kind=1, region=440300, status="active", authority="0x")
    row.host, row.created_at, row.updated_at = False, clock.ms(), clock.ms()
    with database.write() as session:
        repository.add(session, row)
    return Tokens(database, vault, clock)


@pytest.fixture
def issued(desk: Tokens, database: Database) -> IssuedToken:
    with database.write() as session:
        owner = repository.institution(session, "ins_" + "0" * 32)
        assert owner is not None
        return desk.issue(session, owner, TokenRequest(name="a", roles=("reader",), days=1), token_id="tok_1")


def _revoke(desk: Tokens, database: Database) -> None:
    with database.write() as session:
        row = repository.token(session, "tok_1")
        assert row is not None
        desk.revoke(session, row)


def test_a_remembered_token_still_expires(desk: Tokens, issued: IssuedToken, clock: FixedClock) -> None:
    secret = str(issued.secret)
    desk.authenticate(secret)
    clock.advance(seconds=DAY_S - 1)
    desk.authenticate(secret)
    clock.advance(seconds=1)
    with pytest.raises(Unauthenticated):
        desk.authenticate(secret)


def test_a_revocation_in_another_process_is_seen_after_the_short_time(
    desk: Tokens,
    issued: IssuedToken,
    database: Database,
    vault: Vault,
    clock: FixedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secret = str(issued.secret)
    desk.authenticate(secret)
    _revoke(Tokens(database, vault, clock), database)
    desk.authenticate(secret)
    later = time.monotonic() + tokens.REMEMBERED_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(Unauthenticated):
        desk.authenticate(secret)


def test_what_was_read_before_a_revocation_is_not_remembered_after_it(
    desk: Tokens, issued: IssuedToken, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    real: Callable[[ReadSession, str], object] = repository.token_by_prefix

    def slow(session: ReadSession, prefix: str) -> object:
        row = real(session, prefix)
        _revoke(desk, database)
        return row

    with monkeypatch.context() as patched:
        patched.setattr(repository, "token_by_prefix", slow)
        desk.authenticate(str(issued.secret))
    with pytest.raises(Unauthenticated):
        desk.authenticate(str(issued.secret))


def _revoke_and_fail(desk: Tokens, database: Database) -> None:
    with database.write() as session:
        row = repository.token(session, "tok_1")
        assert row is not None
        desk.revoke(session, row)
        raise KeyError


def test_a_revocation_that_was_rolled_back_did_not_happen(
    desk: Tokens, issued: IssuedToken, database: Database
) -> None:
    with pytest.raises(KeyError):
        _revoke_and_fail(desk, database)
    assert desk.authenticate(str(issued.secret)).token_id == "tok_1"


def test_memory_is_bounded(desk: Tokens, issued: IssuedToken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "REMEMBERED_MAX", 2)
    for number in range(5):
        desk._known[bytes([number])] = desk._known.get(b"", None)  # type: ignore[assignment]
    desk.authenticate(str(issued.secret))
    assert len(desk._known) == 1
