"""A mirror of entries: grows bundle by bundle, believes no leaf, and forgets what was erased."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.party.errors import ConfigError
from chain.party.witness.entries import STEP, EntryMirror
from chain.party.witness.refusal import Refusal
from chain.proof.entries import Entry, entries_path, format_bundle
from chain.proof.errors import ProofError
from chain.proof.hashing import Suite
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import leaf_hash
from chain.proof.types import Phase
from tests.vectors.golden_entries import KEYRING


class Service:
    """Serves bundles of a log that grows; each leaf is its own stream."""

    def __init__(self, size: int) -> None:
        self.entries = [self._entry(at) for at in range(size)]
        self.asked: list[tuple[int, int]] = []

    def _entry(self, at: int) -> Entry:
        stream = at.to_bytes(16)
        leaf = Leaf(Suite.INTL_V1, 1, Phase.EVENT, 0, stream, NO_LEAF, bytes(32), 1_795_167_000_000 + at)
        institution = "ins_" + "0a" * 16
        return Entry(
            leaf=leaf.encode(),
            stream_key=bytes(32),
            record_id=f"rec_{at:032x}",
            institution_id=institution,
            ciphertext=b"c%d" % at,
        )

    def grow(self, count: int) -> None:
        self.entries += [self._entry(len(self.entries) + at) for at in range(count)]

    def hashes(self, index: int) -> Sequence[bytes]:
        return [leaf_hash(entry.leaf) for entry in self.entries[index * 256 : (index + 1) * 256]]

    def fetch(self, index: int, width: int) -> bytes:
        self.asked.append((index, width))
        return format_bundle(self.entries[index * 256 : index * 256 + width])

    def extend(self, mirror: EntryMirror, to: int | None = None) -> bool:
        return mirror.extend(len(self.entries) if to is None else to, self.hashes, self.fetch)


def held(mirror: EntryMirror) -> list[Entry]:
    return [entry for index in range(-(-mirror.size // 256)) for entry in mirror.bundle(index)]


def test_it_grows_to_the_head_and_goes_on_where_it_stood(tmp_path: Path) -> None:
    service = Service(300)
    mirror = EntryMirror(tmp_path)
    assert service.extend(mirror, 200)
    assert service.extend(mirror, 300)
    assert not service.extend(mirror, 300)
    service.grow(300)
    again = EntryMirror(tmp_path)
    assert (again.size, service.extend(again)) == (300, True)
    assert service.asked == [(0, 200), (0, 256), (1, 44), (1, 256), (2, 88)]
    assert held(again) == service.entries
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("tile/**/*") if path.is_file()}
    assert files == {entries_path(0), entries_path(1), entries_path(2, 88)}, "narrower ones are gone"


def test_one_round_fetches_so_many_bundles_and_no_more(tmp_path: Path) -> None:
    service = Service((STEP + 1) * 256)
    mirror = EntryMirror(tmp_path)
    service.extend(mirror)
    assert mirror.size == STEP * 256
    service.extend(mirror)
    assert mirror.size == (STEP + 1) * 256


def test_a_leaf_that_is_not_the_tiles_is_refused_and_nothing_is_stored(tmp_path: Path) -> None:
    service = Service(3)
    mirror = EntryMirror(tmp_path)
    true = [*service.entries]
    hashes = service.hashes(0)
    service.entries[1] = replace(true[1], leaf=Service(9).entries[8].leaf)
    with pytest.raises(Refusal, match="entry 1"):
        mirror.extend(3, lambda _index: hashes, service.fetch)
    with pytest.raises(Refusal, match="entries-wrong"):
        mirror.extend(3, lambda _index: hashes, lambda _index, _width: b"nonsense")
    assert mirror.size == 0
    assert not list(tmp_path.glob("tile/**/*"))
    service.entries = true
    assert service.extend(mirror)


def test_what_was_erased_is_fetched_anew_and_only_that(tmp_path: Path) -> None:
    service = Service(600)
    mirror = EntryMirror(tmp_path)
    service.extend(mirror)
    for at in (5, 300):
        service.entries[at] = replace(service.entries[at], ciphertext=b"")
    service.asked.clear()
    mirror.forget([5, 300, 700], 3, service.hashes, service.fetch)
    assert service.asked == [(0, 256), (1, 256)]
    assert b"c300" not in (tmp_path / entries_path(1)).read_bytes()
    assert EntryMirror(tmp_path).erased == 3
    mirror.forget([5, 300, 700], 3, service.hashes, service.fetch)
    assert len(service.asked) == 2, "they hold nothing of it any more"


def test_a_keyring_that_is_none_does_not_replace_one(tmp_path: Path) -> None:
    mirror = EntryMirror(tmp_path)
    assert mirror.keyring() is None
    mirror.keep_keyring(KEYRING.format())
    with pytest.raises(Refusal, match="keyring-wrong"):
        mirror.keep_keyring(b"{}")
    assert mirror.keyring() == KEYRING


def test_a_damaged_home_is_said_so(tmp_path: Path) -> None:
    mirror = EntryMirror(tmp_path)
    Service(3).extend(mirror)
    (tmp_path / entries_path(0, 3)).write_bytes(b"")
    with pytest.raises(ProofError):
        mirror.bundle(0)
    (tmp_path / entries_path(0, 3)).unlink()
    with pytest.raises(ProofError, match="bundle-missing"):
        mirror.bundle(0)
    (tmp_path / "entries.json").write_text("[]")
    with pytest.raises(ConfigError):
        EntryMirror(tmp_path)
