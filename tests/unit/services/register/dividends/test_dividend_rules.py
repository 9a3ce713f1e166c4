"""What a dividend gives whom: to the fen, nothing lost, nothing that falls on frozen units paid."""

from itertools import product

import pytest

from services.platform.errors import Conflict, Invalid, RuleRefused
from services.register.dividends.rules import (
    Held,
    Stage,
    check_over,
    check_release,
    check_resolution,
    check_stage,
    end_of,
    entitlement,
    fen,
    per_unit,
    stage_of,
    totals_of,
    yuan,
    yuan_exact,
)
from services.register.rules.days import day_of
from services.register.rules.values import Form, State

DAY = 20_000


@pytest.mark.parametrize(("amount", "parts"), [("1", 10**8), ("0.125", 12_500_000), ("0.00000001", 1)])
def test_an_amount_per_unit_is_exact_to_eight_places(amount: str, parts: int) -> None:
    assert per_unit(amount, "/amount") == parts


@pytest.mark.parametrize("amount", ["", "0", "0.0", "-1", "01", "1.", ".5", "1e3", "1,000", "0.123456789", "１", "1\n"])
def test_anything_else_is_no_amount(amount: str) -> None:
    with pytest.raises(Invalid) as refused:
        per_unit(amount, "/amount")
    assert refused.value.field == "/amount"


def test_money_is_to_the_fen() -> None:
    assert [fen(each, "/amount") for each in ("12", "12.3", "12.34")] == [1_200, 1_230, 1_234]
    assert (yuan(1_205), yuan(7), yuan_exact(500_000)) == ("12.05", "0.07", "0.00500000")
    with pytest.raises(Invalid):
        fen("12.345", "/amount")


def test_gross_is_rounded_down_and_the_remainder_told() -> None:
    found = entitlement(Held("a", 333, 0, 0), per_unit("0.0333", ""))  # 11.0889
    assert (yuan(found.gross), yuan(found.payable), yuan_exact(found.remainder)) == ("11.08", "11.08", "0.00890000")


def test_what_falls_on_frozen_units_is_withheld_to_the_last_part_of_a_fen() -> None:
    found = entitlement(Held("a", 3, 1, 0), per_unit("0.005", ""))  # 0.015; free: 0.01
    assert (found.gross, found.withheld, found.payable) == (1, 0, 1)
    found = entitlement(Held("a", 2, 1, 0), per_unit("0.005", ""))  # 0.01; free: 0.005
    assert (found.gross, found.withheld, found.payable) == (1, 1, 0), "half a fen of it falls on a frozen unit"


def test_what_falls_on_pledged_units_is_told_apart_and_payable() -> None:
    found = entitlement(Held("a", 100, 20, 30), per_unit("1.5", ""))
    assert (found.gross, found.withheld, found.payable, found.fruits) == (15_000, 3_000, 12_000, 4_500)


def test_nothing_is_lost_and_nobody_gets_more_than_the_free_units_give() -> None:
    for units, frozen, pledged, amount in product((1, 7, 80), (0, 1, 5), (0, 2), (1, 333_333, 12_345_678, 10**9)):
        if frozen + pledged > units:
            continue
        found = entitlement(Held("a", units, frozen, pledged), amount)
        assert found.gross * 10**6 + found.remainder == units * amount
        assert 0 <= found.remainder < 10**6
        assert found.withheld + found.payable == found.gross
        assert found.payable * 10**6 <= (units - frozen) * amount
        assert pledged * amount // 10**6 <= found.fruits <= found.payable


def test_units_beyond_64_bits_are_exact() -> None:
    units = 2**80 - 1
    found = entitlement(Held("a", units, units, 0), per_unit("0.01", ""))
    assert (found.gross, found.payable, found.remainder) == (units, 0, 0)


def test_totals_are_the_sums() -> None:
    lines = [entitlement(Held(one, 3, frozen, 0), per_unit("0.333", "")) for one, frozen in (("a", 0), ("b", 3))]
    found = totals_of(lines)
    assert (found.holders, found.units, found.gross, found.withheld, found.payable) == (2, 6, 198, 99, 99)
    assert yuan_exact(found.remainder) == "0.01800000"


def test_the_record_date_ends_at_midnight_in_shanghai() -> None:
    end = end_of(DAY)
    assert (day_of(end // 1000), day_of((end + 1) // 1000)) == (DAY, DAY + 1)
    assert stage_of(Stage.RESOLVED, DAY, end) is Stage.RESOLVED
    assert stage_of(Stage.RESOLVED, DAY, end + 1) is Stage.RECORD_DATE
    assert stage_of(Stage.PAID, DAY, end + 1) is Stage.PAID
    check_over(DAY, end + 1)
    with pytest.raises(RuleRefused) as refused:
        check_over(DAY, end)
    assert (refused.value.rule, refused.value.extra["numbers"]) == ("DIV-02", {"today": DAY, "record_day": DAY})
    assert refused.value.source


def test_a_dividend_is_resolved_for_equity_in_custody_and_a_day_to_come() -> None:
    check_resolution(Form.SHARE, State.CUSTODIED, DAY, end_of(DAY))
    check_resolution(Form.LLC_EQUITY, State.SUSPENDED, DAY + 9, end_of(DAY))
    with pytest.raises(Invalid) as refused:
        check_resolution(Form.CONVERTIBLE_BOND, State.CUSTODIED, DAY, end_of(DAY))
    assert (refused.value.rule, refused.value.field) == ("DIV-01", "/security")
    with pytest.raises(Invalid) as refused:
        check_resolution(Form.SHARE, State.CUSTODIED, DAY, end_of(DAY) + 1)
    assert (refused.value.rule, refused.value.field) == ("DIV-02", "/record_date")
    for state in (State.REGISTERING, State.EXITED):
        with pytest.raises(Conflict):
            check_resolution(Form.SHARE, state, DAY, end_of(DAY))


def test_steps_have_their_order() -> None:
    check_stage(Stage.FUNDED, Stage.FUNDED, Stage.PAID)
    with pytest.raises(Conflict) as refused:
        check_stage(Stage.CALCULATED, Stage.FUNDED, Stage.PAID)
    assert (refused.value.slug, refused.value.extra["from"]) == ("dividend-stage", ["funded", "paid"])


def test_no_more_is_released_than_is_withheld() -> None:
    check_release(3_000, 1_000, 2_000)
    with pytest.raises(RuleRefused) as refused:
        check_release(3_000, 1_000, 2_001)
    assert refused.value.rule == "DIV-03"
    assert "第九条" in str(refused.value.source)
    assert refused.value.extra["numbers"] == {"withheld": "30.00", "released": "10.00", "wanted": "20.01"}
