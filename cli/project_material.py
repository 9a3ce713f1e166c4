"""Materials of pilot projects 试点材料: bound to a project by its applicants, listed and looked into by who may."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party, read_json

app = typer.Typer(help="Materials of a project 材料: add, list, files.", no_args_is_help=True)
Project = Annotated[str, typer.Argument(help="The project's id, prj_….")]


def register(pilot: typer.Typer) -> None:
    """Adds `material` to the commands of `pilot`."""
    pilot.add_typer(app, name="material")


@app.command()
def add(
    project: Project,
    code: Annotated[str, typer.Argument(help="The material's code in the rulebook.")],
    manifest: Annotated[str, typer.Argument(help="The manifest's record, as `regseal submit` made it.")],
    details: Annotated[Path | None, typer.Option(help="JSON: issuers, signatures, applicant, translated.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Bind a manifest to the project as the next version of a material."""
    with guarded(as_json=as_json):
        said = {"code": code, "manifest": manifest, "details": read_json(details) if details else {}}
        _, made = open_party(party).api.post(_path(project, "materials"), said, idempotency_key=fresh_key())
        shown: Any = made
        emit(shown, (f"{name:<16}{value}" for name, value in shown.items()), as_json=as_json)


@app.command("list")
def list_(
    project: Project,
    version: Annotated[int | None, typer.Option(help="With this version of the form, of those submitted.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the materials of the application; that another than an applicant looks is noted."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_path(project, "application"), version=version)
        emit(found["materials"], map(_line, found["materials"]), as_json=as_json)


@app.command()
def files(
    project: Project,
    manifest: Annotated[str, typer.Argument(help="The manifest's record, as `list` shows it.")],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the files of a material with their digests; that another than an applicant looks is noted."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_path(project, f"materials/{segment(manifest)}"))
        lines = (
            f"{one['place']:>4}  {one['size']:>12}  {one['sha256']}  {one['name']}"
            f"{'' if one['content'] else '  (not stored here)'}"
            for one in found["files"]
        )
        emit(found, [_line(found["material"]), *lines], as_json=as_json)


def _line(one: Mapping[str, Any]) -> str:
    whose = f"  of {one['owner']}" if one.get("owner") else ""
    return f"{one['code']:<28}v{one['version']:<4}{one['manifest']}  {one['created_at']}{whose}"


def _path(project: str, rest: str) -> str:
    from chain.party.http import segment

    return f"/v1/pilots/{segment(project)}/{rest}"
