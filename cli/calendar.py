"""`regseal calendar`: working days 工作日 and trading days 交易日, from the announcement to the chain."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.operation import OutOption, report, whole
from cli.output import ExitCode, Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party

app = typer.Typer(help="Calendars 工作日历: publish a year, close days, show, count, check.", no_args_is_help=True)
Region = Annotated[int, typer.Argument(help="Code of GB/T 2260, as 440300.")]
Year = Annotated[int, typer.Argument(min=1970, max=9998)]
ChainOption = Annotated[str | None, typer.Option("--chain", help="The supervision chain unless given.")]
_PUBLIC = "/v1/public/calendars"
_LEGEND = "T 交易日 trading   M 调休上班 make-up, no trading   - 休 closed"


def register(parent: typer.Typer) -> None:
    """Adds `calendar`."""
    parent.add_typer(app, name="calendar")


@app.command()
def publish(
    region: Region,
    year: Year,
    file: Annotated[Path | None, typer.Option(help="YAML of the announcement; else the service's library.")] = None,
    chain: ChainOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask to publish a year 公布工作日历; the region's authority signs the operation."""
    with guarded(as_json=as_json):
        said = None if file is None else {"name": file.name, "document": file.read_text(encoding="utf-8")}
        body = {"region": region, "year": year, "file": said, "chain": chain}
        who = open_party(party)
        _, operation = who.api.post("/v1/calendars/years", body, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)


@app.command()
def close(
    region: Region,
    days: Annotated[list[str], typer.Argument(help="Days ahead, as 2027-09-08.")],
    reason: Annotated[str, typer.Option(help="Why; becomes part of the evidence.")],
    document: Annotated[str, typer.Option(help="The decision's document and number.")],
    working: Annotated[bool, typer.Option("--working", help="Close them as working days too.")] = False,
    chain: ChainOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask to close days ahead 临时休市; the region's authority signs. What is closed stays closed."""
    with guarded(as_json=as_json):
        body = {"region": region, "days": days, "working": working, "reason": reason, "document": document}
        who = open_party(party)
        _, operation = who.api.post("/v1/calendars/closures", {**body, "chain": chain}, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)


@app.command("list")
def list_(
    region: Annotated[int | None, typer.Option(help="Only this region.")] = None,
    chain: ChainOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the years of all regions."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_PUBLIC, region=region, chain=chain)
        lines = (
            f"{one['region']:>6}  {one['year']}  {one['state']:<9}  {one['working']} working  {one['trading']} trading"
            f"  {one['source']}"
            for one in found
        )
        emit(found, lines, as_json=as_json)


@app.command()
def show(
    region: Region, year: Year, chain: ChainOption = None, party: PartyOption = None, as_json: Json = False
) -> None:
    """Show a year of a region, a line for each month."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"{_PUBLIC}/{region}/{year}", chain=chain)
        head = f"{region} {year}  {found['state']}  {found['source']}  {found['document']}".rstrip()
        closed = [
            f"closed {' '.join(one['days'])}  {one['state']}  {one['document']}: {one['reason']}"
            for one in found["closures"]
        ]
        emit(found, [head, *_table(found), *closed], as_json=as_json)


@app.command()
def library(year: Year, party: PartyOption = None, as_json: Json = False) -> None:
    """Show a year as the service's library has it, before it is published."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"{_PUBLIC}/library/{year}")
        emit(found, [f"{year}  {found['source']}", *_table(found)], as_json=as_json)


@app.command()
def days(
    region: Region,
    since: Annotated[str, typer.Argument(help="This day does not count.")],
    until: Annotated[str, typer.Argument(help="This day does.")],
    chain: ChainOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Count the days after one day up to another, by the service and by the contract."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"{_PUBLIC}/{region}/days", since=since, until=until, chain=chain)
        lines = [
            f"working 工作日: {_number(found['working'])} (contract: {_number(found['chain_working'])})",
            f"trading 交易日: {_number(found['trading'])} (contract: {_number(found['chain_trading'])})",
        ]
        emit(found, lines, as_json=as_json)


@app.command()
def check(
    region: Region,
    years: Annotated[list[int] | None, typer.Argument(help="Years; all that are published unless given.")] = None,
    chain: ChainOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Compare the chain's years with the announcements. Exit code 1 when a day differs, 3 when a year is missing."""
    with guarded(as_json=as_json):
        api = open_party(party).api
        listed: Any = api.get(_PUBLIC, region=region, chain=chain)
        wanted = years or [one["year"] for one in listed]
        found: list[Any] = [api.get(f"{_PUBLIC}/{region}/{year}/comparison", chain=chain) for year in wanted]
        emit(found, (line for one in found for line in _verdict(one)), as_json=as_json)
        if any(one["published"] and not one["agrees"] for one in found):
            raise typer.Exit(int(ExitCode.REFUSED))
        if not found or not all(one["published"] for one in found):
            raise typer.Exit(int(ExitCode.INCOMPLETE))


def _table(found: Any) -> list[str]:
    head = f"      {''.join(f'{day:>3}' for day in range(1, 32))}   工作日 交易日"
    lines = [
        f"{one['month']:>2} 月 {_spaced(one['days']):<93}  {one['working']:>5}  {one['trading']:>5}"
        for one in found["months"]
    ]
    return [head, *lines, f"{found['working']} working days, {found['trading']} trading days; {_LEGEND}"]


def _spaced(letters: str) -> str:
    return "".join(f"{letter:>3}" for letter in letters)


def _verdict(found: Any) -> list[str]:
    title = f"{found['region']} {found['year']} on {found['chain']}"
    if not found["published"]:
        return [f"{title}: not published"]
    against = found["announced_by"] or "nothing that this service knows"
    lines = [f"{title}: {'agrees' if found['agrees'] else 'DIFFERS'} ({against})"]
    for name, key in (("announced", "against_announced"), ("believed by the service", "against_projection")):
        lines += [f"  {one['day']}  {name} {one['expected']}, chain {one['found']}" for one in found[key]]
    return lines


def _number(value: int | None) -> str:
    return "a year is not published" if value is None else str(value)
