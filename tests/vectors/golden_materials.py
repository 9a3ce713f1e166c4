"""Golden manifests: sets cut into parts, names that are refused, bodies that are none."""

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from chain.proof.manifest import MAX_FILES, FileEntry, bodies_of, set_digest

_DIGEST = digest_of([b"content"])


def _entry(name: str, **more: str) -> FileEntry:
    return FileEntry(name=name, digest=_DIGEST, media_type="application/pdf", **more)


_FULL = {"material": "mat_" + "0a" * 16, "signer": "王某", "version": "2"}
_SETS: dict[str, list[FileEntry]] = {
    "one file": [_entry("章程.pdf")],
    "as many as one manifest holds": [_entry(f"{number:03}.pdf") for number in range(MAX_FILES)],
    "one more": [_entry(f"{number:03}.pdf") for number in range(MAX_FILES + 1)],
    "cut by fields": [_entry(f"{number:03}.pdf", folder="附件", **_FULL) for number in range(MAX_FILES)],
    "cut by bytes": [_entry(f"{number:03}.pdf", folder="/".join(["annex-" * 40] * 12)) for number in range(25)],
}
NAMES = {
    "good": ["章程.pdf", "a", ".profile", "股" * 255, "e\u0301.txt", "\u00e9.txt", "console.txt", "auxiliary", "COM10"],
    "refused": [
        "", "a/b", "a\\b", ".", "..", " a", "a ", "a.", "a\tb", "\u202efdp.exe", "合\u200b同", "\ufeffa", "股" * 256,
        "CON", "aux.txt", "Com1", "lpt9.tar.gz", "nul",
    ],
}  # fmt: skip


def materials() -> JsonObject:
    """The file's content."""
    sets: list[JsonValue] = []
    for name, files in _SETS.items():
        parts: list[JsonValue] = []
        parts += [len(body["files"]) for body in bodies_of(files) if isinstance(body["files"], list)]
        listed: list[JsonValue] = [each.document() for each in files]
        sets.append({"name": name, "files": listed, "set": to_hex(set_digest(files)), "parts": parts})
    good: JsonObject = {"files": [_entry("a").document()], "part": 1, "parts": 2, "set": to_hex(bytes(32))}
    wrong: dict[str, tuple[str, JsonObject]] = {
        "no files": ("/body/files", {"files": []}),
        "a part of none": ("/body/parts", {name: value for name, value in good.items() if name != "parts"}),
        "no set": ("/body/set", {name: value for name, value in good.items() if name != "set"}),
        "part 0": ("/body/part", {**good, "part": 0}),
        "a part beyond": ("/body/part", {**good, "part": 3}),
        "too many parts": ("/body/part", {**good, "parts": 10_001}),
        "a short set": ("/body/set", {**good, "set": "0x00"}),
        "an unknown member": ("/body/other", {**good, "other": 1}),
    }
    invalid: list[JsonValue] = [{"name": name, "path": path, "body": body} for name, (path, body) in wrong.items()]
    names: JsonObject = {each: list[JsonValue](listed) for each, listed in NAMES.items()}
    return {"sets": sets, "names": names, "invalid": invalid}
