"""Copies of logs as static files: complete, checked, never rewritten, never of another history."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.party import tiles
from chain.party.errors import ConfigError
from chain.proof.checkpoint import Checkpoint
from chain.proof.errors import ProofError
from chain.proof.hashing import sha256
from chain.proof.merkle import empty_root, node_hash, root_at, root_of
from chain.proof.note import NoteSigner, SignatureType, sign_note
from chain.proof.tiles import MAX_LEVEL, TILE_WIDTH, tile_nodes, tile_path, tile_width
from chain.proof.trust import LogKey

ORIGIN = "evidence.example/register"
SIGNER = NoteSigner(ORIGIN, SignatureType.ED25519, b"\x01" * 32)
KEYS = (LogKey(SIGNER.key, 0, None),)
BIG = 70_000
SIZES = [1, 2, 255, 256, 257, 65_535, 65_536, 65_537, BIG]
LEAVES = [sha256(index.to_bytes(4, "big")) for index in range(BIG)]


def rows(leaves: list[bytes]) -> list[list[bytes]]:
    """The hashes that stand in the tiles of each level."""
    found = [leaves]
    while len(found[-1]) >= TILE_WIDTH:
        last = found[-1]
        found.append([root_of(last[at : at + 256]) for at in range(0, len(last) - 255, 256)])
    return found


ROWS = rows(LEAVES)


class Server:
    """What is served of a log of any size."""

    def __init__(self, size: int, levels: list[list[bytes]] = ROWS) -> None:
        self.size, self.levels = size, levels

    def head(self) -> Checkpoint:
        def node(level: int, index: int) -> list[bytes]:
            return self.levels[level][index * 256 : (index + 1) * 256]

        return Checkpoint(ORIGIN, self.size, root_at(self.size, tile_nodes(node)))

    def files(self) -> dict[str, bytes]:
        found = {"checkpoint": sign_note(self.head().text(), SIGNER).encode()}
        for level in range(MAX_LEVEL + 1):
            for index in range(-(-(self.size >> 8 * level) // 256)):
                width = tile_width(level, index, self.size)
                hashes = self.levels[level][index * 256 : index * 256 + width]
                found[tile_path(level, index, width)] = b"".join(hashes)
        return found


def contents(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def copy(server: tiles.Fetch, out: Path) -> tiles.Copied:
    return tiles.copy(server, out, origin=ORIGIN, keys=KEYS)


def test_roots_are_those_of_the_leaves() -> None:
    for size in (1, 2, 3, 255, 256, 257, 600):
        assert Server(size).head().root == root_of(LEAVES[:size])
    assert Server(65_536).head().root == node_hash(root_of(LEAVES[:32_768]), root_of(LEAVES[32_768:65_536]))


@pytest.mark.parametrize("size", SIZES)
def test_a_copy_is_the_whole_tree_and_can_be_copied_again(tmp_path: Path, size: int) -> None:
    server = Server(size)
    wanted = server.files()
    done = copy(wanted.get, tmp_path / "一")
    assert contents(tmp_path / "一") == wanted
    assert done.fetched == len(wanted) - 1
    again = copy(tiles.from_folder(tmp_path / "一"), tmp_path / "二")
    assert contents(tmp_path / "二") == wanted
    assert again.head == server.head()


def test_an_empty_log_is_a_checkpoint(tmp_path: Path) -> None:
    note = sign_note(Checkpoint(ORIGIN, 0, empty_root()).text(), SIGNER).encode()
    copy({"checkpoint": note}.get, tmp_path / "out")
    assert contents(tmp_path / "out") == {"checkpoint": note}


def test_a_grown_log_adds_files_and_rewrites_none_but_the_checkpoint(tmp_path: Path) -> None:
    out, before = tmp_path / "out", 0
    for size in (3, 250, 256, 700, 66_000, BIG):
        server = Server(size)
        stood = {path: (out / path).stat().st_ino for path in contents(out)}
        files = server.files()
        done = copy(files.get, out)
        assert done.head.size == size > before
        assert set(files) <= set(contents(out))
        assert all((out / path).stat().st_ino == inode for path, inode in stood.items() if path != "checkpoint")
        before = size


def test_a_copy_that_broke_off_goes_on_and_fetches_nothing_twice(tmp_path: Path) -> None:
    files, out = Server(BIG).files(), tmp_path / "out"
    asked: list[str] = []

    def breaking(path: str) -> bytes | None:
        asked.append(path)
        if len(asked) == 100:
            raise ConnectionError
        return files.get(path)

    with pytest.raises(ConnectionError):
        copy(breaking, out)
    assert not (out / "checkpoint").exists()
    there = set(contents(out))
    assert len(there) > 90
    later: list[str] = []

    def noting(path: str) -> bytes | None:
        later.append(path)
        return files.get(path)

    copy(noting, out)
    assert contents(out) == files
    assert not there & set(later)


def test_a_wrong_hash_anywhere_is_noticed_before_it_is_written(tmp_path: Path) -> None:
    files = Server(BIG).files()
    for number, path in enumerate(random.sample([each for each in files if each != "checkpoint"], 8)):
        data = bytearray(files[path])
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)
        out = tmp_path / str(number)
        with pytest.raises(ProofError) as caught:
            copy((files | {path: bytes(data)}).get, out)
        assert caught.value.code in ("tile-mismatch", "root-mismatch")
        assert path not in contents(out)
        assert "checkpoint" not in contents(out)


def test_a_copys_own_damaged_file_is_named(tmp_path: Path) -> None:
    files = Server(600).files()
    copy(files.get, tmp_path)
    damaged = tmp_path / "tile/0/000"
    damaged.write_bytes(b"\x00" + damaged.read_bytes()[1:])
    with pytest.raises(ProofError, match=r"tile/0/000 .*own file"):
        copy(files.get, tmp_path)
    damaged.unlink()
    copy(files.get, tmp_path)
    assert contents(tmp_path) == files


def test_a_file_that_a_power_failure_tore_is_fetched_again(tmp_path: Path) -> None:
    files = Server(600).files()
    copy(files.get, tmp_path)
    (tmp_path / "tile/0/001").write_bytes(b"")
    assert copy(files.get, tmp_path).fetched == 1
    assert contents(tmp_path) == files


def other_history(size: int, differs_at: int) -> dict[str, bytes]:
    leaves = LEAVES[:size]
    leaves[differs_at] = sha256(b"another")
    return Server(size, rows(leaves)).files()


@pytest.mark.parametrize(("old", "new", "at"), [(5, 9, 4), (300, 900, 12), (300, 900, 299), (300, 300, 7)])
def test_a_rewritten_history_changes_nothing_of_the_copy(tmp_path: Path, old: int, new: int, at: int) -> None:
    copy(Server(old).files().get, tmp_path)
    before = contents(tmp_path)
    with pytest.raises(ProofError):
        copy(other_history(new, at).get, tmp_path)
    assert contents(tmp_path) == before


def test_a_rewritten_history_is_noticed_when_only_the_checkpoint_of_the_copy_is_left(tmp_path: Path) -> None:
    copy(Server(300).files().get, tmp_path)
    for path in contents(tmp_path):
        if path != "checkpoint":
            (tmp_path / path).unlink()
    with pytest.raises(ProofError, match="does not extend"):
        copy(other_history(900, 12).get, tmp_path)


def test_a_shorter_log_is_refused(tmp_path: Path) -> None:
    copy(Server(300).files().get, tmp_path)
    with pytest.raises(ProofError, match="has 300 leaves"):
        copy(Server(299).files().get, tmp_path)


def test_a_partial_tile_that_was_dropped_is_cut_from_the_full_one(tmp_path: Path) -> None:
    files, grown = Server(300).files(), Server(600).files()
    shown = {path: data for path, data in (grown | files).items() if ".p/" not in path}
    shown["tile/1/000.p/1"] = files["tile/1/000.p/1"]
    copy(shown.get, tmp_path)
    assert contents(tmp_path) == files


def heads() -> Iterator[tuple[str, bytes, str]]:
    note = sign_note(Server(5).head().text(), SIGNER)
    stranger = NoteSigner(ORIGIN, SignatureType.ED25519, b"\x02" * 32)
    yield "log-signature-missing", sign_note(Server(5).head().text(), stranger).encode(), ORIGIN
    yield "signature-wrong", note.replace("\n5\n", "\n6\n").encode(), ORIGIN
    yield "origin-mismatch", note.encode(), "evidence.example/other"
    yield "malformed", b"<html>", ORIGIN


@pytest.mark.parametrize(("code", "note", "origin"), list(heads()))
def test_only_a_head_that_the_logs_own_key_signed_counts(tmp_path: Path, code: str, note: bytes, origin: str) -> None:
    with pytest.raises(ProofError) as caught:
        tiles.copy({"checkpoint": note}.get, tmp_path / "out", origin=origin, keys=KEYS)
    assert caught.value.code == code
    assert not (tmp_path / "out").exists()


def test_a_key_counts_for_its_sizes_alone(tmp_path: Path) -> None:
    files = Server(5).files()
    with pytest.raises(ProofError, match="good for size 5"):
        tiles.copy(files.get, tmp_path, origin=ORIGIN, keys=(LogKey(SIGNER.key, 6, None),))
    tiles.copy(files.get, tmp_path, origin=ORIGIN, keys=(LogKey(SIGNER.key, 5, 6),))


def test_where_there_is_no_log_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no checkpoint"):
        copy(tiles.from_folder(tmp_path / "nothing"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
