"""`regseal register account`: investor accounts 投资者账户."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party, read_json
from cli.register.filing import DocumentsOption, ReasonOption, documents, operation_line, told

app = typer.Typer(help="Investor accounts 投资者账户.", no_args_is_help=True)
_BASE = "/v1/register/accounts"
Account = Annotated[str, typer.Argument(help="The account's id, acc_….")]


def register(parent: typer.Typer) -> None:
    """Adds `account`."""
    parent.add_typer(app, name="account")


@app.command("open")
def open_(
    details: Annotated[Path, typer.Argument(help="kind, identity {name, document, number}, … as JSON; `-`: stdin.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Open an account 开户; the holder's data are encrypted, the chain learns a pseudonym."""
    with guarded(as_json=as_json):
        said: Any = read_json(details)
        body = {**said, "documents": [*said.get("documents", ()), *documents(document)]}
        _report(open_party(party).api.post(_BASE, body, idempotency_key=fresh_key())[1], as_json=as_json)


@app.command("list")
def list_(party: PartyOption = None, as_json: Json = False) -> None:
    """List accounts, without their holders."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_BASE))
        lines = (f"{one['id']}  {one['kind']:<21}{one['state']:<8}{one['investor_code'] or '待分配'}" for one in found)
        emit(found, lines, as_json=as_json)


@app.command()
def show(account: Account, party: PartyOption = None, as_json: Json = False) -> None:
    """Show an account without its holder."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        _report(open_party(party).api.get(f"{_BASE}/{segment(account)}"), as_json=as_json)


@app.command()
def identity(
    account: Account,
    change: Annotated[Path | None, typer.Option("--change", help="The new identity as JSON; `-`: stdin.")] = None,
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Show who the holder is and was, or change it; what was known before is kept."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        api, path = open_party(party).api, f"{_BASE}/{segment(account)}/identity"
        if change is not None:
            body = {"identity": read_json(change), "documents": documents(document)}
            _report(api.post(path, body, idempotency_key=fresh_key())[1], as_json=as_json)
            return
        found: Any = api.get(path)
        shown = [f"{name:<16}{value}" for name, value in found["identity"].items()]
        shown += [f"until {one['until']}: {one['identity']['name']}" for one in found["earlier"]]
        emit(found, shown, as_json=as_json)


@app.command()
def suitability(
    account: Account,
    basis: Annotated[str, typer.Argument(help="licensed-institution, institution-plan, net-assets, person …")],
    until: Annotated[str, typer.Argument(help="Last day, 2027-12-31.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Prove suitability 合格投资者 until a day."""
    _post(account, "suitability", {"basis": basis, "until": until, "documents": documents(document)}, party, as_json)


@app.command()
def addend(
    account: Account,
    number: Annotated[int, typer.Argument(help="How many holders stand behind this one beyond itself.")],
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Set how many holders are looked through 穿透; lowering needs the checker's and the regulator's signature."""
    _post(account, "addend", {"addend": number, "documents": documents(document)}, party, as_json)


@app.command()
def code(
    account: Account,
    allocated: Annotated[str | None, typer.Argument(help="As the supervision chain allocated it.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Ask the sample's own allocator (samples alone).")] = False,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Note the investor code 投资者代码."""
    with guarded(as_json=as_json):
        from chain.party.errors import ConfigError

        if (allocated is None) != sample:
            raise ConfigError("give the code, or --sample")
    _post(account, "investor-code", {"code": allocated}, party, as_json)


@app.command()
def state(
    account: Account,
    to: Annotated[str, typer.Argument(help="normal, frozen or closed.")],
    reason: ReasonOption,
    document: DocumentsOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Freeze, thaw or close an account; it is closed when it holds nothing."""
    _post(account, "state", {"state": to, "reason": reason, "documents": documents(document)}, party, as_json)


@app.command()
def erase(account: Account, reason: ReasonOption, party: PartyOption = None, as_json: Json = False) -> None:
    """Erase who the holder of a closed account is, once its 20 years are over; until then it is restricted."""
    _post(account, "erasure", {"reason": reason}, party, as_json)


def _post(account: str, what: str, body: dict[str, Any], party: Path | None, as_json: bool) -> None:
    from chain.party.http import segment

    with guarded(as_json=as_json):
        path = f"{_BASE}/{segment(account)}/{what}"
        _report(open_party(party).api.post(path, body, idempotency_key=fresh_key())[1], as_json=as_json)


def _report(found: Any, *, as_json: bool) -> None:
    emit(found, told(found, _lines), as_json=as_json)


def _lines(found: Any) -> list[str]:
    lines = [f"account        {found['id']}", f"kind           {found['kind']}", f"state          {found['state']}"]
    lines += [f"investor code  {found['investor_code'] or '待分配 pending'}"]
    lines += [f"suitable until {found['suitable_until']}"] if found["suitable_until"] else []
    lines += [f"erasable at    {found['erasable_at']}"] if found["erasable_at"] else []
    return [*lines, *operation_line(found)]
