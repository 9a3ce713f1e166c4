"""From where a refused group of a list goes on: nothing that the chain has entered is asked for again."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from typing_extensions import override

from services.platform.errors import LeaseLost, RegsealError, RuleRefused, Unavailable
from services.register.acts.holders import Confirm, Officer
from services.register.asking import REFUSED, REGISTERED, REQUESTED, Outcome
from services.register.imports.carrying import (
    ISSUED,
    ISSUING,
    OPENING,
    Carrying,
    _go_on,
    _marks,
    _together,
    resumed,
)
from services.register.imports.desk import _tried
from services.register.imports.examining import WAITING
from services.register.imports.grouping import HOLDERS, LIEN
from services.register.imports.models import GroupRow
from services.register.rules.positions import Position

ENTRIES = [["acc_a", "600", True], ["acc_b", "400", False]]


def group(state: str, entries: Sequence[Any] = ENTRIES, kind: str = HOLDERS) -> GroupRow:
    return GroupRow(kind=kind, confirmed=False, state=state, entries=[*entries], content=b"x")


def test_units_that_are_entered_are_not_asked_for_again() -> None:
    one = group(ISSUING)
    _go_on(one)
    assert (one.state, one.entries) == (ISSUED, [["acc_a", "", True], ["acc_b", "", False]])
    assert resumed(one) == ISSUED


def test_what_was_refused_before_its_units_begins_anew() -> None:
    one = group(OPENING)  # of an earlier version
    _go_on(one)
    assert (one.state, one.entries) == (WAITING, ENTRIES)
    assert resumed(one) == WAITING, "its units are not entered"
    assert resumed(group(WAITING, [])) == WAITING
    assert resumed(group(WAITING, [["acc_a", "", False]], LIEN)) == WAITING, "a lien has units of its own"


def test_units_are_entered_where_the_chain_has_them_whoever_opened_their_accounts() -> None:
    opened, refused, waits = Outcome(REGISTERED), Outcome(REFUSED, "RegisterInvestorExists"), Outcome(REQUESTED)
    assert _together([refused, opened], issuing=True) is opened, "asking for them again would enter them twice"
    assert _together([refused, Outcome(REFUSED, "RegisterInvestorUnknown")], issuing=True) is refused
    assert _together([opened, waits], issuing=True) is None
    assert _together([waits, opened], issuing=True) is None
    assert _together([opened, refused], issuing=False) is refused, "of two marks both count"


@pytest.mark.parametrize(
    ("officer", "unconfirmed", "left"),
    [((), (), (["acc_a"], ["acc_a", "acc_b"])), (("acc_a",), (), ([], ["acc_a", "acc_b"])),
     ((), ("acc_a",), (["acc_a"], ["acc_b"])), (("acc_a",), ("acc_a", "acc_b"), ([], []))],
)  # fmt: skip
def test_only_what_is_not_so_yet_is_marked(
    officer: Sequence[str], unconfirmed: Sequence[str], left: tuple[list[str], list[str]]
) -> None:
    held = {
        each: Position(units=1, officer=each in officer, unconfirmed=each in unconfirmed) for each in ("acc_a", "acc_b")
    }
    marks = _marks("sec_a", group(ISSUED), held)
    assert [each.account for each in marks if isinstance(each, Officer)] == left[0]
    assert [each for said in marks if isinstance(said, Confirm) for each in said.accounts] == left[1]


def test_what_is_not_available_to_one_import_holds_no_other_up() -> None:
    def away(_import_id: str) -> bool:
        raise Unavailable("chain-unreachable")

    def lost(_import_id: str) -> bool:
        raise LeaseLost("writer")

    assert not _tried(away, "imp_a")
    assert _tried(lambda _: True, "imp_b")
    with pytest.raises(LeaseLost):
        _tried(lost, "imp_a")


class Failing(Carrying):
    """Whose units end with ``error``."""

    def __init__(self, error: RegsealError) -> None:
        self.refused: list[str] = []
        self._error = error
        parts: Any = SimpleNamespace(evidence=SimpleNamespace(sequencer=self))
        self._parts = parts

    @override
    def run(self, import_id: object) -> bool:
        raise self._error

    @override
    def _refuse(self, import_id: str, number: int, reason: str) -> None:
        self.refused.append(reason)


def test_what_passes_by_itself_refuses_no_group() -> None:
    away = Failing(Unavailable("chain-unreachable"))
    with pytest.raises(Unavailable):
        away._step("imp_a", 0, ISSUED, away._mark)
    assert not away.refused
    for error in (RuleRefused("REM-01", "no"), Unavailable("atrest-unreadable", "no")):
        refusing = Failing(error)
        refusing._step("imp_a", 0, ISSUED, refusing._mark)
        assert refusing.refused == ["no"]
