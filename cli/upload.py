"""`regseal upload`: many records from a file of lines, with progress, and resumable (批量报送)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import Party, PartyOption, fresh_key, open_party

PART = 16 << 20
"""Bytes a request, cut at the end of a line; the progress is said after each."""
_ATOMIC = 33 << 20
_SHOWN = 131_072
_TRIES = 5


def register(app: typer.Typer) -> None:
    """Adds `upload`."""
    app.command("upload")(upload)


def upload(
    file: Annotated[
        Path, typer.Argument(help='Lines of {"record": {…}, "signature"?: "0x…"}.', exists=True, dir_okay=False)
    ],
    party: PartyOption = None,
    log: Annotated[str | None, typer.Option(help="Log id or origin; default: `log` of the party's api.json.")] = None,
    atomic: Annotated[bool, typer.Option("--atomic", help="All lines or none; at most 10,000.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with this file's last upload.")] = False,
    as_json: Json = False,
) -> None:
    """Submit the records of a file, one a line. Bad lines are left out and listed in a file of their own.

    Acknowledgements are kept in the party's folder `uploads`. Exit code 1 when a line was rejected.
    """
    with guarded(as_json=as_json):
        who = open_party(party)
        done, folder = _begin(who, file, log=log, atomic=atomic, resume=resume)
        with file.open("rb") as source:
            done = _send(who, source, done, folder, quiet=as_json)
            _keep_acknowledgements(who, done["id"], folder)
            if done["status"] == "open":
                _, answer = who.api.post(f"/v1/uploads/{done['id']}/complete", {}, idempotency_key=fresh_key())
                done = dict(answer)  # type: ignore[call-overload]
            rejected = _keep_rejected(who, source, done, folder)
        emit({**done, "folder": str(folder)}, _lines(done, folder), as_json=as_json)
        if done["rejected"]:
            fail(ExitCode.REFUSED, f"rejected lines: {done['rejected']}; see {rejected}")


def _begin(who: Party, file: Path, *, log: str | None, atomic: bool, resume: bool) -> tuple[dict[str, Any], Path]:
    """The upload as the service has it, and the folder in which what it answers is kept."""
    from chain.party.durable import write_json
    from chain.party.errors import ConfigError

    place = str(file.resolve())
    if resume:
        for kept in sorted((who.home / "uploads").glob("*/upload.json"), reverse=True):
            if json.loads(kept.read_text("utf-8")).get("file") == place:
                return _ask(who, kept.parent.name), kept.parent
        raise ConfigError(f"no upload of {place} was begun in {who.home / 'uploads'}")
    body = {"log": _log_id(who, log or who.settings.get("log")), "atomic": atomic}
    _, answer = who.api.post("/v1/uploads", body, idempotency_key=fresh_key())
    made: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
    folder = who.home / "uploads" / made["id"]
    write_json(folder / "upload.json", {"file": place, "log": made["log"], "atomic": atomic})
    return made, folder


def _log_id(who: Party, wanted: str | None) -> str:
    from chain.party.errors import ConfigError

    if not wanted:
        raise ConfigError(f"no log: give --log or set `log` in {who.home / 'api.json'}")
    for item in who.api.items("/v1/logs"):
        if wanted in (item["id"], item["origin"]):
            return str(item["id"])
    raise ConfigError(f"the service has no log {wanted}")


def _ask(who: Party, upload_id: str) -> dict[str, Any]:
    from chain.party.http import segment

    found: Any = who.api.get(f"/v1/uploads/{segment(upload_id)}")
    return dict(found)


def _send(who: Party, source: BinaryIO, done: dict[str, Any], folder: Path, *, quiet: bool) -> dict[str, Any]:
    """Part by part from where the upload stands; a part that broke off is asked about and sent from there again."""
    from chain.party.errors import Unreachable

    began, lines, failed = time.monotonic(), int(done["lines"]), 0
    while done["status"] == "open" and (part := _part(source, done)):
        try:
            answer: Any = who.api.put_lines(f"/v1/uploads/{done['id']}/lines", part, int(done["position"]))
            done, failed = dict(answer), 0
        except Unreachable:
            failed += 1
            if failed == _TRIES:
                note(f"broken off; go on with: regseal upload {source.name} --resume")
                raise
            time.sleep(failed)
            done = _ask(who, done["id"])
        _keep_acknowledgements(who, done["id"], folder)
        if not quiet:
            note(_progress(done, int(done["lines"]) - lines, time.monotonic() - began))
    return done


def _progress(done: Mapping[str, Any], lines: int, seconds: float) -> str:
    counts = f"{done['lines']:>12,} lines  {done['accepted']:>12,} accepted  {done['rejected']:>8,} rejected"
    return f"{counts}  {round(lines / max(seconds, 0.001)):>7,}/s"


def _part(source: BinaryIO, done: Mapping[str, Any]) -> bytes:
    """The next bytes to send: whole lines, or what is left. An atomic upload is one part."""
    source.seek(int(done["position"]))
    data = source.read(_ATOMIC if done["atomic"] else PART)
    if done["atomic"] or len(data) < PART:
        return data
    end = data.rfind(b"\n") + 1
    return data[:end] if end else data + source.readline()


def _keep_acknowledgements(who: Party, upload_id: str, folder: Path) -> None:
    """Those that are not kept yet; each file is named by its chunk's first line."""
    from chain.party.durable import write_private
    from chain.party.http import segment

    kept = folder / "acknowledgements"
    known = max((int(each.stem.split("-")[1]) for each in kept.glob("*.note")), default=0)
    path = f"/v1/uploads/{segment(upload_id)}/acknowledgements"
    for chunk in who.api.items(path, limit=500, cursor=str(known) if known else None):
        if chunk["acknowledgement"] is not None:
            first, last = int(str(chunk["first_line"])), int(str(chunk["first_line"])) + int(str(chunk["lines"])) - 1
            write_private(kept / f"{first:09d}-{last:09d}.note", str(chunk["acknowledgement"]).encode())


def _keep_rejected(who: Party, source: BinaryIO, done: Mapping[str, Any], folder: Path) -> Path:
    """Writes the rejected lines with their reasons, one JSON object a line."""
    target = folder / "rejected.ndjson"
    if done["rejected"]:
        with target.open("w", encoding="utf-8") as file:
            target.chmod(0o600)
            file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in _rejected(who, source, done))
    return target


def _rejected(who: Party, source: BinaryIO, done: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    from chain.party.http import segment

    path = f"/v1/uploads/{segment(str(done['id']))}/outcomes"
    for item in who.api.items(path, status="rejected", limit=500):
        source.seek(int(str(item["position"])))
        text = source.readline(_SHOWN).rstrip(b"\r\n").decode("utf-8", "replace")
        yield {"line": item["line"], "position": item["position"], "field": item["field"], "reason": item["reason"],
               "text": text}  # fmt: skip


def _lines(done: Mapping[str, Any], folder: Path) -> list[str]:
    return [
        f"upload       {done['id']}",
        f"status       {done['status']}",
        f"lines        {done['lines']:,}",
        f"accepted     {done['accepted']:,}",
        f"rejected     {done['rejected']:,}",
        f"kept in      {folder}",
    ]
