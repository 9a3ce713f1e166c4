"""How a check ends when something happens that nobody foresaw: it does end, since other lists wait behind it."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from typing_extensions import override

from services.platform.errors import LeaseLost, NotFound, Unavailable
from services.register.imports.checking import Checked, Demands, NamedTable
from services.register.imports.examining import Examining
from services.register.imports.tables.cells import BadTable


class Check(Examining):
    """Of a list whose file, or whose lines, are what ``error`` says."""

    def __init__(self, error: Exception, *, lines: bool) -> None:
        self.ended: list[BadTable | None] = []
        self._error = error
        self._lines = lines

    @override
    def _begin(self, import_id: str) -> tuple[str, list[dict[str, str]], Demands]:
        return "ins_a", [{"material": "mat_a", "name": "名册.xlsx"}], Demands(capital=1, today=date(2026, 11, 20))

    @override
    def _open(self, owner: str, file: dict[str, str]) -> list[Any]:
        if not self._lines:
            raise self._error
        return []

    @override
    def _checked(self, import_id: str, owner: str, tables: Iterable[NamedTable], demands: Demands) -> Checked:
        raise self._error

    @override
    def _finish(self, import_id: str, checked: Checked, *, error: BadTable | None = None) -> None:
        self.ended.append(error)


@pytest.mark.parametrize("lines", [False, True], ids=["file", "lines"])
def test_what_nobody_foresaw_ends_the_check_and_quotes_no_cell(*, lines: bool) -> None:
    check = Check(ZeroDivisionError("张测试 440199"), lines=lines)
    check.run("imp_a")
    (error,) = check.ended
    assert error is not None
    assert error.rule == "IMP-FORMAT"
    assert error.detail.startswith("The list could not be checked: ZeroDivisionError at test_examining.py:")


def test_a_file_that_is_not_to_be_had_is_named() -> None:
    check = Check(NotFound("There is no such material."), lines=False)
    check.run("imp_a")
    assert [(each.rule, each.detail) for each in check.ended if each] == [("IMP-FORMAT", "There is no such material.")]


@pytest.mark.parametrize(
    "error", [Unavailable("stopping"), LeaseLost("writer"), OperationalError("x", None, Exception())], ids=repr
)
def test_what_passes_by_itself_ends_no_check(error: Exception) -> None:
    check = Check(error, lines=True)
    with pytest.raises(type(error)):
        check.run("imp_a")
    assert not check.ended
