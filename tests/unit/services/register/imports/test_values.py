"""Single cells: what is written where a number belongs, and is none that could be reckoned with."""

import pytest

from services.register.imports.findings import CellRefused
from services.register.imports.tables.cells import Cell, Content
from services.register.imports.values import read_ratio, read_units

ABSURD = ["NaN", "sNaN", "Infinity", "-Infinity", "1E9999999", "9E999998", "1E-9999999", "0E9999999", "1E+41"]


@pytest.mark.parametrize("text", ABSURD)
@pytest.mark.parametrize(("content", "rules"), [(Content.NUMBER, {"IMP-NUMBER"}), (Content.TEXT, None)])
def test_a_number_without_measure_is_refused_before_it_is_reckoned_with(
    text: str, content: Content, rules: set[str] | None
) -> None:
    for found in (lambda: read_units(Cell(text, content), 10_000), lambda: read_ratio(Cell(text, content))):
        with pytest.raises(CellRefused) as refused:
            found()
        assert refused.value.rule in (rules or {"IMP-NUMBER", "IMP-DIGITS"})


@pytest.mark.parametrize("text", ["9" * 5_000, "0." + "0" * 5_000 + "1"], ids=["large", "small"])
def test_a_number_of_very_many_digits(text: str) -> None:
    with pytest.raises(CellRefused, match="a register could hold"):
        read_units(Cell(text))
