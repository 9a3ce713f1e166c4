"""All SQL of the platform."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Connection, cast, column, delete, func, literal, select, table, text, update
from sqlalchemy.dialects.postgresql import insert as postgres_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import Session

from services.platform.models import DataKeyRow, IdempotencyRow, LeaseRow

__all__ = [
    "CHANNEL",
    "add_data_key",
    "change_lease",
    "data_key_rows",
    "data_keys",
    "database_ms",
    "find_data_key",
    "find_idempotencies",
    "find_idempotency",
    "find_lease",
    "idempotencies_made_at",
    "latest_data_key",
    "limit_migration",
    "migrate_alone",
    "notify",
    "ping",
    "purge_idempotency",
    "put_idempotency",
    "replace_wrapping",
    "schema_revision",
]


_LEASES = LeaseRow.metadata.tables["leases"]
_KEYS = IdempotencyRow.metadata.tables["idempotency_keys"]
_MIGRATION = 0x7265677365616C  # any number that other programs do not lock by
CHANNEL = "regseal"
"""Where processes of one PostgreSQL database announce what others should look at."""


def notify(session: Session, said: str) -> None:
    """Tells every listening process once this transaction has committed. Nobody else is there on SQLite."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_notify(CHANNEL, said)))


def _insert_unless_present(session: Session, model: type[Any], values: dict[str, Any]) -> bool:
    """True when the row is new. A concurrent insert of the same key is waited for."""
    make = sqlite_insert if session.get_bind().dialect.name == "sqlite" else postgres_insert
    statement = make(model.__table__).values(**values).on_conflict_do_nothing().returning(literal(1))
    return session.scalar(statement) is not None


def database_ms(session: Session) -> int:
    """The database's own clock, UTC milliseconds: all processes of one database agree on it."""
    if session.get_bind().dialect.name == "sqlite":
        now = cast((func.julianday("now") - 2440587.5) * 86_400_000, BigInteger)
    else:
        now = cast(func.extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
    return int(session.scalar(select(now)) or 0)


def ping(session: Session) -> None:
    """Raises the driver's error when the database does not answer."""
    session.execute(select(literal(1)))


def schema_revision(session: Session) -> str | None:
    """The revision that Alembic recorded; the driver's error when the table is absent."""
    return session.scalar(select(column("version_num")).select_from(table("alembic_version")))


def limit_migration(connection: Connection) -> None:
    """A migration waits for no long transaction of others, and gives up rather than block them behind it."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL lock_timeout = '5s'"))
        connection.execute(text("SET LOCAL statement_timeout = '300s'"))


def migrate_alone(connection: Connection) -> None:
    """Of several processes that start at once one migrates; the next ones wait and find it done."""
    if connection.dialect.name != "sqlite":
        connection.execute(select(func.pg_advisory_xact_lock(_MIGRATION)))


def put_idempotency(session: Session, **values: Any) -> bool:
    """Notes a key. False when it was there already."""
    return _insert_unless_present(session, IdempotencyRow, values)


def find_idempotency(session: Session, institution_id: str, key: str) -> tuple[bytes, str, str] | None:
    """(request digest, resource type, resource id) of a used key."""
    row = session.execute(
        select(IdempotencyRow.request_digest, IdempotencyRow.resource_type, IdempotencyRow.resource_id).where(
            IdempotencyRow.institution_id == institution_id, IdempotencyRow.key == key
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def find_idempotencies(session: Session, institution_id: str, keys: Sequence[str]) -> dict[str, tuple[bytes, str, str]]:
    """The same for many keys of one institution, at most some hundreds."""
    row = _KEYS.c
    statement = select(row.key, row.request_digest, row.resource_type, row.resource_id).where(
        row.institution_id == institution_id, row.key.in_(keys)
    )
    return {found[0]: (found[1], found[2], found[3]) for found in session.execute(statement)}


def idempotencies_made_at(session: Session, times: Sequence[int]) -> Sequence[IdempotencyRow]:
    """The keys noted at these very milliseconds, at most some hundreds of them."""
    return session.scalars(select(IdempotencyRow).where(IdempotencyRow.created_at.in_(times))).all()


def purge_idempotency(session: Session, before_ms: int) -> int:
    """Forgets keys older than ``before_ms``; their number."""
    result: Any = session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before_ms))
    return int(result.rowcount)


def find_lease(session: Session, name: str, *, hold: bool = False) -> tuple[str, int, int] | None:
    """(holder, fence, expires_at). With ``hold`` nobody can take the lease before this transaction ends."""
    lease = _LEASES.c  # the table, not its model: each group of submissions asks, and the ORM's way takes longer
    statement = select(lease.holder, lease.fence, lease.expires_at).where(lease.name == name)
    row = session.execute(statement.with_for_update(read=True) if hold else statement).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def change_lease(
    session: Session, name: str, *, old_fence: int | None, holder: str, fence: int, expires_at: int
) -> bool:
    """Writes the lease if its fence is still ``old_fence`` (None: no lease yet). False when somebody was faster."""
    values = {"holder": holder, "fence": fence, "expires_at": expires_at}
    if old_fence is None:
        return _insert_unless_present(session, LeaseRow, {"name": name, **values})
    ours = update(LeaseRow).where(LeaseRow.name == name, LeaseRow.fence == old_fence)
    result: Any = session.execute(ours.values(**values))
    return bool(result.rowcount == 1)


def latest_data_key(session: Session, institution_id: str) -> tuple[int, str, bytes] | None:
    """(version, master id, wrapped key) of the newest at-rest key."""
    row = session.execute(
        select(DataKeyRow.version, DataKeyRow.master_id, DataKeyRow.wrapped)
        .where(DataKeyRow.institution_id == institution_id)
        .order_by(DataKeyRow.version.desc())
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def find_data_key(session: Session, institution_id: str, version: int) -> tuple[int, str, bytes] | None:
    """(version, master id, wrapped key) of one version."""
    row = session.execute(
        select(DataKeyRow.version, DataKeyRow.master_id, DataKeyRow.wrapped).where(
            DataKeyRow.institution_id == institution_id, DataKeyRow.version == version
        )
    ).one_or_none()
    return None if row is None else (row[0], row[1], row[2])


def add_data_key(session: Session, **values: Any) -> bool:
    """A new wrapped key. False when this version is there already."""
    return _insert_unless_present(session, DataKeyRow, values)


def data_key_rows(session: Session) -> Sequence[DataKeyRow]:
    """All at-rest keys, as they are stored."""
    return session.scalars(select(DataKeyRow).order_by(DataKeyRow.institution_id, DataKeyRow.version)).all()


def data_keys(session: Session) -> list[tuple[str, int, str, bytes]]:
    """(institution, version, master id, wrapped key) of all."""
    rows = session.execute(
        select(DataKeyRow.institution_id, DataKeyRow.version, DataKeyRow.master_id, DataKeyRow.wrapped).order_by(
            DataKeyRow.institution_id, DataKeyRow.version
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def replace_wrapping(session: Session, institution_id: str, version: int, *, master_id: str, wrapped: bytes) -> None:
    """The same data key under another master key."""
    session.execute(
        update(DataKeyRow)
        .where(DataKeyRow.institution_id == institution_id, DataKeyRow.version == version)
        .values(master_id=master_id, wrapped=wrapped)
    )
