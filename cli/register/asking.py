"""What the commands share that ask the register for acts: documents, files for signers, what is shown of an act."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.operation import signatures, until_ended
from cli.output import emit
from cli.party import MAX_INPUT, Party, fresh_key, read_json

Security = Annotated[str, typer.Argument(help="The security's id, sec_….")]
Account = Annotated[str, typer.Argument(help="The investor's account, acc_….")]
Giver = Annotated[str, typer.Argument(help="Whose units they are, acc_….")]
Taker = Annotated[str, typer.Argument(help="Who gets them, acc_….")]
Units = Annotated[str, typer.Argument(help="How many units, in digits.")]
Number = Annotated[int, typer.Argument(min=1, help="The lien's number within the security.")]
OutOption = Annotated[
    Path | None, typer.Option("--out", help="Write the operation to this file, for `regseal sign` by those who must.")
]
NotifiedOption = Annotated[
    str | None, typer.Option(help="Since when the others know who may buy first 优先购买权, as 2026-11-20.")
]
WaivedOption = Annotated[bool, typer.Option("--waived", help="All others have waived their right to buy first.")]
_BASE = "/v1/register/acts"


def pre_emption(notified_on: str | None, *, waived: bool) -> dict[str, Any]:
    """What a request says of those who may buy first: nothing unless something was given."""
    return {"pre_emption": {"notified_on": notified_on, "waived": waived}} if notified_on or waived else {}


def send(who: Party, said: Mapping[str, Any], out: Path | None, *, as_json: bool) -> None:
    """Asks for an act; members that are None were not given. Its operation goes to ``out``, for those who must sign."""
    body = {name: value for name, value in said.items() if value is not None}
    made: Any = who.api.post(_BASE, body, idempotency_key=fresh_key())[1]
    if out is not None:
        from chain.party.durable import write_json

        write_json(out, until_ended(who, str(made["operation"]), 0))
    emit(made, lines(made, out), as_json=as_json)


def lines(act: Any, out: Path | None = None) -> list[str]:
    """An act for people, with what to do next."""
    shown = [
        f"act        {act['id']}  {act['act']} {act['term']}",
        f"about      {act['about']}",
        f"state      {act['state']}",
    ]
    if act["queue_position"]:
        shown.append(f"queue      behind {act['queue_position']} undecided")
    if act["refusal"]:
        refusal = act["refusal"]
        words = refusal["detail"] or ", ".join(f"{name} {value}" for name, value in refusal["args"].items())
        told = f"refused    {refusal['rule'] or refusal['error']}: {words}  {refusal['source'] or ''}"
        shown.append(told.rstrip(" :"))
    if act["subject_to"]:
        shown.append(f"subject to freeze 在先冻结 {', '.join(str(each) for each in act['subject_to'])}")
    if act["transaction"]:
        shown.append(f"tx         {act['transaction']} in block {act['block']}")
    shown.append(f"operation  {act['operation']}  {act['operation_state']}")
    shown += signatures(act)
    if act["operation_state"] == "needs_authorisation":
        shown.append(f"  regseal sign {out or 'OPERATION.json'} --key KEY --out authorisation.json")
        shown.append("  regseal operation authorise authorisation.json")
    return shown


def rows(file: Path, columns: Sequence[str], optional: Sequence[str] = ()) -> list[dict[str, str]]:
    """The rows of a CSV (UTF-8, with a header) or of a JSON list of objects. ConfigError names line and column."""
    from chain.party.errors import ConfigError

    if file.suffix.lower() == ".json":
        found: Any = read_json(file)
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise ConfigError(f"{file}: expected a list of objects")
        table = [{str(name): str(value) for name, value in each.items()} for each in found]
    else:
        table = _csv(file)
    known = {*columns, *optional}
    for line, row in enumerate(table, start=1):
        for name in columns:
            if not row.get(name):
                raise ConfigError(f"{file}: row {line}: {name} is missing")
        for name in row.keys() - known:
            raise ConfigError(f"{file}: row {line}: unknown column {name}; there are {', '.join(sorted(known))}")
    return [{name: value for name, value in row.items() if value} for row in table]


def _csv(file: Path) -> list[dict[str, str]]:
    from chain.party.errors import ConfigError

    with file.open("rb") as stream:
        data = stream.read(MAX_INPUT + 1)
    if len(data) > MAX_INPUT:
        raise ConfigError(f"{file}: more than {MAX_INPUT} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file}: byte {error.start} is no UTF-8") from None
    found = []
    for line, row in enumerate(csv.DictReader(io.StringIO(text, newline=""), restkey="", restval=""), start=1):
        if "" in row:
            raise ConfigError(f"{file}: row {line}: more cells than the header has")
        found.append({name.strip(): value.strip() for name, value in row.items()})
    return found
