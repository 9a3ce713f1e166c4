"""Holder lists and encumbrances: every bad cell is found, by sheet and cell, masked, with rule and source."""

import tracemalloc
from collections.abc import Sequence
from datetime import date

import pytest

from services.register.imports.checking import Checked, Demands, NamedTable, check
from services.register.imports.encumbrances import EncumbranceLine, LienKind
from services.register.imports.findings import Finding
from services.register.imports.holders import HolderLine
from services.register.rules.values import Kind
from tests.unit.services.register.imports.sheets import Book, book, csv_tables, organisation, person, resident

TODAY = date(2026, 11, 20)
LIENS = ("股东名称", "证件号码", "权利负担类型", "数量", "登记日期", "到期日", "质权人")


BANK = {"测试银行": "0x" + "1b" * 20}


def checked(tables: Sequence[NamedTable], capital: int = 1000, **demands: bool) -> Checked:
    return check(tables, Demands(capital=capital, today=TODAY, pledgees=BANK, **demands))


def read(tables: Sequence[NamedTable], capital: int = 1000) -> list[HolderLine | EncumbranceLine]:
    found = Checked(tables, Demands(capital=capital, today=TODAY, pledgees=BANK))
    lines = list(found.lines())
    assert not found.findings, found.findings
    return lines


def only(tables: Sequence[NamedTable], rule: str, cell: str, capital: int = 1000, **demands: bool) -> Finding:
    found = checked(tables, capital, **demands).findings
    assert [(each.rule, each.place.cell) for each in found] == [(rule, cell)], found
    assert found[0].source
    return found[0]


class TestGoodLists:
    def test_a_plain_list(self) -> None:
        found = checked(book(person(1, 600), person(2, 400)).tables())
        assert not found.findings
        assert (found.summary.holders, found.summary.units, found.summary.confirmed_units) == (2, 1000, 1000)
        assert found.summary.kinds == {"person": 2}

    def test_columns_in_any_order_under_other_words(self) -> None:
        heading = ("持有股数(股)", "备注", "身份证号/统一社会信用代码", "姓名/名称")
        rows: list[Sequence[object]] = [(600, "x", resident(1), "张测试"), (400, None, organisation(1), "测试有限公司")]
        first, second = read(book(*rows, heading=heading).tables())
        assert isinstance(first, HolderLine)
        assert isinstance(second, HolderLine)
        assert (first.person.kind, first.units, first.confirmed) == (Kind.PERSON, 600, None)
        assert (second.person.kind, second.units) == (Kind.COMPANY, 400)

    def test_titles_above_the_heading_and_merged_headings(self) -> None:
        made = Book()
        for row in (
            ["某某股份有限公司股东名册", None, None, None],
            ["截至2026年11月20日", None, None, "单位：万股"],
            [],
            ["序号", "股东信息", None, "持股数量"],
            [None, "姓名", "证件号码", None],
            [1, "张测试", resident(1), "0.06"],
            [2, "李测试", resident(2), 0.04],
        ):
            made.sheet.append(row)
        for merged in ("A1:D1", "A4:A5", "B4:C4", "D4:D5"):
            made.sheet.merge_cells(merged)
        assert [each.units for each in read(made.tables())] == [600, 400]

    def test_a_heading_over_two_columns_counts_with_what_is_below(self) -> None:
        made = Book()
        made.sheet.append(["股东名称", "证件", None, "持股数量"])
        made.sheet.append([None, "类型", "号码", None])
        made.sheet.append(["张测试", "身份证", resident(1), 1000])
        for merged in ("A1:A2", "B1:C1", "D1:D2"):
            made.sheet.merge_cells(merged)
        assert len(read(made.tables())) == 1

    @pytest.mark.parametrize(
        ("heading", "written", "units"),
        [
            ("持股数量", "1,234,567", 1_234_567),
            ("持股数量", "１２３４５６７", 1_234_567),
            ("持股数量", "１,２３４,５６７股", 1_234_567),
            ("持股数量", "123.4567万股", 1_234_567),
            ("持股数量（万股）", 123.4567, 1_234_567),
            ("持股数(万股)", "123.4567", 1_234_567),
            ("持股数量万股", "123.4567", 1_234_567),
            ("持股数量（万股）", "1234567股", 1_234_567),
            ("认缴出资额（万元）", 12.3, 123_000),
            ("持股数量（股）", 1234567.0, 1_234_567),
            ("持股数量（万股）", 4.35 * 3, 130_500),
            ("持股数量（亿股）", "0.5", 50_000_000),
            ("持股数量", 123456789012345, 123_456_789_012_345),
        ],
    )
    def test_quantities_as_people_write_them(self, heading: str, written: object, units: int) -> None:
        row = ["张测试", resident(1), written]
        (line,) = read(book(row, heading=("姓名", "身份证号", heading)).tables(), units)
        assert line.units == units

    @pytest.mark.parametrize("written", ["33.33%", "33.33", 0.33330, 33.330, "0.3333", "33.3%"], ids=repr)
    def test_shares_of_the_whole_are_compared(self, written: object) -> None:
        heading = ("姓名", "证件号码", "股数", "持股比例")
        rows: list[Sequence[object]] = [["张测试", resident(1), 3333, written], ["李测试", resident(2), 6667, None]]
        assert not checked(book(*rows, heading=heading).tables(), 10_000).findings
        other = [["张测试", resident(1), 4333, written], ["李测试", resident(2), 5667, None]]
        only(book(*other, heading=heading).tables(), "IMP-RATIO", "D2", 10_000)

    def test_blank_subtotal_total_and_footer_rows(self) -> None:
        rows: list[Sequence[object]] = [
            person(1, 100), person(2, 200), ["小计", None, None, None, 300], [],
            person(3, 700), [None, "小 计", None, None, 700],
            ["合　计", None, None, None, "1,000", "100%"], [], ["制表人：王某", None, None, "盖章"], ["2026年11月20日"],
        ]  # fmt: skip
        found = checked(book(*rows).tables())
        assert not found.findings
        assert found.summary.lines == 3

    def test_a_csv_in_gb18030(self) -> None:
        rows: list[Sequence[object]] = [
            ["股东名称", "证件号码", "持股数量"],
            ["张㐀测试", "'" + resident(1), "600"],
            ["李测试", resident(2), "400"],
        ]
        first, _ = read(csv_tables(rows))
        assert isinstance(first, HolderLine)
        assert first.person.identity.name == "张㐀测试"

    def test_the_same_person_in_a_merged_cell_is_one_holder(self) -> None:
        made = book(person(1, 600), person(1, 400))
        for column in "BCDG":
            made.sheet.merge_cells(f"{column}2:{column}3")
        found = checked(made.tables())
        assert not found.findings
        assert found.summary.holders == 1
        assert found.summary.lines == 2

    def test_kinds_are_read_and_otherwise_concluded(self) -> None:
        heading = ("股东名称", "股东性质", "证件类型", "证件号码", "持股数量")
        rows: list[Sequence[object]] = [
            ["张测试", "境内自然人", None, resident(1), 100],
            ["测试中心（有限合伙）", None, None, organisation(2), 100],
            ["测试基金", "备案私募基金", "备案编码", "SAB123", 100],
            ["测试计划", "员工持股计划", None, organisation(3), 100],
            ["John Test", "自然人", "护照", "E12345678", 100],
            ["陈测试", None, "港澳居民来往内地通行证", "H12345678", 100],
            ["林测试", None, "台胞证", "12345678", 100],
            ["Test Ltd", "企业法人", "注册证书（其他）", "HK-7654321", 300],
        ]
        lines = [each for each in read(book(*rows, heading=heading).tables()) if isinstance(each, HolderLine)]
        assert [each.person.kind for each in lines] == [
            Kind.PERSON, Kind.PARTNERSHIP, Kind.FILED_FUND, Kind.EMPLOYEE_PLAN, Kind.PERSON, Kind.PERSON, Kind.PERSON,
            Kind.COMPANY,
        ]  # fmt: skip
        assert [each.person.concluded for each in lines] == [False, True, False, False, False, True, True, False]

    def test_other_sheets_are_left_aside_and_named(self) -> None:
        made = book(person(1, 1000))
        made.add("填表说明", [["请按模板填写"], ["a", "b"]])
        made.add("空表")
        found = checked(made.tables())
        assert not found.findings
        assert found.summary.ignored == ["填表说明: *"]

    def test_several_sheets_are_one_register(self) -> None:
        made = book(person(1, 400))
        made.add("机构股东", [["名称", "统一社会信用代码", "股数"], ["测试有限公司", organisation(1), 600]])
        found = checked(made.tables())
        assert not found.findings
        assert found.summary.holders == 2


class TestBadCells:
    def test_every_bad_cell_is_found_at_once(self) -> None:
        rows: list[Sequence[object]] = [
            person(1, 100),
            [2, "", "居民身份证", resident(2), 100],
            [3, "王测试", "居民身份证", resident(3)[:-1] + ("0" if resident(3)[-1] != "0" else "1"), 100],
            [4, "赵测试", "居民身份证", resident(4), "约100"],
            [5, "孙测试", "学生证", resident(5), 0],
        ]
        found = checked(book(*rows).tables()).findings
        assert [(each.place.sheet, each.place.cell, each.field, each.rule) for each in found] == [
            ("股东名册", "B3", "name", "IMP-MISSING"),
            ("股东名册", "D4", "number", "GB11643-CHECK"),
            ("股东名册", "E5", "units", "IMP-NUMBER"),
            ("股东名册", "C6", "document", "IMP-WORD"),
            ("股东名册", "E6", "units", "IMP-UNITS"),
        ]
        assert all(each.place.file == "名册.xlsx" and each.source and each.detail for each in found)

    def test_a_report_names_nobody(self) -> None:
        number = resident(1)[:-1] + ("0" if resident(1)[-1] != "0" else "1")
        (found,) = checked(book([1, "欧阳测试", None, number, 1000]).tables()).findings
        assert found.value[0] + found.value[-1] == number[0] + number[-1]
        assert set(found.value[1:-1]) == {"*"}
        assert number not in str(found.document())
        assert "欧阳" not in str(found.document())

    def test_a_number_that_the_spreadsheet_rounded(self) -> None:
        row = [1, "张测试", "身份证", 440106199003071012, 1000]
        told = only(book(row).tables(), "IMP-DIGITS", "D2")
        assert "digits" in told.detail
        only(book([1, "张测试", "身份证", "4.40106E+17", 1000]).tables(), "IMP-DIGITS", "D2")
        only(csv_tables([["姓名", "证件号码", "股数"], ["张测试", "4.40106E+17", "1000"]]), "IMP-DIGITS", "B2")

    def test_powers_of_ten_in_a_quantity(self) -> None:
        only(book([1, "张测试", None, resident(1), "1.23E+07"]).tables(), "IMP-DIGITS", "E2")

    @pytest.mark.parametrize("written", ["12,34", "1,2345", "1.5", "-5", "abc", "100人", "5%", "1;000"])
    def test_no_quantity(self, written: str) -> None:
        found = checked(book([1, "张测试", None, resident(1), written]).tables()).findings
        assert [(each.place.cell, each.field) for each in found] == [("E2", "units")]

    def test_a_formula_without_a_result(self) -> None:
        only(book([1, "张测试", None, resident(1), "=500+500"]).tables(), "IMP-FORMULA", "E2")

    def test_hidden_rows_and_sheets(self) -> None:
        made = book(person(1, 600), person(2, 400))
        made.sheet.row_dimensions[3].hidden = True
        only(made.tables(), "IMP-HIDDEN", "B3")
        made = book(person(1, 600))
        made.add("隐藏", [["姓名", "证件号码", "股数"], ["李测试", resident(2), 400]]).sheet_state = "hidden"
        only(made.tables(), "IMP-HIDDEN", "")

    def test_one_person_on_two_lines(self) -> None:
        made = book(person(1, 600), person(2, 200), person(1, 200))
        told = only(made.tables(), "IMP-DUPLICATE", "D4")
        assert "D2" in told.detail
        assert not checked(made.tables(), sum_duplicates=True).findings

    def test_one_document_under_two_names(self) -> None:
        other = person(1, 400)
        other[1] = "别名测试"
        only(book(person(1, 600), other).tables(), "IMP-NAME", "B3", sum_duplicates=True)

    def test_one_holding_cannot_be_confirmed_by_half(self) -> None:
        rows: list[Sequence[object]] = [person(1, 600), person(1, 400, confirmed="未确权")]
        only(book(*rows).tables(), "IMP-CONFIRMED", "G3", sum_duplicates=True)

    def test_totals_that_are_not_the_sum(self) -> None:
        told = only(book(person(1, 1000), ["合计", None, None, None, 999]).tables(), "IMP-TOTAL", "E3")
        assert "999" in told.detail
        assert "1000" in told.detail

    def test_a_line_below_the_total(self) -> None:
        rows: list[Sequence[object]] = [person(1, 600), ["合计", None, None, None, 600], person(2, 400)]
        only(book(*rows).tables(), "IMP-AFTER-TOTAL", "B4")

    def test_the_sum_is_not_the_registered_capital(self) -> None:
        told = only(book(person(1, 600), person(2, 399)).tables(), "IMP-CAPITAL", "")
        assert "999" in told.detail
        assert "1 too few" in told.detail
        only(book(person(1, 600), person(2, 401)).tables(), "IMP-CAPITAL", "")

    def test_no_total_is_blamed_for_a_quantity_that_cannot_be_read(self) -> None:
        rows: list[Sequence[object]] = [
            person(1, 600),
            [2, "李测试", None, resident(2), "四百"],
            ["合计", None, None, None, 1000],
        ]
        only(book(*rows).tables(), "IMP-NUMBER", "E3")

    def test_a_personal_document_for_a_company(self) -> None:
        heading = ("股东名称", "股东类型", "证件类型", "证件号码", "持股数量")
        found = checked(book(["测试公司", "法人", "身份证", resident(1), 1000], heading=heading).tables()).findings
        assert [(each.rule, each.place.cell) for each in found] == [("DOCUMENT-KIND", "C2")]

    def test_an_investor_code_of_another_kind(self) -> None:
        heading = ("股东名称", "证件号码", "持股数量", "投资者代码")
        row = ["张测试", resident(1), 1000, "R000000001"]
        only(book(row, heading=heading).tables(), "J326-INVESTOR", "D2")


class TestHeadings:
    def test_no_list_at_all(self) -> None:
        only(book(heading=("甲", "乙", "丙", "丁")).tables(), "IMP-HEADER", "")

    def test_a_list_that_lacks_a_column_says_which(self) -> None:
        told = only(
            book(["张测试", "身份证", "x", 1], heading=("姓名", "证件类型", "地址", "股数")).tables(),
            "IMP-HEADER",
            "1:1",
        )
        assert "number" in told.detail

    def test_a_column_twice(self) -> None:
        heading = ("姓名", "证件号码", "认缴出资额", "出资额")
        told = only(book(["张测试", resident(1), 1000, 1000], heading=heading).tables(), "IMP-HEADER", "D1")
        assert told.field == "units"

    def test_a_file_that_breaks_off_is_a_finding_too(self) -> None:
        tables = csv_tables([["姓名", "证件号码", "股数"]])
        tables[0].table._file.write(b'"abc')  # type: ignore[attr-defined]
        found = checked(tables).findings
        assert [each.rule for each in found] == ["IMP-FORMAT"]


class TestEncumbrances:
    @staticmethod
    def with_liens(*liens: Sequence[object], heading: Sequence[object] = LIENS) -> list[NamedTable]:
        made = book(person(1, 600), person(2, 400, confirmed="未确权"))
        made.add("质押冻结明细", [["存量权利负担"], list(heading), *liens])
        return made.tables()

    NAME, OTHER = "测试" + chr(0x4E01), "测试" + chr(0x4E02)

    def test_pledges_freezes_and_locks(self) -> None:
        tables = self.with_liens(
            [self.NAME, resident(1), "股权质押", 300, date(2025, 1, 2), None, "测试银行"],
            [self.NAME, resident(1), "司法冻结", "0.06万股", "2025年3月4日", "2027/12/31", "测试法院"],
            [self.OTHER, resident(2), "限售", 100, "2024.05.06", "20271231", None],
        )
        liens = [each for each in read(tables) if isinstance(each, EncumbranceLine)]
        assert [(each.kind, each.units) for each in liens] == [
            (LienKind.PLEDGE, 300), (LienKind.FREEZE, 600), (LienKind.LOCK, 100)
        ]  # fmt: skip
        assert [each.since for each in liens] == [date(2025, 1, 2), date(2025, 3, 4), date(2024, 5, 6)]
        assert [each.until for each in liens] == [None, date(2027, 12, 31), date(2027, 12, 31)]
        assert checked(tables).summary.liens == {"pledge": 1, "freeze": 1, "lock": 1}

    def test_the_kind_may_be_in_the_heading(self) -> None:
        heading = ("出质人", "出质人证件号码", "质押股数（万股）", "质押登记日期", "质权人")
        tables = self.with_liens([self.NAME, resident(1), 0.03, "2025-01-02", "测试银行"], heading=heading)
        (lien,) = (each for each in read(tables) if isinstance(each, EncumbranceLine))
        assert (lien.kind, lien.units) == (LienKind.PLEDGE, 300)

    @pytest.mark.parametrize(
        ("lien", "rule", "cell"),
        [
            (["测试丏", resident(9), "限售", 1, "2025-01-02", None, None], "IMP-HOLDER", "B3"),
            (["别名", resident(1), "限售", 1, "2025-01-02", None, None], "IMP-NAME", "A3"),
            ([NAME, resident(1), "质押", 601, "2025-01-02", None, "测试银行"], "IMP-LIEN-UNITS", "D3"),
            ([NAME, resident(1), "质押", 1, "2025-01-02", None, None], "IMP-LIEN", "7:7"),
            ([OTHER, resident(2), "质押", 1, "2025-01-02", None, "测试银行"], "IMP-LIEN", "C3"),
            ([NAME, resident(1), "冻结", 1, "2025-01-02", None, "测试法院"], "IMP-TERM", "F3"),
            ([NAME, resident(1), "冻结", 1, "2025-01-02", "2030-01-02", "测试法院"], "IMP-TERM", "F3"),
            ([NAME, resident(1), "冻结", 1, "2022-01-02", "2026-11-19", "测试法院"], "IMP-TERM", "F3"),
            ([NAME, resident(1), "限售", 1, "2026-11-21", None, None], "IMP-DATE", "E3"),
            ([NAME, resident(1), "限售", 1, "2025-02-30", None, None], "IMP-DATE", "E3"),
            ([NAME, resident(1), "抵押", 1, "2025-01-02", None, None], "IMP-WORD", "C3"),
        ],
    )
    def test_bad_cells(self, lien: list[object], rule: str, cell: str) -> None:
        only(self.with_liens(lien), rule, cell if ":" not in cell else "G3")

    def test_a_pledge_names_the_address_that_will_release_it(self) -> None:
        tables = self.with_liens([self.NAME, resident(1), "质押", 1, "2025-01-02", None, "别的银行"])
        told = only(tables, "IMP-LIEN", "G3")
        assert "质权人签名地址" in told.detail
        heading = (*LIENS, "质权人签名地址")
        lien = [self.NAME, resident(1), "质押", 1, "2025-01-02", None, "别的银行", "0x" + "2C" * 20]
        lines = read(self.with_liens(lien, heading=heading))
        assert [each.secured for each in lines if isinstance(each, EncumbranceLine)] == ["0x" + "2c" * 20]

    def test_pledges_together_are_at_most_what_is_held(self) -> None:
        liens = [[self.NAME, resident(1), "质押", 400, "2025-01-02", None, "测试银行"]] * 2
        told = only(self.with_liens(*liens), "IMP-LIEN-UNITS", "D4")
        assert "800" in told.detail
        assert "600" in told.detail

    def test_freezes_queue_and_may_cover_the_same_units(self) -> None:
        liens = [[self.NAME, resident(1), "轮候冻结", 600, "2025-01-02", "2027-01-01", "测试法院"]] * 2
        assert not checked(self.with_liens(*liens)).findings

    def test_what_the_list_of_holders_says_is_encumbered_must_be_borne_out(self) -> None:
        heading = ("股东名称", "证件号码", "持股数量", "质押股数", "冻结股数", "持股比例")
        rows: list[Sequence[object]] = [["张测试", resident(1), 1000, 300, 0, None]]
        told = only(book(*rows, heading=heading).tables(), "IMP-LIEN", "B2")
        assert "300" in told.detail
        made = book(*rows, heading=heading)
        made.add("质押", [list(LIENS), ["张测试", resident(1), "质押", 300, "2025-01-02", None, "测试银行"]])
        assert not checked(made.tables(), confirmed=True).findings


@pytest.mark.parametrize("lines", [1_000, pytest.param(20_000, marks=pytest.mark.full)])
def test_many_lines_take_little_memory(lines: int) -> None:
    """Lines are handed on one by one; what stays is a digest and some numbers a holder."""
    rows = ([f"测试{order}", resident(order), "10"] for order in range(lines))
    tables = csv_tables([["姓名", "证件号码", "股数"], *rows])
    tracemalloc.start()
    try:
        found = checked(tables, 10 * lines)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert not found.findings
    assert peak < 1_000_000 + 1_000 * lines
