"""`regseal institution`: the directory, registration, keys and roles."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.keys import possession
from cli.operation import OutOption, lines, report, whole
from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import PartyOption, fresh_key, open_party, read_json

app = typer.Typer(help="Institutions 机构: register, show, list, keys, roles.", no_args_is_help=True)
Reason = Annotated[str, typer.Option(help="Why; becomes part of the evidence.")]


def register(parent: typer.Typer) -> None:
    """Adds `institution`."""
    parent.add_typer(app, name="institution")


@app.command("register")
def register_institution(
    name: Annotated[str, typer.Option(help="Full name 全称.")],
    kind: Annotated[
        str, typer.Option(help="operator, regulator, working-group, auditor, applicant, data-user or service-provider.")
    ],
    region: Annotated[int, typer.Option(help="GB/T 2260 code, 0 national.")],
    authority: Annotated[
        str, typer.Option(help="Address of the institution's own authority key (`regseal keys new evm`).")
    ],
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for an institution's registration; the region's authority signs the operation."""
    body = {"name": name, "kind": kind, "region": region, "authority": authority}
    _command("/v1/institutions", body, party, out, as_json=as_json)


@app.command()
def bootstrap(
    name: Annotated[str, typer.Option(help="Full name 全称.")],
    kind: Annotated[str, typer.Option(help="Usually operator; the others as in `register`.")],
    region: Annotated[int, typer.Option(help="GB/T 2260 code, 0 national.")],
    authority: Annotated[str, typer.Option(help="Address of the institution's own authority key.")],
    token_file: Annotated[
        Path | None, typer.Option(help="File with the one-time token, `-` for standard input; asked for otherwise.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="Address of the service, for a folder without api.json.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Introduce the first institution of a new installation, with the one-time token that `regseal init` printed.

    Its folder gets `api.json`, the administrator's `token` and the two operations that authorities must sign.
    """
    from chain.party.durable import write_json, write_private

    with guarded(as_json=as_json):
        home = _new_party(party, url, as_json=as_json)
        body = {"name": name, "kind": kind, "region": region, "authority": authority, "secret": _one_time(token_file)}
        who = open_party(home)
        answer: Any = who.api.post("/v1/bootstrap", body, idempotency_key=fresh_key())[1]
        write_private(home / "token", (answer["token"].pop("secret") + "\n").encode("ascii"))
        write_json(home / "api.json", {**who.settings, "institution": answer["institution"]["id"]})
        until = answer["token"]["expires_at"]
        note(f"{answer['institution']['id']}  {name}: its token, good until {until}, is in {home / 'token'}")
        shown: list[str] = []
        for operation in answer["operations"]:
            file = home / "operations" / f"{operation['id']}.json"
            write_json(file, whole(open_party(home), operation))
            shown += ["", *lines(operation, file)]
        emit(answer, shown, as_json=as_json)


def _new_party(home: Path | None, url: str | None, *, as_json: bool) -> Path:
    """The folder of a party that has no token yet; remembers the address of the service in it."""
    from chain.party.durable import write_json

    if home is None:
        fail(ExitCode.USAGE, "--party is missing: the institution's own folder", as_json=as_json)
    if (home / "token").exists():
        fail(ExitCode.USAGE, f"{home / 'token'} exists: this party has been introduced already", as_json=as_json)
    if url is not None:
        write_json(home / "api.json", {"url": url})
    return home


def _one_time(file: Path | None) -> str:
    """Never an argument: those can be read by everybody on the machine."""
    if file is None:
        return str(typer.prompt("One-time token", hide_input=True, err=True)).strip()
    return (sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="ascii")).strip()


@app.command()
def show(institution_id: Annotated[str, typer.Argument()], party: PartyOption = None, as_json: Json = False) -> None:
    """Show one institution."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"/v1/institutions/{segment(institution_id)}")
        emit(found, (f"{name:<15}{value}" for name, value in found.items()), as_json=as_json)


@app.command("list")
def list_(party: PartyOption = None, as_json: Json = False) -> None:
    """List the directory."""
    with guarded(as_json=as_json):
        found = list(open_party(party).api.items("/v1/institutions"))
        emit(
            found,
            (
                f"{item['id']}  {item['status']:<10}{item['kind']:<18}{item['region']:>6}  {item['name']}"
                for item in found
            ),
            as_json=as_json,
        )


@app.command()
def status(
    institution_id: Annotated[str, typer.Argument()],
    to: Annotated[str, typer.Option(help="active, suspended or exited (final).")],
    reason: Reason,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a change of status; the region's authority signs."""
    _command(_path(institution_id, "status"), {"status": to, "reason": reason}, party, out, as_json=as_json)


@app.command()
def authority(
    institution_id: Annotated[str, typer.Argument()],
    address: Annotated[str, typer.Option(help="The new authority's address.")],
    reason: Reason,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask to replace the institution's authority key."""
    _command(_path(institution_id, "authority"), {"authority": address, "reason": reason}, party, out, as_json=as_json)


@app.command("grant-role")
def grant_role(
    institution_id: Annotated[str, typer.Argument()],
    account: Annotated[str, typer.Option(help="Address that is to act: 0x and 40 hexadecimal digits.")],
    role: Annotated[str, typer.Option(help="The role, e.g. pilot.working-group or register.checker.")],
    region: Annotated[int, typer.Option(help="GB/T 2260 code, 0 national.")],
    expires_at: Annotated[str, typer.Option(help="2027-11-20T00:00:00Z")],
    reason: Reason,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a region-scoped role on the chain; the authority of that region signs."""
    body = {"account": account, "role": role, "region": region, "expires_at": expires_at, "reason": reason}
    _command(_path(institution_id, "roles"), body, party, out, as_json=as_json)


@app.command("revoke-role")
def revoke_role(
    institution_id: Annotated[str, typer.Argument()],
    account: Annotated[str, typer.Option(help="Address that is to act: 0x and 40 hexadecimal digits.")],
    role: Annotated[str, typer.Option(help="The role, e.g. pilot.working-group or register.checker.")],
    region: Annotated[int, typer.Option(help="GB/T 2260 code, 0 national.")],
    reason: Reason,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask to take a role away; the authority of that region signs."""
    body = {"account": account, "role": role, "region": region, "reason": reason}
    _command(_path(institution_id, "roles/revocations"), body, party, out, as_json=as_json)


@app.command()
def repeat(
    institution_id: Annotated[str, typer.Argument()],
    chain: Annotated[str, typer.Option("--chain", help="The business chain's name.")] = "business",
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Ask a business chain for what the supervision chain decided: registration, status, the register's roles.

    `regseal operation batch` puts what then waits into one file for the region's authority.
    """
    with guarded(as_json=as_json):
        path = _path(institution_id, "repetitions")
        _, found = open_party(party).api.post(path, {"chain": chain}, idempotency_key=fresh_key())
        asked: list[Any] = dict(found)["items"]  # type: ignore[call-overload]
        shown = [f"{one['id']}  {one['kind']:<24}  {one['reference']}" for one in asked]
        emit(asked, shown or [f"{chain} was told everything, or it waits already"], as_json=as_json)


@app.command("add-key")
def add_key(
    institution_id: Annotated[str, typer.Argument()],
    key: Annotated[Path | None, typer.Option("--key", help="The key's file; it signs that it is this one's.")] = None,
    proof: Annotated[
        Path | None, typer.Option("--proof", help="Of a key that lies elsewhere: what `regseal keys prove` wrote.")
    ] = None,
    valid_to: Annotated[str | None, typer.Option(help="2027-11-20T00:00:00Z")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Register a submitter key 提交钥 of the own institution; the key itself shows that it is held."""
    if (key is None) == (proof is None):
        fail(
            ExitCode.USAGE, "give the key's file with --key, or what it signed elsewhere with --proof", as_json=as_json
        )
    with guarded(as_json=as_json):
        shown = possession(key, institution_id) if key is not None else read_json(proof or Path("-"))
        body = {"public_key": shown["public_key"], "possession": shown["possession"], "valid_to": valid_to}
        _, done = open_party(party).api.post(_path(institution_id, "submitter-keys"), body, idempotency_key=fresh_key())
        emit(done, (f"{name:<12}{value}" for name, value in dict(done).items()), as_json=as_json)  # type: ignore[call-overload]


@app.command("revoke-key")
def revoke_key(
    institution_id: Annotated[str, typer.Argument()],
    key_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Revoke a submitter key of the own institution."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        open_party(party).api.delete(_path(institution_id, f"submitter-keys/{segment(key_id)}"))
        emit({"revoked": key_id}, [f"revoked {key_id}"], as_json=as_json)


def _path(institution_id: str, rest: str) -> str:
    from chain.party.http import segment

    return f"/v1/institutions/{segment(institution_id)}/{rest}"


def _command(path: str, body: dict[str, Any], party: Path | None, out: Path | None, *, as_json: bool) -> None:
    with guarded(as_json=as_json):
        who = open_party(party)
        _, operation = who.api.post(path, body, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)
