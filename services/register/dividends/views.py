"""What the door of the dividends takes and gives, and the list as JSON and CSV (派发清单)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from chain.proof.canonical import JsonObject
from services.register.acts.said import Document
from services.register.book.sheets import sheet
from services.register.dividends.models import DividendLineRow
from services.register.dividends.rules import Entitlement, Stage, Totals, yuan, yuan_exact

__all__ = [
    "DividendEvent",
    "DividendView",
    "Release",
    "Resolution",
    "csv_of",
    "line_json",
    "stored",
    "totals_json",
]

_COLUMNS = (
    ("账户", "account"),
    ("姓名或名称", "name"),
    ("持有数量", "units"),
    ("其中冻结", "frozen"),
    ("其中质押", "pledged"),
    ("应派(元)", "gross"),
    ("暂扣(元)", "withheld"),
    ("应付(元)", "payable"),
    ("其中质押孳息(元)", "fruits"),
    ("尾差(元)", "remainder"),
    ("已解除暂扣(元)", "released"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """分红决议. ``amount`` per unit in CNY as decimal text; ``record_date``: that day in Shanghai, to its end."""

    security: str
    amount: str
    record_date: date
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """解除暂扣: ``amount`` in CNY to whom the court says (``holder``, ``applicant`` or ``court``)."""

    account: str
    amount: str
    to: str
    reference: str
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True)
class DividendEvent:
    """A step, and the record that says so."""

    name: str
    record_id: str
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DividendView:
    """A dividend where it stands. ``digest``: SHA-256 of the list's canonical JSON; ``released`` in CNY."""

    id: str
    security_id: str
    company_id: str
    amount: str
    record_date: date
    stage: Stage
    totals: JsonObject | None
    digest: bytes | None
    released: str
    events: Sequence[DividendEvent]
    created_at: int


def line_json(line: Entitlement) -> JsonObject:
    """A holder's line as the digest covers it."""
    return {
        "account": line.account_id,
        "units": str(line.units),
        "frozen": str(line.frozen),
        "pledged": str(line.pledged),
        "gross": yuan(line.gross),
        "withheld": yuan(line.withheld),
        "payable": yuan(line.payable),
        "fruits": yuan(line.fruits),
        "remainder": yuan_exact(line.remainder),
    }


def stored(row: DividendLineRow, names: Mapping[str, str]) -> JsonObject:
    """The same from its row, with what was released since, and the name for whom names are."""
    numbers = (row.units, row.frozen, row.pledged, row.gross, row.withheld, row.payable, row.fruits, row.remainder)
    said = line_json(Entitlement(row.account_id, *(int(each) for each in numbers)))
    return {**said, "name": names.get(row.account_id), "released": yuan(int(row.released))}


def totals_json(found: Totals) -> JsonObject:
    """The sums."""
    return {
        "holders": found.holders,
        "units": str(found.units),
        "gross": yuan(found.gross),
        "withheld": yuan(found.withheld),
        "payable": yuan(found.payable),
        "fruits": yuan(found.fruits),
        "remainder": yuan_exact(found.remainder),
    }


def csv_of(view: DividendView, lines: Sequence[Mapping[str, Any]]) -> bytes:
    """The list for spreadsheets."""
    about: list[Sequence[object]] = [
        ("派发清单", view.id),
        ("品种", view.security_id),
        ("每单位(元)", view.amount),
        ("股权登记日", view.record_date.isoformat()),
        ("阶段", view.stage),
        ("文件摘要", None if view.digest is None else "0x" + view.digest.hex()),
        (),
        [name for name, _ in _COLUMNS],
    ]
    return sheet([*about, *([line[key] for _, key in _COLUMNS] for line in lines)])
