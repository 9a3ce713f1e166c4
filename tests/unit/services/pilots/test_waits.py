"""For whom a project waits, state by state, against a table written by hand."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.identity.commands import role_hash
from services.pilots.books import Book, prepare
from services.pilots.models import ProjectRow
from services.pilots.rulebook.loader import book_text
from services.pilots.steps.names import own_name, role_name
from services.pilots.steps.waits import foreseen, waits_of

SETTINGS = Path(__file__).parents[4] / "samples" / "pilots" / "settings"
TODAY = 20_800
LEAD = "ins_" + "11" * 16
REGION = {"SZ-2023.11": 440300, "GZ-2022.03": 440100, "BJ-2022.09": 110000}
NAMES: dict[str, Callable[[int], str]] = {
    "lead": lambda _region: own_name(LEAD),
    "working group": lambda region: role_name(role_hash("pilot.working-group"), region),
    "stb": lambda _region: role_name(role_hash("pilot.stb"), 0),
    "evaluation group": lambda _region: role_name(role_hash("pilot.evaluation-group"), 0),
}

# rulebook, state, flags, open items by kind → who
TABLE = [
    ("SZ-2023.11", "SUBMITTED", (), (), {"working group"}),
    ("SZ-2023.11", "SUBMITTED", ("approval_pending",), (), {"working group", "lead"}),
    ("SZ-2023.11", "CORRECTION", (), (), {"lead"}),
    ("SZ-2023.11", "CORE_REPORTED", ("core",), (), {"stb"}),
    ("SZ-2023.11", "SELECTED", (), (), {"stb"}),
    ("SZ-2023.11", "EVALUATION", (), (), {"evaluation group"}),
    ("SZ-2023.11", "PUBLIC_NOTICE", (), ([0, 1],), {"working group"}),
    ("SZ-2023.11", "NOTICE_CLEARED", (), (), {"stb"}),
    ("SZ-2023.11", "NOTICE_CLEARED", ("consulted",), (), {"working group"}),
    ("SZ-2023.11", "LAUNCH_APPROVED", (), (), {"lead"}),
    ("SZ-2023.11", "RUNNING", (), (), set()),
    ("SZ-2023.11", "RUNNING", (), ([1, 1],), {"working group"}),
    ("SZ-2023.11", "ENDED", (), (), set()),
    ("GZ-2022.03", "STAGE_ASSESSMENT", (), (), {"stb"}),
    ("GZ-2022.03", "SUSPENDED", (), (), {"stb"}),
    ("GZ-2022.03", "T_SUBMITTED", (), (), {"working group"}),
    ("GZ-2022.03", "T_EVALUATION", (), (), {"evaluation group"}),
    ("BJ-2022.09", "EXIT_INITIATED", (), (), {"evaluation group"}),
]


def _book(version: str) -> Book:
    return prepare(book_text(version), (SETTINGS / f"{version}.yaml").read_text(), f"{version}.yaml")


@pytest.mark.parametrize(("version", "state", "flags", "items", "who"), TABLE)
def test_a_project_waits_for_whom_its_state_foresees(
    version: str, state: str, flags: tuple[str, ...], items: tuple[list[int], ...], who: set[str]
) -> None:
    book, region = _book(version), REGION[version]
    row = ProjectRow(id="prj_" + "22" * 16, region=region, lead_id=LEAD, state=state)
    row.flags, row.items = book.table.flag_mask(flags), {"opened": list(items), "closed": []}
    row.ends_on = TODAY + 1
    assert set(waits_of(book, row, TODAY)) == {NAMES[each](region) for each in who}


def test_nobody_waits_for_a_tutoring_to_expire_before_it_does() -> None:
    book, region = _book("GZ-2022.03"), REGION["GZ-2022.03"]
    row = ProjectRow(id="prj_" + "22" * 16, region=region, lead_id=LEAD, state="TUTORING", flags=0)
    row.items, row.ends_on = {"opened": [], "closed": []}, TODAY
    assert [each.action for each in foreseen(book, row, TODAY)] == []
    assert waits_of(book, row, TODAY) == []
    assert [each.action for each in foreseen(book, row, TODAY + 1)] == ["tutoring.expire"]
    assert waits_of(book, row, TODAY + 1) == [NAMES["working group"](region)]
