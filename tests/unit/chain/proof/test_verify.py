"""The verifier as a whole: damage, stripped parts, words, purity."""

import ast
import json
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import chain.proof
from chain.proof.errors import FormatError, ProofError
from chain.proof.explain import _REASONS, LANGUAGES, explain
from chain.proof.receipt import Opening, format_receipt, parse_receipt
from chain.proof.trust import STAGES, format_trust, parse_trust
from chain.proof.verify import Assumption, Outcome, Status, Verdict, verify, verify_files
from tests.vectors.cases import GOOD, Case, good_receipts, trusts
from tests.vectors.evil import evil_cases
from tests.vectors.world import ACCEPTED_AT, BLOCK_TIME, COSIGNED_AT, REGULATOR, World, trust

TRUST = trust()
TRUST_FILE = format_trust(TRUST)
PRIVATE = GOOD.private()
FILE = format_receipt(PRIVATE)
DOCUMENT: dict[str, Any] = json.loads(FILE)


@cache
def evil_verdicts() -> list[tuple[Case, Verdict]]:
    known = trusts()
    stages = [case for case in evil_cases() if case.stage != "parse"]
    return [(case, verify(parse_receipt(case.receipt), known[case.trust])) for case in stages]


def test_receipts_and_trust_files_survive_their_files() -> None:
    for _, receipt, _ in good_receipts():
        assert parse_receipt(format_receipt(receipt)) == receipt
    for each in trusts().values():
        assert parse_trust(format_trust(each)) == each


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Path of every text and number in a document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    if isinstance(value, str | int):
        yield path
    for step, item in steps:
        yield from places(item, (*path, step))


def changed(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, int):
        return value + data.draw(st.sampled_from((1, -1, 7)))
    place = data.draw(st.integers(0, len(value)))
    other = data.draw(st.sampled_from("0123456789abcdefAx+/=\n "))
    return data.draw(st.sampled_from((value[:place] + other + value[place + 1 :], value[:place] + value[place + 1 :])))


@given(st.data())
def test_any_change_to_a_receipt_is_noticed(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(places(DOCUMENT), key=str)))
    document = json.loads(FILE)
    *steps, last = path
    target = document
    for step in steps:
        target = target[step]
    before, target[last] = target[last], changed(target[last], data)
    try:
        verdict = verify_files(json.dumps(document), TRUST_FILE)
    except FormatError:
        return
    if verdict.outcome is Outcome.VALID:
        # Only what adds nothing may change: the line of a witness beyond the quorum, under a name that nobody knows.
        assert path in {("checkpoint",), ("attestations", 1)} or target[last] == before, path
        assert len(verdict.witnesses) <= 2


@given(st.integers(0, len(FILE) - 1), st.integers(0, 7))
def test_any_flipped_bit_of_the_file_never_changes_what_is_proven(place: int, bit: int) -> None:
    damaged = FILE[:place] + bytes((FILE[place] ^ 1 << bit,)) + FILE[place + 1 :]
    try:
        receipt = parse_receipt(damaged)
    except FormatError:
        return
    if verify(receipt, TRUST).outcome is Outcome.VALID:
        assert (receipt.record, receipt.leaf, receipt.index) == (PRIVATE.record, PRIVATE.leaf, PRIVATE.index)


def test_stages_after_the_first_failure_are_not_run() -> None:
    for case, verdict in evil_verdicts():
        failed = [name for name, result in verdict.stages.items() if result.status is Status.FAIL]
        assert failed == [case.stage], case.name
        order = ["leaf", "record", "submitter", "inclusion", "checkpoint", "witness", "anchor", "finality"]
        later = order[order.index(case.stage) + 1 :]
        assert all(verdict.stages[name].reason == "earlier-failure" for name in later), case.name
        assert verdict.missing == ()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_verdict_can_be_said_in_words(language: str) -> None:
    for name, receipt, tried in good_receipts():
        for each in tried:
            lines = explain(verify(receipt, trusts()[each]), language)
            assert len(lines) >= 1 + len(STAGES), name
            assert not any("{" in line for line in lines)
    for case, verdict in evil_verdicts():
        lines = explain(verdict, language)
        assert case.stage in lines[0]
        assert all(line.isprintable() for line in lines)


def test_words_exist_for_the_reasons_of_the_specification_and_no_others() -> None:
    page = Path(__file__).parents[4].joinpath("docs/spec/receipt.md").read_text(encoding="utf-8")
    table = page.partition("### Reasons")[2].partition("Within a stage")[0]
    rows = [
        line.partition("|")[2].partition("|")[2] for line in table.splitlines() if line.startswith(("| `", "| any"))
    ]
    assert {word for row in rows for word in row.split("`")[1::2]} == set(_REASONS)


def test_time_is_the_word_of_the_least_interested() -> None:
    all_words = verify(PRIVATE, TRUST).time
    assert all_words
    assert (all_words.source, all_words.latest) == ("witness", (COSIGNED_AT + 2) * 1000)
    no_witness = replace(TRUST, policy=trusts()["nothing required"].policy)
    block = verify(World(cosigners=()).public(), no_witness).time
    assert block
    assert (block.source, block.latest) == ("block", BLOCK_TIME * 1000)
    service = verify(World(cosigners=(), attesters=()).public(), no_witness).time
    assert service
    assert (service.source, service.latest) == ("service", ACCEPTED_AT)
    broken = verify(replace(PRIVATE, leaf=b""), TRUST)
    assert broken.time is None
    assert broken.document()["time"] is None


def test_of_two_cosignatures_by_one_witness_the_earlier_counts() -> None:
    cosigners = ((REGULATOR, COSIGNED_AT + 60), (REGULATOR, COSIGNED_AT))
    time = verify(World(cosigners=cosigners).public(), TRUST).time
    assert time
    assert time.latest == COSIGNED_AT * 1000


def test_weakest_assumption_is_named_for_what_is_missing() -> None:
    open_policy = trusts()["nothing required"]
    assert verify(World(cosigners=()).public(), open_policy).weakest is Assumption.LOG_KEY
    assert verify(World(attesters=()).public(), open_policy).weakest is Assumption.HEADER
    complete = verify(GOOD.public(), open_policy)
    assert complete.weakest is Assumption.WITNESSES
    assert (complete.witnesses, complete.chain_class) == (
        ("witness.example.com", "witness.example.gov.cn"),
        "embedded",
    )


def test_nothing_inside_a_receipt_authorises_itself() -> None:
    nothing = replace(TRUST, logs={}, witnesses=(), chains=(), submitters=())
    assert verify(GOOD.public(), nothing).first_failure == "checkpoint"
    assert verify(PRIVATE, nothing).first_failure == "submitter"


def test_receipt_too_big_to_read_is_not_written() -> None:
    huge = replace(PRIVATE, record=Opening("x" * 1_100_000, bytes(32)))
    with pytest.raises(FormatError, match="more than"):
        format_receipt(huge)


def test_errors_read_well() -> None:
    assert str(ProofError("code")) == "code"
    assert str(ProofError("code", "why")) == "code: why"
    assert str(FormatError("", "why")) == "malformed: why"
    assert str(FormatError("/a", "why", code="leaf-type")) == "leaf-type: /a: why"


ALLOWED = {"chain", "cryptography", "Crypto", "rlp", "coincurve"}
STANDARD = {"base64", "binascii", "collections", "contextlib", "dataclasses", "datetime", "enum", "hashlib", "hmac"}
STANDARD |= {"functools", "json", "re", "struct", "typing", "unicodedata"}


def test_proof_imports_nothing_that_reaches_a_file_a_network_or_a_clock() -> None:
    for path in Path(chain.proof.__file__).parent.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in ALLOWED | STANDARD, f"{path.name} imports {name}"
                assert not name.startswith("chain.") or name.startswith("chain.proof."), f"{path.name} imports {name}"
            called = node.func if isinstance(node, ast.Call) else None
            assert not (isinstance(called, ast.Name) and called.id in {"open", "print", "eval", "exec"}), path.name
            assert not (isinstance(called, ast.Attribute) and called.attr in {"now", "utcnow", "today"}), path.name
