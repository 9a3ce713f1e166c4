"""One database by one setting: SQLite (embedded default) or PostgreSQL, with the same promises.

- ``read()`` sees one snapshot and cannot write; ``write()`` is one durable transaction, committed when its block ends
  without an error.
- SQLite: one writer at a time (a lock in the process, BEGIN IMMEDIATE in the file), WAL, synchronous=FULL, foreign
  keys on.
- PostgreSQL: psycopg 3, synchronous_commit on, lock and statement timeouts.

``claim()`` makes this the only service process of an SQLite file; on PostgreSQL that is the lease's job
(:mod:`services.platform.leases`).
"""

import fcntl
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Never

from sqlalchemy import BigInteger, Dialect, Engine, LargeBinary, MetaData, Text, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator
from typing_extensions import override

from services.platform.errors import StartRefused

__all__ = ["FENCED", "PG_NETWORK", "Base", "Database", "JsonText", "ReadSession", "WriteSession"]

FENCED = "regseal.fenced"
"""What a session's ``info`` holds once the writer's lease was checked in it."""

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
_PG_OPTIONS = "-c lock_timeout=5s -c statement_timeout=30s -c synchronous_commit=on -c timezone=UTC"
PG_NETWORK: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""libpq: a server that is silent, or cut off without a word, is given up after half a minute."""
_BUSY_MS = 10_000
_SCRUB_BUSY_MS = 200
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "trusted_schema=OFF")


class JsonText(TypeDecorator[Any]):
    """JSON as text, for values that are never hashed and never searched."""

    impl = Text
    cache_ok = True

    @staticmethod
    def written(value: Any) -> str | None:
        """The text that is stored; None for NULL."""
        return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    @override
    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return self.written(value)

    @override
    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    """Base of all tables. ``int`` is 64 bits wide (times are UTC milliseconds), ``bytes`` a blob, ``str`` text."""

    metadata = MetaData(naming_convention=_NAMING)
    type_annotation_map = {int: BigInteger, bytes: LargeBinary, str: Text}  # noqa: RUF012 (declared by SQLAlchemy)


class ReadSession(Session):
    """A session that sees one snapshot. Flushing a change is a programming error."""

    @override
    def flush(self, objects: Any = None) -> None:
        if self.new or self.dirty or self.deleted:
            raise RuntimeError("a read session cannot write")


class WriteSession(Session):
    """One transaction. Code inside never commits; the edge that opened it does."""

    @override
    def commit(self) -> Never:
        raise RuntimeError("only the edge that opened a transaction commits it")

    def commit_at_edge(self) -> None:
        """For :meth:`Database.write` alone."""
        super().commit()


class Database:
    """Connections to one database; safe to share between threads. ``close()`` it at the end.

    ``idle_ms``: PostgreSQL ends a writing transaction that says nothing for so long, for its process may be stopped
    and hold locks. ``only_fenced``: a transaction whose lease nobody checked must not commit.
    """

    def __init__(self, url: str, *, pool_size: int = 8, idle_ms: int = 0, only_fenced: bool = False) -> None:
        self.url = _normalised(url)
        parsed = make_url(self.url)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self.path = Path(parsed.database or "") if self.is_sqlite else None
        self._writer_lock = threading.Lock()
        self._writer_thread: int | None = None
        self._claim: int | None = None
        if self.is_sqlite:
            self.writer, self.reader = _sqlite_engines(self.url, pool_size)
        else:
            self.writer, self.reader = _postgres_engines(self.url, pool_size, idle_ms)
        self._only_fenced = only_fenced

    @contextmanager
    def read(self) -> Iterator[ReadSession]:
        """A session on one snapshot; nothing is kept of it."""
        with ReadSession(self.reader, autoflush=False, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self, *, fenced: bool = True) -> Iterator[WriteSession]:
        """One transaction: commits when the block ends, rolls back when it raises. Never nested in one thread.

        ``fenced`` False: any process may write this at any time, the writer or not.
        """
        with self._one_writer(), WriteSession(self.writer, expire_on_commit=False) as session:
            yield session
            if fenced and self._only_fenced and FENCED not in session.info:
                raise RuntimeError("a write without a look at the writer's lease")
            session.commit_at_edge()

    @contextmanager
    def _one_writer(self) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        if self._writer_thread == threading.get_ident():
            raise RuntimeError("nested write transaction")
        with self._writer_lock:
            self._writer_thread = threading.get_ident()
            try:
                yield
            finally:
                self._writer_thread = None

    def claim(self) -> None:
        """Takes the process lock beside an SQLite file until ``close()``. StartRefused when another process has it."""
        if self.path is None or self._claim is not None:
            return
        lock = self.path.with_name(self.path.name + ".lock")
        handle = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            owner = os.read(handle, 20).decode("ascii", "replace").strip() or "unknown"
            os.close(handle)
            raise StartRefused(
                f"Another service process (pid {owner}) uses {self.path}. Stop it first; several processes need "
                "PostgreSQL."
            ) from None
        os.truncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        self._claim = handle

    def scrub(self) -> bool:
        """Empties SQLite's write-ahead log, so that it holds no older copy of a page; False while a reader needs it.

        True and nothing done on PostgreSQL, whose old row versions are VACUUM's business (docs/operations.md).
        """
        if not self.is_sqlite:
            return True
        with self._one_writer():
            connection = self.writer.raw_connection()
            try:
                cursor = connection.cursor()
                cursor.execute(f"PRAGMA busy_timeout={_SCRUB_BUSY_MS}")  # the next run tries again
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
            finally:
                connection.close()
        return not busy

    def close(self) -> None:
        """Closes all connections and gives the process lock back."""
        self.writer.dispose()
        self.reader.dispose()
        if self._claim is not None:
            os.close(self._claim)
            self._claim = None


def _normalised(url: str) -> str:
    """Names the driver: ``postgresql://`` and ``postgres://`` mean psycopg 3."""
    scheme, separator, rest = url.partition("://")
    if scheme in ("postgres", "postgresql"):
        return f"postgresql+psycopg{separator}{rest}"
    if scheme not in ("sqlite", "postgresql+psycopg"):
        raise StartRefused(f"database_url: {scheme}:// is not supported; use sqlite:/// or postgresql://.")
    if scheme == "sqlite" and rest in ("", "/", "/:memory:"):
        raise StartRefused("database_url: an SQLite database must be a file.")
    return url


def _sqlite_engines(url: str, pool_size: int) -> tuple[Engine, Engine]:
    arguments = {"check_same_thread": False, "timeout": _BUSY_MS / 1000}
    writer = create_engine(url, connect_args=arguments, pool_size=1, max_overflow=0, hide_parameters=True)
    reader = create_engine(
        url, connect_args=arguments, pool_size=pool_size, max_overflow=pool_size, hide_parameters=True
    )
    for engine, begin in ((writer, "BEGIN IMMEDIATE"), (reader, "BEGIN")):
        event.listen(engine, "connect", _sqlite_connect)
        event.listen(engine, "begin", lambda connection, begin=begin: connection.exec_driver_sql(begin))
    return writer, reader


def _sqlite_connect(connection: Any, _record: Any) -> None:
    # Autocommit in the driver: BEGIN is ours, so that SAVEPOINT works and a writer locks before its first read.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (*_PRAGMAS, f"busy_timeout={_BUSY_MS}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgres_engines(url: str, pool_size: int, idle_ms: int) -> tuple[Engine, Engine]:
    arguments: dict[str, Any] = {"options": _PG_OPTIONS, "application_name": "regseal", **PG_NETWORK}
    impatient = arguments | {"options": f"{_PG_OPTIONS} -c idle_in_transaction_session_timeout={idle_ms}"}
    # hide_parameters, here and above: an error goes into the log, what was to be stored does not
    pool: dict[str, Any] = {"pool_pre_ping": True, "pool_size": pool_size, "max_overflow": pool_size}
    pool["hide_parameters"] = True
    writer = create_engine(url, connect_args=impatient, **pool)
    snapshot = create_engine(url, connect_args=arguments, isolation_level="REPEATABLE READ", **pool)
    return writer, snapshot.execution_options(postgresql_readonly=True)
