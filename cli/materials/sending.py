"""A file's way to the service: announced, sent in parts, completed; after any break from where it stands."""

from __future__ import annotations

import contextlib
import mimetypes
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, BinaryIO

from cli.materials.files import Found, opened, shown
from cli.materials.journal import Journal
from cli.output import note
from cli.party import Party, fresh_key

if TYPE_CHECKING:
    from chain.proof.digest import FileDigest
    from chain.proof.manifest import FileEntry

PART = 16 << 20
"""Bytes a request. A break costs at most the part under way; the service keeps what fills whole MiB of it."""
_READ = 1 << 20
_TRIES = 5
_PROGRESS_S = 0.5
_COMPLETING_S = 3_600
"""A large file that the service copies to a store of its own takes as long as that takes."""


def stored(who: Party, file: Found, journal: Journal, *, quiet: bool) -> FileEntry:
    """Sends the file, or what of it is missing; its entry in the manifest."""
    from chain.proof.digest import FileDigest
    from chain.proof.encoding import from_hex
    from chain.proof.manifest import FileEntry

    known = journal.known(file)
    said = known.stored if known is not None else None
    material = known.material if known is not None else ""
    if said is None:
        found = _announced(who, file, journal)
        digest, material = _sent(who, file, found, journal, quiet=quiet), str(found["id"])
        said = {**_named(digest), "media_type": found["media_type"]}
        journal.note(file, material, said)
    sha256, sm3 = (from_hex(said[each], each, 32) for each in ("sha256", "sm3"))
    return FileEntry(
        name=file.path.name,
        digest=FileDigest(file.size, sha256, sm3),
        media_type=str(said["media_type"]),
        folder=file.folder,
        material=material,
    )


def _named(digest: FileDigest) -> dict[str, Any]:
    return {"size": digest.size, "sha256": f"0x{digest.sha256.hex()}", "sm3": f"0x{digest.sm3.hex()}"}


def _announced(who: Party, file: Found, journal: Journal) -> dict[str, Any]:
    """The material of this file: the one begun before, else a new one."""
    from chain.party.errors import ApiProblem

    known = journal.known(file)
    if known is not None:
        try:
            return _asked(who, known.material)
        except ApiProblem as problem:
            if problem.status not in (404, 410):
                raise
    media_type = mimetypes.guess_type(file.path.name)[0] or "application/octet-stream"
    said = {"name": file.path.name, "media_type": media_type, "size": file.size}
    made: Any = who.api.post("/v1/materials", said, idempotency_key=fresh_key())[1]
    journal.note(file, str(made["id"]))
    return dict(made)


def _asked(who: Party, material: str) -> dict[str, Any]:
    from chain.party.http import segment

    found: Any = who.api.get(f"/v1/materials/{segment(material)}")
    return dict(found)


def _sent(who: Party, file: Found, found: Mapping[str, Any], journal: Journal, *, quiet: bool) -> FileDigest:
    """Sends what is missing, digesting the whole file on the way. A file that changed meanwhile is not completed."""
    from chain.party.errors import ApiProblem, ConfigError
    from chain.proof.digest import Digester

    digester = Digester()
    try:
        with opened(file) as source:
            _send_rest(who, file, source, found, digester, quiet=quiet)
    except ConfigError:
        journal.forget(file)  # what was sent of it is of no file that there is
        raise
    digest = digester.result()
    try:
        _completed(who, str(found["id"]), digest)
    except ApiProblem as problem:
        if problem.slug in ("digest-mismatch", "material-stored"):
            journal.forget(file)
        raise
    return digest


def _send_rest(
    who: Party, file: Found, source: BinaryIO, found: Mapping[str, Any], digester: Any, *, quiet: bool
) -> None:
    from chain.party.errors import ConfigError

    offset, place = _digested(source, digester, int(found["offset"])), f"/v1/materials/{found['id']}"
    progress = _Progress(shown(file.place), file.size, offset, quiet=quiet or found["state"] == "stored")
    while offset < file.size:
        part = source.read(min(PART, file.size - offset))
        if not part:
            raise ConfigError(f"{shown(file.path)} became shorter while it was sent; run the command again")
        stands = _patched(who, place, part, offset)
        digester.update(part[: stands - offset])
        offset = stands
        source.seek(offset)
        progress.show(offset)
    progress.end()


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


def _completed(who: Party, material: str, digest: FileDigest) -> None:
    """Completes the upload. The service may need longer for it than a connection lasts: then it is asked again."""
    from chain.party.errors import ApiProblem, Unreachable
    from chain.party.http import segment

    until, failed = time.monotonic() + _COMPLETING_S, 0
    while True:
        try:
            who.api.post(f"/v1/materials/{segment(material)}/completion", _named(digest), idempotency_key=fresh_key())
        except Unreachable:
            failed += 1
            if failed == _TRIES:
                raise
        except ApiProblem as problem:
            if problem.slug != "upload-busy" or time.monotonic() > until:
                raise
            failed = 0  # it works on it
        else:
            return
        time.sleep(1)


def _digested(source: BinaryIO, digester: Any, upto: int) -> int:
    while digester.size < upto and (part := source.read(min(_READ, upto - digester.size))):
        digester.update(part)
    return int(digester.size)


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
