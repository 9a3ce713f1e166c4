"""Spreadsheets and CSV files as operators have them, made by another library (openpyxl); invented people."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, BinaryIO

from openpyxl import Workbook as Writer
from openpyxl.worksheet.worksheet import Worksheet

from services.register.imports.checking import NamedTable
from services.register.imports.tables.csvs import CsvTable
from services.register.imports.tables.xlsx import Workbook

HEADING = ("序号", "股东名称", "证件类型", "证件号码", "持股数量（股）", "持股比例", "确权状态")


def resident(order: int) -> str:
    """A number with a good check digit; nobody's: the region 440199 does not exist."""
    digits = f"440199{1950 + order // 1000 % 50}0{1 + order // 100_000 % 9}1{order // 50_000 % 2}{order % 1000:03}"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return digits + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=True)) % 11]


def organisation(order: int) -> str:
    """A unified social credit code with a good check character."""
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    body = f"91440199MA{order:07d}"
    total = sum(alphabet.index(each) * pow(3, place, 31) for place, each in enumerate(body))
    return body + alphabet[-total % 31]


def person(order: int, units: object, capital: int = 1000, confirmed: str = "已确权") -> list[object]:
    """A line under HEADING."""
    share = f"{int(str(units)) * 100 / capital:.4f}%" if str(units).isdecimal() else None
    return [order, f"测试{chr(0x4E00 + order)}", "居民身份证", resident(order), units, share, confirmed]


class Book:
    """A workbook in the making."""

    def __init__(self) -> None:
        self.writer = Writer()
        first = self.writer.active
        assert first is not None
        self.sheet: Any = first

    def add(self, title: str, rows: Iterable[Sequence[object]] = ()) -> Worksheet:
        made: Worksheet = self.writer.create_sheet(title)
        for row in rows:
            made.append(list(row))
        return made

    def file(self) -> BinaryIO:
        file = io.BytesIO()
        self.writer.save(file)
        file.seek(0)
        return file

    def tables(self, name: str = "名册.xlsx") -> list[NamedTable]:
        return [NamedTable(name, each) for each in Workbook(self.file()).tables]


def book(*rows: Sequence[object], heading: Sequence[object] = HEADING) -> Book:
    """One sheet with a heading and rows."""
    made = Book()
    made.sheet.title = "股东名册"
    for row in (heading, *rows):
        made.sheet.append(list(row))
    return made


def csv_file(rows: Iterable[Sequence[object]], encoding: str = "gb18030", delimiter: str = ",") -> BinaryIO:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return io.BytesIO(text.getvalue().encode(encoding))


def csv_tables(rows: Iterable[Sequence[object]], encoding: str = "gb18030", delimiter: str = ",") -> list[NamedTable]:
    return [NamedTable("名册.csv", CsvTable(csv_file(rows, encoding, delimiter)))]
