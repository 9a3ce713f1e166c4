"""The manifest (材料清单): what a `material.manifest` record says of its files (docs/spec/material.md)."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from chain.proof.canonical import MAX_BYTES, JsonObject, JsonValue, canonical, fields
from chain.proof.digest import FileDigest
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import FormatError
from chain.proof.hashing import RunningSha256
from chain.proof.record import MAX_FIELDS
from chain.proof.shape import array, members, natural, text

TYPE = "material.manifest"
MAX_FILES = 120
"""More would not fit into a record's 1,024 fields; a greater set is bound by several manifests (`part` of `parts`)."""
MAX_PARTS = 10_000
MAX_NAME = 255
MAX_MEDIA_TYPE = 127
MAX_MATERIAL_BYTES = (1 << 53) - 1
_REQUIRED = ("name", "size", "sha256", "sm3", "media_type")
_OPTIONAL = ("folder", "material", "signer", "version")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*")
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])(\..*)?", re.IGNORECASE)
_SET_DOMAIN = b"regseal/v1/material-set\x00"
_SET_MEMBERS = 128
"""Bytes that `part`, `parts` and `set` take."""
_SPARE_FIELDS = 24
_MATERIAL = re.compile(r"mat_[0-9a-f]{32}")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_JOINERS = frozenset("\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u2060\u3164\ufeff\uffa0")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of a manifest. `material` is its id in a service's store, when it lies in one."""

    name: str
    digest: FileDigest
    media_type: str
    folder: str | None = None
    material: str | None = None
    signer: str | None = None
    version: str | None = None

    def document(self) -> JsonObject:
        """The entry as it stands in the record."""
        found: JsonObject = {
            "name": self.name,
            "size": self.digest.size,
            "sha256": to_hex(self.digest.sha256),
            "sm3": to_hex(self.digest.sm3),
            "media_type": self.media_type,
        }
        for name in _OPTIONAL:
            value = getattr(self, name)
            if value is not None:
                found[name] = value
        return found

    @property
    def place(self) -> str:
        """Where it stands in what was submitted: its folder and its name."""
        return f"{self.folder}/{self.name}" if self.folder is not None else self.name


@dataclass(frozen=True, slots=True)
class Part:
    """A manifest: its files, and which part of how many it is of the set with this digest. One without is whole."""

    files: tuple[FileEntry, ...]
    number: int = 1
    of: int = 1
    set_digest: bytes | None = None


def name_fault(name: str) -> str | None:
    """Why a file may not have this name, or None. A name shows what it is and leads nowhere."""
    if not 1 <= len(name) <= MAX_NAME or len(name.encode("utf-8", "surrogatepass")) > 4 * MAX_NAME:
        return f"must have 1 to {MAX_NAME} characters"
    if "/" in name or "\\" in name:
        return "must not contain path parts: / or \\"
    if name in (".", "..") or _DEVICE.fullmatch(name):
        return "must not be . or .., nor the name of a device: CON, PRN, AUX, NUL, COM1, LPT1 and the like"
    if name != name.strip() or name.endswith("."):
        return "must not begin with white space, nor end with white space or a full stop"
    for character in name:
        fault = _character_fault(character)
        if fault is not None:
            return f"must not contain {fault} (U+{ord(character):04X})"
    return None


def _character_fault(character: str) -> str | None:
    if character in _BIDI:
        return "a character that turns the direction of writing"
    category = unicodedata.category(character)
    if character in _JOINERS or category == "Cf":
        return "a zero-width character"
    if category == "Cc" or category in ("Zl", "Zp"):
        return "a control character"
    return "a lone surrogate" if category == "Cs" else None


def media_type_fault(media_type: str) -> str | None:
    """Why this is no media type (RFC 6838) without parameters, or None."""
    if len(media_type) <= MAX_MEDIA_TYPE and _MEDIA_TYPE.fullmatch(media_type):
        return None
    return "must be a media type such as application/pdf, without parameters"


def read_part(body: JsonValue) -> Part:
    """The manifest that a record's body is. FormatError with the path of what offends."""
    found = members(body, "/body", ("files",), ("title", "part", "parts", "set"))
    listed = array(found["files"], "/body/files", MAX_FILES)
    if not listed:
        raise FormatError("/body/files", "must name a file")
    if "title" in found:
        text(found["title"], "/body/title")
    files = tuple(_entry(item, f"/body/files[{index}]") for index, item in enumerate(listed))
    if not found.keys() & {"part", "parts", "set"}:
        return Part(files)
    for each in ("part", "parts", "set"):
        if each not in found:
            raise FormatError(f"/body/{each}", "is missing: part, parts and set belong together")
    number, of = (natural(found[each], f"/body/{each}", least=1) for each in ("part", "parts"))
    if not number <= of <= MAX_PARTS:
        raise FormatError("/body/part", f"must be one of 1 to parts, which are at most {MAX_PARTS}")
    return Part(files, number, of, from_hex(found["set"], "/body/set", 32))


def read_manifest(body: JsonValue) -> list[FileEntry]:
    """The files of a manifest record's body. FormatError with the path of what offends."""
    return list(read_part(body).files)


def set_digest(files: Iterable[FileEntry]) -> bytes:
    """The digest of a whole set, 32 bytes: which files, in which order; not how they are cut into parts.

    SHA-256("regseal/v1/material-set" ‖ 0x00 ‖ for each file u32(length) ‖ its canonical entry).
    """
    digest = RunningSha256()
    digest.update(_SET_DOMAIN)
    for each in files:
        entry = canonical(each.document())
        digest.update(len(entry).to_bytes(4, "big") + entry)
    return digest.digest()


def bodies_of(files: Sequence[FileEntry], *, title: str | None = None, room: int = MAX_BYTES) -> list[JsonObject]:
    """The bodies of the manifests that bind these files: one, or as many parts as it takes.

    ``room``: canonical bytes that a body may have, which is a record without its other members. FormatError when the
    files are more than a set holds.
    """
    named: JsonObject = {} if title is None else {"title": title}
    parts = list(_cut(files, room - len(canonical({**named, "files": []})) - _SET_MEMBERS))
    if len(parts) > MAX_PARTS:
        raise FormatError("/body/files", f"are more than {MAX_PARTS} parts can bind")
    if len(parts) == 1:
        return [{**named, "files": list(parts[0])}]
    whole: JsonObject = {"parts": len(parts), "set": to_hex(set_digest(files))}
    return [{**named, "files": list(part), "part": number, **whole} for number, part in enumerate(parts, 1)]


def _cut(files: Iterable[FileEntry], room: int) -> Iterator[list[JsonObject]]:
    part: list[JsonObject] = []
    left, count = room, 0
    for each in files:
        entry = each.document()
        length = len(canonical(entry)) + 1
        if part and (len(part) == MAX_FILES or length > left or count + len(entry) > MAX_FIELDS - _SPARE_FIELDS):
            yield part
            part, left, count = [], room, 0
        part.append(entry)
        left, count = left - length, count + len(entry)
    yield part


def _entry(item: JsonValue, path: str) -> FileEntry:
    found = members(item, path, _REQUIRED, _OPTIONAL)
    _check_texts(found, path)
    size = found["size"]
    if not isinstance(size, int) or isinstance(size, bool) or not 0 <= size <= MAX_MATERIAL_BYTES:
        raise FormatError(f"{path}/size", "must be a number of bytes")
    sha256, sm3 = (from_hex(found[each], f"{path}/{each}", 32) for each in ("sha256", "sm3"))
    texts = {each: str(found[each]) for each in _OPTIONAL if each in found}
    return FileEntry(
        name=str(found["name"]), digest=FileDigest(size, sha256, sm3), media_type=str(found["media_type"]), **texts
    )


def _check_texts(found: JsonObject, path: str) -> None:
    for each in ("name", "media_type", *_OPTIONAL):
        if each in found and not isinstance(found[each], str):
            raise FormatError(f"{path}/{each}", "must be a string")
    named = [("name", str(found["name"]))]
    named += [("folder", part) for part in str(found["folder"]).split("/")] if "folder" in found else []
    faults = [(each, name_fault(text)) for each, text in named]
    faults.append(("media_type", media_type_fault(str(found["media_type"]))))
    faults += [(each, name_fault(str(found[each]))) for each in ("signer", "version") if each in found]
    if "material" in found and not _MATERIAL.fullmatch(str(found["material"])):
        faults.append(("material", "must be mat_ and 32 lower-case hexadecimal digits"))
    for each, fault in faults:
        if fault is not None:
            raise FormatError(f"{path}/{each}", fault)


def digests_in(record: JsonObject) -> list[FileDigest]:
    """Every file digest in a record, of whatever type: objects with `size`, `sha256` and `sm3`."""
    return digests_among(fields(record))


def digests_among(found: Iterable[tuple[str, JsonValue]]) -> list[FileDigest]:
    """The same in some fields alone, `(path, value)` each: all three of a file must be among them."""
    grouped: dict[str, dict[str, JsonValue]] = {}
    for path, value in found:
        parent, _, member = path.rpartition("/")
        if parent.startswith("/body") and member in ("size", "sha256", "sm3"):
            grouped.setdefault(parent, {})[member] = value
    return [each for each in map(_digest, grouped.values()) if each is not None]


def _digest(group: dict[str, JsonValue]) -> FileDigest | None:
    size = group.get("size")
    if not isinstance(size, int) or isinstance(size, bool):
        return None
    try:
        return FileDigest(size, from_hex(group.get("sha256"), "", 32), from_hex(group.get("sm3"), "", 32))
    except FormatError:
        return None
