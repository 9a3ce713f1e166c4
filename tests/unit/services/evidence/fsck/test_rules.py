"""Whom fsck believes when heads contradict each other, and what it makes of leaves, streams and fields."""

from chain.proof.hashing import Suite
from chain.proof.leaf import NO_LEAF, Leaf, leaf_hash
from chain.proof.types import Phase
from services.evidence.fsck.rules import (
    Book,
    Claim,
    StreamPart,
    Streams,
    Strength,
    changed_fields,
    leaf_fault,
    record_fault,
)

TRUE, FALSE = b"\x01" * 32, b"\x02" * 32
LEAF = Leaf(Suite.INTL_V1, 1, Phase.EVENT, 0, b"s" * 16, NO_LEAF, b"c" * 32, 1_800_000_000_000).encode()


def judged(*claims: tuple[int, Strength, bool]) -> Book:
    """A book in which each claim (size, whose, whether it agrees with the tree) was judged, in order of size."""
    book = Book()
    for size, strength, agrees in claims:
        book.judge(Claim(size, strength, TRUE if agrees else FALSE, f"{strength.name} {size}"), TRUE)
    return book


def test_the_tree_is_wrong_between_the_heads_of_others_whatever_the_log_itself_signed() -> None:
    book = judged(
        (10, Strength.CHAIN, True), (12, Strength.LOG, True), (15, Strength.LOG, True), (20, Strength.CHAIN, False)
    )
    broken = book.broken()
    assert broken is not None
    assert broken.lower is not None
    assert (broken.lower.size, broken.upper.size, broken.own, broken.key_needed) == (10, 20, None, True)


def test_the_logs_own_signatures_narrow_it_and_acquit_its_key() -> None:
    book = judged(
        (10, Strength.WITNESS, True), (12, Strength.LOG, True), (15, Strength.LOG, False), (20, Strength.CHAIN, False)
    )
    broken = book.broken()
    assert broken is not None
    assert (broken.own, broken.key_needed) == ((12, 15), False)


def test_a_rewritten_head_file_does_not_acquit_the_tree() -> None:
    book = judged((15, Strength.LOG, False), (20, Strength.CHAIN, False), (30, Strength.HEAD_FILE, True))
    broken = book.broken()
    assert broken is not None
    assert (broken.lower, broken.upper.size, broken.key_needed) == (None, 20, False)
    assert book.refuted() == []


def test_a_head_that_a_larger_one_of_somebody_stronger_contradicts_is_itself_wrong() -> None:
    book = judged((10, Strength.LOG, False), (20, Strength.CHAIN, True))
    assert book.broken() is None
    assert [(one.claim.size, one.by.size) for one in book.refuted()] == [(10, 20)]


def test_the_service_alone_cannot_refute_a_witness() -> None:
    book = judged((10, Strength.WITNESS, False), (20, Strength.LOG, True), (20, Strength.HEAD_FILE, True))
    assert book.refuted() == []
    broken = book.broken()
    assert broken is not None
    assert broken.upper.size == 10


def test_without_others_the_logs_signatures_decide() -> None:
    broken = judged((10, Strength.LOG, True), (20, Strength.LOG, False)).broken()
    assert broken is not None
    assert broken.lower is not None
    assert (broken.lower.size, broken.upper.size, broken.key_needed) == (10, 20, False)


def test_a_head_behind_a_missing_leaf_is_neither_right_nor_wrong() -> None:
    book = Book()
    assert book.judge(Claim(5, Strength.CHAIN, TRUE, "x"), None) is None
    assert (book.unknown, book.broken()) == (1, None)


def test_bytes_that_are_no_leaf_are_told() -> None:
    assert leaf_fault(LEAF) is None
    for at, name in ((0, "version"), (1, "suite"), (2, "type"), (4, "phase"), (5, "reserved"), (15, "previous")):
        bad = bytearray(LEAF)
        bad[at] = 9
        assert name in (leaf_fault(bytes(bad)) or ""), name
    assert "104" in (leaf_fault(LEAF[:-1]) or "")
    assert "9999" in (leaf_fault(LEAF[:96] + b"\xff" * 8) or "")


def test_a_stream_must_continue_over_ranges_with_number_and_hash() -> None:
    one, other = leaf_hash(LEAF), b"\x07" * 32
    streams = Streams(from_start=True)
    assert list(streams.take({b"a": StreamPart(3, 0, NO_LEAF, 1, one)})) == []
    assert list(streams.take({b"a": StreamPart(9, 2, one, 2, other)})) == []
    assert [found[0] for found in streams.take({b"a": StreamPart(12, 3, one, 3, one)})] == [12]
    assert [found[0] for found in streams.take({b"b": StreamPart(14, 1, one, 1, one)})] == [14]
    assert streams.head(b"a") == (4, one)
    assert list(Streams(from_start=False).take({b"b": StreamPart(14, 1, one, 1, one)})) == []


def test_changed_missing_and_added_fields_are_named_and_true_is_not_one() -> None:
    before = {"body": {"a": 1, "b": [1, {"c": "x"}], "d": "x"}}
    after = {"body": {"a": True, "b": [1, {"c": "y"}], "e": "x"}}
    assert changed_fields(before, after) == ["/body/a", "/body/b[1]/c", "/body/d", "/body/e"]  # type: ignore[arg-type]


def test_a_stored_record_that_is_not_canonical_or_no_record_is_told() -> None:
    assert "canonical" in (record_fault(b'{"type": "business.event"}', bytes(32), LEAF) or "")
    assert "no record" in (record_fault(b'{"type"', bytes(32), LEAF) or "")
    assert "type" in (record_fault(b'{"type":"pilot.event"}', bytes(32), LEAF) or "")
    assert "commitment" in (record_fault(b'{"type":"business.event"}', bytes(32), LEAF) or "")
