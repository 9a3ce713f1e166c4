"""Who speaks: the folder that `--party` or `$REGSEAL_PARTY` names, with `api.json` and `token`."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from cli.output import note

if TYPE_CHECKING:
    from chain.party.http import ApiClient

PartyOption = Annotated[
    Path | None,
    typer.Option(
        "--party", envvar="REGSEAL_PARTY", help="The party's folder, with api.json and token.", file_okay=False
    ),
]


@dataclass(frozen=True)
class Party:
    """A folder and the client that speaks in its name."""

    home: Path
    api: ApiClient
    settings: dict[str, Any]


def open_party(home: Path | None) -> Party:
    """The party of ``home``. ConfigError when a piece is missing, with the fix."""
    from chain.party.errors import ConfigError
    from chain.party.http import ApiClient

    if home is None:
        raise ConfigError("no party: give --party FOLDER or set REGSEAL_PARTY (the sample ones are under var/parties)")
    try:
        settings = json.loads((home / "api.json").read_text(encoding="utf-8"))
        url = os.environ.get("REGSEAL_URL") or settings["url"]
    except FileNotFoundError:
        raise ConfigError(f'{home} has no api.json; write {{"url": "http://…"}} into it') from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f'{home / "api.json"} is not {{"url": "http://…"}}') from None
    return Party(home, ApiClient(str(url), _token(home / "token"), timeout=75), settings)


def _token(file: Path) -> str | None:
    if not file.exists():
        return None
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        note(f"warning: others may read this token; run: chmod 600 '{file}'")
    return file.read_text(encoding="ascii").strip()


def fresh_key() -> str:
    """An idempotency key of one act, so that a repeated request is done once."""
    return uuid4().hex


def read_json(path: Path) -> Any:
    """A JSON file, or standard input for ``-``; strict: what is sent is what the file says. FormatError."""
    import sys

    from chain.proof.canonical import parse_json

    data = sys.stdin.buffer.read(MAX_INPUT + 1) if str(path) == "-" else _read(path)
    return parse_json(data, max_bytes=MAX_INPUT, max_depth=32)


MAX_INPUT = 1 << 20


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_INPUT + 1)
