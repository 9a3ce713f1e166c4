"""Evidence that this installation cannot have written: a witness's folder, receipts, acknowledgements."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chain.party.durable import read_optional
from chain.party.errors import ConfigError
from chain.party.witness.entries import EntryMirror
from chain.proof.checkpoint import Acknowledgement, Checkpoint
from chain.proof.encoding import to_hex
from chain.proof.entries import Entry
from chain.proof.errors import ProofError
from chain.proof.ethereum import log_id
from chain.proof.merkle import HASH_BYTES
from chain.proof.note import parse_note
from chain.proof.receipt import Receipt, parse_receipt
from chain.proof.tiles import TILE_WIDTH, tile_path, tile_width
from services.evidence.fsck.rules import Claim, Strength
from services.evidence.heads import Head
from services.platform.errors import Invalid

__all__ = ["ChainLog", "ChainView", "Cursor", "Event", "MirrorFolder", "Outside", "read_paper"]


@dataclass(frozen=True, slots=True)
class MirrorFolder:
    """The home of a witness (`logs/…` below it), only read.

    ``newest``: its largest checkpoint by log folder when it was opened; what a running witness adds later is left out.
    """

    home: Path
    newest: Mapping[str, int]

    @classmethod
    def open(cls, home: Path) -> Self:
        """Invalid when it is no witness's home."""
        if not (home / "logs").is_dir():
            raise Invalid("mirror", f"{home} is no witness's home: there is no folder logs/ in it")
        notes = ((folder.name, folder.glob("checkpoints/*/*.note")) for folder in (home / "logs").iterdir())
        return cls(home, {name: max((int(one.stem) for one in found), default=0) for name, found in notes})

    def origins(self) -> dict[str, int]:
        """The logs it knows, and its largest checkpoint of each."""
        notes = {name: read_optional(self.home / "logs" / name / "head.note") for name in self.newest}
        heads = {name: Checkpoint.parse(parse_note(note).text) for name, note in notes.items() if note is not None}
        return {head.origin: self.newest[name] for name, head in heads.items() if self.newest[name]}

    def folder(self, origin: str) -> Path:
        """Where it keeps what it knows of a log."""
        return self.home / "logs" / to_hex(log_id(origin))

    def size(self, origin: str) -> int:
        """How many leaf hashes of the log are there. Invalid when the folder is damaged."""
        data = read_optional(self.folder(origin) / "mirror" / "mirror.json")
        if data is None:
            return 0
        try:
            return int(json.loads(data)["size"])
        except (ValueError, KeyError, TypeError):
            raise Invalid("mirror", f"{self.folder(origin)}/mirror/mirror.json is damaged") from None

    def claims(self, origin: str) -> Iterator[Claim]:
        """The checkpoints that the witness accepted."""
        folder = self.folder(origin)
        newest = self.newest.get(folder.name, 0)
        for path in folder.glob("checkpoints/*/*.note"):
            if int(path.stem) > newest:
                continue
            head = Checkpoint.parse(parse_note(path.read_bytes()).text)
            if head.origin == origin:
                yield Claim(head.size, Strength.WITNESS, head.root, f"the witness's checkpoint {head.size}")

    def hashes(self, origin: str, start: int, end: int, size: int) -> list[bytes | None]:
        """Leaf hashes in [start, end); None where a tile is missing or short. ``start`` begins a tile."""
        found: list[bytes | None] = []
        for index in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            width = tile_width(0, index, size)
            data = self._tile(origin, index, width)
            if data is None:
                found += [None] * width
            else:
                found += [data[i : i + HASH_BYTES] for i in range(0, width * HASH_BYTES, HASH_BYTES)]
        return found[: end - start]

    def entry(self, origin: str, index: int) -> Entry | None:
        """The mirrored entry of a leaf; None when the mirror holds none, or a damaged one."""
        folder = self.folder(origin) / "mirror"
        if not (folder / "entries.json").exists():
            return None
        try:
            return EntryMirror(folder).bundle(index // TILE_WIDTH)[index % TILE_WIDTH]
        except (ProofError, ConfigError, IndexError):
            return None

    def _tile(self, origin: str, index: int, width: int) -> bytes | None:
        """At least ``width`` hashes: a running witness replaces a narrow tile by a wider one."""
        folder = self.folder(origin) / "mirror"
        full = folder / tile_path(0, index)
        partial = full.with_name(full.name + ".p")
        wider = sorted((int(one.name) for one in partial.glob("[0-9]*") if one.name.isdecimal()), reverse=True)
        for path in (full, *(partial / str(one) for one in wider if one >= width)):
            data = read_optional(path)
            if data is not None and len(data) >= width * HASH_BYTES:
                return data[: width * HASH_BYTES]
        return None


@dataclass(frozen=True, slots=True)
class Event:
    """A HeadAnchored event as the chain shows it; hashes are 0x hex."""

    size: int
    root: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    log_index: int


@dataclass(frozen=True, slots=True)
class ChainLog:
    """What the chain knows of one log: its anchors, (size, root) that it holds, its keys as (first size, key id)."""

    events: tuple[Event, ...]
    held: tuple[int, bytes] | None
    keys: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far one listener is, and which block hashes the chain has at these places (None: no such block)."""

    listener: str
    handled: tuple[int, str] | None
    scanned: tuple[int, str]
    chain_handled: str | None
    chain_scanned: str | None


@dataclass(frozen=True, slots=True)
class ChainView:
    """The supervision chain up to its block ``final``."""

    name: str
    final: int
    logs: dict[str, ChainLog]
    cursors: tuple[Cursor, ...] = ()


@dataclass(frozen=True, slots=True)
class Outside:
    """All that the database is compared with; read before the database, so that it cannot know more than it did."""

    heads: dict[str, Head]
    chain: ChainView | None = None
    mirror: MirrorFolder | None = None
    receipts: tuple[tuple[str, Receipt], ...] = ()
    acknowledgements: tuple[tuple[str, Acknowledgement], ...] = ()
    missing: list[str] = field(default_factory=list)
    closing: Mapping[str, Head] = field(default_factory=dict)  # of chains that are gone


def read_paper(path: Path) -> Receipt | tuple[Acknowledgement, str]:
    """A receipt, or an acknowledgement with its note. Invalid when the file is neither."""
    data = path.read_bytes()
    try:
        if data.lstrip()[:1] == b"{":
            return parse_receipt(data)
        note = parse_note(data)
        return Acknowledgement.parse(note.text), note.format()
    except ProofError as error:
        raise Invalid("receipt", f"{path} is neither a receipt nor an acknowledgement: {error}") from error
