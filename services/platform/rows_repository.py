"""Many rows into one table, the fastest way that each database has and that a transaction can take back.

All rows of a call have the same columns in the same order. Values go to the driver as they are: text, bytes, integers,
and JSON as its text.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import BigInteger, Connection, LargeBinary, SmallInteger, String, Table, insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.platform.database import JsonText

__all__ = ["insert_rows", "upsert_rows"]

_PLAIN_FROM = 4  # rows; below, the short way costs more than it saves
_TYPES = ((SmallInteger, "int2"), (BigInteger, "int8"), (LargeBinary, "bytea"), (String, "text"), (JsonText, "text"))


def insert_rows(session: Session, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Rows with the same columns, all or none. SQLAlchemyError when one is refused."""
    connection = session.connection()
    if len(rows) < _PLAIN_FROM:
        if rows:
            connection.execute(insert(table), rows)
        return
    names = list(rows[0])
    types = [_plain_type(table, name) for name in names]
    if None in types:
        connection.execute(insert(table), rows)
    elif connection.dialect.name == "postgresql":
        _copy(connection, table, dict(zip(names, types, strict=True)), _values(table, names, rows))
    else:
        marks = ", ".join("?" * len(names))
        statement = f'INSERT INTO "{table.name}" ({_quoted(names)}) VALUES ({marks})'  # noqa: S608 (our own names)
        connection.exec_driver_sql(statement, list(_values(table, names, rows)))


def upsert_rows(
    session: Session, table: Table, rows: Sequence[tuple[Any, ...]], *, key: Sequence[str], moved: Sequence[str]
) -> None:
    """Rows of all columns, in the table's order; of one whose ``key`` exists the columns ``moved`` are replaced."""
    connection = session.connection()
    names = [column.name for column in table.columns]
    if connection.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_plain_type(table, name)}[]" for name in names)
        source = f"SELECT * FROM unnest({arrays})"  # noqa: S608 (our own names)
        values: Any = tuple(map(list, zip(*rows, strict=True)))
    else:
        source, values = f"VALUES ({', '.join('?' * len(names))})", list(rows)
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in moved)
    statement = f'INSERT INTO "{table.name}" ({_quoted(names)}) {source} ON CONFLICT ({_quoted(key)})'
    connection.exec_driver_sql(f"{statement} DO UPDATE SET {changes}", values)


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _plain_type(table: Table, name: str) -> str | None:
    """The PostgreSQL type of a column; None for one whose values SQLAlchemy converts on the way."""
    kind = table.c[name].type
    return next((text for wanted, text in _TYPES if isinstance(kind, wanted)), None)


def _values(table: Table, names: Sequence[str], rows: Sequence[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    texts = {name for name in names if isinstance(table.c[name].type, JsonText)}
    if not texts:
        return (tuple(row.values()) for row in rows)
    return (tuple(JsonText.written(value) if name in texts else value for name, value in row.items()) for row in rows)


def _copy(
    connection: Connection, table: Table, types: dict[str, str | None], values: Iterator[tuple[Any, ...]]
) -> None:
    columns = sql.SQL(", ").join(map(sql.Identifier, types))
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table.name), columns)
    driver: Any = connection.connection.driver_connection
    try:
        with driver.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(list(types.values()))
            for row in values:
                copy.write_row(row)
    except psycopg.Error as error:
        raise DBAPIError(f"COPY {table.name}", None, error) from error
