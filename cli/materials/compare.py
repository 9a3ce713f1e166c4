"""Files and folders against what receipts show of their records: what stands, changed, is missing, is too many."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from cli.materials.files import shown
from cli.output import ExitCode

if TYPE_CHECKING:
    from chain.proof.digest import FileDigest
    from chain.proof.manifest import FileEntry, Part

GRAVITY = (ExitCode.REFUSED, ExitCode.USAGE, ExitCode.INCOMPLETE, ExitCode.OK)
"""The gravest first: one refused receipt or file makes the whole run refused."""
_PIECE = 1 << 20
_LISTED = 200


@dataclass(frozen=True, slots=True)
class Shown:
    """What the proven records of the receipts say of files. ``whole``: nothing of any record is hidden."""

    digests: frozenset[FileDigest]
    parts: Sequence[Part]
    whole: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What is said of a file or folder."""

    document: Mapping[str, object]
    lines: list[str]
    code: ExitCode


def compare_file(path: Path, records: Shown) -> Compared:
    """Whether a file stands in a record, or does not, or no record is shown that could tell."""
    try:
        digest = _digest(path)
    except OSError as error:
        lines = [f"{path}: not readable: {error.strerror}"]
        return Compared({"file": str(path), "outcome": "unreadable"}, lines, ExitCode.USAGE)
    outcome, words, code = "absent", "does NOT stand in the record: another file, or changed", ExitCode.REFUSED
    if digest in records.digests:
        outcome, words, code = "stands", "stands in the record", ExitCode.OK
    elif not records.whole:
        words = "no proven record shows it; a private receipt could, or one that discloses size, sha256 and sm3"
        outcome, code = "not-shown", ExitCode.INCOMPLETE
    said: dict[str, object] = {"file": str(path), "outcome": outcome, "size": digest.size}
    said |= {"sha256": f"0x{digest.sha256.hex()}", "sm3": f"0x{digest.sm3.hex()}"}
    return Compared(said, [f"{path}: {words}"], code)


@dataclass(slots=True)
class _Folder:
    """Places by what is to be said of them; ``remarks``: what is said beside."""

    stands: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    not_shown: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    remarks: dict[str, str] = field(default_factory=dict)


_WORDS = {
    "changed": ("CHANGED: not the file of the record", ExitCode.REFUSED),
    "missing": ("MISSING: the record names it, and it is not here", ExitCode.REFUSED),
    "extra": ("EXTRA: no record names it", ExitCode.REFUSED),
    "unreadable": ("not readable", ExitCode.USAGE),
    "not_shown": ("no proven record shows it, and one that is not shown could", ExitCode.INCOMPLETE),
}


_OUTCOMES = {
    ExitCode.OK: "stands",
    ExitCode.REFUSED: "differs",
    ExitCode.USAGE: "unreadable",
    ExitCode.INCOMPLETE: "not-shown",
}


def compare_folder(path: Path, records: Shown) -> Compared:
    """Every file below the folder against every file of the manifests, by place."""
    found, faults = _Folder(), _set_faults(records.parts)
    expected: dict[str, list[FileEntry]] = {}
    for part in records.parts:
        for entry in part.files:
            expected.setdefault(entry.place, []).append(entry)
    whole = records.whole and not any(fault.incomplete for fault in faults)
    _match(path, expected, found, whole=whole)
    said = {name: getattr(found, name) for name in ("stands", *_WORDS)}
    codes = [code for name, (_, code) in _WORDS.items() if said[name]]
    codes += [ExitCode.INCOMPLETE if fault.incomplete else ExitCode.REFUSED for fault in faults]
    code = min(codes, key=GRAVITY.index, default=ExitCode.OK)
    outcome = {ExitCode.OK: "stands", ExitCode.INCOMPLETE: "not-shown", ExitCode.USAGE: "unreadable"}.get(
        code, "differs"
    )
    document = {"folder": str(path), "outcome": outcome, **said, "remarks": found.remarks}
    return Compared(document | {"sets": [fault.words for fault in faults]}, _lines(path, found, faults), code)


def _lines(path: Path, found: _Folder, faults: Sequence[_Fault]) -> list[str]:
    lines = [f"{path}: {len(found.stands):,} files stand in the records"]
    lines += [f"  {fault.words}" for fault in faults]
    for name, (words, _) in _WORDS.items():
        places: list[str] = getattr(found, name)
        lines += [f"  {shown(place)}: {words}{_remark(found, place)}" for place in places[:_LISTED]]
        if len(places) > _LISTED:
            lines.append(f"  and {len(places) - _LISTED:,} more: {words}")
    told = {place for name in _WORDS for place in getattr(found, name)}
    return lines + [f"  {shown(place)}: {said}" for place, said in found.remarks.items() if place not in told]


def _remark(found: _Folder, place: str) -> str:
    return f" ({found.remarks[place]})" if place in found.remarks else ""


def _match(path: Path, expected: dict[str, list[FileEntry]], found: _Folder, *, whole: bool) -> None:
    actual = _digests_below(path, found)
    spelled = {unicodedata.normalize("NFC", place): place for place in expected if place not in actual}
    unnamed: dict[str, FileDigest] = {}
    for place, digest in actual.items():
        named = place if place in expected else spelled.get(unicodedata.normalize("NFC", place))
        if named is None:
            unnamed[place] = digest
            continue
        if named != place:
            found.remarks[place] = "the record composes this name differently (NFC, NFD)"
        entries = expected.pop(named, [])
        (found.stands if any(each.digest == digest for each in entries) else found.changed).append(place)
    found.missing += [place for place in expected if place not in found.unreadable]
    moved = {each.digest: place for place in found.missing for each in expected[place]}
    for place, digest in unnamed.items():
        (found.extra if whole else found.not_shown).append(place)
        if digest in moved:
            found.remarks[place] = f"it has the content of {shown(moved[digest])}"


def _digests_below(path: Path, found: _Folder) -> dict[str, FileDigest]:
    actual: dict[str, FileDigest] = {}

    def unreadable(error: OSError) -> None:
        found.unreadable.append(Path(error.filename or path).relative_to(path).as_posix())

    for folder, folders, names in os.walk(path, onerror=unreadable):
        folders.sort()
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in sorted([*names, *links]):
            place = Path(folder, name).relative_to(path).as_posix()
            try:
                regular = stat.S_ISREG(Path(folder, name).lstat().st_mode)
                if regular:
                    actual[place] = _digest(Path(folder, name))
                fault = None if regular else "a link, or neither file nor folder"
            except OSError as error:
                fault = error.strerror or "cannot be read"
            if fault is not None:
                found.unreadable.append(place)
                found.remarks[place] = fault
    return actual


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a set; ``incomplete``: only that not all of it is shown."""

    words: str
    incomplete: bool


def _set_faults(parts: Iterable[Part]) -> list[_Fault]:
    """Sets of which parts are missing, and parts that are not those of their set."""
    from chain.proof.manifest import set_digest

    sets: dict[bytes, dict[int, Part]] = {}
    faults = []
    for part in parts:
        if part.set_digest is not None:
            known = sets.setdefault(part.set_digest, {}).setdefault(part.number, part)
            if known != part:
                faults.append(_Fault(f"two different manifests are part {part.number} of the set", incomplete=False))
    for digest, known_parts in sets.items():
        of = max(part.of for part in known_parts.values())
        absent = [str(number) for number in range(1, of + 1) if number not in known_parts]
        if absent:
            which = ", ".join(absent[:20]) + (" …" if len(absent) > 20 else "")
            words = f"of a set of {of} manifests these are not among the receipts: {which}"
            faults.append(_Fault(words, incomplete=True))
        elif set_digest(file for number in sorted(known_parts) for file in known_parts[number].files) != digest:
            faults.append(_Fault("the manifests are not those of their set: its digest is another", incomplete=False))
    return faults


def _digest(path: Path) -> FileDigest:
    from chain.proof.digest import digest_of

    with path.open("rb") as file:
        return digest_of(iter(lambda: file.read(_PIECE), b""))
