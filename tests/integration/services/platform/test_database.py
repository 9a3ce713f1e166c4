import threading
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from services.platform import repository
from services.platform.clock import SystemClock
from services.platform.database import Database
from services.platform.errors import StartRefused
from services.platform.models import IdempotencyRow


def _row(key: str) -> IdempotencyRow:
    return IdempotencyRow(
        institution_id="ins_a", key=key, request_digest=b"\x00", resource_type="t", resource_id="r", created_at=1
    )


def test_a_write_block_commits_at_its_end(database: Database) -> None:
    with database.write() as session:
        session.add(_row("one"))
    with database.read() as session:
        assert repository.find_idempotency(session, "ins_a", "one") == (b"\x00", "t", "r")


def _write_twice(database: Database) -> None:
    with database.write() as session:
        session.add_all([_row("twice"), _row("twice")])
        session.flush()


def test_an_error_does_not_tell_what_was_to_be_stored(database: Database) -> None:
    with pytest.raises(IntegrityError) as refused:
        _write_twice(database)
    assert "request_digest" in str(refused.value)
    assert "ins_a" not in str(refused.value).replace("(ins_a, twice)", "")  # PostgreSQL names the key itself
    assert "parameters hidden" in str(refused.value)


def _fail_after(session: Session, key: str) -> NoReturn:
    session.add(_row(key))
    session.flush()
    raise KeyError


def _write_and_fail(database: Database) -> None:
    with database.write() as session:
        _fail_after(session, "one")


def _fail_in_savepoint(session: Session) -> None:
    with session.begin_nested():
        _fail_after(session, "lost")


def test_a_write_block_that_raises_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError):
        _write_and_fail(database)
    with database.read() as session:
        assert repository.find_idempotency(session, "ins_a", "one") is None


def test_code_inside_a_transaction_cannot_commit_it(database: Database) -> None:
    with pytest.raises(RuntimeError, match="only the edge"), database.write() as session:
        session.commit()


def test_a_read_session_cannot_write(database: Database) -> None:
    with database.read() as session:
        session.add(_row("one"))
        with pytest.raises(RuntimeError, match="cannot write"):
            session.flush()


def test_a_rolled_back_savepoint_takes_only_its_own_rows(database: Database) -> None:
    with database.write() as session:
        session.add(_row("kept"))
        session.flush()
        with pytest.raises(KeyError):
            _fail_in_savepoint(session)
    with database.read() as session:
        assert repository.find_idempotency(session, "ins_a", "kept") is not None
        assert repository.find_idempotency(session, "ins_a", "lost") is None


def test_a_read_session_sees_one_snapshot(database: Database) -> None:
    with database.read() as reader:
        assert repository.find_idempotency(reader, "ins_a", "one") is None
        with database.write() as session:
            session.add(_row("one"))
        assert repository.find_idempotency(reader, "ins_a", "one") is None


def test_concurrent_writers_all_get_through(database: Database) -> None:
    def write(number: int) -> None:
        for turn in range(10):
            with database.write() as session:
                session.add(_row(f"{number}.{turn}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM idempotency_keys")) == 40


def test_the_databases_own_clock_is_the_machines(database: Database) -> None:
    with database.read() as session:
        assert abs(repository.database_ms(session) - SystemClock().ms()) < 300_000, "in milliseconds, of no other zone"


def test_a_nested_write_on_sqlite_is_a_named_error_not_a_deadlock(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with database.write(), pytest.raises(RuntimeError, match="nested"), database.write():
        pass
    database.close()


def test_sqlite_is_durable_and_checks_references(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.sqlite'}")
    with database.write() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA synchronous")) == 2
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
    database.close()


def test_a_second_service_process_on_one_sqlite_file_is_refused_by_name(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.sqlite'}"
    first, second = Database(url), Database(url)
    first.claim()
    with pytest.raises(StartRefused, match=r"Another service process \(pid \d+\)"):
        second.claim()
    first.close()
    second.claim()
    second.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(StartRefused):
        Database(url)
