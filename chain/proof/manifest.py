"""The manifest (材料清单): what a `material.manifest` record says of its files (docs/spec/material.md)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from chain.proof.canonical import JsonObject, JsonValue, fields
from chain.proof.digest import FileDigest
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import FormatError
from chain.proof.shape import array, members

TYPE = "material.manifest"
MAX_FILES = 120
"""More would not fit into a record's 1,024 fields; a greater set is bound by several manifests (`part` of `parts`)."""
MAX_NAME = 255
MAX_MEDIA_TYPE = 127
MAX_MATERIAL_BYTES = (1 << 53) - 1
_REQUIRED = ("name", "size", "sha256", "sm3", "media_type")
_OPTIONAL = ("folder", "material", "signer", "version")
_MEDIA_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]*")
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


def name_fault(name: str) -> str | None:
    """Why a file may not have this name, or None. A name shows what it is and leads nowhere."""
    if not 1 <= len(name) <= MAX_NAME or len(name.encode("utf-8", "surrogatepass")) > 4 * MAX_NAME:
        return f"must have 1 to {MAX_NAME} characters"
    if "/" in name or "\\" in name:
        return "must not contain path parts: / or \\"
    if name in (".", ".."):
        return "must not be . or .."
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


def read_manifest(body: JsonValue) -> list[FileEntry]:
    """The files of a manifest record's body. FormatError with the path of what offends."""
    found = members(body, "/body", ("files",), ("title", "part", "parts"))
    listed = array(found["files"], "/body/files", MAX_FILES)
    if not listed:
        raise FormatError("/body/files", "must name a file")
    return [_entry(item, f"/body/files[{index}]") for index, item in enumerate(listed)]


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
