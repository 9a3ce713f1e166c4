"""`regseal register statement`: statements 证明 as JSON or CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party
from cli.register.moments import AtOption, moment

_BASE = "/v1/register/statements"
_KINDS = "holder-register, holding, pledge, freeze, no-pledge or no-freeze"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("statement")(statement)
    app.command("statements")(statements)


def statement(
    kind: Annotated[str, typer.Argument(help=f"{_KINDS}.")],
    security: Annotated[str, typer.Argument(help="The security's id, sec_….")],
    out: Annotated[Path, typer.Option("--out", help="The file: .csv for a spreadsheet, else JSON.")],
    account: Annotated[str | None, typer.Option(help="Whose: the investor's account, acc_….")] = None,
    at: AtOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Give out a statement 证明: its number and digest become a leaf. The negative ones are proven by their seqs."""
    from chain.party.durable import write_private
    from chain.party.http import segment

    with guarded(as_json=as_json):
        api = open_party(party).api
        wanted = {"kind": kind, "security": security, "account": account, "at": moment(at)}
        made: Any = api.post(_BASE, wanted, idempotency_key=fresh_key())[1]
        sheet = out.suffix.lower() == ".csv"
        write_private(out, api.get_bytes(f"{_BASE}/{segment(made['id'])}{'/csv' if sheet else ''}"))
        shown = [f"{made['term']} {made['number']}  as of {made['as_of']}", f"digest {made['digest']}", str(out)]
        emit({**made, "file": str(out)}, shown, as_json=as_json)


def statements(
    security: Annotated[str | None, typer.Option(help="Only about this security.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the statements that were given out."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_BASE, security=security))
        emit(
            found,
            (f"{one['number']}  {one['term']}  {one['security']}  as of {one['as_of']}" for one in found),
            as_json=as_json,
        )
