"""Statements as CSV: what a spreadsheet shows, and never runs."""

import csv
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.register.book.sheets import csv_of, safe

EVIDENCE = {
    "block": 7, "transaction": "0x11", "log_index": 1, "leaf": "0x22", "outcome": "rec_1", "index": 5, "anchored": True,
}  # fmt: skip


def document(**more: Any) -> dict[str, Any]:
    return {
        "statement": {"term": "股东名册", "number": "440300-2026-000001", "as_of": "x", "issued_at": "y"},
        "market": {"name": "示例市场"},
        "security": {"id": "sec_1"},
        "register": {"contract": "0x33", "read_up_to_block": 9},
        **more,
    }


def rows(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf"), "Excel takes it for UTF-8"
    return list(csv.reader(content.decode("utf-8-sig").splitlines()))


@pytest.mark.parametrize(
    "name", ["=1+1", "+86", "-1", "@SUM(A1)", "\t=1", " =1", "　=HYPERLINK()", "＝1", "\r\n=1", "－1"]
)
def test_what_would_run_as_a_formula_is_quoted(name: str) -> None:
    line = {"account": "acc_1", "name": name, "units": "5", "confirmed": False, "seq": 3, "evidence": EVIDENCE}
    cells = list(csv.reader(csv_of(document(lines=[line]), "0x44").decode("utf-8-sig").splitlines(keepends=True)))
    assert any(f"'{name}" in cell.replace("\r\n", "\n").replace("\n", "\r\n") for row in cells for cell in row)


@given(st.text())
def test_no_cell_begins_like_a_formula(text: str) -> None:
    assert (
        not safe(text)
        .lstrip(" \u00a0\u3000")
        .startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    )


def test_lines_stand_under_their_titles_with_their_evidence() -> None:
    line = {"account": "acc_1", "name": "李雷", "units": "5", "confirmed": False, "seq": 3, "evidence": EVIDENCE}
    found = rows(csv_of(document(lines=[line], liens=[]), "0x44"))
    assert ["文件摘要", "0x44"] in found
    head = next(row for row in found if row and row[0] == "账户")
    told = dict(zip(head, found[found.index(head) + 1], strict=True))
    assert (told["姓名或名称"], told["持有数量"], told["已确权"], told["变动序号"]) == ("李雷", "5", "否", "3")
    assert (told["区块"], told["结果记录"], told["已锚定"]) == ("7", "rec_1", "是")
    assert not [row for row in found if row and row[0] == "编号"], "no table without content"


def test_a_statement_of_no_lien_at_all_shows_an_empty_table() -> None:
    found = rows(csv_of(document(liens=[], holder={"account": "acc_1", "name": None}), "0x44"))
    assert ["持有人", "acc_1", ""] in found
    assert found[-1][0] == "编号"


def test_a_proof_shows_the_changes_around_the_moment() -> None:
    change = {"seq": 4, "units": "5", "encumbered": "0", "from": "a", "to": None, "word": "0x55", "evidence": EVIDENCE}
    proof: dict[str, Any] = {"before": None, "after": change, "lots": [], "lots_evidence": None}
    found = rows(csv_of(document(proof=proof, holder={"account": "acc_1", "name": "李雷"}), "0x44"))
    assert found[-1][:3] == ["4", "5", "0"]
    assert found[-2][0] == "变动序号"
