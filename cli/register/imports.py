"""`regseal register import`: holder lists 股东名册 and existing encumbrances from spreadsheets."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import Party, PartyOption, fresh_key, open_party
from cli.register.filing import DocumentsOption, documents, stored

app = typer.Typer(help="Lists of holders 股东名册 and encumbrances, from .xlsx and CSV.", no_args_is_help=True)
_BASE = "/v1/register/imports"
_PAUSE_S = 0.5
Import = Annotated[str, typer.Argument(help="The import's id, imp_….")]
WaitOption = Annotated[int, typer.Option("--wait", help="Seconds to wait for its end.")]


def register(parent: typer.Typer) -> None:
    """Adds `import`."""
    parent.add_typer(app, name="import")


@app.command()
def check(
    files: Annotated[
        list[Path], typer.Argument(help=".xlsx or CSV: holders, and encumbrances on sheets of their own.")
    ],
    company: Annotated[str, typer.Option(help="The company's id, cmp_….")],
    security: Annotated[
        str | None, typer.Option(help="Of which further security, sec_…; else of the first one.")
    ] = None,
    sum_duplicates: Annotated[bool, typer.Option(help="Several lines of one person are one holding.")] = False,
    confirmed: Annotated[bool, typer.Option(help="Lines that do not say so are confirmed 已确权.")] = False,
    pledgee: Annotated[
        list[str] | None, typer.Option("--pledgee", help="NAME=0x…: whose signature releases the pledges of a pledgee.")
    ] = None,
    wait: WaitOption = 600,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Check lists: every bad cell is named, nothing of the register is touched."""
    with guarded(as_json=as_json):
        who = open_party(party)
        said = {
            "company": company,
            "security": security,
            "files": [{"material": stored(who, file), "name": file.name} for file in files],
            "sum_duplicates": sum_duplicates,
            "confirmed": confirmed,
            "pledgees": {name: address for name, _, address in (each.rpartition("=") for each in pledgee or ())},
        }
        made: Any = who.api.post(_BASE, said, idempotency_key=fresh_key())[1]
        found = _until(who, made["id"], {"checking"}, wait)
        findings = _findings(who, found) if found["findings"] else []
        emit({**found, "report": findings}, [*_lines(found), *map(_finding, findings)], as_json=as_json)
        if found["state"] != "checked":
            code = ExitCode.INCOMPLETE if found["state"] == "checking" else ExitCode.REFUSED
            fail(code, f"the lists are {found['state']}: {found['findings']} findings")


@app.command()
def show(import_id: Import, party: PartyOption = None, as_json: Json = False) -> None:
    """Show an import and how far it is."""
    with guarded(as_json=as_json):
        found = _get(open_party(party), import_id)
        emit(found, _lines(found), as_json=as_json)


@app.command()
def report(import_id: Import, party: PartyOption = None, as_json: Json = False) -> None:
    """List every bad cell of an import."""
    with guarded(as_json=as_json):
        who = open_party(party)
        findings = _findings(who, _get(who, import_id))
        emit(findings, map(_finding, findings), as_json=as_json)


@app.command()
def run(
    import_id: Import,
    security: Annotated[str, typer.Option(help="The company's new and empty security, sec_….")],
    document: DocumentsOption = None,
    wait: WaitOption = 0,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Carry out a clean list: accounts, their opening on the chain, their units, encumbrances. Nothing twice."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who = open_party(party)
        said = {"security": security, "documents": documents(document)}
        made: Any = who.api.post(f"{_BASE}/{segment(import_id)}/execution", said, idempotency_key=fresh_key())[1]
        found = _until(who, made["id"], {"running"}, wait)
        emit(found, _lines(found), as_json=as_json)
        if found["state"] == "stopped":
            fail(ExitCode.REFUSED, "some groups were refused; mend the cause and run it again: nothing is done twice")
        if wait and found["state"] != "done":
            fail(ExitCode.INCOMPLETE, f"not done after {wait} s; ask again: regseal register import show {import_id}")


def _until(who: Party, import_id: str, states: set[str], seconds: int) -> Any:
    """The import once it is in none of the states, or as it is when the time is over."""
    until = time.monotonic() + seconds
    found = _get(who, import_id)
    while found["state"] in states and time.monotonic() < until:
        time.sleep(_PAUSE_S)
        found = _get(who, import_id)
    if found["state"] in states and seconds:
        note(f"still {found['state']} after {seconds} s")
    return found


def _get(who: Party, import_id: str) -> Any:
    from chain.party.http import segment

    return who.api.get(f"{_BASE}/{segment(import_id)}")


def _findings(who: Party, found: Any) -> list[Any]:
    from chain.party.http import segment

    items: list[Any] = []
    first: int | None = 0
    while first is not None:
        part: Any = who.api.get(f"{_BASE}/{segment(found['id'])}/findings", first=str(first), limit="100")
        items += part["items"]
        first = part["next"]
    return items


def _finding(one: Any) -> str:
    place = " ".join(each for each in (one["file"], one["sheet"], one["cell"]) if each) or "(the whole)"
    value = f"  [{one['value']}]" if one["value"] else ""
    return f"  {place}  {one['rule']}  {one['detail']}{value}  ({one['source']})"


def _lines(found: Any) -> list[str]:
    summary = found["summary"]
    lines = [f"import       {found['id']}", f"state        {found['state']}", f"findings     {found['findings']}"]
    if summary:
        lines.append(f"lines        {summary['lines']}, holders {summary['holders']}, units {summary['units']}")
        lines.append(f"confirmed    {summary['confirmed_units']} units; encumbrances {summary['encumbrances']}")
    if found["progress"]:
        states = ", ".join(f"{count} {state}" for state, count in sorted(found["progress"].items()))
        lines.append(f"groups       {states}")
    lines += [f"  {each}" for each in found["refusals"]]
    return lines
