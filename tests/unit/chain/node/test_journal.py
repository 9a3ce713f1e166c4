from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.errors import NodeError
from chain.node.journal import Journal, Planned


def written(path: Path, blocks: int) -> list[Planned]:
    journal = Journal(path)
    journal.recover(0)
    for number in range(1, blocks + 1):
        journal.plan(number, 1000 + number, [f"0x{number:02x}"])
        journal.done(number, f"0x{number:064x}")
    journal.close()
    return list(journal.blocks())


def test_what_was_written_is_read_again_from_any_block(tmp_path: Path) -> None:
    blocks = written(tmp_path / "journal", 4)
    assert [(one.number, one.timestamp, one.transactions) for one in blocks] == [
        (number, 1000 + number, (f"0x{number:02x}",)) for number in range(1, 5)
    ]
    assert blocks[-1].end == (tmp_path / "journal").stat().st_size
    for place, block in enumerate(blocks):
        assert list(Journal(tmp_path / "journal").blocks(block.end)) == blocks[place + 1 :]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data(), garbage=st.binary(max_size=20))
def test_cut_anywhere_it_gives_the_blocks_before_and_goes_on(
    tmp_path: Path, data: st.DataObject, garbage: bytes
) -> None:
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    blocks = written(path, 3)
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    # a torn write ends in what was on the disk there, without an end of line
    path.write_bytes(whole[:cut] + garbage.replace(b"\n", b"\0"))
    found = list(Journal(path).blocks())
    complete = [one for one in blocks if one.end <= cut]
    assert found[: len(complete)] == complete
    assert [one.hash for one in found[len(complete) :]] in ([], [None])
    end = found[-1].end if found else 0
    journal = Journal(path)
    journal.recover(end)
    if found and found[-1].hash is None:
        journal.done(found[-1].number, "0xaa")
    journal.plan(len(found) + 1, 2000, [])
    journal.close()
    assert [one.number for one in Journal(path).blocks()] == list(range(1, len(found) + 2))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_damage_before_the_last_line_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "journal"
    path.unlink(missing_ok=True)
    written(path, 3)
    whole = bytearray(path.read_bytes())
    last_line = whole.rstrip(b"\n").rfind(b"\n")
    place = data.draw(st.integers(0, last_line - 1))
    whole[place] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(bytes(whole))
    with pytest.raises(NodeError, match="damaged"):
        list(Journal(path).blocks())


def test_lines_out_of_turn_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    for order in ([0, 2], [1], [0, 3], [0, 1, 1]):
        path.write_bytes(b"".join(lines[place] for place in order))
        with pytest.raises(NodeError, match="out of turn"):
            list(Journal(path).blocks())


def test_a_journal_shorter_than_a_snapshot_is_refused(tmp_path: Path) -> None:
    end = written(tmp_path / "journal", 2)[-1].end
    with pytest.raises(NodeError, match="snapshot"):
        list(Journal(tmp_path / "journal").blocks(end + 1))


def test_a_checksum_in_capitals_is_damage(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    written(path, 8)
    lines = path.read_bytes().split(b"\n")
    place = next(n for n, line in enumerate(lines) if line[:8].upper() != line[:8])
    lines[place] = lines[place][:8].upper() + lines[place][8:]
    path.write_bytes(b"\n".join(lines))
    with pytest.raises(NodeError, match="damaged"):
        list(Journal(path).blocks())
