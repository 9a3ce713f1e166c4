"""`regseal log`: evidence logs, their heads, and what their owners command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.operation import OutOption, report, whole
from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party

app = typer.Typer(help="Logs 证据日志: list, checkpoint, export, open, rotate, freeze, succeed.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why; becomes part of the evidence.")]
LogId = Annotated[str, typer.Argument(help="log_…, see `regseal log list`")]


def register(parent: typer.Typer) -> None:
    """Adds `log`."""
    from cli.export import register as add_export

    add_export(app)
    parent.add_typer(app, name="log")


@app.command("list")
def list_(party: PartyOption = None, as_json: Json = False) -> None:
    """List the logs of the service."""
    with guarded(as_json=as_json):
        found = list(open_party(party).api.items("/v1/logs"))
        emit(
            found,
            (_line(item) for item in found),
            as_json=as_json,
        )


@app.command()
def checkpoint(
    log_id: LogId,
    size: Annotated[int | None, typer.Option(help="Of this size; default the latest.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Print a checkpoint with its signatures."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        text = open_party(party).api.get_text(f"/v1/logs/{segment(log_id)}/checkpoint", size=size)
        emit({"checkpoint": text}, [text.rstrip("\n")], as_json=as_json)


@app.command("open")
def open_log(
    origin: Annotated[str, typer.Option(help="Name of the log, e.g. market.example/register; never used again.")],
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a new log of the own institution; its authority signs."""
    _command("/v1/logs", {"origin": origin}, party, out, as_json=as_json)


@app.command()
def rotate(
    log_id: LogId,
    reason: Reason,
    anchor: Annotated[str | None, typer.Option(help="New anchor address; default the gateway's.")] = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for new keys from the current size on; the owner's authority signs."""
    _command(_path(log_id, "rotation"), {"reason": reason, "anchor": anchor}, party, out, as_json=as_json)


@app.command()
def freeze(
    log_id: LogId, reason: Reason, party: PartyOption = None, out: OutOption = None, as_json: Json = False
) -> None:
    """Ask to stop a log for good; the owner's authority signs."""
    _command(_path(log_id, "freeze"), {"reason": reason}, party, out, as_json=as_json)


@app.command()
def succeed(
    log_id: LogId,
    origin: Annotated[str, typer.Option(help="Name of the log, e.g. market.example/register; never used again.")],
    reason: Reason,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for the one successor of a frozen log; the owner's authority signs."""
    _command(_path(log_id, "successor"), {"origin": origin, "reason": reason}, party, out, as_json=as_json)


def _path(log_id: str, rest: str) -> str:
    from chain.party.http import segment

    return f"/v1/logs/{segment(log_id)}/{rest}"


def _command(path: str, body: dict[str, Any], party: Path | None, out: Path | None, *, as_json: bool) -> None:
    with guarded(as_json=as_json):
        who = open_party(party)
        _, operation = who.api.post(path, body, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)


def _line(log: Any) -> str:
    sizes = f"{log['size']:>9} leaves  {log['anchored_size']:>9} anchored"
    return f"{log['id']}  {log['state']:<8}{sizes}  {log['origin']}"
