"""`regseal log export`: a log as static files that any web server can serve and any mirror can copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, open_party

if TYPE_CHECKING:
    from chain.party.tiles import Fetch
    from chain.proof.trust import LogKey

ABOUT_FORMAT = "regseal/log-copy@v1"
_MAX_ABOUT = 1 << 16


def register(log: typer.Typer) -> None:
    """Adds `export` to the commands of `log`."""
    log.command("export")(export)


def export(
    log: Annotated[str, typer.Option("--log", help="Origin of the log; with a party also its id.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the copy; an earlier copy is brought up to date.")],
    party: PartyOption = None,
    from_url: Annotated[
        str | None, typer.Option("--from-url", help="Copy what is served there: a copy, or `…/v1/logs/<id>`.")
    ] = None,
    from_: Annotated[Path | None, typer.Option("--from", help="Copy a copy in a folder.", file_okay=False)] = None,
    trust: Annotated[
        Path | None, typer.Option("--trust", help="Trust file with the log's keys; needed with --from-url and --from.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy a log as C2SP tlog-tiles: checkpoint and hash tiles, no records. Every file is checked before it is written.

    Broken off, it goes on where it stopped. Exit codes: 0 done; 1 what is shown is not right, and nothing of it counts.
    """
    from chain.party import tiles
    from chain.party.errors import ConfigError

    with guarded(as_json=as_json):
        if from_url and from_:
            raise ConfigError("give --from-url or --from, not both")
        if from_url or from_:
            fetch = tiles.from_url(from_url) if from_url else tiles.from_folder(from_ or Path())
            if trust is None:
                raise ConfigError("give --trust: whoever serves a copy cannot say which keys the log has")
            keys = _trusted(trust, log)
            origin, about = log, _about_beside(fetch)
        else:
            fetch, about, keys = _of_service(party, log)
            origin = str(about["origin"])
            keys = _trusted(trust, origin) if trust else keys
        done = tiles.copy(fetch, out, origin=origin, keys=keys, about=about)
        size, root = done.head.size, done.head.root.hex()
        data = {"origin": origin, "size": size, "root": f"0x{root}", "fetched": done.fetched, "kept": done.kept}
        data |= {"folder": str(out), "keys_from": "trust" if trust else "service", "log": about}
        emit(data, _lines(data), as_json=as_json)


def _lines(data: Mapping[str, Any]) -> list[str]:
    about = data["log"] or {}
    lines = [
        f"{data['folder']}  {data['origin']}",
        f"head         {data['size']} leaves, root {data['root']}",
        f"tiles        {data['fetched']} new, {data['kept']} were there and are right",
    ]
    if about.get("state") == "frozen":
        lines.append(
            f"frozen       for good; successor: {about.get('successor') or 'none'} (the chain is the authority)"
        )
    if data["keys_from"] == "service":
        lines.append("keys         the service's own word; compare with a trust file: --trust")
    return lines


def _of_service(party: Path | None, wanted: str) -> tuple[Fetch, Mapping[str, Any], Sequence[LogKey]]:
    """The log of a party's service: its files, what is known of it, and its keys in the service's own word."""
    from chain.party import tiles
    from chain.party.errors import ConfigError
    from chain.party.http import segment
    from chain.proof.note import VerifierKey
    from chain.proof.trust import LogKey

    api = open_party(party).api
    logs: list[Any] = list(api.items("/v1/logs"))
    found = next((each for each in logs if wanted in (each["id"], each["origin"])), None)
    if found is None:
        raise ConfigError(f"the service has no log {wanted}")
    keys = [LogKey(VerifierKey.parse(each["vkey"]), each["from_size"], each["to_size"]) for each in found["vkeys"]]
    fetch = tiles.from_url(f"{api.url}/v1/logs/{segment(found['id'])}")
    return fetch, _about(found, logs), keys


def _about(log: Any, logs: list[Any]) -> dict[str, Any]:
    """What no signature covers: the state, and which logs come before and after."""
    before = next((each["origin"] for each in logs if each["id"] == log["predecessor"]), None)
    after = next((each["origin"] for each in logs if each["predecessor"] == log["id"]), None)
    about = {"format": ABOUT_FORMAT, "origin": log["origin"], "state": log["state"], "keys": log["vkeys"]}
    return about | {"predecessor": before, "successor": after}


def _about_beside(fetch: Fetch) -> Mapping[str, Any] | None:
    """`log.json` of the copy that is copied, as far as it is one."""
    from chain.party.tiles import ABOUT
    from chain.proof.canonical import parse_json

    data = fetch(ABOUT)
    value = parse_json(data, max_bytes=_MAX_ABOUT) if data is not None else None
    return value if isinstance(value, dict) and value.get("format") == ABOUT_FORMAT else None


def _trusted(file: Path, origin: str) -> Sequence[LogKey]:
    from chain.party.errors import ConfigError
    from chain.proof.trust import MAX_BYTES, parse_trust

    with file.open("rb") as opened:
        log = parse_trust(opened.read(MAX_BYTES + 1)).logs.get(origin)
    if log is None:
        raise ConfigError(f"{file} does not name the log {origin}")
    return log.keys
