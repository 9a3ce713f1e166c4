"""The mirrors a recovery reads: homes of witnesses that hold an auditor's token."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.party.durable import read_optional
from chain.party.errors import ConfigError
from chain.party.witness.entries import EntryMirror
from chain.party.witness.mirror import Mirror
from chain.party.witness.store import cosigned_file
from chain.proof.checkpoint import Checkpoint
from chain.proof.entries import Entry
from chain.proof.errors import ProofError
from chain.proof.keyring import Keyring
from chain.proof.merkle import leaf_hash
from chain.proof.note import Note, parse_note
from chain.proof.tiles import TILE_WIDTH
from services.platform.errors import Invalid

__all__ = ["MirroredLog", "attestations", "mirrored_logs"]


@dataclass(frozen=True, slots=True)
class MirroredLog:
    """One log in one mirror. ``head``: the newest checkpoint that the witness accepted; ``note``: as it was signed."""

    home: Path
    folder: Path
    note: Note
    head: Checkpoint
    keyring: Keyring
    tiles: Mirror
    entries: EntryMirror

    @property
    def origin(self) -> str:
        """The log's."""
        return self.head.origin

    @property
    def size(self) -> int:
        """Leaves that are here whole: hashes and entries."""
        return min(self.entries.size, self.tiles.size)

    def bundles(self, first: int, end: int) -> Iterator[tuple[int, Sequence[Entry]]]:
        """(index of the first, entries) from ``first`` to before ``end``, each leaf compared with its tile.

        Invalid when the mirror itself is damaged.
        """
        for number in range(first // TILE_WIDTH, -(-end // TILE_WIDTH)):
            start = number * TILE_WIDTH
            try:
                entries, hashes = self.entries.bundle(number), self.tiles.leaf_hashes(number)
            except ProofError as error:
                raise Invalid("mirror", f"{self.folder}: {error}") from None
            for index, (entry, expected) in enumerate(zip(entries, hashes, strict=False), start):
                if leaf_hash(entry.leaf) != expected:
                    raise Invalid("mirror", f"{self.folder}: the entry {index} is not the leaf of its tile")
            skipped, wanted = max(0, first - start), min(TILE_WIDTH, end - start)
            yield start + skipped, entries[skipped:wanted]

    def sound(self, vouched: int) -> int:
        """Up to where leaves can be put back when heads vouch for the first ``vouched`` alone.

        Beyond them only the service's own encryption tells a leaf from an invented one: none without content counts.
        """
        size = min(vouched, self.size)
        for _start, entries in self.bundles(size, self.size):
            for entry in entries:
                if not entry.ciphertext:
                    return size
                size += 1
        return size

    def head_sizes(self) -> list[int]:
        """The sizes of the checkpoints it accepted, in order."""
        return sorted(int(path.stem) for path in self.folder.glob("checkpoints/*/*.note"))

    def cosigned(self, size: int) -> str | None:
        """What it posted over the head of this size."""
        data = read_optional(cosigned_file(self.folder, size))
        return None if data is None else data.decode("utf-8", "replace")


def mirrored_logs(home: Path) -> list[MirroredLog]:
    """The logs whose entries a mirror holds. Invalid when it is no mirror, holds no entries, or is damaged."""
    folders = sorted((home / "logs").glob("0x*")) if (home / "logs").is_dir() else []
    if not folders:
        raise Invalid("mirror", f"{home} is no witness's home: there is nothing under logs/")
    found = [log for log in (_log(home, folder) for folder in folders) if log is not None]
    if not found:
        raise Invalid("mirror", f"{home} mirrors no entries: its witness has no auditor's token (docs/operations.md)")
    return found


def attestations(home: Path) -> Iterator[str]:
    """The header attestations that a witness signed."""
    for path in sorted((home / "chain").glob("attestations/*/*.note")):
        yield path.read_text(encoding="utf-8")


def _log(home: Path, folder: Path) -> MirroredLog | None:
    data = read_optional(folder / "head.note")
    if data is None or not (folder / "mirror" / "entries.json").exists():
        return None
    try:
        entries = EntryMirror(folder / "mirror")
        keyring = entries.keyring()
        note = parse_note(data)
        head = Checkpoint.parse(note.text)
        tiles = Mirror(folder / "mirror")
    except (ProofError, ConfigError) as error:
        raise Invalid("mirror", f"{folder}: {error}") from None
    if keyring is None or keyring.origin != head.origin:
        raise Invalid("mirror", f"{folder}: there is no keyring of {head.origin}")
    return MirroredLog(home, folder, note, head, keyring, tiles, entries)
