"""What a record's owner waits for in a large log: its inclusion proof after acceptance, and receipts over HTTP."""

from __future__ import annotations

import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.bulk import PART, part
from benchmarks.measure import Figure
from benchmarks.submission import installation
from chain.party.errors import ApiProblem
from chain.party.http import ApiClient

LEAVES = 1_000_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 50_000
READ, ACCEPTED = 400, 60
_MS = Decimal(1_000)


def run() -> Iterator[Figure]:
    """The 95th percentiles, one client, load generator on the same machine."""
    with tempfile.TemporaryDirectory() as folder, installation(Path(folder) / "var", {}) as party:
        settings = json.loads((party / "api.json").read_text("utf-8"))
        api = ApiClient(settings["url"], (party / "token").read_text("ascii").strip(), timeout=75)
        log = next(str(each["id"]) for each in api.items("/v1/logs") if each["origin"] == settings["log"])
        upload = _fill(api, log, settings["institution"])
        waited = [_proof(api, log, settings["institution"], number) for number in range(ACCEPTED)]
        yield Figure("inclusion proof after acceptance, p95", _p95(waited) / _MS, "s", target=Decimal(2))
        lines = random.Random(1).sample(range(1, LEAVES), READ)  # noqa: S311 (the same ones each time)
        paths = [f"/v1/records/{_record(api, upload, line)}/receipt" for line in lines]
        for form in ("private", "public"):
            taken = [_timed(partial(api.get_bytes, path, form=form)) for path in paths]
            yield Figure(f"{form} receipt of {LEAVES:,} leaves, p95", _p95(taken), "ms", target=Decimal(20))


def _fill(api: ApiClient, log: str, institution: str) -> str:
    _, made = api.post("/v1/uploads", {"log": log})
    upload: Any = made
    while (sent := int(upload["lines"])) < LEAVES:
        place = f"/v1/uploads/{upload['id']}/lines"
        upload = api.put_lines(place, part(institution, sent % (4 * PART)), upload["position"])
    return str(upload["id"])


def _record(api: ApiClient, upload: str, line: int) -> str:
    page: Any = api.get(f"/v1/uploads/{upload}/outcomes", limit=1, cursor=str(line))
    return str(page["items"][0]["id"])


def _proof(api: ApiClient, log: str, institution: str, number: int) -> Decimal:
    """From the acknowledgement of one record until its receipt can be had."""
    record = {"type": "business.event", "subject": f"waiting/{number}", "actor": institution, "body": {"no": number}}
    _, made = api.post("/v1/records", {"log": log, "record": {**record, "occurred_at": "2026-11-20T09:30:00Z"}})
    accepted: Any = made

    def there() -> None:
        while True:
            try:
                api.get_bytes(f"/v1/records/{accepted['id']}/receipt", form="public")
            except ApiProblem as error:
                if error.slug != "not-sealed":
                    raise
                time.sleep(0.005)
            else:
                return

    return _timed(there)


def _timed(act: Callable[[], object]) -> Decimal:
    """Milliseconds."""
    began = time.perf_counter_ns()
    act()
    return Decimal(time.perf_counter_ns() - began) / 1_000_000


def _p95(taken: list[Decimal]) -> Decimal:
    return sorted(taken)[len(taken) * 95 // 100].quantize(Decimal("0.001"))
