"""Gas of anchoring, from the committed snapshot that the contract tests hold to the last unit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import Figure, compared

SNAPSHOT = Path(__file__).resolve().parents[1] / "hardhat-devnet" / "gas.json"
BARE_TRANSACTION = 22_280
"""A transaction that carries a 32-byte root and nothing else."""


def run() -> Iterator[Figure]:
    """One head with its consistency proof, near 10^6 leaves."""
    gas = json.loads(SNAPSHOT.read_text("utf-8"))
    bare = Figure("transaction with a bare 32-byte root", Decimal(BARE_TRANSACTION), "gas")
    yield bare
    for name, used in gas.items():
        if name.startswith("append "):
            large = int(name.split()[1]) >= 500_000
            yield compared(Figure(name, Decimal(used), "gas", target=Decimal(66_000) if large else None), bare)
