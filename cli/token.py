"""`regseal token`: API tokens of the own institution."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import Json, emit, guarded
from cli.party import PartyOption, fresh_key, open_party

app = typer.Typer(help="API tokens 令牌: issue, list, revoke.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds `token`."""
    parent.add_typer(app, name="token")


@app.command()
def issue(
    name: Annotated[str, typer.Option(help="What it is for.")],
    role: Annotated[list[str], typer.Option(help="May be given several times.")],
    days: Annotated[int, typer.Option(min=1, max=366, help="Days until it expires.")] = 90,
    institution: Annotated[
        str | None, typer.Option(help="Another institution's first token (system administrators).")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Who holds it; kept encrypted.")] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Write the secret to this file (0600) instead of the screen.")
    ] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Issue a token. Its secret is shown once."""
    from chain.party.durable import write_private

    with guarded(as_json=as_json):
        body = {"name": name, "roles": role, "days": days, "institution_id": institution, "person": person}
        _, answer = open_party(party).api.post("/v1/tokens", body, idempotency_key=fresh_key())
        done: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
        if out is not None:
            write_private(out, (done.pop("secret") + "\n").encode())
        emit(done, (f"{key:<16}{value}" for key, value in done.items()), as_json=as_json)


@app.command("list")
def list_(party: PartyOption = None, as_json: Json = False) -> None:
    """List the own institution's tokens, without their secrets."""
    with guarded(as_json=as_json):
        found = list(open_party(party).api.items("/v1/tokens"))
        emit(found, (_line(item) for item in found), as_json=as_json)


@app.command()
def revoke(token_id: Annotated[str, typer.Argument()], party: PartyOption = None, as_json: Json = False) -> None:
    """Revoke a token at once."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        open_party(party).api.delete(f"/v1/tokens/{segment(token_id)}")
        emit({"revoked": token_id}, [f"revoked {token_id}"], as_json=as_json)


def _line(item: Any) -> str:
    state = "revoked" if item["revoked_at"] else f"until {item['expires_at']}"
    return f"{item['id']}  {item['prefix']}…  {state}  {','.join(item['roles'])}  {item['name']}"
