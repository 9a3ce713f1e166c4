"""A witness's own copy of a log's entry bundles: each leaf is checked against its hash tile before it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from chain.party.durable import private_folder, read_optional, write_json, write_private
from chain.party.errors import ConfigError
from chain.party.witness.refusal import Refusal
from chain.proof.entries import Entry, entries_path, parse_bundle
from chain.proof.errors import ProofError
from chain.proof.keyring import Keyring, parse_keyring
from chain.proof.merkle import leaf_hash
from chain.proof.tiles import TILE_WIDTH, tile_width

STEP = 64
"""Bundles fetched in one round, so that a log far behind holds up no other."""
KEYRING = "keyring.json"
_STATE = "entries.json"

FetchBundle = Callable[[int, int], bytes]
LeafHashes = Callable[[int], Sequence[bytes]]


class EntryMirror:
    """Bundles under `folder`: the entries of the first `size` leaves; `erased` erasures were taken over."""

    def __init__(self, folder: Path) -> None:
        self.folder = private_folder(folder)
        data = read_optional(folder / _STATE)
        try:
            body = json.loads(data) if data is not None else {"size": 0, "erased": 0}
            self.size, self.erased = int(body["size"]), int(body["erased"])
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{folder / _STATE} is damaged") from error

    def bundle(self, index: int) -> tuple[Entry, ...]:
        """The stored entries of one bundle, as many as there are. Raises ProofError when the file is damaged."""
        width = tile_width(0, index, self.size)
        data = read_optional(self.folder / entries_path(index, width)) if width else None
        if data is None:
            raise ProofError("bundle-missing", f"there is no {entries_path(index, width or TILE_WIDTH)}")
        return parse_bundle(data, width)

    def keyring(self) -> Keyring | None:
        """The newest keyring that was fetched. Raises ProofError when the file is damaged."""
        data = read_optional(self.folder / KEYRING)
        return None if data is None else parse_keyring(data)

    def extend(self, to: int, hashes: LeafHashes, fetch: FetchBundle) -> bool:
        """Grows towards `to` leaves, by one step; whether it grew.

        Args:
            hashes: leaf hashes of a tile of level 0, checked; at least as many as there are leaves below `to`.
            fetch: bytes of the bundle of an index and width.
        Raises:
            Refusal: `entries-wrong`; nothing of the bundle was stored.
        """
        before = self.size
        if to <= before:
            return False
        first = before // TILE_WIDTH
        for index in range(first, min(first + STEP, -(-to // TILE_WIDTH))):
            self._place(index, tile_width(0, index, to), hashes, fetch)
            old, self.size = self.size, min(to, (index + 1) * TILE_WIDTH)
            self._save()
            narrower = tile_width(0, index, old)
            if 0 < narrower < tile_width(0, index, self.size):
                (self.folder / entries_path(index, narrower)).unlink(missing_ok=True)
        return self.size > before

    def keep_keyring(self, data: bytes) -> Keyring:
        """Stores the service's keyring. Raises Refusal `keyring-wrong`."""
        try:
            found = parse_keyring(data)
        except ProofError as error:
            raise Refusal("keyring-wrong", str(error)) from error
        write_private(self.folder / KEYRING, data)
        return found

    def forget(self, indexes: Iterable[int], total: int, hashes: LeafHashes, fetch: FetchBundle) -> None:
        """Replaces the bundles that still hold content of these leaves, all `total` that were erased so far.

        Raises:
            Refusal: `entries-wrong`.
        """
        mirrored = {index for index in indexes if index < self.size}
        for number in sorted({index // TILE_WIDTH for index in mirrored}):
            entries = enumerate(self.bundle(number), number * TILE_WIDTH)
            if any(entry.ciphertext and index in mirrored for index, entry in entries):
                self._place(number, tile_width(0, number, self.size), hashes, fetch)
        self.erased = total
        self._save()

    def _place(self, index: int, width: int, hashes: LeafHashes, fetch: FetchBundle) -> None:
        data = fetch(index, width)
        try:
            entries = parse_bundle(data, width)
            known = hashes(index)[:width]
        except ProofError as error:
            raise Refusal("entries-wrong", f"bundle {index}: {error}") from error
        for number, (entry, expected) in enumerate(zip(entries, known, strict=True), index * TILE_WIDTH):
            if leaf_hash(entry.leaf) != expected:
                raise Refusal("entries-wrong", f"the entry {number} is not the leaf that its tile has")
        write_private(self.folder / entries_path(index, width), data)

    def _save(self) -> None:
        write_json(self.folder / _STATE, {"size": self.size, "erased": self.erased})
