"""Offline verification of a private receipt, against one bare Ed25519 verification of the same run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from benchmarks.measure import Figure, compared, median_ms, per_second
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify

VECTORS = Path(__file__).resolve().parents[1] / "tests" / "vectors" / "receipts.json"


def run() -> Iterator[Figure]:
    """Parsing included: what an auditor's program does for each file."""
    vectors = json.loads(VECTORS.read_text("utf-8"))
    trust = parse_trust(vectors["trusts"]["default"])
    receipt = next(case["receipt"] for case in vectors["receipts"] if case["name"] == "private").encode()

    def examine() -> None:
        if verify(parse_receipt(receipt), trust).exit_code != 0:
            raise RuntimeError("the golden receipt is not valid")

    key = Ed25519PrivateKey.generate()
    signature, public = key.sign(receipt[:500]), key.public_key()
    bare = Figure("one Ed25519 verification", median_ms(lambda: public.verify(signature, receipt[:500])), "ms")
    yield bare
    yield compared(Figure("receipt, warm", median_ms(examine), "ms", target=Decimal(5)), bare)
    a_minute = (per_second(examine) * 60).quantize(Decimal(1))
    yield Figure("receipts a minute and core", a_minute, "/min", target=Decimal(10_000), at_most=False)
