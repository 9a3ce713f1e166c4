"""Statements as tables for spreadsheets: CSV in UTF-8 with a byte order mark, and no cell that a program would run."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

__all__ = ["csv_of", "safe", "sheet"]

_BOM = b"\xef\xbb\xbf"
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet takes for a formula, or that hides one behind white space."""
_LINES = (
    ("账户", "account"),
    ("姓名或名称", "name"),
    ("持有数量", "units"),
    ("可用", "available"),
    ("质押", "pledged"),
    ("冻结", "frozen"),
    ("限售", "locked"),
    ("已确权", "confirmed"),
    ("变动序号", "seq"),
    ("自", "since"),
)
_LIENS = (
    ("编号", "number"),
    ("种类", "kind"),
    ("账户", "account"),
    ("姓名或名称", "name"),
    ("数量", "units"),
    ("登记时数量", "opened_units"),
    ("起", "since"),
    ("止", "until"),
    ("链上状态", "chain_status"),
    ("法律状态", "legal_status"),
    ("法律文书", "legal_reference"),
    ("法律状态沿革", "legal_words"),
)
_CHANGES = (
    ("变动序号", "seq"),
    ("持有数量", "units"),
    ("权利负担数量", "encumbered"),
    ("自", "from"),
    ("至", "to"),
    ("仓位字", "word"),
)
_EVIDENCE = (
    ("区块", "block"),
    ("交易", "transaction"),
    ("事件序号", "log_index"),
    ("申请叶", "leaf"),
    ("结果记录", "outcome"),
    ("日志位置", "index"),
    ("已锚定", "anchored"),
)


def csv_of(document: Mapping[str, Any], digest: str) -> bytes:
    """A statement's table under what it is about. ``digest``: of the JSON document that it was made from."""
    told = document["statement"]
    rows: list[Sequence[object]] = [
        (told["term"], told["number"]),
        ("市场", document["market"]["name"]),
        ("品种", document["security"]["id"]),
        ("截至", told["as_of"]),
        ("出具", told["issued_at"]),
        ("合约", document["register"]["contract"]),
        ("读至区块", document["register"]["read_up_to_block"]),
        ("文件摘要", digest),
    ]
    if "holder" in document:
        rows.append(("持有人", document["holder"]["account"], document["holder"]["name"] or ""))
    if "proof" in document:
        proof = document["proof"]
        rows += _table(_CHANGES, [each for each in (proof["before"], proof["after"]) if each is not None])
    if "lines" in document:
        rows += _table(_LINES, document["lines"])
    if document.get("liens") or not {"proof", "lines"} & set(document):
        rows += _table(_LIENS, [{**each, "legal_words": _words(each)} for each in document["liens"]])
    return sheet(rows)


def sheet(rows: Iterable[Sequence[object]]) -> bytes:
    """Rows as CSV, each cell safe."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows([[safe(cell) for cell in row] for row in rows])
    return _BOM + text.getvalue().encode()


def safe(value: object) -> str:
    """A cell as text: what would run as a formula is quoted with an apostrophe."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    text = str(value)
    return f"'{text}" if text.lstrip(" \u00a0\u3000").startswith(_RUNS) else text


def _words(lien: Mapping[str, Any]) -> str:
    """Every word on the legal status, in one cell. Statements of before have none but the last."""
    return "; ".join(f"{one['at']} {one['status']} {one['reference']}" for one in lien.get("legal_history", ()))


def _table(columns: Sequence[tuple[str, str]], items: Iterable[Mapping[str, Any]]) -> list[Sequence[object]]:
    head = [name for name, _ in (*columns, *_EVIDENCE)]
    body = [
        [*(item.get(key) for _, key in columns), *(item["evidence"].get(key) for _, key in _EVIDENCE)] for item in items
    ]
    return [(), head, *body]
