"""`regseal receipt`: fetch the self-contained proof of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, open_party

app = typer.Typer(help="Receipts 凭证.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds `receipt`."""
    parent.add_typer(app, name="receipt")


@app.command("get")
def get(
    record_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    form: Annotated[
        Literal["public", "private"], typer.Option(help="`private` holds the record and its secret.")
    ] = "public",
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; default RECORD_ID.regseal.json here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch a receipt as far as it goes now, and write it to a file that only you can read."""
    from chain.party.durable import write_private
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who = open_party(party)
        receipt = who.api.get_bytes(f"/v1/records/{segment(record_id)}/receipt", form=form)
        path = out or Path(f"{record_id}.regseal.json")
        write_private(path, receipt)
        emit({"file": str(path), "bytes": len(receipt)}, [f"{path}  {len(receipt)} bytes"], as_json=as_json)


@app.command("trust")
def trust(
    party: PartyOption = None,
    out: Annotated[Path, typer.Option("--out", help="File to write.")] = Path("trust.json"),
    as_json: Json = False,
) -> None:
    """Fetch the trust file that the service suggests. Compare it with what the parties themselves told you."""
    from chain.party.durable import write_json

    with guarded(as_json=as_json):
        document = open_party(party).api.get("/v1/trust")
        write_json(out, document)
        emit({"file": str(out)}, [f"{out}  compare its keys with what the parties told you"], as_json=as_json)
