import pytest
import typer

from cli.register.moments import moment


def test_a_date_is_the_end_of_that_day_in_shanghai() -> None:
    assert moment("2026-11-20") == "2026-11-20T15:59:59.999Z"
    assert moment("2026-11-20T09:30:00Z") == "2026-11-20T09:30:00Z"
    assert moment(None) is None


@pytest.mark.parametrize("wrong", ["yesterday", "2026-02-30", ""])
def test_what_is_neither_is_refused(wrong: str) -> None:
    with pytest.raises(typer.BadParameter, match="neither a date nor a time"):
        moment(wrong)
