"""Business events of an invented market, one a line: the same number gives the same lines.

`python -m samples.evidence.events FILE --party FOLDER` writes some for `regseal upload`.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator
from pathlib import Path

_KINDS = (
    ("share-transfer.registered", "协议转让登记"),
    ("share-pledge.registered", "股权质押登记"),
    ("dividend.paid", "红利派发"),
    ("capital-increase.registered", "增资扩股登记"),
)
_SEED = 20261120


def write_events(file: Path, number: int, institution: str) -> None:
    """Lines of `regseal upload` for an institution."""
    with file.open("w", encoding="utf-8") as target:
        target.writelines(f"{line}\n" for line in _lines(number, institution))


def _lines(number: int, institution: str) -> Iterator[str]:
    chance = random.Random(_SEED)  # noqa: S311 (figures of an invented market)
    for at in range(number):
        event, term = chance.choice(_KINDS)
        body = {"event": event, "title": term, "units": str(chance.randrange(1, 10_000) * 100), "no": f"SZ{at:09d}"}
        record = {"type": "business.event", "subject": f"security/440300-2026-{chance.randrange(2_000):04d}"}
        moment = f"2026-11-{chance.randrange(1, 20):02d}T{chance.randrange(1, 9):02d}:{chance.randrange(60):02d}:00Z"
        full = {**record, "actor": institution, "occurred_at": moment, "body": body}
        yield json.dumps({"record": full}, ensure_ascii=False, separators=(",", ":"))


def main() -> None:
    """The file for the institution of a party's folder."""
    parser = argparse.ArgumentParser(description="Invented business events for `regseal upload`, one a line.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--party", type=Path, required=True, help="the folder of whoever will upload them")
    parser.add_argument("--events", type=int, default=1_000)
    given = parser.parse_args()
    write_events(given.file, given.events, json.loads((given.party / "api.json").read_text("utf-8"))["institution"])


if __name__ == "__main__":
    main()
