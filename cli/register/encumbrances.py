"""`regseal register pledge`, `freeze`, `lock`, `release`, `revoke`, `extend`, `enforce`, `legal-status`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import Party, PartyOption, fresh_key, open_party
from cli.register.asking import (
    Account,
    Giver,
    NotifiedOption,
    Number,
    OutOption,
    Security,
    Taker,
    Units,
    WaivedOption,
    pre_emption,
    send,
)
from cli.register.filing import DocumentsOption, documents, told

_RELEASE = {"pledge": "pledge-release", "freeze": "freeze-release", "lock": "unlock"}
_EXTEND = {"freeze": "freeze-extend", "lock": "lock-extend"}
_ENFORCE = {"pledge": "pledge-enforce", "freeze": "freeze-enforce"}
Until = Annotated[str | None, typer.Option(help="The last day, as 2027-11-20; none: without end.")]
_MOMENT = "A time with its offset, as 2026-11-20T10:00:00+08:00."


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, command in (
        ("pledge", pledge),
        ("freeze", freeze),
        ("lock", lock),
        ("release", release),
        ("revoke", revoke),
        ("extend", extend),
        ("enforce", enforce),
        ("legal-status", legal_status),
    ):
        app.command(name)(command)


def pledge(
    security: Security,
    account: Account,
    units: Units,
    address: Annotated[str, typer.Option(help="The account whose signature consents for the pledgee, 0x….")],
    name: Annotated[str, typer.Option(help="The pledgee 质权人.")],
    company: Annotated[str | None, typer.Option(help="Its 统一社会信用代码, where it has one.")] = None,
    contract: Annotated[str | None, typer.Option(help="The pledge contract's number.")] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Pledge free units 质押登记, applied for by pledgor and pledgee jointly."""
    with guarded(as_json=as_json):
        pledgee = {"address": address, "name": name, **({"company": company} if company else {})}
        said = {**_on(security, account, units), "pledgee": pledgee, "contract": contract}
        send(open_party(party), {"act": "pledge", **said, "documents": documents(document)}, out, as_json=as_json)


def freeze(
    security: Security,
    account: Account,
    units: Units,
    published_at: Annotated[str, typer.Option(help=f"When it was published: its rank. {_MOMENT}")],
    until: Annotated[str, typer.Option(help="The last day, at most three years after publication.")],
    court: Annotated[str, typer.Option(help="执行法院.")],
    case: Annotated[str, typer.Option(help="案号.")],
    received_at: Annotated[
        str | None, typer.Option(help=f"When the operator had it; now unless given. {_MOMENT}")
    ] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Register a judicial freeze 司法冻结; one that was published before a lien needs the court liaison."""
    from chain.party.clock import system_now

    with guarded(as_json=as_json):
        said: dict[str, Any] = {**_on(security, account, units), "court": court, "case": case, "until": until}
        said |= {"published_at": published_at, "received_at": received_at or system_now().isoformat()}
        send(open_party(party), {"act": "freeze", **said, "documents": documents(document)}, out, as_json=as_json)


def lock(
    security: Security,
    account: Account,
    units: Units,
    until: Until = None,
    nature: Annotated[str | None, typer.Option(help="股份性质: 41 to 46, 49.")] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Lock units 限售、锁定."""
    with guarded(as_json=as_json):
        said = {"act": "lock", **_on(security, account, units), "until": until, "nature": nature}
        said["documents"] = documents(document)
        send(open_party(party), said, out, as_json=as_json)


def release(
    security: Security,
    account: Account,
    number: Number,
    units: Units,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Release a lien, wholly or in part 解除: the pledgee, the court liaison or, for a lock, the checker signs."""
    with guarded(as_json=as_json):
        who = open_party(party)
        said = {"act": _act(who, security, number, _RELEASE), **_on(security, account, units), "number": number}
        send(who, {**said, "documents": documents(document)}, out, as_json=as_json)


def revoke(
    security: Security,
    account: Account,
    number: Number,
    units: Units,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Revoke a pledge by a legal document 质押撤销: checker and regulator sign, not the pledgee."""
    with guarded(as_json=as_json):
        said = {"act": "pledge-revoke", **_on(security, account, units), "number": number}
        send(open_party(party), {**said, "documents": documents(document)}, out, as_json=as_json)


def extend(
    security: Security,
    number: Number,
    until: Until = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Give a freeze 续行冻结 or a lock another last day."""
    with guarded(as_json=as_json):
        who = open_party(party)
        said = {"act": _act(who, security, number, _EXTEND), "security": security, "number": number, "until": until}
        send(who, {**said, "documents": documents(document)}, out, as_json=as_json)


def enforce(
    security: Security,
    number: Number,
    giver: Giver,
    taker: Taker,
    units: Units,
    notified_on: NotifiedOption = None,
    waived: WaivedOption = False,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Satisfy a lien from its units 质权实现、司法处置: they go to a named buyer, all liens on them end.

    By agreement, or by a court where the documents are a court's.
    """
    with guarded(as_json=as_json):
        who = open_party(party)
        said = {"act": _act(who, security, number, _ENFORCE), "security": security, "number": number}
        said |= {"giver": giver, "taker": taker, "units": units, **pre_emption(notified_on, waived=waived)}
        send(who, {**said, "documents": documents(document)}, out, as_json=as_json)


def legal_status(
    security: Security,
    number: Number,
    status: Annotated[str, typer.Argument(help="Pledge: registered, changed, cancelled; freeze: published, lifted.")],
    reference: Annotated[str, typer.Argument(help="股权出质登记编号 or 公示文号.")],
    at: Annotated[datetime, typer.Argument(formats=["%Y-%m-%dT%H:%M:%S%z"], help=_MOMENT)],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Tell the legal status of a lien, beside the chain's 法律状态."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        body = {"status": status, "reference": reference, "at": at.isoformat(), "documents": documents(document)}
        path = f"/v1/register/securities/{segment(security)}/liens/{number}/legal-status"
        found: Any = open_party(party).api.post(path, body, idempotency_key=fresh_key())[1]
        emit(found, told(found, _word), as_json=as_json)


def _word(found: Any) -> list[str]:
    return [f"lien {found['number']}: {found['status']} {found['reference']} {found['at']}"]


def _on(security: str, account: str, units: str) -> dict[str, Any]:
    return {"security": security, "account": account, "units": units}


def _act(who: Party, security: str, number: int, names: dict[str, str]) -> str:
    """What it is called for a lien of this kind."""
    from chain.party.errors import ConfigError
    from chain.party.http import segment

    found: Any = who.api.get(f"/v1/register/securities/{segment(security)}/liens")
    kind = next((one["kind"] for one in found["liens"] if one["number"] == number), None)
    if kind not in names:
        raise ConfigError(f"lien {number} of {security} is {kind or 'unknown'}: this is for {', '.join(names)}")
    return names[kind]
