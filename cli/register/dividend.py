"""`regseal register dividend`: dividends 分红."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party
from cli.register.filing import DocumentsOption, documents, told

app = typer.Typer(help="Dividends 分红: by the register at the end of the record date.", no_args_is_help=True)
_BASE = "/v1/register/dividends"
Dividend = Annotated[str, typer.Argument(help="The dividend's id, div_….")]
ReferenceOption = Annotated[str, typer.Option("--reference", help="付款凭证编号: a reference and nothing more.")]


def register(parent: typer.Typer) -> None:
    """Adds `dividend`."""
    parent.add_typer(app, name="dividend")


@app.command()
def resolve(
    security: Annotated[str, typer.Argument(help="The security's id, sec_….")],
    amount: Annotated[str, typer.Argument(help="CNY per unit, as 0.125.")],
    record_date: Annotated[str, typer.Argument(help="股权登记日, as 2026-12-31: that day in Shanghai, to its end.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take a resolution 分红决议; it rests on the document `resolution`."""
    with guarded(as_json=as_json):
        said = {"security": security, "amount": amount, "record_date": record_date, "documents": documents(document)}
        made: Any = open_party(party).api.post(_BASE, said, idempotency_key=fresh_key())[1]
        emit(made, told(made, _lines), as_json=as_json)


@app.command("list")
def list_(
    security: Annotated[str | None, typer.Option(help="Only of this security.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the dividends, the oldest first."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_BASE, security=security))
        shown = (f"{one['id']}  {one['amount']} CNY  {one['record_date']}  {one['stage']}" for one in found)
        emit(found, shown, as_json=as_json)


@app.command()
def show(
    dividend: Dividend,
    out: Annotated[Path | None, typer.Option("--out", help="The list, too: .csv for a spreadsheet, else JSON.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Show a dividend and, once it is calculated, what each holder gets and what is withheld."""
    from chain.party.durable import write_private
    from chain.party.http import segment

    with guarded(as_json=as_json):
        api, place = open_party(party).api, f"{_BASE}/{segment(dividend)}"
        found: Any = api.get(place)
        lines: list[Any] = list(api.items(f"{place}/lines"))
        if out is not None:
            is_sheet = out.suffix.lower() == ".csv"
            text = json.dumps({**found, "lines": lines}, ensure_ascii=False, indent=2).encode()
            write_private(out, api.get_bytes(f"{place}/csv") if is_sheet else text)
        shown = (
            f"  {one['account']}  gross {one['gross']}  withheld {one['withheld']}  payable {one['payable']}"
            f"  (on pledged units {one['fruits']})  {one['name'] or ''}"
            for one in lines
        )
        emit({**found, "lines": lines}, [*_lines(found), *shown], as_json=as_json)


@app.command()
def calculate(dividend: Dividend, party: PartyOption = None, as_json: Json = False) -> None:
    """Calculate, once the record date has ended; what falls on frozen units is withheld."""
    with guarded(as_json=as_json):
        _step(dividend, "calculation", {}, party, as_json=as_json)


@app.command()
def fund(dividend: Dividend, reference: ReferenceOption, party: PartyOption = None, as_json: Json = False) -> None:
    """Note that the company's money has come 资金到位."""
    with guarded(as_json=as_json):
        _step(dividend, "funding", {"reference": reference}, party, as_json=as_json)


@app.command()
def pay(dividend: Dividend, reference: ReferenceOption, party: PartyOption = None, as_json: Json = False) -> None:
    """Note that what is payable was paid 派发; what is withheld stays withheld."""
    with guarded(as_json=as_json):
        _step(dividend, "payment", {"reference": reference}, party, as_json=as_json)


@app.command()
def release(
    dividend: Dividend,
    account: Annotated[str, typer.Argument(help="Whose dividend was withheld: the account, acc_….")],
    amount: Annotated[str, typer.Argument(help="CNY, to the fen.")],
    reference: ReferenceOption,
    to: Annotated[str, typer.Option(help="Whom the court names: holder, applicant or court.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Release some of what was withheld 解除暂扣; it rests on the document `court-ruling`."""
    with guarded(as_json=as_json):
        said = {"account": account, "amount": amount, "to": to, "reference": reference}
        _step(dividend, "releases", {**said, "documents": documents(document)}, party, as_json=as_json)


def _step(dividend: str, name: str, said: dict[str, Any], party: Path | None, *, as_json: bool) -> None:
    from chain.party.http import segment

    path = f"{_BASE}/{segment(dividend)}/{name}"
    found: Any = open_party(party).api.post(path, said, idempotency_key=fresh_key())[1]
    emit(found, told(found, _lines), as_json=as_json)


def _lines(found: Any) -> list[str]:
    lines = [
        f"dividend     {found['id']}",
        f"stage        {found['stage']}",
        f"amount       {found['amount']} CNY a unit",
    ]
    lines.append(f"record date  {found['record_date']}")
    if (totals := found["totals"]) is not None:
        lines.append(
            f"total        {totals['gross']} CNY for {totals['holders']} holders: payable {totals['payable']}, "
            f"withheld {totals['withheld']} (released {found['released']}); rounding left {totals['remainder']}"
        )
    return lines
