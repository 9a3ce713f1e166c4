"""Lists of holders: how fast they are read and checked, beside a common library that only reads them."""

from __future__ import annotations

import io
import os
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from openpyxl import Workbook as Writer
from openpyxl import load_workbook

from benchmarks.measure import Figure, compared
from services.register.imports.checking import Demands, NamedTable, check
from services.register.imports.tables.csvs import CsvTable
from services.register.imports.tables.xlsx import Workbook

LINES = 100_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 20_000
UNITS = 100
TODAY = date(2026, 11, 20)
_HEADING = ("序号", "股东名称", "证件类型", "证件号码", "持股数量", "确权状态")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def run() -> Iterator[Figure]:
    """Lines per second of one process."""
    listed, text = workbook(), _csv()
    read = Figure("read .xlsx with openpyxl, streaming", _rate(lambda: _read_only(listed)), "/s")
    yield read
    yield compared(Figure("read and check .xlsx", _rate(lambda: _check(_tables(listed))), "/s"), read)
    yield compared(Figure("read and check CSV in GB18030", _rate(lambda: _check([_csv_table(text)])), "/s"), read)


def _check(tables: Sequence[NamedTable]) -> None:
    checked = check(tables, Demands(capital=LINES * UNITS, today=TODAY))
    if checked.findings or checked.summary.holders != LINES:
        raise AssertionError(checked.findings[:3])


def _tables(file: io.BytesIO) -> list[NamedTable]:
    return [NamedTable("名册.xlsx", each) for each in Workbook(file).tables]


def _csv_table(file: io.BytesIO) -> NamedTable:
    return NamedTable("名册.csv", CsvTable(file))


def _read_only(file: io.BytesIO) -> None:
    file.seek(0)
    book = load_workbook(file, read_only=True)
    for _ in book.worksheets[0].iter_rows(values_only=True):
        pass
    book.close()


def _rate(action: Callable[[], object]) -> Decimal:
    began = time.perf_counter_ns()
    action()
    return (Decimal(LINES) * 1_000_000_000 / (time.perf_counter_ns() - began)).quantize(Decimal(1))


def _lines() -> Iterator[tuple[object, ...]]:
    yield _HEADING
    for order in range(LINES):
        yield (order, f"示例{order}", "居民身份证", _resident(order), UNITS, "已确权")


def _resident(order: int) -> str:
    """Nobody's: the region 440199 does not exist."""
    digits = f"440199{1950 + order // 28_000:04d}01{1 + order // 1_000 % 28:02d}{order % 1_000:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


def workbook() -> io.BytesIO:
    """LINES holders of UNITS each; nobody's documents."""
    writer = Writer(write_only=True)
    sheet = writer.create_sheet("股东名册")
    for line in _lines():
        sheet.append(line)
    file = io.BytesIO()
    writer.save(file)
    return file


def _csv() -> io.BytesIO:
    return io.BytesIO("\r\n".join(",".join(map(str, line)) for line in _lines()).encode("gb18030"))
