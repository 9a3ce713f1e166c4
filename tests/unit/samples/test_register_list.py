"""The demonstration's spreadsheet is what its generator makes, and one that an operator may carry out."""

from datetime import date
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from samples.register import holders
from samples.register.demo.clerk import BANK
from services.register.codes import check_usci
from services.register.imports.checking import Checked, Demands, NamedTable
from services.register.imports.encumbrances import EncumbranceLine
from services.register.imports.holders import HolderLine
from services.register.imports.tables.xlsx import Workbook


def cells(file: Path) -> list[list[tuple[Any, ...]]]:
    return [list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(file).worksheets]


def test_the_file_is_the_generators(tmp_path: Path) -> None:
    holders.write(tmp_path / "made.xlsx")
    assert cells(tmp_path / "made.xlsx") == cells(holders.FILE)


def test_the_list_is_complete_and_nothing_in_it_is_refused() -> None:
    with holders.FILE.open("rb") as file:
        tables = [NamedTable(holders.FILE.name, each) for each in Workbook(file).tables]
        pledgees = {BANK: "0x" + "11" * 20}  # as the demonstration names its address beside the list
        demands = Demands(capital=holders.CAPITAL, today=date(2026, 11, 20), pledgees=pledgees)
        checked = Checked(tables, demands)
        lines = list(checked.lines())
    assert checked.findings == []
    held = [line for line in lines if isinstance(line, HolderLine)]
    assert (len(held), sum(line.units for line in held)) == (holders.HOLDERS, holders.CAPITAL)
    assert [line.officer for line in held].count(True) == 1
    assert [line.confirmed for line in held].count(False) == holders.UNCONFIRMED
    assert checked.summary.kinds["partnership"] == 3
    assert [line.kind for line in lines if isinstance(line, EncumbranceLine)] == ["pledge", "freeze"]
    assert check_usci(holders.USCI) == holders.USCI
