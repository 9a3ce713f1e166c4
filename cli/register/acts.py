"""`regseal register ask`, `acts`, `act`, and commands for acts on securities, holders and their units."""

from __future__ import annotations

from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any

import typer

from cli.output import ExitCode, Json, emit, fail, guarded
from cli.party import PartyOption, fresh_key, open_party, read_json
from cli.register.asking import (
    Account,
    Giver,
    NotifiedOption,
    OutOption,
    Security,
    Taker,
    Units,
    WaivedOption,
    lines,
    pre_emption,
    rows,
    send,
)
from cli.register.filing import DocumentsOption, documents

_BASE = "/v1/register/acts"
ReasonOption = Annotated[str, typer.Option(help="agreed, gift, inheritance, division, succession or judicial.")]
DayOption = Annotated[str | None, typer.Option(help="A date in Shanghai, as 2026-11-20.")]
_DEAL = ("giver", "taker", "units")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, command in (
        ("ask", ask),
        ("acts", acts),
        ("act", act),
        ("open-security", open_security),
        ("issue", issue),
        ("confirm", confirm),
        ("officer", officer),
        ("transfer", transfer),
        ("batch", batch),
        ("bonus", bonus),
        ("cancel", cancel),
    ):
        app.command(name)(command)


def ask(
    file: Annotated[Path, typer.Argument(help="Any act as JSON, with its member `act`; `-`: standard input.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for any act of the register, as the API's reference describes it."""
    with guarded(as_json=as_json):
        said: Any = read_json(file)
        body = {**said, "documents": [*said.get("documents", ()), *documents(document)]}
        send(open_party(party), body, out, as_json=as_json)


def acts(
    about: Annotated[str | None, typer.Option(help="Only of this security or account.")] = None,
    state: Annotated[str | None, typer.Option(help="requested, registered or refused.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List acts 登记事项, newest first."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_BASE, about=about, state=state))
        emit(
            found, (f"{one['id']}  {one['state']:<11}{one['act']:<17}{one['about']}" for one in found), as_json=as_json
        )


def act(
    act_id: Annotated[str, typer.Argument(help="act_….")], party: PartyOption = None, as_json: Json = False
) -> None:
    """Show an act: what was asked, who has signed, its place in the queue, what the chain made of it."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"{_BASE}/{segment(act_id)}")
        emit(found, lines(found), as_json=as_json)


def open_security(
    issuer: Annotated[str, typer.Argument(help="The company's id, cmp_….")],
    terms: Annotated[Path, typer.Argument(help="form, kinds, cap, basis, interval, … as JSON; `-`: standard input.")],
    security: Annotated[str, typer.Option(help="The id it is to have; a new one unless given.")] = "",
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Open a security 登记品种开立 of a company of this register, whose first registration then begins."""
    with guarded(as_json=as_json):
        said = {
            "act": "open-security",
            "security": security or f"sec_{token_hex(16)}",
            "issuer": issuer,
            "terms": read_json(terms),
            "documents": documents(document),
        }
        send(open_party(party), said, out, as_json=as_json)


def issue(
    security: Security,
    file: Annotated[Path, typer.Argument(help="CSV or JSON with account and units.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Enter units 股份登记: those who hold already in the first registration, afterwards a subscription."""
    with guarded(as_json=as_json):
        said = {"act": "issue", "security": security, "entries": rows(file, ("account", "units"))}
        send(open_party(party), {**said, "documents": documents(document)}, out, as_json=as_json)


def confirm(
    security: Security,
    accounts: Annotated[list[str], typer.Argument(help="The accounts, acc_….")],
    unconfirmed: Annotated[
        bool, typer.Option("--not-yet", help="Only while registering: it is not confirmed.")
    ] = False,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Confirm whose positions they are 确权."""
    with guarded(as_json=as_json):
        said = {"act": "confirm", "security": security, "accounts": accounts, "confirmed": not unconfirmed}
        send(open_party(party), {**said, "documents": documents(document)}, out, as_json=as_json)


def officer(
    security: Security,
    account: Account,
    left_on: DayOption = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Say that a holder serves as an officer 董监高, or left on a day (then nothing leaves for six months)."""
    with guarded(as_json=as_json):
        said = {"act": "officer", "security": security, "account": account, "serving": left_on is None}
        send(open_party(party), {**said, "left_on": left_on, "documents": documents(document)}, out, as_json=as_json)


def transfer(
    security: Security,
    giver: Giver,
    taker: Taker,
    units: Units,
    reason: ReasonOption = "agreed",
    payment: Annotated[str | None, typer.Option(help="The payment's reference, of an agreed transfer.")] = None,
    price: Annotated[str | None, typer.Option(help="In all, as the parties agreed.")] = None,
    notified_on: NotifiedOption = None,
    waived: WaivedOption = False,
    pledge: Annotated[int | None, typer.Option(help="Pledged units: the pledge's number; the pledgee signs.")] = None,
    lien: Annotated[list[int] | None, typer.Option(help="A lot with its liens, each by rank; heirs only.")] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Transfer units 过户: free ones, pledged ones (`--pledge`), or a lot with its liens (`--lien`)."""
    with guarded(as_json=as_json):
        said: dict[str, Any] = {"act": "transfer", "security": security, "giver": giver, "taker": taker, "units": units}
        said |= {"reason": reason, "payment": payment, "price": price, "documents": documents(document)}
        said |= pre_emption(notified_on, waived=waived)
        if pledge is not None:
            said |= {"act": "transfer-pledged", "number": pledge}
        if lien:
            said |= {"act": "transfer-estate", "liens": lien}
        send(open_party(party), said, out, as_json=as_json)


def batch(
    security: Security,
    file: Annotated[Path, typer.Argument(help="CSV or JSON with giver, taker, units, and payment where agreed.")],
    whole: Annotated[bool, typer.Option("--whole/--lines", help="All or none, or each line by itself.")] = True,
    reason: ReasonOption = "agreed",
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Transfer as a file says 批量过户: all or none under one checker's signature, or line by line."""
    with guarded(as_json=as_json):
        deals, rests, who = rows(file, _DEAL, ("payment",)), documents(document), open_party(party)
        common = {"security": security, "reason": reason, "documents": rests}
        if whole:
            send(who, {"act": "transfer-batch", **common, "deals": deals}, out, as_json=as_json)
            return
        asked = [{"act": "transfer", **common, **deal} for deal in deals]
        found: Any = who.api.post(f"{_BASE}/batches", {"acts": asked}, idempotency_key=fresh_key())[1]
        emit(found, [_line(one) for one in found["lines"]], as_json=as_json)
        if any(one["problem"] for one in found["lines"]):
            fail(ExitCode.REFUSED, "some lines were refused; the others wait for signatures", as_json=as_json)


def bonus(
    security: Security,
    ratio: Annotated[str, typer.Argument(help="New units for old ones, as 3/10.")],
    action: Annotated[
        str, typer.Option(help="cac_…, the same in every call of one bonus; a new one unless given.")
    ] = "",
    account: Annotated[
        list[str] | None, typer.Option(help="Only these, in ascending order, while suspended; else all holders.")
    ] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Give every holder new units by what it has 送转股; liens cover their fruits."""
    from chain.party.errors import ConfigError

    with guarded(as_json=as_json):
        numerator, slash, denominator = ratio.partition("/")
        if not (slash and numerator.isascii() and numerator.isdecimal() and denominator.isdecimal()):
            raise ConfigError(f"{ratio}: expected a ratio as 3/10")
        said = {"act": "bonus", "security": security, "action": action or f"cac_{token_hex(16)}"}
        numbers = {"numerator": int(numerator), "denominator": int(denominator), "accounts": account or []}
        send(open_party(party), {**said, **numbers, "documents": documents(document)}, out, as_json=as_json)


def cancel(
    security: Security,
    file: Annotated[Path, typer.Argument(help="CSV or JSON with account and units.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Cancel free units 减资注销."""
    with guarded(as_json=as_json):
        said = {"act": "cancel", "security": security, "entries": rows(file, ("account", "units"))}
        send(open_party(party), {**said, "documents": documents(document)}, out, as_json=as_json)


def _line(one: Any) -> str:
    if one["act"]:
        return f"{one['line']:>5}  {one['act']['id']}  {one['act']['operation']}"
    problem = one["problem"]
    return f"{one['line']:>5}  refused: {problem.get('rule') or problem.get('field') or ''} {problem['detail']}"
