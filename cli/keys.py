"""`regseal keys`: make and show the keys of a party. Nothing leaves the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded

KeyFile = Annotated[Path, typer.Argument(help="The key file.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds `keys new`, `keys show` and `keys prove`."""
    keys = typer.Typer(name="keys", help="Make and show this party's own keys (encrypted files).", no_args_is_help=True)
    keys.command("new")(new)
    keys.command("show")(show)
    keys.command("prove")(prove)
    app.add_typer(keys)


def new(
    kind: Annotated[
        str, typer.Argument(help="evm (authorisations, transactions) or note (logs, witnesses, submitters)")
    ],
    file: KeyFile,
    name: Annotated[str, typer.Option(help="Name under which a note key signs; needed for note keys.")] = "",
    as_json: Json = False,
) -> None:
    """Make a new key. The passphrase comes from $REGSEAL_PASSPHRASE, a file `passphrase` beside it, or the terminal."""
    from chain.party.keystore import EvmKey, NoteKey, passphrase_for

    if kind not in ("evm", "note"):
        fail(ExitCode.USAGE, f"there is no kind of key called {kind!r}; it is evm or note", as_json=as_json)
    if (kind == "note") != bool(name):
        fail(ExitCode.USAGE, "a note key needs --name, an EVM key has none", as_json=as_json)
    with guarded(as_json=as_json):
        try:
            key = EvmKey.generate() if kind == "evm" else NoteKey.generate(name)
        except ValueError as error:
            fail(ExitCode.USAGE, str(error), as_json=as_json)
        key.save(file, passphrase_for(file, confirm=True))
        _emit(file, _public(key), as_json=as_json)


def show(file: KeyFile, as_json: Json = False) -> None:
    """Show the public side of a key file: address, or name and verifier keys."""
    from chain.party.keystore import EvmKey, NoteKey, kind_of, passphrase_for

    with guarded(as_json=as_json):
        loader = EvmKey if kind_of(file) == "evm" else NoteKey
        _emit(file, _public(loader.load(file, passphrase_for(file))), as_json=as_json)


def prove(
    file: KeyFile,
    institution: Annotated[str, typer.Option(help="The institution whose submitter key it is to be.")],
    out: Annotated[Path | None, typer.Option("--out", help="Write it to this file.")] = None,
    as_json: Json = False,
) -> None:
    """Have a note key show that it is held 钥持有证明; `regseal institution add-key --proof` takes the result."""
    from chain.party.durable import write_json

    with guarded(as_json=as_json):
        shown = possession(file, institution)
        if out is not None:
            write_json(out, dict(shown))
        emit(dict(shown), [f"{name}: {value}" for name, value in shown.items()], as_json=as_json or out is None)


def possession(file: Path, institution: str) -> dict[str, str]:
    """What the key of a file says about itself: {institution, role, public_key, possession}."""
    from chain.party.keystore import NoteKey, passphrase_for
    from chain.proof.encoding import to_hex
    from chain.proof.possession import SUBMITTER, possession_message

    key = NoteKey.load(file, passphrase_for(file))
    signature = key.sign(possession_message(SUBMITTER, institution, key.public))
    return {
        "institution": institution,
        "role": SUBMITTER,
        "public_key": to_hex(key.public),
        "possession": to_hex(signature),
    }


def _public(key: object) -> dict[str, str]:
    from chain.party.keystore import EvmKey, NoteKey
    from chain.proof.encoding import to_hex
    from chain.proof.note import SignatureType, VerifierKey

    if isinstance(key, EvmKey):
        return {"kind": "evm", "address": key.address}
    if not isinstance(key, NoteKey):
        raise TypeError(type(key))
    plain = VerifierKey(key.name, SignatureType.ED25519, key.public)
    return {
        "kind": "note",
        "name": key.name,
        "public_key": to_hex(key.public),
        "vkey": plain.format(),
        "witness_vkey": plain.of_type(SignatureType.COSIGNATURE).format(),
    }


def _emit(file: Path, public: dict[str, str], *, as_json: bool) -> None:
    emit({"file": str(file), **public}, [f"{name}: {value}" for name, value in public.items()], as_json=as_json)
