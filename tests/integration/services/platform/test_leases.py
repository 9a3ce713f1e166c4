from collections.abc import Iterator

import pytest
from sqlalchemy import text

from services.platform.database import Database
from services.platform.errors import LeaseLost, StartRefused
from services.platform.leases import Lease


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.close()


def _expire(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE leases SET expires_at = 0"))


def _check(lease: Lease) -> None:
    with lease.database.write() as session:
        lease.check(session)


def test_a_second_process_is_refused_by_name_while_the_term_runs(database: Database, other: Database) -> None:
    Lease(database, holder="first").acquire()
    with pytest.raises(StartRefused, match=r"\(first\)"):
        Lease(other, holder="second").acquire()


def test_the_fence_grows_with_each_holder(database: Database, other: Database) -> None:
    first, second = Lease(database, holder="first"), Lease(other, holder="second")
    assert first.acquire() == 1
    _expire(database)
    assert second.acquire() == 2


def test_a_writer_that_was_replaced_can_commit_nothing(database: Database, other: Database) -> None:
    first, second = Lease(database, holder="first"), Lease(other, holder="second")
    first.acquire()
    _check(first)
    _expire(database)
    second.acquire()
    with pytest.raises(LeaseLost):
        _check(first)
    _check(second)


def test_a_writer_that_was_replaced_cannot_renew(database: Database, other: Database) -> None:
    first, second = Lease(database, holder="first"), Lease(other, holder="second")
    first.acquire()
    _expire(database)
    second.acquire()
    with pytest.raises(LeaseLost):
        first.renew()
    assert first.fence == 0
    with pytest.raises(LeaseLost):
        _check(first)


def test_renewing_keeps_the_fence_and_prolongs_the_term(database: Database, other: Database) -> None:
    lease = Lease(database, holder="first")
    lease.acquire()
    _expire(database)
    lease.renew()
    assert lease.fence == 1
    with pytest.raises(StartRefused):
        Lease(other, holder="second").acquire()


def test_a_released_lease_is_free_at_once(database: Database, other: Database) -> None:
    first = Lease(database, holder="first")
    first.acquire()
    first.release()
    assert Lease(other, holder="second").acquire() == 2
    with pytest.raises(LeaseLost):
        _check(first)


def test_who_never_acquired_cannot_write(database: Database) -> None:
    with pytest.raises(LeaseLost):
        _check(Lease(database))
