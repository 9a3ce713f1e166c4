import pytest

from services.pilots.rulebook.compile import compile_table
from services.pilots.rulebook.decisions import MissingSettings
from services.pilots.rulebook.loader import BOOKS, load_book


@pytest.mark.parametrize("name", BOOKS)
def test_every_rulebook_loads_and_waits_for_its_settings(name: str) -> None:
    book = load_book(name)
    assert book.id == name
    assert book.decision is None
    with pytest.raises(MissingSettings) as refused:
        compile_table(book)
    assert [one.name for one in refused.value.missing] == [one.name for one in book.settings]
    assert all(one.why and one.source for one in refused.value.missing)
