"""`regseal sign`: read an operation, see what it asks for, and authorise it with one's own key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note

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
        identifier, document, texts = _read(operation)
        _show(document, texts, yes=yes, as_json=as_json)
        authorisation = _authorise(identifier, document, key, wallet)
        if out is not None:
            from chain.party.durable import write_json

            write_json(out, authorisation)
        emit(
            authorisation, [f"{name}: {value}" for name, value in authorisation.items()], as_json=as_json or out is None
        )


def _read(path: Path) -> tuple[str | None, object, list[str]]:
    """(operation id or None, typed data, all texts beside it) of a file that the API wrote. Raises TypedDataError."""
    from chain.party.errors import TypedDataError
    from chain.proof.canonical import fields, parse_json

    with path.open("rb") as file:
        value = parse_json(file.read(_MAX_BYTES + 1), max_bytes=_MAX_BYTES)
    if not isinstance(value, dict):
        raise TypedDataError(str(path), "not an operation")
    if "typed_data" not in value:
        return None, value, []
    if value["typed_data"] is None:
        raise TypedDataError(str(path), "this operation waits for nobody's authorisation")
    texts = [text for _, text in fields(value) if isinstance(text, str)]
    return str(value.get("id")) if value.get("id") else None, value["typed_data"], texts


def _show(document: object, texts: list[str], *, yes: bool, as_json: bool) -> None:
    from chain.party.clock import system_now
    from chain.party.describe import action_of, deadline_of, describe
    from chain.party.eip712 import check

    data = check(document)
    for line in describe(data, texts=texts):
        note(line)
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
