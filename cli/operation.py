"""`regseal operation`: commands that the chain decides, and the signatures they wait for."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.output import ExitCode, Json, emit, fail, guarded
from cli.party import Party, PartyOption, fresh_key, open_party, read_json

ENDED = frozenset({"final", "refused", "expired", "cancelled"})

app = typer.Typer(help="Operations 操作: show, list, authorise, cancel.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    """Adds `operation`."""
    parent.add_typer(app, name="operation")


OutOption = Annotated[Path | None, typer.Option("--out", help="Write the operation to this file, for `regseal sign`.")]
WaitOption = Annotated[int, typer.Option(min=0, max=600, help="Seconds to wait for the operation to end.")]


@app.command()
def show(
    operation_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    out: OutOption = None,
    wait: WaitOption = 0,
    as_json: Json = False,
) -> None:
    """Show an operation with its history."""
    with guarded(as_json=as_json):
        who = open_party(party)
        found = until_ended(who, operation_id, wait)
        report(found, out, as_json=as_json)
        if wait:
            require_final(found)


@app.command("list")
def list_(
    party: PartyOption = None,
    state: Annotated[str | None, typer.Option(help="Only these.")] = None,
    as_json: Json = False,
) -> None:
    """List the own institution's operations, newest first."""
    with guarded(as_json=as_json):
        found = list(open_party(party).api.items("/v1/operations", state=state))
        emit(found, (f"{item['id']}  {item['state']:<20}  {item['kind']}" for item in found), as_json=as_json)


@app.command()
def authorise(
    file: Annotated[Path, typer.Argument(help="What `regseal sign` wrote.")],
    party: PartyOption = None,
    wait: WaitOption = 0,
    as_json: Json = False,
) -> None:
    """Bring a signature back to the operation that waits for it; or those of a batch, one after the other."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who, given = open_party(party), read_json(file)
        if "authorisations" in given:
            _authorise_all(who, given["authorisations"], wait, as_json=as_json)
            return
        body = {"signer": given["signer"], "signature": given["signature"]}
        _, answer = who.api.post(
            f"/v1/operations/{segment(given['operation'])}/authorisations", body, idempotency_key=fresh_key()
        )
        found: Any = until_ended(who, given["operation"], wait) if wait else answer
        report(found, None, as_json=as_json)
        if wait:
            require_final(found)


@app.command()
def cancel(
    operation_id: Annotated[str, typer.Argument()],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Take an operation back while nothing is signed for the chain; signatures that it has are void then."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who = open_party(party)
        path = f"/v1/operations/{segment(operation_id)}/cancellation"
        _, found = who.api.post(path, {}, idempotency_key=fresh_key())
        report(found, None, as_json=as_json)


@app.command()
def batch(
    out: Annotated[Path, typer.Option("--out", help="Write them to this file, for `regseal sign`.")],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Put all own operations that wait for a signature into one file, the oldest first."""
    from chain.party.durable import write_json
    from chain.party.summary import digest_of
    from cli.sign import BATCH

    with guarded(as_json=as_json):
        who = open_party(party)
        waiting = sorted(str(item["id"]) for item in who.api.items("/v1/operations", state="needs_authorisation"))
        shown = (until_ended(who, identifier, 0) for identifier in waiting)
        found = [one for one in shown if one["typed_data"] is not None]  # what a recovery found undecided has none
        if not found:
            fail(ExitCode.INCOMPLETE, "nothing waits for a signature", as_json=as_json)
        write_json(out, {"format": BATCH, "operations": found})
        signers = sorted({signer for one in found for signer in one["signers"]})
        lines = [f"{one['id']}  {one['kind']:<26}  {one.get('reference') or '-'}" for one in found]
        if of_lists := _of_lists(found):
            lines.append(f"{len(of_lists)} of lists of holders, digest {digest_of(of_lists)}: regseal sign --summary")
        lines += [f"{len(found)} wait for: {', '.join(signers)}", f"  regseal sign {out} --key KEY --out signed.json"]
        emit({"operations": [one["id"] for one in found], "signers": signers, "out": str(out)}, lines, as_json=as_json)


def _of_lists(found: Sequence[Mapping[str, Any]]) -> list[Any]:
    """The documents that `regseal sign --summary` adds up."""
    from chain.party.eip712 import check
    from chain.party.summary import is_of_list

    documents = [one["typed_data"] for one in found]
    return [each for each in documents if is_of_list(check(each))]


def _authorise_all(who: Party, signed: Sequence[Mapping[str, str]], wait: int, *, as_json: bool) -> None:
    """Each in turn; one whose owner is not registered yet is brought again until ``wait`` seconds are over."""
    from chain.party.errors import ApiProblem
    from chain.party.http import segment

    until, done = time.monotonic() + wait, list[str]()
    for one in signed:
        body = {"signer": one["signer"], "signature": one["signature"]}
        path = f"/v1/operations/{segment(one['operation'])}/authorisations"
        while True:
            try:
                who.api.post(path, body, idempotency_key=fresh_key())
                break
            except ApiProblem as problem:
                if problem.slug != "institution-pending" or time.monotonic() >= until:
                    raise
            time.sleep(0.5)
        done.append(one["operation"])
    ended = [until_ended(who, each, max(0, int(until - time.monotonic()))) for each in done] if wait else []
    lines = [f"{each['id']}  {each['state']:<10}  {each['kind']}" for each in ended] or [f"{len(done)} brought"]
    emit({"operations": done, "states": [each["state"] for each in ended]}, lines, as_json=as_json)
    for each in ended:
        require_final(each)


def whole(who: Party, found: Any) -> Any:
    """The operation with the command that its commitment stands for: what a signer has to read."""
    return until_ended(who, str(found["id"]), 0)


def until_ended(who: Party, operation_id: str, seconds: int) -> Any:
    """The operation now, or when it has ended within ``seconds``."""
    from chain.party.http import segment

    until = time.monotonic() + seconds
    while True:
        found: Any = who.api.get(f"/v1/operations/{segment(operation_id)}")
        if found["state"] in ENDED or time.monotonic() >= until:
            return found
        time.sleep(0.3)


def report(found: Any, out: Path | None, *, as_json: bool) -> None:
    """Shows an operation and, when asked, keeps it for signing (as `whole` gives it)."""
    if out is not None:
        from chain.party.durable import write_json

        write_json(out, found)
    emit(found, lines(found, out), as_json=as_json)


def lines(found: Any, out: Path | None = None) -> list[str]:
    """The operation for people, with what to do next."""
    shown = [
        f"operation  {found['id']}",
        f"kind       {found['kind']}",
        f"about      {found.get('reference') or '-'}",
        f"state      {found['state']}",
    ]
    if found.get("transaction"):
        shown.append(f"tx         {found['transaction']}")
    if found.get("reason"):
        shown.append(f"reason     {found['reason']}")
    for entry in found.get("history", []):
        times = f" ×{entry['count']}" if entry["count"] > 1 else ""
        shown.append(f"  {entry['first_at']}  {entry['action']}{times}")
    if found["state"] == "needs_authorisation":
        shown += signatures(found)
        shown.append(f"waits for the signature of {', '.join(found['signers']) or 'the competent authority'}:")
        shown.append(f"  regseal sign {out or 'OPERATION.json'} --key KEY --out authorisation.json")
        shown.append("  regseal operation authorise authorisation.json")
    return shown


def signatures(found: Any) -> list[str]:
    """Who has signed and who is missing, of an operation that needs several signatures over the same typed data."""
    return [
        f"  {one['role']:<24}  {'signed by ' + one['signer'] if one['signer'] else 'missing: ' + _awaited(one)}"
        for one in found.get("authorisations", ())
    ]


def _awaited(need: Any) -> str:
    return " or ".join(need["any_of"]) or f"whoever holds the role in {need['region']}"


def require_final(found: Any) -> None:
    """Ends the command unless the operation took effect."""
    if found["state"] in ENDED - {"final"}:
        fail(ExitCode.REFUSED, f"{found['kind']} was {found['state']}: {found.get('reason')}")
    if found["state"] != "final":
        fail(ExitCode.INCOMPLETE, f"not ended yet: {found['state']}")
