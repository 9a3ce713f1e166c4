"""`regseal register further`: further securities of a company in custody 类别股、可转债."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party
from cli.register.filing import DocumentsOption, documents, operation_line, told

app = typer.Typer(help="Further securities of a company 类别股、可转债, each with its own first registration.",
                  no_args_is_help=True)  # fmt: skip
Company = Annotated[str, typer.Argument(help="The company's id, cmp_….")]
Security = Annotated[str, typer.Argument(help="The further security's id, sec_….")]


def register(parent: typer.Typer) -> None:
    """Adds `further`."""
    parent.add_typer(app, name="further")


@app.command("list")
def list_(company: Company, party: PartyOption = None, as_json: Json = False) -> None:
    """List a company's further securities, and which steps can be next."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_path(company))
        emit(found, (_line(one) for one in found["items"]), as_json=as_json)


@app.command()
def add(
    company: Company,
    security: Security,
    units: Annotated[str, typer.Argument(help="How many units are to be registered.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take up a security that was opened for the company: its first registration begins."""
    body = {"security": security, "units": units, "documents": documents(document)}
    _post(_path(company), body, party, as_json=as_json)


@app.command()
def step(
    company: Company,
    security: Security,
    name: Annotated[str, typer.Argument(help="register, admit, suspend, resume, exit or withdraw.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take the next step of its cycle."""
    from chain.party.http import segment

    path = f"{_path(company)}/{segment(security)}/steps"
    _post(path, {"step": name, "documents": documents(document)}, party, as_json=as_json)


def _path(company: str) -> str:
    from chain.party.http import segment

    return f"/v1/register/companies/{segment(company)}/securities"


def _post(path: str, body: dict[str, Any], party: PartyOption, *, as_json: bool) -> None:
    with guarded(as_json=as_json):
        made: Any = open_party(party).api.post(path, body, idempotency_key=fresh_key())[1]
        emit(made, told(made, lambda one: [_line(one), *operation_line(one)]), as_json=as_json)


def _line(one: Any) -> str:
    steps = ", ".join(one["steps"]) or "-"
    return f"{one['security']}  {one['phase']:<11}  {one['issued']} of {one['units']} units  next: {steps}"
