"""`regseal submit`: files and folders, stored encrypted by the service and bound to one record (材料提交)."""

from __future__ import annotations

import contextlib
import json
import mimetypes
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import Party, PartyOption, fresh_key, open_party
from cli.record import FINAL_SECONDS, follow, keep_acknowledgement, submission

if TYPE_CHECKING:
    from chain.proof.digest import FileDigest
    from chain.proof.manifest import FileEntry

PART = 16 << 20
"""Bytes a request. A break costs at most the part under way; the service keeps what fills whole MiB of it."""
_READ = 1 << 20
_TRIES = 5
_PROGRESS_S = 0.5


def register(app: typer.Typer) -> None:
    """Adds `submit`."""
    app.command("submit")(submit)


def submit(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with all that is in them.", exists=True)],
    party: PartyOption = None,
    subject: Annotated[
        str | None, typer.Option(help="What the files are about; default: the name of the first path.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the set of files is.")] = None,
    signer: Annotated[str | None, typer.Option(help="Who signed the files.")] = None,
    version: Annotated[str | None, typer.Option(help="Which version of them.")] = None,
    log: Annotated[str | None, typer.Option(help="Log id or origin; default: `log` of the party's api.json.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Sign with this Ed25519 submitter key.")] = None,
    wait: Annotated[Literal["accepted", "final"], typer.Option(help="How long to wait.")] = "accepted",
    as_json: Json = False,
) -> None:
    """Store files and bind them to a record by a manifest 材料清单.

    Started again after a break, it goes on where it was broken off.
    """
    with guarded(as_json=as_json):
        files = list(_files(paths))
        who = open_party(party)
        entries = [_stored(who, file, quiet=as_json) for file in files]
        entries = [replace(entry, signer=signer, version=version) for entry in entries]
        body: dict[str, Any] = {"files": [entry.document() for entry in entries]}
        if title is not None:
            body["title"] = title
        record = {"type": "material.manifest", "subject": subject or paths[0].resolve().name, "body": body}
        _, answer = who.api.post("/v1/records", submission(who, record, log, key), idempotency_key=fresh_key())
        done: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
        keep_acknowledgement(who, done)
        for file in files:
            _Note.of(who, file).forget()
        if wait == "final":
            done["status"] = follow(who, done["id"], FINAL_SECONDS, as_json=as_json)
        emit({**done, "files": body["files"]}, _lines(done, entries), as_json=as_json)
        if wait == "final" and done["status"] != "final":
            fail(ExitCode.INCOMPLETE, f"not final after {FINAL_SECONDS} s; ask again: regseal record show {done['id']}")


@dataclass(frozen=True)
class _File:
    """A file to submit and the folder, below the one that was named, in which it stands."""

    path: Path
    folder: str | None


def _files(paths: list[Path]) -> Iterator[_File]:
    """All files, refused before the first byte is sent when the set cannot be bound."""
    from chain.party.errors import ConfigError
    from chain.proof.manifest import MAX_FILES, name_fault

    found = [file for path in paths for file in _below(path)]
    if not 1 <= len(found) <= MAX_FILES:
        raise ConfigError(f"{len(found)} files; one manifest binds 1 to {MAX_FILES}, submit folder by folder")
    for file in found:
        for name in (file.path.name, *(file.folder.split("/") if file.folder else ())):
            if fault := name_fault(name):
                raise ConfigError(f"{ascii(str(file.path))[1:-1]}: the name {fault}")
    yield from found


def _below(path: Path) -> Iterator[_File]:
    if not path.is_dir():
        yield _File(path, None)
        return
    for each in sorted(path.rglob("*")):
        if each.is_file():
            folder = each.parent.relative_to(path).as_posix()
            yield _File(each, None if folder == "." else folder)


@dataclass(frozen=True)
class _Note:
    """What the party remembers of an upload, so that a broken one goes on: file name -> material, size and mtime."""

    path: Path
    known: dict[str, Any]

    @classmethod
    def of(cls, who: Party, file: _File) -> _Note:
        from chain.proof.hashing import sha256

        name = sha256(f"{who.api.url}\0{file.path.resolve()}".encode()).hex()[:32]
        path = who.home / "uploads" / f"{name}.json"
        stat = file.path.stat()
        fresh = {"size": stat.st_size, "modified": stat.st_mtime_ns}
        try:
            known = json.loads(path.read_text("utf-8"))
        except (FileNotFoundError, ValueError):
            known = {}
        if not isinstance(known, dict) or {name: known.get(name) for name in fresh} != fresh:
            known = fresh
        return cls(path, known)

    def keep(self, material: str) -> None:
        from chain.party.durable import write_json

        write_json(self.path, {**self.known, "material": material})

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)


def _stored(who: Party, file: _File, *, quiet: bool) -> FileEntry:
    """Uploads one file, or the rest of it, and gives its entry in the manifest."""
    from chain.proof.manifest import FileEntry

    found, digest = _announced(who, file), None
    if found["state"] == "uploading":
        digest = _sent(who, file, found, quiet=quiet)
        meant = {"size": digest.size, "sha256": f"0x{digest.sha256.hex()}", "sm3": f"0x{digest.sm3.hex()}"}
        _, answer = who.api.post(f"/v1/materials/{found['id']}/completion", meant, idempotency_key=fresh_key())
        found = dict(answer)  # type: ignore[call-overload]
    digest = digest or _digest(file.path)
    return FileEntry(
        name=file.path.name, digest=digest, media_type=found["media_type"], folder=file.folder, material=found["id"]
    )


def _announced(who: Party, file: _File) -> dict[str, Any]:
    """The material of this file: the one begun before, else a new one."""
    from chain.party.errors import ApiProblem
    from chain.party.http import segment

    remembered = _Note.of(who, file)
    if "material" in remembered.known:
        try:
            answer: Any = who.api.get(f"/v1/materials/{segment(str(remembered.known['material']))}")
            return dict(answer)
        except ApiProblem as problem:
            if problem.status != 404:
                raise
    media_type = mimetypes.guess_type(file.path.name)[0] or "application/octet-stream"
    said = {"name": file.path.name, "media_type": media_type, "size": remembered.known["size"]}
    made: Any = who.api.post("/v1/materials", said, idempotency_key=fresh_key())[1]
    found: dict[str, Any] = dict(made)
    remembered.keep(found["id"])
    return found


def _sent(who: Party, file: _File, found: dict[str, Any], *, quiet: bool) -> FileDigest:
    """Sends what is missing, digesting the whole file on the way; a break is tried again from where it stands."""
    from chain.party.errors import ConfigError
    from chain.proof.digest import Digester

    digester, size = Digester(), int(found["size"])
    progress = _Progress(file.path.name, size, int(found["offset"]), quiet=quiet)
    place = f"/v1/materials/{found['id']}"
    with file.path.open("rb") as source:
        offset = _digested(source, digester, int(found["offset"]))
        while offset < size:
            part = source.read(PART)
            if not part:
                raise ConfigError(f"{file.path} became shorter while it was sent")
            stands = _patched(who, place, part, offset)
            digester.update(part[: stands - offset])
            offset = stands
            source.seek(offset)
            progress.show(offset)
        if source.read(1):
            raise ConfigError(f"{file.path} became longer while it was sent")
    progress.end()
    return digester.result()


def _patched(who: Party, place: str, part: bytes, offset: int) -> int:
    """Sends a part; where the stored part ends now. After a break the service is asked how much arrived."""
    from chain.party.errors import ApiProblem, Unreachable

    for turn in range(_TRIES):
        try:
            return who.api.patch_bytes(f"{place}/content", part, offset)
        except (Unreachable, ApiProblem) as error:
            passing = isinstance(error, Unreachable) or error.slug in ("upload-busy", "upload-offset")
            if not passing or turn == _TRIES - 1:
                raise
        time.sleep(2**turn / 4)
        with contextlib.suppress(Unreachable):
            stands = int(dict(who.api.get(place))["offset"])  # type: ignore[call-overload]
            if stands > offset:
                return stands
    return offset


def _digested(source: Any, digester: Any, upto: int) -> int:
    while digester.size < upto and (part := source.read(min(_READ, upto - digester.size))):
        digester.update(part)
    return int(digester.size)


def _digest(path: Path) -> FileDigest:
    from chain.proof.digest import digest_of

    with path.open("rb") as source:
        return digest_of(iter(lambda: source.read(_READ), b""))


class _Progress:
    """A line that shows bytes and MB/s; on what is no terminal, one line at the end of each file."""

    def __init__(self, name: str, size: int, offset: int, *, quiet: bool) -> None:
        self._name, self._size, self._from = name, size, offset
        self._quiet = quiet
        self._began = self._shown = time.monotonic()
        if offset and not quiet:
            note(f"{name}: goes on at byte {offset:,}")

    def show(self, offset: int) -> None:
        now = time.monotonic()
        if not self._quiet and sys.stderr.isatty() and now - self._shown > _PROGRESS_S:
            self._shown = now
            print(f"\r{self._line(offset)}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if not self._quiet:
            note(("\r" if sys.stderr.isatty() else "") + self._line(self._size))

    def _line(self, offset: int) -> str:
        sent, seconds = offset - self._from, max(time.monotonic() - self._began, 0.001)
        return f"{self._name}: {offset:,} of {self._size:,} bytes, {sent / seconds / 1e6:.1f} MB/s"


def _lines(done: dict[str, Any], entries: list[FileEntry]) -> list[str]:
    lines = [f"record       {done['id']}", f"log          {done['origin']}", f"index        {done['index']}"]
    lines += [f"accepted at  {done['accepted_at']}", f"status       {done['status']}"]
    for entry in entries:
        name = f"{entry.folder}/{entry.name}" if entry.folder else entry.name
        lines.append(f"file         {name}  {entry.digest.size:,} bytes  SHA-256 {entry.digest.sha256.hex()}")
    return lines
