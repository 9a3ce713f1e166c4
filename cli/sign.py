"""`regseal sign`: read an operation, see what it asks for, and authorise it with one's own key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chain.party.eip712 import TypedData
    from chain.party.keystore import EvmKey
    from chain.proof.canonical import JsonObject, JsonValue

_MAX_BYTES = 256 << 20
"""A batch has all acts of a list of holders, with their records: some hundred bytes a holder and act."""
BATCH = "regseal/operations@v1"
"""Several operations in one file, as `regseal operation batch` writes them; signed, they are `authorisations`."""


def register(app: typer.Typer) -> None:
    """Adds `sign`."""
    app.command("sign")(sign)


def sign(
    operation: Annotated[
        Path, typer.Argument(help="An operation as the API shows it, its typed data alone, or a batch of operations.")
    ],
    key: Annotated[Path, typer.Option("--key", help="The signer's EVM key file.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; for rehearsed scripts only.")] = False,
    summary: Annotated[
        bool,
        typer.Option("--summary", help="Of a batch, add up the acts of lists of holders in place of showing each."),
    ] = False,
    wallet: Annotated[str, typer.Option(help="Contract wallet (ERC-1271) in whose name the key signs.")] = "",
    out: Annotated[Path | None, typer.Option("--out", help="Write the authorisation to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Sign an authorisation 授权 (EIP-712) after showing in words what it says.

    With --summary a list of holders 名册 that is carried out is shown as what its acts add up to: compare it with the
    list, and its digest with the one that `regseal operation batch` printed.

    The result {operation, signer, signature} goes to POST /v1/operations/{id}/authorisations. Of a batch all are shown
    and signed at once, as far as they wait for this signer; the others are left to theirs.
    """
    from chain.party.keystore import kind_of

    with guarded(as_json=as_json):
        kind_of(key)  # a wrong file is said before anybody reads what there is to sign
        found = _read(operation)
        result: Mapping[str, object]
        if isinstance(found, _Asked):
            signer = _signer(key, wallet)
            _show([found], yes=yes, as_json=as_json, signer=signer[1], of=1)
            result = _authorise(found, *signer)
            lines = [f"{name}: {value}" for name, value in result.items()]
        else:
            signer = _signer(key, wallet)
            mine = [one for one in found if not one.signers or signer[1] in one.signers]
            note(f"{len(mine)} of {len(found)} operations wait for {signer[1]}")
            if not mine:
                fail(ExitCode.REFUSED, "none of them is this signer's to authorise", as_json=as_json)
            singly = _not_summed_up(mine, as_json=as_json) if summary else mine
            _show(singly, yes=yes, as_json=as_json, signer=signer[1], of=len(mine))
            result = {"authorisations": [_authorise(one, *signer) for one in mine]}
            lines = [f"{len(mine)} signed"]
        if out is not None:
            from chain.party.durable import write_json

            write_json(out, dict(result))
        emit(dict(result), lines, as_json=as_json or out is None)


@dataclass(frozen=True)
class _Asked:
    """What the file holds: an operation's id, typed data and command record, as far as there are any."""

    identifier: str | None
    typed_data: object
    command: JsonObject | None
    signers: tuple[str, ...] = ()
    signatures: tuple[str, ...] = ()


def _read(path: Path) -> _Asked | list[_Asked]:
    """A file that the API or `operation batch` wrote. Raises TypedDataError."""
    from chain.party.errors import TypedDataError
    from chain.proof.canonical import parse_json

    with path.open("rb") as file:
        value = parse_json(file.read(_MAX_BYTES + 1), max_bytes=_MAX_BYTES)
    if not isinstance(value, dict):
        raise TypedDataError(str(path), "not an operation")
    if value.get("format") == BATCH:
        operations = value.get("operations")
        if not isinstance(operations, list) or not operations:
            raise TypedDataError(str(path), "a batch without operations")
        return [_operation(one, f"{path}: operation {place}") for place, one in enumerate(operations)]
    if "typed_data" not in value:
        return _Asked(None, value, None)
    return _operation(value, str(path))


def _operation(value: JsonValue, where: str) -> _Asked:
    from chain.party.errors import TypedDataError

    if not isinstance(value, dict) or value.get("typed_data") is None:
        raise TypedDataError(where, "this operation waits for nobody's authorisation")
    identifier, command, signers = value.get("id"), value.get("command"), value.get("signers")
    return _Asked(
        str(identifier) if identifier else None,
        value["typed_data"],
        _opened(command, value["typed_data"]) if isinstance(command, dict) else None,
        tuple(str(one) for one in signers) if isinstance(signers, list) else (),
        tuple(_signatures(value.get("authorisations"), where)),
    )


def _signatures(needs: JsonValue, where: str) -> list[str]:
    """Who has signed the same typed data, as far as the file says so: told, and not relied upon."""
    from chain.party.errors import TypedDataError
    from cli.operation import signatures

    try:
        return signatures({"authorisations": needs or []})
    except (KeyError, TypeError):
        raise TypedDataError(f"{where}: authorisations", "not a list of roles, signers and addresses") from None


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


def _show(asked: Sequence[_Asked], *, yes: bool, as_json: bool, signer: str, of: int) -> None:
    for place, one in enumerate(asked, start=1):
        if len(asked) > 1:
            note(f"— {place} of {len(asked)} —")
        _show_one(one, yes=yes, as_json=as_json)
        if one.signers and signer not in one.signers:
            note(f"WARNING: it waits for {' or '.join(one.signers)}; a signature of {signer} will be refused")
    question = "Sign this?" if of == 1 else f"Sign these {of}?"
    if not yes and not typer.confirm(question, default=False, err=True):
        fail(ExitCode.REFUSED, "not signed", as_json=as_json)


def _not_summed_up(asked: Sequence[_Asked], *, as_json: bool) -> list[_Asked]:
    """Says what the acts of lists of holders add up to; the others, to be shown one by one."""
    from chain.party.eip712 import check
    from chain.party.summary import is_of_list, summary

    known = [(one, check(one.typed_data)) for one in asked]
    listed = [data for _, data in known if is_of_list(data)]
    for data in listed:
        _require_time(data, as_json=as_json)
    for line in summary(listed) if listed else ():
        note(line)
    return [one for one, data in known if not is_of_list(data)]


def _require_time(data: TypedData, *, as_json: bool) -> None:
    """Ends the command when the document has lapsed."""
    from chain.party.clock import system_now
    from chain.party.describe import deadline_of

    deadline = deadline_of(data)
    if deadline is not None and deadline < system_now():
        fail(ExitCode.REFUSED, f"its deadline passed at {deadline:%Y-%m-%dT%H:%M:%SZ}", as_json=as_json)


def _show_one(asked: _Asked, *, yes: bool, as_json: bool) -> None:
    from chain.party.describe import action_of, describe, printable
    from chain.party.eip712 import check
    from chain.proof.canonical import fields

    data = check(asked.typed_data)
    members = [] if asked.command is None else fields(asked.command)
    for line in describe(data, texts=[text for _, text in members if isinstance(text, str)]):
        note(line)
    for line in asked.signatures:
        note(printable(line))
    if asked.command is not None:
        note("the commitment stands for this record:")
    for path, value in members:
        note(f"  {printable(path)}: {printable(value)}")
    _require_time(data, as_json=as_json)
    if action_of(data) is None and yes:
        fail(ExitCode.REFUSED, "a document that this program does not know is not signed with --yes", as_json=as_json)


def _signer(key: Path, wallet: str) -> tuple[EvmKey, str]:
    """The key, and in whose name it signs."""
    from chain.party.errors import TypedDataError
    from chain.party.evm import checksummed, parse_address
    from chain.party.keystore import EvmKey, passphrase_for

    signer = EvmKey.load(key, passphrase_for(key))
    try:
        return signer, checksummed(parse_address(wallet)) if wallet else signer.address
    except ValueError as error:
        raise TypedDataError("--wallet", str(error)) from error


def _authorise(asked: _Asked, signer: EvmKey, name: str) -> dict[str, str | None]:
    from chain.party.eip712 import sign_typed_data

    signature = sign_typed_data(asked.typed_data, signer)
    return {"operation": asked.identifier, "signer": name, "signature": "0x" + signature.hex()}
