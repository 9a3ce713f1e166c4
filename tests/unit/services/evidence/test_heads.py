"""The head file survives any torn write with the newest head that was confirmed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.heads import Head, HeadFile, read_heads


def head(size: int, origin: str = "o.example/a") -> Head:
    return Head(origin, size, size.to_bytes(32))


def test_the_newest_head_of_each_log_is_read_back(tmp_path: Path) -> None:
    file = HeadFile.open(tmp_path)
    for size in range(5):
        file.write([head(size), head(size * 2, "o.example/b")])
    file.write([head(1, "o.example/c")])
    file.close()
    again = HeadFile.open(tmp_path)
    assert again.heads() == {each.origin: each for each in (head(4), head(8, "o.example/b"), head(1, "o.example/c"))}
    again.close()


@given(writes=st.integers(1, 6), torn=st.integers(0, 511), garbage=st.binary(min_size=1, max_size=512))
def test_a_torn_write_leaves_the_head_before_or_the_new_one(
    tmp_path_factory: pytest.TempPathFactory, writes: int, torn: int, garbage: bytes
) -> None:
    directory = tmp_path_factory.mktemp("heads")
    file = HeadFile.open(directory)
    file.write([head(7, "o.example/other")])
    for size in range(1, writes + 1):
        file.write([head(size)])
    path = directory / "heads"
    before = path.read_bytes()
    file.write([head(writes + 1)])
    file.close()
    after = path.read_bytes().ljust(len(before), b"\0")
    slot = next(
        start for start in range(0, len(after), 512) if after[start : start + 512] != before[start : start + 512]
    )
    spoilt = (after[slot : slot + torn] + garbage).ljust(512, b"\0")[:512]
    path.write_bytes(after[:slot] + spoilt + after[slot + 512 :])
    again = HeadFile.open(directory)
    assert again.heads()["o.example/a"] in (head(writes), head(writes + 1))
    assert again.heads()["o.example/other"] == head(7, "o.example/other")
    again.write([head(99), head(1, "o.example/new")])
    again.close()
    third = HeadFile.open(directory)
    assert third.heads()["o.example/a"] == head(99)
    assert len(third.heads()) == 3
    third.close()


def test_a_torn_first_write_of_a_log_is_as_if_it_never_was(tmp_path: Path) -> None:
    file = HeadFile.open(tmp_path)
    file.write([head(3)])
    size_before = (tmp_path / "heads").stat().st_size
    file.write([head(1, "o.example/new")])
    file.close()
    data = bytearray((tmp_path / "heads").read_bytes())
    data[size_before + 600 :] = b""
    cut = (tmp_path / "heads").read_bytes()
    start = cut.rindex(b"rs-head1")
    (tmp_path / "heads").write_bytes(cut[: start + 100])
    again = HeadFile.open(tmp_path)
    assert again.heads() == {"o.example/a": head(3)}
    again.write([head(2, "o.example/new")])
    again.close()
    third = HeadFile.open(tmp_path)
    assert third.heads()["o.example/new"] == head(2, "o.example/new")
    third.close()


def test_closing_twice_closes_nobody_elses_file(tmp_path: Path) -> None:
    file = HeadFile.open(tmp_path / "heads")
    file.close()
    with (tmp_path / "other").open("wb") as other:  # takes the number that has become free
        file.close()
        other.write(b"still open")
        other.flush()


def test_who_takes_over_knows_all_and_a_late_write_of_the_one_before_hides_nothing(tmp_path: Path) -> None:
    """A leader that is stopped between its commit and its head, and goes on after its successor has written more."""
    old = HeadFile.open(tmp_path)
    old.write([Head("a.example/log", 7, b"\1" * 32), Head("b.example/log", 1, b"\2" * 32)])
    old.take_over(1)
    new = HeadFile.open(tmp_path)
    new.take_over(2)
    new.write([Head("a.example/log", 9, b"\3" * 32)])
    new.write([Head("c.example/log", 4, b"\4" * 32)])
    for size in (8, 8, 8):  # into either slot
        old.write([Head("a.example/log", size, b"\5" * 32)])
    late = HeadFile.open(tmp_path)
    late.take_over(1)  # stopped before it could: the lower fence takes nothing away
    old.close()
    new.close()
    late.close()
    expected = {"a.example/log": (9, b"\3" * 32), "b.example/log": (1, b"\2" * 32), "c.example/log": (4, b"\4" * 32)}
    assert {origin: (head.size, head.root) for origin, head in read_heads(tmp_path).items()} == expected
    opened = HeadFile.open(tmp_path)
    assert opened.heads() == read_heads(tmp_path)
    opened.write([Head("a.example/log", 10, b"\6" * 32)])
    opened.close()
    assert read_heads(tmp_path)["a.example/log"].size == 10
