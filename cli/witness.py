"""`regseal witness`: an own process, in its own home, of a regulator or an auditor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chain.party.witness.config import ChainPin
    from chain.party.witness.run import Finding, Round

Home = Annotated[Path, typer.Option("--home", help="The witness's own folder.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds `witness` with `init`, `status`, `clear` and `epoch add`."""
    witness = typer.Typer(name="witness", help="Watch logs and the chain; cosign and attest. 见证方")
    witness.callback(invoke_without_command=True)(run)
    witness.command("init")(init)
    witness.command("status")(status)
    witness.command("clear")(clear)
    epoch = typer.Typer(name="epoch", help="A chain that was lost, and the one that took its place. 链纪元")
    epoch.command("add")(epoch_add)
    witness.add_typer(epoch)
    app.add_typer(witness)


def run(
    context: typer.Context,
    home: Annotated[Path | None, typer.Option("--home", help="The witness's own folder.")] = None,
    once: Annotated[bool, typer.Option("--once", help="One round, then end with its result.")] = False,
    as_json: Json = False,
) -> None:
    """Run the witness in the foreground until it is told to stop.

    Exit codes: 0 all well; 1 something was refused or an alarm stands; 4 the service or chain could not be reached.
    """
    if context.invoked_subcommand is not None:
        return
    if home is None:
        fail(ExitCode.USAGE, "--home is missing", as_json=as_json)
    from chain.party.durable import only_process

    with guarded(as_json=as_json), only_process(home):
        found = _run(home, once=once)
    lines = [f"{subject}: {state} {detail}".rstrip() for subject, state, detail in _rows(found)]
    emit({"worst": found.worst, "findings": _document(found)}, lines, as_json=as_json)
    raise typer.Exit(int(_exit_code(found)))


def init(
    home: Home,
    name: Annotated[str, typer.Option(help="Name under which it signs.")],
    role: Annotated[str, typer.Option(help="Its role in trust policies, e.g. regulator.")],
    api: Annotated[str, typer.Option(help="Address of the service.")],
    rpc: Annotated[list[str], typer.Option(help="Address of an own chain node; may be given several times.")],
    deployment: Annotated[Path, typer.Option(help="Deployment file of the chain: chain id, genesis, contracts.")],
    chain: Annotated[str, typer.Option(help="The chain's name at the service.")] = "supervision",
    log: Annotated[list[str] | None, typer.Option(help="Origin to watch; all that are listed when not given.")] = None,
    new_passphrase: Annotated[bool, typer.Option(help="Write a random passphrase file for unattended starts.")] = False,
    as_json: Json = False,
) -> None:
    """Make a witness's home: key and settings. Check the pinned genesis and contract with whom you trust."""
    from chain.party.keystore import new_passphrase_file, passphrase_for
    from chain.party.witness.config import KEY_FILE, WitnessConfig, initialise
    from chain.proof.note import SignatureType, VerifierKey

    with guarded(as_json=as_json):
        pin = _pin(deployment, chain, rpc)
        logs = None if not log else dict.fromkeys(log, ())
        config = WitnessConfig(name=name, role=role, api=api, chain=pin, logs=logs)
        if new_passphrase:
            new_passphrase_file(home)
        key = initialise(home, config, passphrase_for(home / "keys" / KEY_FILE, confirm=True))
        vkey = VerifierKey(key.name, SignatureType.COSIGNATURE, key.public).format()
        lines = [f"witness {name} ({role}) in {home}", f"vkey: {vkey}", "Give the vkey to those who are to trust it."]
        emit({"home": str(home), "name": name, "role": role, "vkey": vkey}, lines, as_json=as_json)


def status(home: Home, as_json: Json = False) -> None:
    """Show what the last round found. Exit codes as of `witness`."""
    from chain.party.witness.run import STATUS_FILE

    with guarded(as_json=as_json):
        text = (home / STATUS_FILE).read_text(encoding="utf-8")
        try:
            body = json.loads(text)
            subjects = {name: body[name] for name in ("service", "chain", "epoch") if name in body} | body["logs"]
            lines = [f"{name}: {one['state']} {one['kind']} {one['detail']}".rstrip() for name, one in subjects.items()]
            lines += _epoch_lines(body.get("epoch", {}))
            worst = str(body["worst"])
        except (ValueError, KeyError, TypeError):
            fail(ExitCode.USAGE, f"{home / STATUS_FILE} is damaged", as_json=as_json)
        emit(body, [f"{body['name']} at {body['at']}: {worst}", *lines], as_json=as_json)
    raise typer.Exit(int(_CODES[worst]))


def clear(
    home: Home,
    origin: Annotated[str, typer.Argument(help="Log whose alarm was looked into.")],
    as_json: Json = False,
) -> None:
    """Let a witness sign for a log again after a person looked into its alarm. The evidence is kept."""
    from chain.party.durable import only_process
    from chain.party.witness.store import LogStore
    from chain.proof.checkpoint import check_origin

    with guarded(as_json=as_json), only_process(home):
        store = LogStore(home, check_origin(origin))
        standing = store.alarm()
        store.clear_alarm()
        lines = [f"alarm cleared: {standing['kind']}" if standing else "no alarm stood"]
        emit({"origin": origin, "cleared": standing}, lines, as_json=as_json)


def epoch_add(
    home: Home,
    deployment: Annotated[Path, typer.Option(help="Deployment file of the new chain: chain id, genesis, contracts.")],
    rpc: Annotated[list[str], typer.Option(help="Address of an own node of the new chain; repeatable.")],
    finality: Annotated[str, typer.Option(help="immediate, confirmations:N or finalized.")] = "immediate",
    as_json: Json = False,
) -> None:
    """Follow the chain that took a lost one's place, from its genesis on. The witness must be stopped.

    Only the witness's own operator decides this: compare genesis and contract with the other parties first. What was
    seen on the lost chain is kept, and compared with what is anchored again on this one.
    """
    from dataclasses import replace

    from chain.party.durable import only_process
    from chain.party.witness.config import load

    with guarded(as_json=as_json), only_process(home):
        config = load(home)
        pin = _pin(deployment, config.chain.name, rpc)
        after = config.followed_by(replace(pin, finality=finality, epoch=config.chain.epoch + 1))
        after.write(home)
        told = after.chain.pinned
        lines = [
            f"lost   {config.chain.pinned.line()}",
            f"now    {told.line()}",
            f"next   regseal witness --home {home}",
        ]
        body = {"epoch": told.epoch, "chain_id": told.chain_id, "pins": told.line()}
        emit(body, lines, as_json=as_json)


_CODES = {
    "ok": ExitCode.OK,
    "unreachable": ExitCode.UNREACHABLE,
    "refused": ExitCode.REFUSED,
    "alarm": ExitCode.REFUSED,
}


def _run(home: Path, *, once: bool) -> Round:
    import logging
    import signal
    import threading

    from chain.party.keystore import NoteKey, passphrase_for
    from chain.party.witness.config import KEY_FILE, load
    from chain.party.witness.run import Witness

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    config = load(home)
    file = home / "keys" / KEY_FILE
    witness = Witness(home, config, NoteKey.load(file, passphrase_for(file)))
    if once:
        return witness.round()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    note(f"witness {config.name} watches {config.api}; Ctrl-C stops it")
    return witness.run(stop)


def _pin(deployment: Path, name: str, rpc: list[str]) -> ChainPin:
    """The chain as a deployment file names it. Raises ConfigError."""
    from chain.party.errors import ConfigError
    from chain.party.evm import parse_address
    from chain.party.witness.config import ChainPin
    from chain.proof.encoding import from_hex
    from chain.proof.errors import FormatError

    try:
        body = json.loads(deployment.read_text(encoding="utf-8"))
        return ChainPin(
            name=name,
            rpc=tuple(rpc),
            chain_id=int(body["chain_id"]),
            genesis=from_hex(body["genesis"], "genesis", 32),
            contract=parse_address(body["contracts"]["EvidenceLog"]["address"]),
        )
    except (ValueError, KeyError, TypeError, FormatError) as error:
        raise ConfigError(f"{deployment} is not a deployment file: {error}") from error


def _rows(found: Round) -> list[tuple[str, str, str]]:
    subjects = _subjects(found)
    return [(name, one.state, f"{one.kind} {one.detail}") for name, one in subjects.items()]


def _document(found: Round) -> dict[str, dict[str, str]]:
    from dataclasses import asdict

    return {name: asdict(one) for name, one in _subjects(found).items()}


def _subjects(found: Round) -> dict[str, Finding]:
    return {"service": found.service, "chain": found.chain, "epoch": found.epoch, **found.logs}


def _epoch_lines(epoch: Mapping[str, object]) -> list[str]:
    """After a chain was lost: how far the comparison with it is."""
    if "stated" not in epoch:
        return []
    said = "stated" if epoch["stated"] else "not all of them yet"
    return [f"epoch {epoch['epoch']}: begins with {epoch['equal']} heads of the lost chain, in order; {said}"]


def _exit_code(found: Round) -> ExitCode:
    return _CODES[found.worst]
