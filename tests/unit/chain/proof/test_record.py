"""Records: what is accepted, what is committed to, what a disclosure shows."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.canonical import INTEGER_MAX, JsonObject, canonical
from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import Suite
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.record import (
    Disclosure,
    check_record,
    commit,
    disclose,
    field_paths,
    is_institution,
    submission_message,
    verify_disclosures,
)
from chain.proof.types import BY_CODE, BY_NAME, RECORD_TYPES, Phase
from tests.vectors.world import OPERATOR, RECORDS, make_leaves

SECRET = bytes(range(32))
texts = st.text(st.characters(codec="utf-8"), max_size=6)
scalars = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts
bodies = st.dictionaries(
    texts,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)),
    min_size=1,
    max_size=4,
)


def record_of(body: Any) -> JsonObject:
    return RECORDS[0] | {"body": body}


@given(bodies, st.data())
def test_any_choice_of_fields_can_be_shown_and_nothing_else_fits(body: Any, data: st.DataObject) -> None:
    record = check_record(record_of(body))
    commitment = commit(record, SECRET)
    paths = data.draw(st.lists(st.sampled_from(field_paths(record)), min_size=1, unique=True))
    shown = disclose(record, SECRET, paths)
    assert sorted(item.path for item in shown.items) == sorted(paths)
    verify_disclosures(shown, commitment)
    item = data.draw(st.sampled_from(shown.items))
    for forged in forgeries(item):
        with pytest.raises(ProofError):
            verify_disclosures(replace(shown, items=(forged,)), commitment)
    for count in (shown.count - 1, shown.count + 1, 0, 1_025):
        with pytest.raises(ProofError):
            verify_disclosures(replace(shown, count=count), commitment)


def forgeries(item: Disclosure) -> list[Disclosure]:
    return [
        replace(item, value="altered"),
        replace(item, path=item.path + "x"),
        replace(item, salt=bytes(32)),
        replace(item, salt=item.salt[:-1]),
        replace(item, index=item.index + 1),
        replace(item, proof=(*item.proof, bytes(32))),
        replace(item, proof=tuple(bytes(32) for _ in item.proof)),
    ]


@given(bodies, bodies)
def test_two_records_share_a_commitment_only_when_they_are_equal(first: Any, second: Any) -> None:
    equal = canonical(first) == canonical(second)
    assert (commit(record_of(first), SECRET) == commit(record_of(second), SECRET)) == equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": {"0": 1}}, {"a": [1]}),
        ({"a": {}}, {"a": []}),
        ({"a": {"b": 1}}, {"a/b": 1}),
        ({"a~0": 1}, {"a~": 1}),
        ({"a": ["1"]}, {"a": [1]}),
        ({"a": None}, {"a": "null"}),
        ({"é": 1}, {"e\u0301": 1}),
    ],
)
def test_look_alikes_have_different_commitments(one: Any, other: Any) -> None:
    assert commit(record_of(one), SECRET) != commit(record_of(other), SECRET)


def test_commitment_hides_behind_its_secret() -> None:
    assert commit(RECORDS[0], SECRET) != commit(RECORDS[0], bytes(32))
    for length in (0, 31, 33):
        with pytest.raises(FormatError, match="secret"):
            commit(RECORDS[0], bytes(length))


def test_a_value_cannot_be_moved_to_another_field() -> None:
    record = record_of({"a": 1, "b": 1})
    first, second = disclose(record, SECRET, ["/body/a", "/body/b"]).items
    assert first.value == second.value
    moved = replace(first, path="/body/b")
    with pytest.raises(ProofError, match="commitment-mismatch"):
        verify_disclosures(replace(disclose(record, SECRET, ["/body/a"]), items=(moved,)), commit(record, SECRET))


@pytest.mark.parametrize("paths", [[], ["/body"], ["/body/nothing"], [""]])
def test_what_is_no_field_cannot_be_disclosed(paths: list[str]) -> None:
    with pytest.raises(FormatError):
        disclose(RECORDS[0], SECRET, paths)


@pytest.mark.parametrize("value", [None, "x", 1, []])
def test_record_is_an_object(value: object) -> None:
    with pytest.raises(FormatError, match="object"):
        check_record(value)


def test_largest_record_is_accepted() -> None:
    record = record_of({"a": [0] * 1020})
    assert len(field_paths(check_record(record))) == 1_024
    room = 65_536 - len(canonical(record_of({"a": ""})))
    check_record(record_of({"a": "a" * room}))
    with pytest.raises(FormatError, match="65537 canonical bytes"):
        check_record(record_of({"a": "a" * (room + 1)}))


def test_longest_path_is_accepted_and_the_next_is_not() -> None:
    key = "k" * (1_024 - len("/body/"))
    check_record(record_of({key: 1}))
    with pytest.raises(FormatError, match="path"):
        check_record(record_of({key + "k": 1}))


def test_a_key_as_long_as_a_record_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before 30 kB of path are built a thousand times over."""

    def built(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("chain.proof.canonical._collect", built)
    with pytest.raises(FormatError, match="path"):
        check_record(record_of({"k" * 30_000: [0] * 1_000}))


def test_deepest_record_is_accepted_and_the_next_is_not() -> None:
    value: Any = 1
    for _ in range(14):
        value = [value]
    check_record(record_of({"a": value}))
    with pytest.raises(FormatError, match="deep"):
        check_record(record_of({"a": [value]}))


def test_submission_binds_the_log() -> None:
    first, second = submission_message("a", RECORDS[0]), submission_message("b", RECORDS[0])
    assert first != second
    assert first == b"regseal/v1/submission\0a\0" + canonical(RECORDS[0])


def test_institution_ids() -> None:
    assert is_institution(OPERATOR)
    assert not any(map(is_institution, (None, OPERATOR + "\n", OPERATOR.upper(), "ins_")))


def test_type_table_is_without_collisions() -> None:
    assert len(BY_NAME) == len(BY_CODE) == len(RECORD_TYPES)
    assert {each.name for each in RECORD_TYPES if each.submittable} == {
        "business.event",
        "pilot.event",
        "material.digest",
        "material.manifest",
    }
    assert all((Phase.EVENT in each.phases) == (len(each.phases) == 1) for each in RECORD_TYPES)


def test_reserved_suite_is_refused_everywhere() -> None:
    assert Suite.CN_SM_V1.label == "CN-SM-V1"
    with pytest.raises(ProofError, match="suite-unsupported"):
        commit(RECORDS[0], SECRET, Suite.CN_SM_V1)
    with pytest.raises(FormatError, match="leaf-suite"):
        replace(make_leaves(1)[0], suite=Suite.CN_SM_V1)


@pytest.mark.parametrize(
    "change",
    [
        {"stream": bytes(15)},
        {"commitment": bytes(33)},
        {"previous": b"\x01" * 31, "seq": 1},
        {"seq": -1},
        {"seq": 2**64, "previous": b"\x01" * 32},
        {"accepted_at": -1},
        {"phase": Phase.REGISTERED},
        {"type_code": 0},
    ],
)
def test_leaf_that_cannot_be_is_not_made(change: Any) -> None:
    with pytest.raises(FormatError):
        replace(make_leaves(1)[0], **change)


@given(
    st.integers(0, 2**64 - 1),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=32, max_size=32).filter(any),
    st.binary(min_size=32, max_size=32),
    st.integers(0, 253_402_300_799_999),
)
def test_leaf_survives_its_encoding(seq: int, stream: bytes, previous: bytes, commitment: bytes, at: int) -> None:
    before = previous if seq else NO_LEAF
    for record_type in RECORD_TYPES:
        for phase in record_type.phases:
            leaf = Leaf(Suite.INTL_V1, record_type.code, phase, seq, stream, before, commitment, at)
            assert Leaf.decode(leaf.encode()) == leaf
