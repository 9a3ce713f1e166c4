"""`regseal register company`: companies in custody 托管企业."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party, read_json
from cli.register.filing import DocumentsOption, documents, operation_line, told

app = typer.Typer(help="Companies in custody 托管企业: application, custody cycle, layer.", no_args_is_help=True)
_BASE = "/v1/register/companies"
Company = Annotated[str, typer.Argument(help="The company's id, cmp_….")]


def register(parent: typer.Typer) -> None:
    """Adds `company`."""
    parent.add_typer(app, name="company")


@app.command()
def apply(
    application: Annotated[Path, typer.Argument(help="托管申请 as JSON: code, name, usci, region, form, capital.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take a company's application; the codes are checked digit by digit."""
    with guarded(as_json=as_json):
        said: Any = read_json(application)
        body = {**said, "documents": [*said.get("documents", ()), *documents(document)]}
        made: Any = open_party(party).api.post(_BASE, body, idempotency_key=fresh_key())[1]
        emit(made, _lines(made), as_json=as_json)


@app.command("list")
def list_(party: PartyOption = None, as_json: Json = False) -> None:
    """List the companies of the market, or an issuer's own."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_BASE))
        emit(
            found, (f"{one['id']}  {one['code']:<11}{one['phase']:<14}{one['name']}" for one in found), as_json=as_json
        )


@app.command()
def show(company: Company, party: PartyOption = None, as_json: Json = False) -> None:
    """Show a company: where it stands, which steps can be next, and what happened."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        api = open_party(party).api
        found: Any = api.get(f"{_BASE}/{segment(company)}")
        events: Any = api.get(f"{_BASE}/{segment(company)}/events")
        lines = [*_lines(found), *(f"  {one['at']}  {one['name']:<11}{one['record']}" for one in events["items"])]
        emit({**found, "events": events["items"]}, lines, as_json=as_json)


@app.command()
def step(
    company: Company,
    name: Annotated[str, typer.Argument(help="take-up, verify, register, admit, suspend, resume, deregister, exit …")],
    document: DocumentsOption = None,
    security: Annotated[str | None, typer.Option(help="For `register`: what the list was entered into.")] = None,
    reason: Annotated[str, typer.Option(help="Why; becomes part of the evidence.")] = "",
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take the next step of the custody cycle 托管周期."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        body = {"step": name, "documents": documents(document), "security": security, "reason": reason}
        path = f"{_BASE}/{segment(company)}/steps"
        found: Any = open_party(party).api.post(path, body, idempotency_key=fresh_key())[1]
        emit(found, told(found, lambda made: [*_lines(made), *operation_line(made)]), as_json=as_json)


@app.command()
def layer(
    company: Company,
    letter: Annotated[str, typer.Argument(help="F, G, P or T; nothing but the code's last letter changes.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Move a company to another layer 转层."""
    _post(company, "layer", {"layer": letter, "documents": documents(document)}, party, as_json=as_json)


@app.command()
def articles(
    company: Company,
    pre_emption: Annotated[
        int | None, typer.Option(help="Days for which the others may buy first; 0: not at all; none: they say nothing.")
    ] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Tell what the articles 章程 say now of who may buy first 优先购买权."""
    _post(company, "articles", {"pre_emption": pre_emption, "documents": documents(document)}, party, as_json=as_json)


@app.command()
def institution(
    company: Company,
    issuer: Annotated[str, typer.Argument(help="The institution's id, ins_….")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Say which institution the company is: that one reads the company's own register from now on."""
    _post(company, "institution", {"issuer": issuer, "documents": documents(document)}, party, as_json=as_json)


def _post(company: str, what: str, body: dict[str, Any], party: PartyOption, *, as_json: bool) -> None:
    from chain.party.http import segment

    with guarded(as_json=as_json):
        path = f"{_BASE}/{segment(company)}/{what}"
        made: Any = open_party(party).api.post(path, body, idempotency_key=fresh_key())[1]
        emit(made, told(made, _lines), as_json=as_json)


def _lines(found: Any) -> list[str]:
    lines = [f"company      {found['id']}", f"code         {found['code']}", f"name         {found['name']}"]
    lines += [f"phase        {found['phase']}", f"next         {', '.join(found['steps']) or '-'}"]
    return [*lines, f"security     {found['security']}"] if found["security"] else lines
