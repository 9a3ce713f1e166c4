"""`regseal chain replace`: the command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.local.commands import VarOption, _layout, _plain
from cli.local.layout import shown
from cli.output import Json, emit, note


def register(app: typer.Typer) -> None:
    """Adds `chain` with `replace`."""
    chain = typer.Typer(name="chain", help="The chains of this installation. 链", no_args_is_help=True)
    chain.callback()(lambda: None)
    chain.command("replace")(replace)
    app.add_typer(chain)


def replace(
    name: Annotated[str, typer.Argument(help="The lost chain's name in the settings: supervision or business.")],
    endpoint: Annotated[
        list[str] | None, typer.Option(help="Node of the new chain that others run; none: a new embedded one.")
    ] = None,
    finality: Annotated[str, typer.Option(help="immediate (BFT), confirmations:N or finalized.")] = "immediate",
    chain_class: Annotated[str, typer.Option("--class", help="permissioned or public.")] = "permissioned",
    key: Annotated[Path | None, typer.Option("--key", help="EVM key file of who pays for the deployment.")] = None,
    abandon: Annotated[bool, typer.Option("--abandon", help="The old chain is there and is given up.")] = False,
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """A chain is gone for good: put another one in its place, as the next epoch 链纪元. The service must be stopped.

    Its pins are added to the settings, the lost chain's are kept: old receipts verify on. Nothing of the log is lost.
    What stood on the lost chain is anchored again in order, once institutions and logs are authorised there anew.
    """
    from cli.local.replace import Wanted, replace_chain
    from cli.local.up import only_one

    layout = _layout(var)
    with _plain(as_json=as_json):
        wanted = Wanted(endpoint or (), finality, chain_class, key, abandon)
        with only_one(layout):
            done = replace_chain(layout, name, wanted, note)
        lines = (
            f"epoch          {done.epoch} of {name}: chain {done.pin.chain_id}, genesis {done.pin.genesis}",
            f"contracts      {shown(done.addresses)}   (witnesses and auditors need it)",
            "next           regseal up; then each party: regseal operation batch, regseal sign,",
            "               regseal operation authorise (the regions' authorities first, then the logs' owners)",
            "witnesses      each by its own operator: regseal witness epoch add --deployment FILE --rpc URL",
            "auditors       give them the new pins as the next epoch of their trust files",
        )
        emit(
            {
                "name": name,
                "epoch": done.epoch,
                "chain_id": done.pin.chain_id,
                "genesis": done.pin.genesis,
                "contract": done.contract,
                "addresses": str(done.addresses),
                "logs": done.logs,
            },
            lines,
            as_json=as_json,
        )
