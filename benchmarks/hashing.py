"""Commitments and the log's tree, against bare SHA-256 of the same run."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Figure, compared, per_second
from chain.proof.canonical import JsonValue, canonical
from chain.proof.hashing import sha256
from chain.proof.merkle import Frontier
from chain.proof.record import commit

_RECORD: dict[str, JsonValue] = {
    "type": "business.event",
    "subject": "security/PC-830001",
    "actor": "ins_" + "0" * 32,
    "occurred_at": "2026-11-20T09:30:00Z",
    "body": {"event": "transfer", "units": "12000", "from": "a", "to": "b", "remark": "股份转让" * 40},
}


def run() -> Iterator[Figure]:
    """Per second and core."""
    data = canonical(_RECORD)
    bare = Figure("SHA-256 of the canonical record", per_second(lambda: sha256(data)), "/s")
    yield bare
    secret = bytes(32)
    yield compared(Figure("commitment of a record", per_second(lambda: commit(_RECORD, secret)), "/s"), bare)
    hashes = [sha256(index.to_bytes(4, "big")) for index in range(1_000)]
    yield Figure("frontier, batches of 1,000 leaves", per_second(lambda: Frontier().extend(hashes).root()), "/s")
