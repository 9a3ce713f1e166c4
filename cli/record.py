"""`regseal record`: submit what happened, and see how far it has come."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import Party, PartyOption, fresh_key, open_party, read_json

STAGES = {
    "accepted": "durable, acknowledged and indexed 已收讫",
    "sealed": "under a signed checkpoint 已入检查点",
    "witnessed": "cosigned as the witness quorum asks 已见证",
    "anchored": "its head is on the chain 已锚定",
    "final": "in a final block, attested as the quorum asks 已终局",
}
FINAL_SECONDS = 60

app = typer.Typer(help="Records 记录: submit, show, list, erase.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds `record`."""
    parent.add_typer(app, name="record")


@app.command()
def submit(
    file: Annotated[Path, typer.Argument(help="The record as JSON, `-` for standard input; see docs/spec/record.md.")],
    party: PartyOption = None,
    log: Annotated[str | None, typer.Option(help="Log id or origin; default: `log` of the party's api.json.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Sign with this Ed25519 submitter key.")] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Repeating the command with the same key submits once.")
    ] = None,
    wait: Annotated[Literal["accepted", "final"], typer.Option(help="How long to wait.")] = "accepted",
    as_json: Json = False,
) -> None:
    """Submit one record. `actor` and `occurred_at` are filled in when the file leaves them out."""
    with guarded(as_json=as_json):
        who = open_party(party)
        body = submission(who, read_json(file), log, key)
        sent = fresh_key() if idempotency_key is None else idempotency_key
        _, answer = who.api.post("/v1/records", body, idempotency_key=sent)
        done: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
        if not as_json:
            note(f"{done['id']}  index {done['index']} of {done['origin']}")
        keep_acknowledgement(who, done)
        if wait == "final":
            done["status"] = follow(who, done["id"], FINAL_SECONDS, as_json=as_json)
        emit(done, _lines(done), as_json=as_json)
        if wait == "final" and done["status"] != "final":
            fail(
                ExitCode.INCOMPLETE,
                f"not final after {FINAL_SECONDS} s; ask again with: regseal record show {done['id']}",
            )


@app.command()
def show(
    record_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    wait: Annotated[int, typer.Option(min=0, max=60, help="Seconds to wait for it to be final.")] = 0,
    as_json: Json = False,
) -> None:
    """Show one record of the own institution."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who = open_party(party)
        if wait:
            follow(who, record_id, wait, as_json=as_json)
        found: Any = who.api.get(f"/v1/records/{segment(record_id)}")
        emit(found, _lines(found), as_json=as_json)


@app.command()
def erase(
    record_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="Why; becomes part of the evidence. Name no person in it.")],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Have an own record's content erased 删除, as an administrator; before its term is over it is restricted 限制处理.

    Exit codes: 0 erased; 3 restricted, a job erases it when the term is over. Leaf and public receipt stay.
    """
    from chain.party.http import segment

    with guarded(as_json=as_json):
        path = f"/v1/records/{segment(record_id)}/erasure"
        _, answer = open_party(party).api.post(path, {"reason": reason}, idempotency_key=fresh_key())
        held: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
        emit(held, [f"record       {record_id}", *_retention_lines(held)], as_json=as_json)
        if held["state"] != "erased":
            raise typer.Exit(int(ExitCode.INCOMPLETE))


@app.command("list")
def list_(
    party: PartyOption = None,
    log: Annotated[str | None, typer.Option(help="Only this log.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    as_json: Json = False,
) -> None:
    """List the own institution's records, oldest first."""
    from itertools import islice

    with guarded(as_json=as_json):
        who = open_party(party)
        found = list(
            islice(who.api.items("/v1/records", log=_log_id(who, log) if log else None, limit=min(limit, 500)), limit)
        )
        emit(
            found,
            (
                f"{item['id']}  {item['accepted_at']}  {item['status']:<9}  {item['index']:>8}  {item['origin']}"
                for item in found
            ),
            as_json=as_json,
        )


def submission(who: Party, record: Any, log: str | None, key: Path | None) -> dict[str, Any]:
    """What is posted for a record, signed when there is a ``key``; `actor` and `occurred_at` are filled in."""
    from chain.party.clock import rfc3339, system_now

    if isinstance(record, dict):
        record.setdefault("actor", who.settings.get("institution", ""))
        record.setdefault("occurred_at", rfc3339(system_now()))
    log_id, origin = _log(who, log or who.settings.get("log"))
    body: dict[str, Any] = {"log": log_id, "record": record}
    if key is not None:
        body["signature"] = _sign(record, origin, key)
    return body


def _sign(record: Any, origin: str, key: Path) -> str:
    from chain.party.keystore import NoteKey, passphrase_for
    from chain.proof.record import check_record, submission_message

    signature = NoteKey.load(key, passphrase_for(key)).sign(submission_message(origin, check_record(record)))
    return "0x" + signature.hex()


def _log(who: Party, wanted: str | None) -> tuple[str, str]:
    """``(id, origin)`` of a log named by either. ConfigError when there is none."""
    from chain.party.errors import ConfigError

    if not wanted:
        raise ConfigError(f"no log: give --log or set `log` in {who.home / 'api.json'}")
    for item in who.api.items("/v1/logs"):
        if wanted in (item["id"], item["origin"]):
            return str(item["id"]), str(item["origin"])
    raise ConfigError(f"the service has no log {wanted}")


def _log_id(who: Party, wanted: str) -> str:
    return _log(who, wanted)[0]


def keep_acknowledgement(who: Party, done: dict[str, Any]) -> None:
    """The signed acknowledgement proves a later omission: it is kept before anything else happens."""
    from chain.party.durable import write_private

    folder = who.home / "acknowledgements"
    folder.mkdir(mode=0o700, exist_ok=True)
    write_private(folder / f"{done['id']}.note", done["acknowledgement"].encode())


def follow(who: Party, record_id: str, seconds: int, *, as_json: bool) -> str:
    """Says each step as it is reached, until final or out of patience."""
    from chain.party.http import segment

    started, said, order = time.monotonic(), -1, list(STAGES)
    while True:
        found: Any = who.api.get(f"/v1/records/{segment(record_id)}")
        status = str(found["status"])
        for stage in order[said + 1 : order.index(status) + 1]:
            said = order.index(stage)
            if not as_json:
                note(f"  {time.monotonic() - started:5.1f} s  {stage:<9}  {STAGES[stage]}")
        if status == "final" or time.monotonic() - started > seconds:
            return status
        time.sleep(0.3)


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [f"record       {found['id']}", f"log          {found['origin']}", f"index        {found['index']}"]
    lines += [
        f"leaf hash    {found['leaf_hash']}",
        f"accepted at  {found['accepted_at']}",
        f"status       {found['status']}",
    ]
    return lines + _retention_lines(found.get("retention") or {})


def _retention_lines(held: dict[str, Any]) -> list[str]:
    if not held:
        return []
    if held["state"] == "erased":
        lines = [f"content      erased 已删除 at {held['erased_at']}"]
    else:
        until = held["erasable_at"] or f"a term is set for the class {held['retention_class']}"
        lines = [f"content      restricted 限制处理 until {until} ({held['rule']}: {held['source']})"]
    return [*lines, *(f"evidence     {each}" for each in held["evidence"])]
