"""Each way to tamper with a store, done by hand to a copy of it, and what fsck says with a mirror and without."""

from pathlib import Path
from typing import Any

import pytest

from services.evidence.fsck.findings import DATABASE, LOG_KEY, MASTER, Finding, Report
from services.fsck import Scope
from tests.integration.services.evidence.fsck.store import RECORDS, Copy, Store


def kinds(report: Report) -> set[str]:
    return {finding.kind for finding in report.findings}


def places(report: Report, kind: str) -> list[int | None]:
    return [finding.first for finding in report.findings if finding.kind == kind]


def only(report: Report, kind: str) -> Finding:
    (found,) = [finding for finding in report.findings if finding.kind == kind]
    return found


def record_at(copy: Copy, index: int) -> str:
    return str(copy.one("SELECT record_id FROM leaves WHERE log_id = :log AND idx = :at", at=index)[0])


def around(copy: Copy, index: int) -> tuple[int, int]:
    """The anchored heads around an index."""
    sizes = [0, *copy.sizes("anchors")]
    return max(size for size in sizes if size <= index), min(size for size in sizes if size > index)


def test_a_clean_store_gives_no_finding(copy: Copy) -> None:
    for mirror in (False, True):
        report = copy.fsck(mirror=mirror)
        assert report.data()["outcome"] == "clean", report.lines()
        assert (report.counts["leaves"], report.counts["records"]) == (copy.store.size, copy.store.size)
    assert copy.store.size > RECORDS
    assert len(copy.sizes("anchors")) >= 3


def test_the_same_is_found_in_several_processes(copy: Copy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.evidence.fsck.fsck.LEAST", 1)
    copy.reseal(copy.store.index, units="5")
    alone = copy.fsck(scope=Scope(jobs=1)).data()
    assert copy.fsck(scope=Scope(jobs=2)).data() == alone
    assert copy.fsck(scope=Scope(jobs=2, apart=True)).data() == alone  # this process examines none


@pytest.mark.parametrize("mirror", [False, True])
def test_a_changed_field_names_the_record_and_with_its_receipt_the_field(
    copy: Copy, tmp_path: Path, *, mirror: bool
) -> None:
    copy.reseal(copy.store.index, units="999999")
    report = copy.fsck(mirror=mirror)
    assert kinds(report) == {"record-differs"}
    found = only(report, "record-differs")
    assert (found.first, found.record_id) == (copy.store.index, record_at(copy, copy.store.index))
    assert found.data()["who"] == MASTER

    receipt = tmp_path / "mine.regseal.json"
    receipt.write_bytes(copy.store.receipt)
    report = copy.fsck(mirror=mirror, receipts=(receipt,))
    assert kinds(report) == {"record-differs", "field-differs"}
    assert only(report, "field-differs").field == "/body/units"
    assert "999999" not in str(report.data())


def test_a_deleted_record_is_named(copy: Copy) -> None:
    record = record_at(copy, copy.store.index)
    copy.do("DELETE FROM records WHERE id = :id", id=record)
    found = only(copy.fsck(), "record-missing")
    assert (found.first, found.record_id) == (copy.store.index, record)


@pytest.mark.parametrize("mirror", [False, True])
def test_a_deleted_leaf_is_named_and_its_record_is_an_orphan(copy: Copy, *, mirror: bool) -> None:
    record = record_at(copy, copy.store.index)
    copy.do("DELETE FROM leaves WHERE log_id = :log AND idx = :at", at=copy.store.index)
    report = copy.fsck(mirror=mirror)
    assert places(report, "leaf-missing") == [copy.store.index]
    assert only(report, "record-orphan").record_id == record
    assert "tree-differs" not in kinds(report), "the stored tile tells its hash: the rest is whole"


@pytest.mark.parametrize("mirror", [False, True])
def test_two_swapped_leaves_are_both_named(copy: Copy, *, mirror: bool) -> None:
    one, other = copy.store.index, copy.store.index + 3
    rows = {at: copy.one("SELECT leaf, leaf_hash, record_id FROM leaves WHERE log_id = :log AND idx = :at", at=at)
            for at in (one, other)}  # fmt: skip
    for at, row in ((one, rows[other]), (other, rows[one])):
        copy.do(
            "UPDATE leaves SET leaf = :leaf, leaf_hash = :hash, record_id = :id WHERE log_id = :log AND idx = :at",
            leaf=row[0], hash=row[1], id=row[2], at=at,
        )  # fmt: skip
    report = copy.fsck(mirror=mirror)
    assert places(report, "leaf-differs") == [one, other]
    assert places(report, "record-row") == [one, other]
    named = next(finding for finding in report.findings if finding.kind == "leaf-differs")
    assert ("the mirror" in named.contradicted_by[0]) == mirror


def test_two_swapped_records_are_both_named(copy: Copy) -> None:
    one, other = copy.store.index, copy.store.index + 3
    sealed = {at: copy.one("SELECT ciphertext FROM records WHERE log_id = :log AND idx = :at", at=at)[0]
              for at in (one, other)}  # fmt: skip
    for at, data in ((one, sealed[other]), (other, sealed[one])):
        copy.do("UPDATE records SET ciphertext = :data WHERE log_id = :log AND idx = :at", data=data, at=at)
    assert places(copy.fsck(), "record-unreadable") == [one, other]


def test_a_replaced_leaf_with_all_later_hashes_lies_between_two_heads_or_is_named_by_a_mirror(copy: Copy) -> None:
    index = copy.store.index
    copy.replace_leaf(index, copy.reseal(index, units="999999"))
    copy.write_head(copy.store.size, copy.store_root())

    report = copy.fsck()
    found = only(report, "tree-differs")
    assert (found.first, found.end) == around(copy, index)
    assert found.who == DATABASE, "the log's own signatures contradict it too"
    assert "--mirror" in (found.why_not_narrower or "")
    own = min(size for size in copy.sizes("checkpoints") if size > index)
    assert f"… {own - 1}" in found.detail, "they narrow it further"
    assert any("anchor" in one for one in found.contradicted_by)

    report = copy.fsck(mirror=True)
    assert "tree-differs" not in kinds(report)
    named = [one for one in report.findings if one.kind == "leaf-differs"]
    assert (named[0].first, named[0].record_id) == (index, record_at(copy, index))
    assert str(around(copy, index)[1]) in (named[0].between or ("", ""))[1]
    stream = copy.one("SELECT leaf FROM leaves WHERE log_id = :log AND idx = :at", at=index)[0][16:32]
    for one in named:
        leaf = copy.one("SELECT leaf FROM leaves WHERE log_id = :log AND idx = :at", at=one.first)[0]
        assert leaf[16:32] == stream, "only the later leaves of its stream differ beside it"


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("anchored", [False, True])
def test_a_checkpoint_signed_again_with_the_stolen_key_is_named(copy: Copy, *, mirror: bool, anchored: bool) -> None:
    sizes = copy.sizes("checkpoints")
    size = copy.sizes("anchors")[1] if anchored else sizes[len(sizes) // 2]
    assert anchored or size not in copy.sizes("anchors")
    copy.resign(size, b"\x66" * 32)
    report = copy.fsck(mirror=mirror)
    found = only(report, "checkpoint-differs")
    assert (found.end, found.who) == (size, LOG_KEY)
    assert "tree-differs" not in kinds(report)
    assert ("cosignature-wrong" in kinds(report)) == anchored
    if mirror and anchored:
        assert any("witness's checkpoint" in one for one in found.contradicted_by)


@pytest.mark.parametrize(
    ("column", "value"),
    [("block_number", 1), ("tx_hash", "0x" + "66" * 32), ("block_hash", "0x" + "66" * 32), ("state", "pending"),
     ("log_index_in_block", 7)],
)  # fmt: skip
def test_an_edited_anchor_is_named(copy: Copy, column: str, value: Any) -> None:
    size = copy.sizes("anchors")[1]
    copy.do(f"UPDATE anchors SET {column} = :value WHERE log_id = :log AND size = :size", value=value, size=size)
    found = only(copy.fsck(), "anchor-differs")
    assert found.end == size
    assert "anchor transaction" in found.contradicted_by[0]


def test_a_deleted_anchor_is_named_by_its_transaction(copy: Copy) -> None:
    size = copy.sizes("anchors")[1]
    tx_hash = copy.one("SELECT tx_hash FROM anchors WHERE log_id = :log AND size = :size", size=size)[0]
    copy.do("DELETE FROM anchors WHERE log_id = :log AND size = :size", size=size)
    report = copy.fsck()
    assert tx_hash in only(report, "anchor-missing").contradicted_by[0]
    assert only(report, "grade-differs").end == size


def test_a_foreign_proof_beside_an_anchor_is_named(copy: Copy) -> None:
    one, other = copy.sizes("anchors")[:2]
    proof = copy.one("SELECT proof FROM anchors WHERE log_id = :log AND size = :size", size=other)[0]
    copy.do("UPDATE anchors SET proof = :proof WHERE log_id = :log AND size = :size", proof=proof, size=one)
    assert only(copy.fsck(), "anchor-proof").end == one


@pytest.mark.parametrize("by", [-30, 1_000])
def test_a_moved_cursor_is_found(copy: Copy, by: int) -> None:
    copy.do("UPDATE cursors SET handled_block = handled_block + :by, scanned_block = scanned_block + :by", by=by)
    report = copy.fsck()
    assert kinds(report) == {"cursor-moved"}
    assert "HeadAnchored" in str(report.data())


def test_a_cursor_moved_back_to_a_true_block_is_contradicted_by_the_anchors_it_says_it_has_not_seen(copy: Copy) -> None:
    first = copy.sizes("anchors")[0]
    block = copy.one("SELECT block_number, block_hash FROM anchors WHERE log_id = :log AND size = :size", size=first)
    copy.do(
        "UPDATE cursors SET handled_block = :number, scanned_block = :number, handled_hash = :hash,"
        " scanned_hash = :hash"
        " WHERE listener = 'EvidenceLog.HeadAnchored'",
        number=block[0], hash=block[1],
    )  # fmt: skip
    found = only(copy.fsck(), "cursor-moved")
    assert "the row of anchor" in found.contradicted_by[0]


def test_a_consistently_rewritten_installation_is_contradicted_by_the_chain_and_by_the_witness(copy: Copy) -> None:
    index = copy.store.index
    expected = around(copy, index)
    copy.rewrite_all(index)

    report = copy.fsck()
    found = only(report, "tree-differs")
    assert (found.first, found.end) == expected
    assert found.who == LOG_KEY, "every signature of the log agrees with it"
    assert kinds(report) == {"tree-differs", "anchor-missing"}

    report = copy.fsck(mirror=True)
    assert kinds(report) == {"leaf-differs", "anchor-missing"}
    assert places(report, "leaf-differs")[0] == index
    assert all(one.who == LOG_KEY for one in report.findings if one.kind == "leaf-differs")


def test_without_chain_and_mirror_a_consistent_rewrite_is_not_called_clean(copy: Copy) -> None:
    copy.rewrite_all(copy.store.index)
    chains = copy.settings.chains
    away = chains["supervision"].model_copy(update={"endpoints": ("http://127.0.0.1:9",)})
    copy.settings = copy.settings.model_copy(update={"chains": {**chains, "supervision": away}})
    report = copy.fsck()
    assert (report.exit_code, report.data()["outcome"]) == (3, "incomplete")
    assert copy.store.index in places(copy.fsck(mirror=True), "leaf-differs")


def test_a_receipt_and_an_acknowledgement_contradict_a_consistent_rewrite(copy: Copy, tmp_path: Path) -> None:
    copy.rewrite_all(copy.store.index)
    receipt, promise = tmp_path / "mine.regseal.json", tmp_path / "ack.txt"
    receipt.write_bytes(copy.store.receipt)
    promise.write_text(copy.store.acknowledgement)
    report = copy.fsck(receipts=(receipt, promise))
    assert places(report, "receipt-leaf") == places(report, "acknowledgement") == [copy.store.index]
    assert only(report, "field-differs").field == "/body/units"


@pytest.mark.parametrize("ahead", [0, 5])
def test_an_edited_head_file_is_found(copy: Copy, ahead: int) -> None:
    copy.write_head(copy.store.size + ahead, b"\x66" * 32)
    report = copy.fsck()
    assert kinds(report) == {"head-file"}


def test_a_removed_cosignature_is_missed(copy: Copy) -> None:
    size = copy.sizes("cosignatures")[0]
    copy.do("DELETE FROM cosignatures WHERE log_id = :log AND size = :size", size=size)
    assert only(copy.fsck(), "grade-differs").end == size


def test_a_forged_cosignature_does_not_hold(copy: Copy) -> None:
    one, other = copy.sizes("cosignatures")[:2]
    line = copy.one("SELECT line FROM cosignatures WHERE log_id = :log AND size = :size", size=other)[0]
    copy.do("UPDATE cosignatures SET line = :line WHERE log_id = :log AND size = :size", line=line, size=one)
    assert only(copy.fsck(), "cosignature-wrong").end == one


def test_other_rows_beside_the_leaves_are_compared(copy: Copy) -> None:
    copy.do("UPDATE streams SET count = count + 1 WHERE log_id = :log AND count = (SELECT max(count) FROM streams)")
    copy.do("UPDATE leaves SET leaf_hash = :bad WHERE log_id = :log AND idx = 9", bad=b"\x66" * 32)
    copy.do("UPDATE logs SET frontier = :bad WHERE id = :log", bad=b"\0" * 8)
    tile = bytes(copy.one("SELECT hashes FROM tiles WHERE log_id = :log AND level = 0 AND idx = 1")[0])
    copy.do("UPDATE tiles SET hashes = :bad WHERE log_id = :log AND level = 0 AND idx = 1", bad=tile[:-1] + b"\x66")
    report = copy.fsck()
    assert kinds(report) == {"stream-row", "leaf-hash", "frontier-differs", "tile-differs"}
    assert places(report, "leaf-hash") == [9]
    assert places(report, "tile-differs") == [511]


@pytest.mark.parametrize("mirror", [False, True])
def test_a_log_that_the_database_forgot_is_told_by_head_file_and_witness(copy: Copy, *, mirror: bool) -> None:
    copy.do("UPDATE logs SET origin = 'another.example/log' WHERE id = :log")
    found = [one for one in copy.fsck(mirror=mirror).findings if one.kind == "log-unknown"]
    assert [one.contradicted_by[0].split(" /")[0] for one in found] == ["the head file", "the mirror"][: 1 + mirror]
    assert {one.origin for one in found} == {copy.store.origin}


def test_a_part_can_be_examined_alone(copy: Copy, store: Store) -> None:
    copy.reseal(store.index, units="5")
    assert copy.fsck(scope=Scope(first=0, end=store.index)).exit_code == 0
    assert copy.fsck(scope=Scope(records=False)).exit_code == 0
    assert copy.fsck(scope=Scope(origin="no.example/log")).exit_code == 3
