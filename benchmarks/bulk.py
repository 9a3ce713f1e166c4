"""Bulk uploads over HTTP, durable and acknowledged, beside COPY and executemany into one table with a unique index."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from benchmarks.measure import Figure, compared
from benchmarks.submission import installation, postgres
from chain.party.http import ApiClient

RECORDS = 1_000_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 100_000
CHUNK = 1_000
LEAST = Decimal(6_000)
MOST_MEMORY = Decimal(300)
PART = 16_000  # lines a request
_NOTE = "x" * 600


def run() -> Iterator[Figure]:
    """Records a second through one upload, load generator on the same machine, and the service's memory at the end."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("SQLite", Path(folder) / "sqlite", {}, lambda: _raw_sqlite(Path(folder) / "raw.sqlite"))
        with postgres() as url:
            yield from _measured(
                "PostgreSQL", Path(folder) / "pg", {"REGSEAL_DATABASE_URL": url}, lambda: _raw_postgres(url)
            )


def _measured(name: str, var: Path, setting: dict[str, str], raw: Callable[[], Decimal]) -> Iterator[Figure]:
    baseline = Figure(f"raw insert, {name}, {CHUNK:,} rows a commit", raw(), "/s")
    yield baseline
    with installation(var, setting) as party:
        rate, memory = _load(party, var)
    yield compared(Figure(f"bulk of {RECORDS:,}, {name}", rate, "/s", target=LEAST, at_most=False), baseline)
    yield Figure(f"most memory of the service meanwhile, {name}", memory, "MB", target=MOST_MEMORY)


def _load(party: Path, var: Path) -> tuple[Decimal, Decimal]:
    """(records a second, the most memory in MB that was seen after a request)."""
    settings = json.loads((party / "api.json").read_text("utf-8"))
    api = ApiClient(settings["url"], (party / "token").read_text("ascii").strip(), timeout=75)
    log = next(each["id"] for each in api.items("/v1/logs") if each["origin"] == settings["log"])
    _, made = api.post("/v1/uploads", {"log": log})
    upload: Any = made
    parts = [part(settings["institution"], start) for start in range(0, min(RECORDS, 100_000), PART)]
    began, sent, most = time.perf_counter(), 0, Decimal(0)
    while sent < RECORDS:
        upload = api.put_lines(
            f"/v1/uploads/{upload['id']}/lines", parts[sent // PART % len(parts)], upload["position"]
        )
        sent = upload["lines"]
        most = max(most, _memory(var))
    rate = Decimal(round(sent / (time.perf_counter() - began)))
    if upload["accepted"] != sent:
        raise RuntimeError(f"{upload['rejected']} lines were rejected")
    return rate, most


def part(institution: str, start: int) -> bytes:
    """Lines of about 1 KB, of a thousand subjects."""
    lines = []
    for number in range(start, start + PART):
        record = {
            "type": "business.event",
            "subject": f"security/440300-2026-{number % 1_000:03d}",
            "actor": institution,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {"event": "share-transfer.registered", "units": "120000", "note": _NOTE, "no": uuid.uuid4().hex},
        }
        lines.append(json.dumps({"record": record}).encode())
    return b"\n".join(lines) + b"\n"


def _memory(var: Path) -> Decimal:
    """What the service's process and the workers it started hold resident, MB."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            told = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
            command, environment = ((folder / name).read_bytes() for name in ("cmdline", "environ"))
        except (OSError, ValueError):  # it has ended
            continue
        serves = b"cli.local.serve" in command and str(var).encode() in environment
        found[int(folder.name)] = int(told["PPid"]), serves, int(told.get("VmRSS", "0 kB").split()[0])
    services = {pid for pid, (_, serves, _) in found.items() if serves}
    most = sum(held for pid, (parent, _, held) in found.items() if pid in services or parent in services)
    return (Decimal(most) / 1_024).quantize(Decimal("0.1"))


def _rows() -> Iterator[list[tuple[str, bytes]]]:
    body = os.urandom(1_000)
    for _ in range(100):
        yield [(uuid.uuid4().hex, body) for _ in range(CHUNK)]


def _raw_sqlite(file: Path) -> Decimal:
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body BLOB)")

        def insert(rows: list[tuple[str, bytes]]) -> None:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO raw VALUES (?, ?)", rows)
            connection.execute("COMMIT")

        return _rate(insert)


def _raw_postgres(url: str) -> Decimal:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body BYTEA)")

        def insert(rows: list[tuple[str, bytes]]) -> None:
            with connection.cursor().copy("COPY raw FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(["text", "bytea"])
                for row in rows:
                    copy.write_row(row)

        rate = _rate(insert)
        connection.execute("DROP TABLE raw")
    return rate


def _rate(insert: Callable[[list[tuple[str, bytes]]], None]) -> Decimal:
    count, began = 0, time.perf_counter()
    for rows in _rows():
        insert(rows)
        count += len(rows)
    return Decimal(round(count / (time.perf_counter() - began)))
