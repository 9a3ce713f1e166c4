"""Two verifiers written apart give the same verdict, member by member, on whatever they are shown."""

import json
import os
import random as seeds
import subprocess
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

from chain.proof.errors import FormatError
from chain.proof.forms import disclosed
from chain.proof.receipt import format_receipt
from chain.proof.record import field_paths
from chain.proof.trust import format_trust
from chain.proof.verify import verify_files
from tests.integration.readers import exports, mutate
from tests.vectors.cases import GOOD
from tests.vectors.world import record, trust

HERE = Path(__file__).parent
COUNT = 40_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 3_000
OUTCOMES = {"unreadable", "valid", "incomplete"} | {
    "leaf", "record", "submitter", "inclusion", "checkpoint", "witness", "anchor", "finality"
}  # fmt: skip


def first_verdict(receipt: bytes, trust: bytes) -> Any:
    try:
        return verify_files(receipt, trust).document()
    except FormatError:
        return "unreadable"


def second_verdicts(node: Path, pairs: list[tuple[bytes, bytes]]) -> list[Any]:
    lines = [
        json.dumps({"receipt": b64encode(receipt).decode(), "trust": b64encode(trust).decode()})
        for receipt, trust in pairs
    ]
    done = subprocess.run(
        [node, HERE / "second.mjs"], input="\n".join(lines), capture_output=True, text=True, timeout=170, check=False
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def mutations(random: Random, count: int) -> Iterator[tuple[bytes, bytes]]:
    good, evil = exports.load("receipts.json"), exports.load("evil.json")
    receipts = [json.loads(each["receipt"]) for each in good["receipts"]]
    receipts += [json.loads(each["receipt"]) for each in evil["receipts"] if each["stage"] != "parse"]
    trusts = [json.loads(each) for each in good["trusts"].values()]
    for _ in range(count):
        receipt, trust, kind = random.choice(receipts), random.choice(trusts), random.random()
        if kind < 0.7:
            receipt = mutate.document(receipt, random)
        elif kind < 0.9:
            trust = mutate.document(trust, random)
        data = json.dumps(receipt, ensure_ascii=random.random() < 0.5).encode("utf-8", "surrogatepass")
        yield data if kind < 0.9 else mutate.raw(data, random), json.dumps(trust).encode()


def test_both_verifiers_accept_what_a_private_receipt_discloses(node: Path) -> None:
    paths = field_paths(record(0))
    shown = [disclosed(GOOD.private(), seeds.sample(paths, count)) for count in range(1, len(paths) + 1)]
    pairs = [(format_receipt(each), format_trust(trust())) for each in shown]
    for (receipt, known), second in zip(pairs, second_verdicts(node, pairs), strict=True):
        assert first_verdict(receipt, known) == second
        assert (second["outcome"], second["stages"]["record"]["status"]) == ("valid", "pass")


def test_both_verifiers_give_the_same_verdict_on_mutated_files(node: Path) -> None:
    seed = seeds.getrandbits(32)  # the test run's seed decides it
    random = Random(seed)
    pairs = list(mutations(random, COUNT))
    seen: Counter[str] = Counter()
    for (receipt, known), second in zip(pairs, second_verdicts(node, pairs), strict=True):
        first = first_verdict(receipt, known)
        assert first == second, f"seed {seed}: {receipt!r} under {known!r}"
        seen[first if isinstance(first, str) else first["first_failure"] or first["outcome"]] += 1
    assert set(seen) == OUTCOMES
