"""Codes of companies, products, investors and persons: what is taken, and what exactly is refused."""

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.errors import Invalid
from services.register import codes
from services.register.codes import (
    REGIONS,
    CompanyCode,
    check_investor_code,
    check_resident_number,
    check_usci,
    parse_company_code,
    parse_product_code,
)

TODAY = date(2026, 11, 20)
STANDARD = re.compile(
    r"(BJ|TJ|HE|SX|NM|LN|JL|HL|SH|JS|ZJ|AH|FJ|JX|SD|HA|HB|HN|GD|GX|HI|CQ|SC|GZ|YN|SN|GS|QH|NX|XJ|SZX|DLC|NGB|XMN|TAO)"
    r"[0-9]{6}[FGPT]?"
)
"""As JR/T 0326 writes it."""


def refused(rule: str, call: object, *arguments: object, **named: object) -> Invalid:
    with pytest.raises(Invalid) as caught:
        call(*arguments, **named)  # type: ignore[operator]
    assert caught.value.rule == rule
    assert caught.value.source
    return caught.value


def resident(digits: str) -> str:
    """With its check digit by ISO 7064 MOD 11-2, computed the other way round."""
    for last in "0123456789X":
        values = [10 if each == "X" else int(each) for each in digits + last]
        if sum(value * pow(2, 17 - place, 11) for place, value in enumerate(values)) % 11 == 1:
            return digits + last
    raise AssertionError


def organisation(body: str) -> str:
    alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    for last in alphabet:
        weighed = sum(alphabet.index(each) * 3**place for place, each in enumerate(body))
        if (weighed + alphabet.index(last)) % 31 == 0:
            return body + last
    raise AssertionError


class TestCompanies:
    def test_the_standards_example(self) -> None:
        code = parse_company_code("BJ000001F")
        assert code == CompanyCode("BJ", "000001", "F")
        assert str(code) == "BJ000001F"

    def test_there_are_the_35_regions_of_the_standard(self) -> None:
        assert len(REGIONS) == 35
        assert len({each.code for each in REGIONS.values()}) == 35
        assert all(STANDARD.fullmatch(f"{letters}000001") for letters in REGIONS)

    @given(st.from_regex(STANDARD, fullmatch=True))
    def test_whatever_the_standard_describes_is_taken_and_written_back(self, text: str) -> None:
        assert str(parse_company_code(text)) == text

    @given(st.from_regex(r"[A-Z]{1,4}[0-9]{4,7}[A-Z]?", fullmatch=True))
    def test_nothing_else_is_taken(self, text: str) -> None:
        if STANDARD.fullmatch(text) is None:
            with pytest.raises(Invalid):
                parse_company_code(text)
        else:
            assert str(parse_company_code(text)) == text

    def test_full_width_and_small_letters_are_read(self) -> None:
        assert str(parse_company_code(" szx１２３４５６ｇ ")) == "SZX123456G"

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("", "J326-REGION"),
            ("000001", "J326-REGION"),
            ("XZ000001", "J326-REGION"),
            ("BJ00001", "J326-NUMBER"),
            ("BJ0000012F", "J326-NUMBER"),
            ("BJ", "J326-NUMBER"),
            ("BJ٠٠٠٠٠١", "J326-NUMBER"),
            ("BJ000001A", "J326-LAYER"),
            ("BJ000001FG", "J326-LAYER"),
        ],
    )
    def test_each_part_has_its_refusal(self, text: str, rule: str) -> None:
        refused(rule, parse_company_code, text)

    def test_a_change_of_layer_alters_only_the_letter(self) -> None:
        code = parse_company_code("GD123456F")
        assert str(code.in_layer("G")) == "GD123456G"
        assert str(code.in_layer("")) == "GD123456"
        refused("J326-LAYER", code.in_layer, "F")
        refused("J326-LAYER", code.in_layer, "X")


class TestProducts:
    def test_the_standards_example(self) -> None:
        code = parse_product_code("BJ000001F.DCFGFR2110")
        assert (str(code.company), code.kind, code.batch) == ("BJ000001F", "DCFGFR", "2110")
        assert str(code) == "BJ000001F.DCFGFR2110"

    def test_a_product_without_a_batch(self) -> None:
        assert str(parse_product_code("SH000001F.S2101")) == "SH000001F.S2101"
        assert parse_product_code("SH000001.ES").batch == ""

    def test_each_part_has_its_refusal(self) -> None:
        refused("J326-PRODUCT", parse_product_code, "BJ000001F")
        refused("J326-PRODUCT", parse_product_code, "BJ000001F.2110")
        refused("J326-PRODUCT", parse_product_code, "BJ000001F.DCFGFR21101")
        refused("J326-REGION", parse_product_code, "XX000001F.DCFGFR2110")


class TestInvestors:
    def test_each_kind_has_its_letter(self) -> None:
        assert check_investor_code("q000000001", letter="Q") == "Q000000001"
        assert check_investor_code("S000000001", letter="S") == "S000000001"

    def test_refusals(self) -> None:
        refused("J326-INVESTOR", check_investor_code, "A000000001", letter="Q")
        refused("J326-INVESTOR", check_investor_code, "Q00000001", letter="Q")
        told = refused("J326-INVESTOR", check_investor_code, "R000000001", letter="Q")
        assert "institution" in told.detail
        assert "natural person" in told.detail


class TestOrganisations:
    BODY = "91440300MA5FTEST0".replace("S", "5")

    def test_a_good_code(self) -> None:
        code = organisation(self.BODY)
        assert check_usci(f" {code.lower()} ") == code

    @given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(0, 16), st.integers(1, 30))
    def test_one_wrong_character_is_always_found(self, tail: str, place: int, step: int) -> None:
        alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
        code = organisation("91440300" + tail)
        assert check_usci(code) == code
        wrong = alphabet[(alphabet.index(code[place]) + step) % 31]
        with pytest.raises(Invalid) as caught:
            check_usci(code[:place] + wrong + code[place + 1 :])
        assert caught.value.rule in {"GB32100-CHECK", "GB32100-REGION"}

    def test_refusals(self) -> None:
        code = organisation(self.BODY)
        refused("GB32100-LENGTH", check_usci, code[:17])
        refused("GB32100-LENGTH", check_usci, code[2:17])
        told = refused("GB32100-CHARACTER", check_usci, code[:8] + "I" + code[9:])
        assert "Character 9" in told.detail
        refused("GB32100-REGION", check_usci, code[:2] + "A" + code[3:])


class TestPersons:
    NUMBER = resident("44010619900307101")

    def test_a_good_number(self) -> None:
        assert check_resident_number(self.NUMBER, TODAY) == self.NUMBER

    def test_an_x_may_be_small_and_full_width(self) -> None:
        number = next(
            each for each in (resident(f"11010519491231{order:03}") for order in range(1000)) if each[-1] == "X"
        )
        assert check_resident_number(number.lower(), TODAY) == number
        assert check_resident_number(number[:-1] + "ｘ", TODAY) == number

    @given(st.dates(date(1900, 1, 1), TODAY), st.integers(0, 999), st.integers(0, 17), st.integers(1, 9))
    def test_one_wrong_digit_is_always_found(self, born: date, order: int, place: int, step: int) -> None:
        number = resident(f"440106{born:%Y%m%d}{order:03}")
        assert check_resident_number(number, TODAY) == number
        if number[place] == "X":
            return
        wrong = str((int(number[place]) + step) % 10)
        with pytest.raises(Invalid) as caught:
            check_resident_number(number[:place] + wrong + number[place + 1 :], TODAY)
        assert caught.value.rule in {"GB11643-CHECK", "GB11643-DATE", "GB11643-REGION"}

    @pytest.mark.parametrize(
        ("text", "rule"),
        [
            ("440106900307101", "GB11643-LENGTH"),
            ("4401061990030710", "GB11643-LENGTH"),
            ("44010619900307101A", "GB11643-CHARACTER"),
            ("4401061990X3071012", "GB11643-CHARACTER"),
            (resident("99010619900307101"), "GB11643-REGION"),
            (resident("44010619900230101"), "GB11643-DATE"),
            (resident("44010620261121101"), "GB11643-DATE"),
            (resident("44010612000307101"), "GB11643-DATE"),
        ],
    )
    def test_each_part_has_its_refusal(self, text: str, rule: str) -> None:
        refused(rule, check_resident_number, text, TODAY)

    def test_born_today_is_born(self) -> None:
        check_resident_number(resident("44010620261120101"), TODAY)

    def test_no_refusal_repeats_the_number(self) -> None:
        wrong = self.NUMBER[:-1] + ("0" if self.NUMBER[-1] != "0" else "1")
        told = refused("GB11643-CHECK", check_resident_number, wrong, TODAY)
        assert wrong not in str(told)
        assert wrong not in str(told.extra)


def test_normal_form() -> None:
    assert codes.normal("　ａb１ ") == "AB1"
