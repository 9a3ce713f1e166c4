"""`regseal register securities`, `book`, `holder`, `liens`, `alerts`, `reconcile`: the register as it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import typer

from cli.output import ExitCode, Json, emit, guarded
from cli.party import PartyOption, open_party
from cli.register.moments import AtOption, moment

Security = Annotated[str, typer.Argument(help="The security's id, sec_….")]
_BASE = "/v1/register"
_BUCKETS = (("available", "可用"), ("pledged", "质押"), ("frozen", "冻结"), ("locked", "限售"))


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, command in (
        ("securities", securities),
        ("book", book),
        ("holder", holder),
        ("liens", liens),
        ("alerts", alerts),
        ("reconcile", reconcile),
    ):
        app.command(name)(command)


def securities(
    company: Annotated[str | None, typer.Option(help="Only of this issuer, cmp_….")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the securities 登记品种 of the market."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(f"{_BASE}/securities", company=company))
        emit(found, (_security(one) for one in found), as_json=as_json)


def book(security: Security, at: AtOption = None, party: PartyOption = None, as_json: Json = False) -> None:
    """Show the holder register 股东名册 now, or as of any past moment."""
    with guarded(as_json=as_json):
        api, when = open_party(party).api, moment(at)
        path = f"{_BASE}/securities/{_segment(security)}/holders"
        page: Any = api.get(path, at=when, limit=500)
        lines: list[Any] = list(page["items"])
        while page["next"] is not None:
            page = api.get(path, at=page["at"], limit=500, cursor=page["next"])
            lines += page["items"]
        found = {**page, "items": lines, "next": None}
        emit(found, _book(found), as_json=as_json)


def holder(
    security: Security,
    account: Annotated[str, typer.Argument(help="The investor's account, acc_….")],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Show every change of one holder's position, each with its block and transaction."""
    with guarded(as_json=as_json):
        path = f"{_BASE}/securities/{_segment(security)}/holders/{_segment(account)}"
        found: list[Any] = list(open_party(party).api.items(path))
        emit(found, (_change(one) for one in found), as_json=as_json)


def liens(security: Security, at: AtOption = None, party: PartyOption = None, as_json: Json = False) -> None:
    """Show pledges 质押, freezes 冻结 and locks 限售: what the chain recorded, and the legal status apart."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"{_BASE}/securities/{_segment(security)}/liens", at=moment(at))
        emit(found, (line for one in found["liens"] for line in _lien(one)), as_json=as_json)


def alerts(
    standing: Annotated[bool, typer.Option("--standing", help="Only those whose cause is still there.")] = False,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List what operator and regulator must see 预警."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(f"{_BASE}/alerts", standing=str(standing).lower()))
        emit(found, (_alert(one) for one in found), as_json=as_json)


def reconcile(
    security: Annotated[str | None, typer.Argument(help="Only this one, sec_….")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Compare the register with its contract's storage 对账. Exit code 1 when anything differs."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.post(f"{_BASE}/reconciliations", {"security": security})[1]
        emit(found, _reconciliation(found), as_json=as_json)
        if not found["agrees"]:
            raise typer.Exit(int(ExitCode.REFUSED))


def _segment(text: str) -> str:
    from chain.party.http import segment

    return segment(text)


def _security(one: Any) -> str:
    return f"{one['id']}  {one['state']:<11}  {one['issued']:>15} units  {one['holders']:>5}/{one['cap']} holders"


def _book(found: Any) -> Iterator[str]:
    security = found["security"]
    yield f"{security['id']}  {security['state']}  as of {found['at']}, chain read up to block {found['block']}"
    yield f"issued {security['issued']}  holders 股东 {security['holders']} of {security['cap']} ({security['basis']})"
    for one in found["items"]:
        parts = "  ".join(f"{term} {one[name]}" for name, term in _BUCKETS if one[name] != "0")
        unconfirmed = "" if one["confirmed"] else "  未确权"
        name = one["name"] or ""
        yield f"{one['account']}  {one['units']:>15}  {parts}{unconfirmed}  seq {one['seq']}  {name}".rstrip()


def _change(one: Any) -> str:
    where = one["evidence"]
    until = one["to"] or "now"
    return (
        f"seq {one['seq']:>4}  {one['units']:>15} units  {one['encumbered']:>15} encumbered  {one['from']} – {until}"
        f"  block {where['block']}  {where['transaction']}"
    )


def _lien(one: Any) -> list[str]:
    term = f"until {one['until']}" if one["until"] else "no term"
    legal = one["legal_status"] or "not told"
    told = (
        f"{one['number']:>4}  {one['kind']:<6}  {one['chain_status']:<8}  {one['units']:>15} of {one['opened_units']}"
        f"  {one['account']}  since {one['since']}  {term}  legal 法律状态: {legal}"
    )
    words = (f"{word['at']}  {word['status']:<10}  {word['reference']}" for word in one["legal_history"])
    return [told, *(f"      {word}" for word in words)]


def _alert(one: Any) -> str:
    cleared = [f"cleared {one['cleared_at']}", *([one["cleared_because"]] if one["cleared_because"] else [])]
    state = "standing" if one["cleared_at"] is None else ": ".join(cleared)
    about = " ".join(each for each in (one["security"], one["account"]) if each)
    return f"{one['since']}  {one['kind']} {one['term']}  {state}  {about}  {one['rule']}"


def _reconciliation(found: Any) -> Iterator[str]:
    counted = ", ".join(f"{number} {what}" for what, number in sorted(found["compared"].items()))
    yield f"{'agrees' if found['agrees'] else 'DIFFERS'} after block {found['block']}: {counted or 'nothing yet'}"
    for one in found["differences"]:
        about = " ".join(each for each in (one["security_id"], one["of"]) if each)
        yield f"  {one['what']} {about}  {one['field']}: chain {one['chain']}, book {one['book']}"
    if found["count"] > len(found["differences"]):
        yield f"  and {found['count'] - len(found['differences'])} more"
