"""`regseal submit`: files and folders, stored encrypted by the service and bound to the log by manifests (材料提交)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from cli.output import ExitCode, Json, emit, fail, guarded, note
from cli.party import Party, PartyOption, open_party
from cli.record import FINAL_SECONDS, follow

if TYPE_CHECKING:
    from cli.materials.files import Found
    from cli.materials.journal import Journal

_LISTED = 50


def register(app: typer.Typer) -> None:
    """Adds `submit`."""
    app.command("submit")(submit)


def submit(
    paths: Annotated[list[Path], typer.Argument(help="Files, or folders with all that is in them.", exists=True)],
    party: PartyOption = None,
    subject: Annotated[
        str | None, typer.Option(help="What the files are about; default: the name of the first path.")
    ] = None,
    title: Annotated[str | None, typer.Option(help="What the set of files is.")] = None,
    signer: Annotated[str | None, typer.Option(help="Who signed the files.")] = None,
    version: Annotated[str | None, typer.Option(help="Which version of them.")] = None,
    log: Annotated[str | None, typer.Option(help="Log id or origin; default: `log` of the party's api.json.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="Sign with this Ed25519 submitter key.")] = None,
    wait: Annotated[Literal["accepted", "final"], typer.Option(help="How long to wait.")] = "accepted",
    receipts: Annotated[Path | None, typer.Option(help="Folder for the private receipts, with --wait final.")] = None,
    as_json: Json = False,
) -> None:
    """Store up to 100,000 files and bind them by a manifest 材料清单, or as many as it takes.

    Started again after a break, it goes on where it was broken off and submits nothing twice.
    """
    if receipts is not None and wait != "final":
        fail(ExitCode.USAGE, "--receipts goes with --wait final", as_json=as_json)
    with guarded(as_json=as_json):
        from cli.materials.journal import journal_of

        who = open_party(party)
        options = {"subject": subject or paths[0].resolve().name, "title": title, "signer": signer, "version": version}
        options |= {"log": log or who.settings.get("log"), "key": str(key.resolve()) if key else None}
        with journal_of(who.home, who.api.url, paths) as journal:
            binding, answers, changed = _bound(who, paths, journal, options, quiet=as_json)
            if wait == "final":
                for answer in reversed(answers):  # the others are final when the last one is, or soon
                    answer["status"] = follow(who, answer["id"], FINAL_SECONDS, as_json=as_json)
            _keep_receipts(who, answers, receipts)
            emit(_document(binding, answers), _lines(binding, answers), as_json=as_json)
            journal.done()  # only now: whoever was told nothing runs it again, and must not submit it again
        late = [answer["id"] for answer in answers if wait == "final" and answer["status"] != "final"]
        if late:
            fail(ExitCode.INCOMPLETE, f"not final after {FINAL_SECONDS} s; ask again: regseal record show {late[0]}")
        if changed:
            began = binding["record"]["occurred_at"]
            fail(ExitCode.INCOMPLETE, f"this was the submission begun {began}; the files changed since, run it again")


def _bound(
    who: Party, paths: Sequence[Path], journal: Journal, options: dict[str, Any], *, quiet: bool
) -> tuple[dict[str, Any], list[dict[str, Any]], bool]:
    """The binding, its answers, and whether the files are others by now."""
    from chain.party.errors import ConfigError
    from cli.materials import binding as binder
    from cli.materials.files import alike, find

    key = Path(options["key"]) if options["key"] else None
    began = journal.binding
    if began is not None:
        binder.require_same(began, options, journal)
        note(f"goes on with the submission begun {began['record']['occurred_at']}")
        answers = binder.send(who, began, journal, key)
        try:
            return began, answers, binder.changed_since(began, find(paths))
        except ConfigError:
            return began, answers, True
    files = find(paths)
    for one, other in alike(files):
        note(f"warning: {one} and {other} are one file to some systems: whoever unpacks both there keeps one")
    began = binder.begin(who, files, _entries(who, files, journal, options, quiet=quiet), journal, options)
    return began, binder.send(who, began, journal, key), False


def _entries(
    who: Party, files: Sequence[Found], journal: Journal, options: dict[str, Any], *, quiet: bool
) -> list[Any]:
    from cli.materials.sending import stored

    made, said = [], not quiet and len(files) > _LISTED
    for number, file in enumerate(files, 1):
        entry = stored(who, file, journal, quiet=quiet or said)
        made.append(replace(entry, signer=options["signer"], version=options["version"]))
        if said and number % 1_000 == 0:
            note(f"{number:,} of {len(files):,} files")
    return made


def _keep_receipts(who: Party, answers: Sequence[dict[str, Any]], folder: Path | None) -> None:
    from chain.party.durable import write_private
    from chain.party.http import segment

    for answer in answers if folder is not None else ():
        content = who.api.get_bytes(f"/v1/records/{segment(answer['id'])}/receipt", form="private")
        write_private((folder or Path()) / f"{answer['id']}.regseal.json", content)


def _document(binding: dict[str, Any], answers: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The one record's answer with its files, or the set's."""
    files = [file for body in binding["bodies"] for file in body["files"]]
    if len(answers) == 1:
        return {**answers[0], "files": files}
    return {"set": binding["bodies"][0]["set"], "records": list(answers), "files": files}


def _lines(binding: dict[str, Any], answers: Sequence[dict[str, Any]]) -> list[str]:
    lines = []
    for answer, body in zip(answers, binding["bodies"], strict=True):
        part = f", part {body['part']} of {body['parts']}" if "part" in body else ""
        lines += [f"record       {answer['id']}  ({len(body['files'])} files{part})"]
        lines += [f"log          {answer['origin']}", f"index        {answer['index']}"]
        lines += [f"accepted at  {answer['accepted_at']}", f"status       {answer['status']}"]
    files = [file for body in binding["bodies"] for file in body["files"]]
    for entry in files[:_LISTED]:
        name = f"{entry['folder']}/{entry['name']}" if "folder" in entry else entry["name"]
        lines.append(f"file         {name}  {entry['size']:,} bytes  SHA-256 {entry['sha256'][2:]}")
    if len(files) > _LISTED:
        lines.append(f"             and {len(files) - _LISTED:,} more")
    if len(answers) > 1:
        lines.append(f"set          {len(files):,} files in {len(answers)} records")
    return lines
