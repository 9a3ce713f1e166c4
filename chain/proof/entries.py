"""Entry bundles (条目包, docs/spec/entries.md): what a mirror keeps beside hash tiles, so that a log can be put back.

A bundle stands where C2SP tlog-tiles puts it, `tile/entries/<N>[.p/<W>]`, and holds the entries of 256 consecutive
leaves: the leaf itself, which its hash in the tile authenticates, and what the row beside it held. A record is in it
as it is stored, encrypted under a key that the mirror does not have.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chain.proof.errors import FormatError
from chain.proof.leaf import LEAF_BYTES, Leaf
from chain.proof.tiles import TILE_WIDTH, parse_tile_path, tile_path

MAGIC = b"regseal/entries@v1\n"
STREAM_KEY_BYTES = 32
MAX_CIPHERTEXT = 66_560
"""A record's 65,536 canonical bytes with secret, signature and what encryption adds."""
MAX_REQUEST = 512
MAX_ENTRY = LEAF_BYTES + STREAM_KEY_BYTES + 2 * 42 + 8 + 4 + MAX_CIPHERTEXT + 2 + MAX_REQUEST
MAX_BUNDLE = len(MAGIC) + TILE_WIDTH * (4 + MAX_ENTRY)
_ID = re.compile(rb"[a-z]{2,8}_[0-9a-f]{32}")
_LEVEL = "tile/0/"
_ENTRIES = "tile/entries/"
_MAX_TIME = 1 << 53
_FIRST = bytes(8)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One leaf and what stood beside it.

    Attributes:
        leaf: 104 bytes.
        stream_key: of a stream's first leaf, the keyed hash under which the service finds the stream; else None.
        record_id: None for a leaf without a record; then the members after it are empty.
        institution_id: whose record it is.
        anchor_by: milliseconds since 1970, as the acknowledgement promised.
        ciphertext: the record as stored; empty when its content was erased.
        request: the idempotency key and request digest under which it came, encrypted; empty when there is none.
    """

    leaf: bytes
    stream_key: bytes | None = None
    record_id: str | None = None
    institution_id: str = ""
    anchor_by: int = 0
    ciphertext: bytes = b""
    request: bytes = b""


def entries_path(index: int, width: int = TILE_WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]`, N and W as in `tile_path`."""
    return _ENTRIES + tile_path(0, index, width).removeprefix(_LEVEL)


def parse_entries_path(path: str) -> tuple[int, int]:
    """(index, width) of the bundle at the path. Raises FormatError for any other spelling than `entries_path`'s."""
    if not path.startswith(_ENTRIES):
        raise FormatError("path", "is not the path of an entry bundle")
    tile = parse_tile_path(_LEVEL + path.removeprefix(_ENTRIES))
    if tile.width > TILE_WIDTH:
        raise FormatError("path", "is not the path of an entry bundle")
    return tile.index, tile.width


def format_bundle(entries: Sequence[Entry]) -> bytes:
    """The bytes of a bundle. Raises FormatError for an entry that no bundle can hold."""
    parts = [MAGIC]
    for number, entry in enumerate(entries):
        body = _pack(entry, f"entries[{number}]")
        parts += [len(body).to_bytes(4), body]
    return b"".join(parts)


def parse_bundle(data: bytes, width: int) -> tuple[Entry, ...]:
    """The `width` entries of a bundle. Raises FormatError for anything that `format_bundle` does not write."""
    if len(data) > MAX_BUNDLE:
        raise FormatError("bundle", f"longer than {MAX_BUNDLE} bytes")
    if not 1 <= width <= TILE_WIDTH or not data.startswith(MAGIC):
        raise FormatError("bundle", "is no entry bundle of version 1")
    reader = _Reader(data, len(MAGIC), "bundle")
    found = []
    for number in range(width):
        body = reader.take_counted(4, MAX_ENTRY)
        found.append(_unpack(body, f"entries[{number}]"))
    reader.end()
    return tuple(found)


def _pack(entry: Entry, field: str) -> bytes:
    _check(entry, field)
    record, institution = (entry.record_id or "").encode(), entry.institution_id.encode()
    return b"".join(
        (
            entry.leaf,
            entry.stream_key or b"",
            len(record).to_bytes(1) + record,
            len(institution).to_bytes(1) + institution,
            entry.anchor_by.to_bytes(8),
            len(entry.ciphertext).to_bytes(4) + entry.ciphertext,
            len(entry.request).to_bytes(2) + entry.request,
        )
    )


def _unpack(body: bytes, field: str) -> Entry:
    reader = _Reader(body, 0, field)
    leaf = reader.take(LEAF_BYTES)
    stream_key = reader.take(STREAM_KEY_BYTES) if leaf[8:16] == _FIRST else None
    record, institution = reader.take_counted(1, 41), reader.take_counted(1, 41)
    anchor_by = int.from_bytes(reader.take(8))
    entry = Entry(
        leaf=leaf,
        stream_key=stream_key,
        record_id=record.decode("ascii", "replace") or None,
        institution_id=institution.decode("ascii", "replace"),
        anchor_by=anchor_by,
        ciphertext=reader.take_counted(4, MAX_CIPHERTEXT),
        request=reader.take_counted(2, MAX_REQUEST),
    )
    reader.end()
    _check(entry, field)
    return entry


def _check(entry: Entry, field: str) -> None:
    leaf = Leaf.decode(entry.leaf)
    if (leaf.seq == 0) != (entry.stream_key is not None) or len(entry.stream_key or bytes(32)) != STREAM_KEY_BYTES:
        raise FormatError(f"{field}.stream_key", "belongs to a stream's first leaf and has 32 bytes")
    if entry.record_id is None:
        if entry.institution_id or entry.anchor_by or entry.ciphertext or entry.request:
            raise FormatError(f"{field}.record_id", "is missing")
        return
    for name, value in (("record_id", entry.record_id), ("institution_id", entry.institution_id)):
        if not _ID.fullmatch(value.encode()):
            raise FormatError(f"{field}.{name}", "is not an id")
    if entry.anchor_by >= _MAX_TIME:
        raise FormatError(f"{field}.anchor_by", "is no time")
    if len(entry.ciphertext) > MAX_CIPHERTEXT or len(entry.request) > MAX_REQUEST:
        raise FormatError(field, "is too long")


class _Reader:
    """Bytes from the front, each once."""

    def __init__(self, data: bytes, at: int, field: str) -> None:
        self._data = data
        self._at = at
        self._field = field

    def take(self, count: int) -> bytes:
        taken = self._data[self._at : self._at + count]
        if len(taken) != count:
            raise FormatError(self._field, "ends too early")
        self._at += count
        return taken

    def take_counted(self, width: int, most: int) -> bytes:
        count = int.from_bytes(self.take(width))
        if count > most:
            raise FormatError(self._field, f"has a part of {count} bytes, more than {most}")
        return self.take(count)

    def end(self) -> None:
        if self._at != len(self._data):
            raise FormatError(self._field, "has bytes after its end")
