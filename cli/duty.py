"""`regseal pilot duty` and `regseal pilot alert`: what is owed around a pilot, and what its supervisors are told."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party, read_json

duties = typer.Typer(help="Duties 义务 of pilots: reports, inspections, incidents, plan changes, what an exit leaves.")
alerts = typer.Typer(help="Alerts 预警 about pilots: what is overdue or runs past its end, and what was decided.")
Project = Annotated[str, typer.Argument(help="The project's id, prj_….")]
Number = Annotated[int, typer.Argument(help="The number within the project.")]
OpenOption = Annotated[bool, typer.Option("--open", help="Only what has not ended.")]
BodyOption = Annotated[
    Path | None, typer.Option("--body", help="What is said, as a JSON file; `-` for standard input.")
]
DueOption = Annotated[
    datetime | None, typer.Option("--due", formats=["%Y-%m-%d"], help="Until when, a date in Shanghai.")
]
EvidenceOption = Annotated[
    list[str] | None, typer.Option("--evidence", help="CODE=RECORD, once for each document that the act rests on.")
]


def register(parent: typer.Typer) -> None:
    """Adds both."""
    parent.add_typer(duties, name="duty")
    parent.add_typer(alerts, name="alert")


@duties.command("list")
def list_duties(
    project: Annotated[str | None, typer.Option(help="Of this project; else what waits for the own body.")] = None,
    until: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only what is due by then.")] = None,
    unfinished: OpenOption = False,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List what waits for the own institution by due date, or a project's duties."""
    with guarded(as_json=as_json):
        api = open_party(party).api
        if project is None:
            listed = api.items("/v1/pilots/duties", until=_day(until))
        else:
            listed = api.items(_path(project, "duties"), open=str(unfinished).lower())
        found: list[Any] = list(listed)
        emit(found, (_duty_line(one) for one in found), as_json=as_json)


@duties.command("open")
def open_duty(
    project: Project,
    code: Annotated[str, typer.Argument(help="incident, complaint, inspection, plan-change, tolerance, …")],
    due: DueOption = None,
    body: BodyOption = None,
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Open a duty as a body that the rulebook lets: demand, plan, tell, propose, claim."""
    with guarded(as_json=as_json):
        asked = {"code": code, **_said(due, body, evidence)}
        found: Any = open_party(party).api.post(_path(project, "duties"), asked, idempotency_key=fresh_key())[1]
        emit(found, [_duty_line(found)], as_json=as_json)


@duties.command("move")
def move_duty(
    project: Project,
    number: Number,
    move: Annotated[str, typer.Argument(help="file, accept, return, demand, …: see `list`.")],
    due: DueOption = None,
    body: BodyOption = None,
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take a duty on, as the body whose move it is."""
    with guarded(as_json=as_json):
        asked = {"move": move, **_said(due, body, evidence)}
        place = _path(project, f"duties/{number}/moves")
        found: Any = open_party(party).api.post(place, asked, idempotency_key=fresh_key())[1]
        emit(found, [_duty_line(found)], as_json=as_json)


@alerts.command("list")
def list_alerts(
    project: Annotated[str | None, typer.Option(help="Only of this project.")] = None,
    unfinished: OpenOption = False,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the alerts of the own region, or those that the own institution was told."""
    with guarded(as_json=as_json):
        shown = open_party(party).api.items("/v1/pilots/alerts", project=project, open=str(unfinished).lower())
        found: list[Any] = list(shown)
        emit(found, (_alert_line(one) for one in found), as_json=as_json)


@alerts.command("raise")
def raise_alert(
    project: Project,
    kind: Annotated[str, typer.Argument(help="plan-unapproved: a plan changed without approval.")],
    body: BodyOption = None,
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Raise an alert from a finding; most come of themselves."""
    with guarded(as_json=as_json):
        asked = {"kind": kind, **_said(None, body, evidence)}
        found: Any = open_party(party).api.post(_path(project, "alerts"), asked, idempotency_key=fresh_key())[1]
        emit(found, [_alert_line(found)], as_json=as_json)


@alerts.command("move")
def move_alert(
    project: Project,
    number: Number,
    move: Annotated[str, typer.Argument(help="assign, investigate, dismiss, confirm, measure or close.")],
    note: Annotated[str, typer.Option(help="Why; kept in the project's stream.")],
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Decide about an alert, as the body that was told."""
    with guarded(as_json=as_json):
        asked = {"move": move, "body": {"note": note}, "evidence": _said(None, None, evidence)["evidence"]}
        place = _path(project, f"alerts/{number}/moves")
        found: Any = open_party(party).api.post(place, asked, idempotency_key=fresh_key())[1]
        emit(found, [_alert_line(found)], as_json=as_json)


def _said(due: datetime | None, body: Path | None, evidence: list[str] | None) -> dict[str, Any]:
    """ConfigError for evidence that is no ``CODE=RECORD``."""
    from chain.party.errors import ConfigError

    pairs = [one.partition("=") for one in evidence or ()]
    if not all(code and record for code, _, record in pairs):
        raise ConfigError("--evidence takes CODE=RECORD, such as report=rec_019a…")
    said: dict[str, Any] = {"evidence": [{"code": code, "record": record} for code, _, record in pairs]}
    said |= {"body": read_json(body)} if body else {}
    return said | ({"due": _day(due)} if due else {})


def _duty_line(one: Any) -> str:
    due = f"{one['due'] or '-':<10}{' overdue' if one['overdue'] else ''}"
    moves = ", ".join(f"{move} ({body})" for move, body in one["moves"].items()) or "-"
    return f"{one['project']} #{one['number']:<4} {one['code']:<14} {one['state']:<10} {due}  {moves}"


def _alert_line(one: Any) -> str:
    proposal = f"  propose {one['proposal']}" if one["proposal"] else ""
    about = f"{one['code']} {one['kind']:<20} {one['day'] or '-':<10} {one['rule']:<6}"
    return f"{one['project']} #{one['number']:<4} {about} {one['state']}{proposal}"


def _day(moment: datetime | None) -> str | None:
    return None if moment is None else moment.date().isoformat()


def _path(project: str, rest: str) -> str:
    from chain.party.http import segment

    return f"/v1/pilots/{segment(project)}/{rest}"
