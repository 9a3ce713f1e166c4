"""`regseal receipt`: fetch the self-contained proof of a record."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from cli.output import ExitCode, Json, emit, fail, guarded
from cli.party import PartyOption, open_party

Paths = Annotated[
    list[str], typer.Option("--path", help="Field to show, such as /body/units; once for each.", show_default=False)
]
_SUFFIX = {"disclosed": ".disclosed.regseal.json", "tlog-proof": ".tlog-proof"}

app = typer.Typer(help="Receipts 凭证.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds `receipt`."""
    parent.add_typer(app, name="receipt")


@app.command("get")
def get(
    record_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    form: Annotated[
        Literal["public", "private", "disclosed", "tlog-proof"],
        typer.Option(help="`private` holds the record and its secret, `disclosed` the fields of --path alone."),
    ] = "public",
    path: Paths = [],  # noqa: B006 (Typer makes a list of its own for each call)
    out: Annotated[
        Path | None, typer.Option("--out", help="File to write; default RECORD_ID.regseal.json (.tlog-proof) here.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Fetch a receipt as far as it goes now, and write it to a file that only you can read."""
    from chain.party.http import segment

    if path and form != "disclosed":
        fail(ExitCode.USAGE, "--path goes with --form disclosed", as_json=as_json)
    with guarded(as_json=as_json):
        who = open_party(party)
        content = who.api.get_bytes(f"/v1/records/{segment(record_id)}/receipt", form=form, path=path or None)
        _write(out or Path(f"{record_id}{_SUFFIX.get(form, '.regseal.json')}"), content, as_json=as_json)


@app.command("disclose")
def disclose(
    receipt: Annotated[Path, typer.Argument(help="A private receipt.")],
    path: Paths,
    out: Annotated[Path, typer.Option("--out", help="File to write.")],
    as_json: Json = False,
) -> None:
    """Make a receipt that shows single fields 单项披露 and nothing else of the record; needs no service."""
    from chain.proof.forms import disclosed
    from chain.proof.receipt import MAX_BYTES, format_receipt, parse_receipt

    with guarded(as_json=as_json):
        with receipt.open("rb") as file:
            whole = parse_receipt(file.read(MAX_BYTES + 1))
        _write(out, format_receipt(disclosed(whole, path)), as_json=as_json)


def _write(path: Path, content: bytes, *, as_json: bool) -> None:
    from chain.party.durable import write_private

    write_private(path, content)
    emit({"file": str(path), "bytes": len(content)}, [f"{path}  {len(content)} bytes"], as_json=as_json)


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
