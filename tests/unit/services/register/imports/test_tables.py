"""Spreadsheets and CSV files, read as they are stored; what could hurt the reader is refused before it does."""

import io
import zipfile
from datetime import date

import pytest

from services.register.imports.tables.cells import BadTable, Cell, Content, column_letters, column_number, reference
from services.register.imports.tables.csvs import CsvTable
from services.register.imports.tables.xlsx import Workbook
from tests.unit.services.register.imports.sheets import Book, csv_file

SHEET = "xl/worksheets/sheet1.xml"


def cells(made: Book, sheet: int = 0) -> dict[str, Cell]:
    rows = Workbook(made.file()).tables[sheet].rows()
    return {reference(column, row.number): cell for row in rows for column, cell in row.cells.items()}


def rewritten(made: Book, part: str, old: bytes, new: bytes) -> io.BytesIO:
    """The workbook with something else in one of its parts."""
    changed = io.BytesIO()
    with zipfile.ZipFile(made.file()) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            content = source.read(name)
            if name == part:
                assert old in content
                content = content.replace(old, new)
            target.writestr(name, content)
    return changed


def read(file: io.BytesIO) -> None:
    for table in Workbook(file).tables:
        list(table.rows())


def refused(rule: str, file: io.BytesIO) -> str:
    with pytest.raises(BadTable) as caught:
        read(file)
    assert caught.value.rule == rule
    return caught.value.detail


class TestXlsx:
    def test_texts_numbers_days_and_truths(self) -> None:
        made = Book()
        made.sheet.append(["张三", 12345, 0.125, date(2026, 11, 20), True, " ", None, "x"])
        found = cells(made)
        assert found["A1"] == Cell("张三")
        assert found["B1"] == Cell("12345", Content.NUMBER)
        assert found["C1"] == Cell("0.125", Content.NUMBER)
        assert found["D1"] == Cell("2026-11-20", Content.DATE)
        assert found["E1"] == Cell("1", Content.BOOLEAN)
        assert set(found) == {"A1", "B1", "C1", "D1", "E1", "H1"}

    def test_a_number_keeps_the_digits_of_the_file(self) -> None:
        file = with_part(
            Book(), SHEET, sheet('<c r="A1"><v>4.4010619900307098E+17</v></c><c><v>0.30000000000000004</v></c>')
        )
        (row,) = Workbook(file).tables[0].rows()
        assert row.cells == {
            1: Cell("4.4010619900307098E+17", Content.NUMBER),
            2: Cell("0.30000000000000004", Content.NUMBER),
        }

    def test_formulas_have_their_stored_result_or_none(self) -> None:
        made = Book()
        made.sheet.append([1, 2, "=A1+B1"])
        assert cells(made)["C1"].content is Content.UNCALCULATED
        stored = '<c r="A1"><f>B1+C1</f><v>3</v></c><c r="B1" t="e"><f>1/0</f><v>#DIV/0!</v></c>'
        stored += '<c r="C1" t="str"><f>"a"&amp;"b"</f><v>ab</v></c><c r="D1" t="str"><f>""</f><v></v></c>'
        (row,) = Workbook(with_part(Book(), SHEET, sheet(stored))).tables[0].rows()
        assert row.cells[1] == Cell("3", Content.NUMBER)
        assert row.cells[2].content is Content.ERROR
        assert row.cells[3] == Cell("ab")
        assert 4 not in row.cells, "a formula may say nothing"

    def test_hidden_rows_and_sheets_are_told(self) -> None:
        made = Book()
        for text in ("a", "b"):
            made.sheet.append([text])
        made.sheet.row_dimensions[2].hidden = True
        made.add("藏", [["c"]]).sheet_state = "hidden"
        tables = Workbook(made.file()).tables
        assert [row.hidden for row in tables[0].rows()] == [False, True]
        assert [table.hidden for table in tables] == [False, True]
        assert tables[1].name == "藏"

    def test_parts_of_a_merged_cell_have_its_text(self) -> None:
        made = Book()
        for row in (["title", None, None], ["a", 1, None], [None, 2, None], ["b", 3, None]):
            made.sheet.append(row)
        made.sheet.merge_cells("A1:C1")
        made.sheet.merge_cells("A2:A3")
        found = cells(made)
        assert found["B1"] == Cell("title", origin="A1", across=True)
        assert found["A3"] == Cell("a", origin="A2")
        assert not found["A2"].origin
        assert found["A4"].text == "b"

    def test_shared_strings_with_rich_text_and_phonetic_guides(self) -> None:
        rich = "<sst><si><t>甲</t></si><si><r><rPr><b/></rPr><t>张</t></r><r><t xml:space='preserve'>三 </t></r>"
        rich += "<rPh sb='0' eb='1'><t>zhang</t></rPh></si><si><t/></si></sst>"
        content = sheet('<c r="A1" t="s"><v>1</v></c><c r="B1" t="s"><v>0</v></c><c r="C1" t="s"><v>2</v></c>')
        file = with_parts(Book(), {SHEET: content, "xl/sharedStrings.xml": rich.encode()})
        (row,) = Workbook(file).tables[0].rows()
        assert row.cells == {1: Cell("张三 "), 2: Cell("甲")}

    def test_a_producer_may_prefix_every_element(self) -> None:
        content = (
            b'<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData>'
            b'<x:row><x:c t="inlineStr"><x:is><x:t>A</x:t></x:is></x:c><x:c><x:v>7</x:v></x:c></x:row>'
            b"</x:sheetData></x:worksheet>"
        )
        file = with_part(Book(), SHEET, content)
        (row,) = Workbook(file).tables[0].rows()
        assert row.cells == {1: Cell("A"), 2: Cell("7", Content.NUMBER)}

    def test_days_of_a_workbook_that_counts_from_1904(self) -> None:
        made = Book()
        made.sheet.append([date(2026, 11, 20)])
        file = rewritten(made, "xl/workbook.xml", b"<workbookPr />", b'<workbookPr date1904="1" />')
        (row,) = Workbook(file).tables[0].rows()
        assert row.cells[1].text == "2030-11-21"  # the same count of days, from four years and a day later

    @pytest.mark.parametrize(
        "text", ["1E1000000", "1E99999999999999999999", "-1", "NaN", "sNaN", "Infinity", "3000000", "x"]
    )
    def test_what_is_no_day_of_a_calendar_stays_a_number(self, text: str) -> None:
        made = Book()
        made.sheet.append([date(2026, 11, 20)])
        file = rewritten(made, SHEET, b"<v>46346</v>", f"<v>{text}</v>".encode())
        (row,) = Workbook(file).tables[0].rows()
        assert row.cells[1] == Cell(text, Content.NUMBER)


def with_parts(made: Book, parts: dict[str, bytes]) -> io.BytesIO:
    changed = io.BytesIO()
    with zipfile.ZipFile(made.file()) as source, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in {*source.namelist(), *parts}:
            target.writestr(name, parts[name] if name in parts else source.read(name))
    return changed


def with_part(made: Book, part: str, content: bytes) -> io.BytesIO:
    return with_parts(made, {part: content})


def sheet(cells_of_row_1: str) -> bytes:
    return f'<worksheet><sheetData><row r="1">{cells_of_row_1}</row></sheetData></worksheet>'.encode()


class TestHostile:
    def test_billion_laughs(self) -> None:
        laughs = b'<!DOCTYPE w [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><worksheet>&b;</worksheet>'
        assert "document type" in refused("IMP-FORMAT", with_part(Book(), SHEET, laughs))

    def test_an_external_entity(self) -> None:
        outside = b'<!DOCTYPE w SYSTEM "file:///etc/passwd"><worksheet/>'
        refused("IMP-FORMAT", with_part(Book(), SHEET, outside))

    def test_a_zip_bomb(self) -> None:
        bomb = b"<worksheet><sheetData>" + b" " * (32 << 20) + b"</sheetData></worksheet>"
        assert "unpacks to" in refused("IMP-SIZE", with_part(Book(), SHEET, bomb))

    def test_old_and_encrypted_workbooks_are_named(self) -> None:
        old = io.BytesIO(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600)
        assert "old binary or an encrypted" in refused("IMP-FORMAT", old)

    @pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 cut off"])
    def test_no_workbook_at_all(self, content: bytes) -> None:
        refused("IMP-FORMAT", io.BytesIO(content))

    def test_a_damaged_sheet(self) -> None:
        refused("IMP-FORMAT", with_part(Book(), SHEET, b"<worksheet><sheetData><row>"))
        refused("IMP-FORMAT", with_part(Book(), SHEET, b'<worksheet><row r="x"/></worksheet>'))

    def test_a_text_that_is_not_there(self) -> None:
        missing = sheet('<c r="A1" t="s"><v>9</v></c>')
        refused("IMP-FORMAT", with_part(Book(), SHEET, missing))

    def test_too_many_columns(self) -> None:
        wide = sheet('<c r="ZZZ1"><v>9</v></c>')
        refused("IMP-SIZE", with_part(Book(), SHEET, wide))


class TestCsv:
    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("delimiter", [",", "\t", ";"])
    def test_encodings_and_delimiters(self, encoding: str, delimiter: str) -> None:
        file = csv_file([["姓名", "股数"], ["张三", "1,000"], ["", ""], ["李四", "2"]], encoding, delimiter)
        rows = list(CsvTable(file).rows())
        assert [row.number for row in rows] == [1, 2, 4]
        assert [cell.text for cell in rows[1].cells.values()] == ["张三", "1,000"]

    def test_what_keeps_a_spreadsheet_from_rounding(self) -> None:
        table = CsvTable(io.BytesIO(b'a,b,c\n\'440106,="440107",\t440108\n'))
        assert [cell.text for cell in list(table.rows())[1].cells.values()] == ["440106", "440107", "440108"]

    def test_neither_utf_8_nor_gb18030(self) -> None:
        with pytest.raises(BadTable) as caught:
            CsvTable(io.BytesIO(b"a,b\n\xff\xff\xff,1\n"))
        assert caught.value.rule == "IMP-ENCODING"

    def test_a_workbook_is_no_csv(self) -> None:
        with pytest.raises(BadTable):
            CsvTable(Book().file())

    def test_an_open_quote_is_named_by_its_line(self) -> None:
        with pytest.raises(BadTable) as caught:
            list(CsvTable(io.BytesIO(b'a,b\nc,d\n"e,f\n')).rows())
        assert "Line 3" in caught.value.detail


def test_references() -> None:
    assert [column_letters(each) for each in (1, 26, 27, 702, 703)] == ["A", "Z", "AA", "ZZ", "AAA"]
    assert all(column_number(column_letters(each)) == each for each in range(1, 2000))
