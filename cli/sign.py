"""`regseal sign`: read an operation, see what it asks for, and authorise it with one's own key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note

if TYPE_CHECKING:
    from chain.proof.canonical import JsonObject

_MAX_BYTES = 1 << 20


def register(app: typer.Typer) -> None:
    """Adds `sign`."""
    app.command("sign")(sign)


def sign(
    operation: Annotated[Path, typer.Argument(help="An operation as the API shows it, or its typed data alone.")],
    key: Annotated[Path, typer.Option("--key", help="The signer's EVM key file.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for rehearsed scripts only.")] = False,
    wallet: Annotated[str, typer.Option(help="Contract wallet (ERC-1271) in whose name the key signs.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the authorisation to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Sign an authorisation 授权 (EIP-712) after showing in words what it says.

    The result {operation, signer, signature} goes to POST /v1/operations/{id}/authorisations.
    """
    from chain.party.keystore import kind_of

    with guarded(as_json=as_json):
        kind_of(key)  # a wrong file is said before anybody reads what there is to sign
        asked = _read(operation)
        _show(asked, yes=yes, as_json=as_json)
        authorisation = _authorise(asked.identifier, asked.typed_data, key, wallet)
        if out is not None:
            from chain.party.durable import write_json

            write_json(out, authorisation)
        emit(
            authorisation, [f"{name}: {value}" for name, value in authorisation.items()], as_json=as_json or out is None
        )


@dataclass(frozen=True)
class _Asked:
    """What the file holds: an operation's id, typed data and command record, as far as there are any."""

    identifier: str | None
    typed_data: object
    command: JsonObject | None


def _read(path: Path) -> _Asked:
    """A file that the API wrote. Raises TypedDataError."""
    from chain.party.errors import TypedDataError
    from chain.proof.canonical import parse_json

    with path.open("rb") as file:
        value = parse_json(file.read(_MAX_BYTES + 1), max_bytes=_MAX_BYTES)
    if not isinstance(value, dict):
        raise TypedDataError(str(path), "not an operation")
    if "typed_data" not in value:
        return _Asked(None, value, None)
    if value["typed_data"] is None:
        raise TypedDataError(str(path), "this operation waits for nobody's authorisation")
    identifier, command = value.get("id"), value.get("command")
    return _Asked(
        str(identifier) if identifier else None,
        value["typed_data"],
        _opened(command, value["typed_data"]) if isinstance(command, dict) else None,
    )


def _opened(command: JsonObject, typed_data: object) -> JsonObject:
    """The command's record, once it is the one that the typed data commits to. Raises TypedDataError otherwise."""
    from chain.party.errors import TypedDataError
    from chain.proof.encoding import from_hex, to_hex
    from chain.proof.record import check_record, commit

    record = check_record(command.get("document"))
    stated = typed_data.get("message") if isinstance(typed_data, dict) else None
    made = to_hex(commit(record, from_hex(command.get("secret"), "/command/secret", 32)))
    if not isinstance(stated, dict) or stated.get("commitment") != made:
        raise TypedDataError("/command", "this is not the record that the commitment to be signed stands for")
    return record


def _show(asked: _Asked, *, yes: bool, as_json: bool) -> None:
    from chain.party.clock import system_now
    from chain.party.describe import action_of, deadline_of, describe, printable
    from chain.party.eip712 import check
    from chain.proof.canonical import fields

    data = check(asked.typed_data)
    members = [] if asked.command is None else fields(asked.command)
    for line in describe(data, texts=[text for _, text in members if isinstance(text, str)]):
        note(line)
    if asked.command is not None:
        note("the commitment stands for this record:")
    for path, value in members:
        note(f"  {printable(path)}: {printable(value)}")
    deadline = deadline_of(data)
    if deadline is not None and deadline < system_now():
        fail(ExitCode.REFUSED, f"its deadline passed at {deadline:%Y-%m-%dT%H:%M:%SZ}", as_json=as_json)
    if action_of(data) is None and yes:
        fail(ExitCode.REFUSED, "a document that this program does not know is not signed with --yes", as_json=as_json)
    if not yes and not typer.confirm("Sign this?", default=False, err=True):
        fail(ExitCode.REFUSED, "not signed", as_json=as_json)


def _authorise(identifier: str | None, document: object, key: Path, wallet: str) -> dict[str, str | None]:
    from chain.party.eip712 import sign_typed_data
    from chain.party.errors import TypedDataError
    from chain.party.evm import checksummed, parse_address
    from chain.party.keystore import EvmKey, passphrase_for

    signer = EvmKey.load(key, passphrase_for(key))
    try:
        name = checksummed(parse_address(wallet)) if wallet else signer.address
    except ValueError as error:
        raise TypedDataError("--wallet", str(error)) from error
    signature = sign_typed_data(document, signer)
    return {"operation": identifier, "signer": name, "signature": "0x" + signature.hex()}
