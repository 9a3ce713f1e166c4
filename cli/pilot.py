"""`regseal pilot`: pilot projects 试点项目, from the rulebook to the timeline."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from cli import dossier, duty, project_material
from cli.operation import OutOption, report, whole
from cli.output import ExitCode, Json, emit, fail, guarded
from cli.party import Party, PartyOption, fresh_key, open_party, read_json

app = typer.Typer(help="Pilot projects 试点项目: rulebooks, drafts, steps, timelines.", no_args_is_help=True)
Project = Annotated[str, typer.Argument(help="The project's id, prj_….")]
BodyOption = Annotated[
    Path | None, typer.Option("--body", help="What is said, as a JSON file; `-` for standard input.")
]
EvidenceOption = Annotated[
    list[str] | None, typer.Option("--evidence", help="CODE=RECORD, once for each document that the act rests on.")
]


def register(parent: typer.Typer) -> None:
    """Adds `pilot`."""
    dossier.register(app)
    duty.register(app)
    project_material.register(app)
    parent.add_typer(app, name="pilot")


# --- rulebooks


@app.command()
def activate(
    version: Annotated[str, typer.Argument(help="SZ-2023.11, GZ-2022.03 or BJ-2022.09.")],
    settings: Annotated[Path, typer.Option(help="YAML that decides what the sources leave open.")],
    log: Annotated[str, typer.Option(help="Id of the open log of the region's pilots.")],
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask to put a rulebook 规则手册 in force; the region's authority signs the operation."""
    with guarded(as_json=as_json):
        who = open_party(party)
        decided = {"name": settings.name, "document": settings.read_text(encoding="utf-8")}
        body = {"version": version, "settings": decided, "log": log}
        _, operation = who.api.post("/v1/pilots/rulebooks", body, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)


@app.command()
def rulebooks(party: PartyOption = None, as_json: Json = False) -> None:
    """List the rulebooks, with the settings file of each."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items("/v1/pilots/rulebooks"))
        lines = (f"{one['id']}  {one['state']:<8}  {one['version']:<11}  {one['settings_file']}" for one in found)
        emit(found, lines, as_json=as_json)


@app.command()
def rulebook(rulebook_id: Annotated[str, typer.Argument()], party: PartyOption = None, as_json: Json = False) -> None:
    """Show a rulebook and its settings."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(f"/v1/pilots/rulebooks/{segment(rulebook_id)}")
        shown = [f"{name:<16}{value}" for name, value in found.items() if name != "settings"]
        shown += [f"  {name:<28}{value}" for name, value in found["settings"].items()]
        emit(found, shown, as_json=as_json)


@app.command()
def retire(
    rulebook_id: Annotated[str, typer.Argument()],
    reason: Annotated[str, typer.Option(help="Why; becomes part of the evidence.")],
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask that no more projects be opened under a rulebook; the region's authority signs."""
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who, path = open_party(party), f"/v1/pilots/rulebooks/{segment(rulebook_id)}/retirement"
        _, operation = who.api.post(path, {"reason": reason}, idempotency_key=fresh_key())
        report(whole(who, operation), out, as_json=as_json)


# --- applications


@app.command()
def draft(
    form: Annotated[Path, typer.Argument(help="The application form 申报表 as JSON; `-` for standard input.")],
    rulebook_id: Annotated[str | None, typer.Option("--rulebook", help="For a new project.")] = None,
    project: Annotated[str | None, typer.Option(help="Another version for this project.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Begin a project as its lead, or put another version of its form there; earlier versions are kept."""
    with guarded(as_json=as_json):
        if (rulebook_id is None) == (project is None):
            fail(ExitCode.USAGE, "give --rulebook for a new project, or --project for another version", as_json=as_json)
        who, said = open_party(party), read_json(form)
        if project is None:
            body = {"rulebook": rulebook_id, "form": said}
            found: Any = who.api.post("/v1/pilots", body, idempotency_key=fresh_key())[1]
        else:
            found = who.api.post(_path(project, "application"), {"form": said}, idempotency_key=fresh_key())[1]
        emit(found, _project_lines(found), as_json=as_json)


@app.command()
def completeness(
    project: Project,
    action: Annotated[str | None, typer.Option(help="The way of submission.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Tell what is missing, why, and where the rule says so. Exit code 3 while anything is."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_path(project, "completeness"), action=action)
        lines = [
            f"{'missing' if one['mandatory'] else 'optional'}  {one['rule']:<7}{one['field']}: {one['message']}"
            f"  [{one['source']}]"
            for one in found["faults"]
        ]
        ready = [f"complete: regseal pilot submit {project}"] if found["complete"] else []
        emit(found, [*lines, *ready], as_json=as_json)
        if not found["complete"]:
            raise typer.Exit(int(ExitCode.INCOMPLETE))


@app.command()
def confirm(
    project: Project,
    key: Annotated[Path, typer.Option("--key", help="The institution's Ed25519 submitter key.")],
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Confirm a joint application 联合申报确认: sign its form and materials as they are now."""
    from chain.party.keystore import NoteKey, passphrase_for
    from chain.proof.confirmation import application_digest, confirmation_message
    from chain.proof.encoding import to_hex

    with guarded(as_json=as_json):
        who = open_party(party)
        found: Any = who.api.get(_path(project, "application"))
        _check_statement(found, as_json=as_json)
        digest = application_digest(found["statement"])
        message = confirmation_message(str(who.settings.get("institution", "")), digest)
        signature = NoteKey.load(key, passphrase_for(key)).sign(message)
        body = {"digest": to_hex(digest), "signature": to_hex(signature)}
        _post(who, _path(project, "confirmations"), body, as_json=as_json)


def _check_statement(found: Any, *, as_json: bool) -> None:
    """What is signed must stand for the form that was shown, whatever the service says."""
    from chain.proof.canonical import canonical
    from chain.proof.encoding import to_hex
    from chain.proof.hashing import sha256

    statement = found["statement"]
    if (statement["version"], statement["form_sha256"]) != (found["version"], to_hex(sha256(canonical(found["form"])))):
        fail(ExitCode.REFUSED, "the statement to sign is not of the form that the service shows", as_json=as_json)


@app.command()
def submit(
    project: Project,
    action: Annotated[str | None, typer.Option(help="The way of submission, when there are several.")] = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Submit a complete application; the lead's authority signs the operation."""
    with guarded(as_json=as_json):
        who = open_party(party)
        if action is None:
            action = str(dict(who.api.get(_path(project, "completeness")))["action"])  # type: ignore[call-overload]
        _step(who, project, {"action": action}, out, as_json=as_json)


# --- steps and facts


@app.command()
def step(
    project: Project,
    action: Annotated[str, typer.Argument(help="selection.open, notice.close, launch, …")],
    value: Annotated[str, typer.Option(help="An item's number, or a date such as 2027-11-30.")] = "0",
    body: BodyOption = None,
    public: Annotated[Path | None, typer.Option(help="JSON that everybody sees: of a notice or a launch.")] = None,
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    out: OutOption = None,
    as_json: Json = False,
) -> None:
    """Ask for a step as the body that the rulebook names; its account signs the operation."""
    with guarded(as_json=as_json):
        asked: dict[str, Any] = {"action": action, "value": _value(value), "evidence": _evidence(evidence)}
        asked |= {"body": read_json(body) if body else {}}
        asked |= {"public": read_json(public)} if public else {}
        _step(open_party(party), project, asked, out, as_json=as_json)


@app.command()
def fact(
    project: Project,
    kind: Annotated[str, typer.Argument(help="expert.opinion, municipal.evaluation, …")],
    body: BodyOption = None,
    evidence: EvidenceOption = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Add a fact to the project's stream: an opinion, a declaration, minutes."""
    with guarded(as_json=as_json):
        said = {"kind": kind, "body": read_json(body) if body else {}, "evidence": _evidence(evidence)}
        _post(open_party(party), _path(project, "facts"), said, as_json=as_json)


@app.command()
def comment(
    project: Project,
    text: Annotated[str, typer.Option(help="What there is to say.")],
    name: Annotated[str | None, typer.Option(help="Who says it; kept encrypted.")] = None,
    contact: Annotated[str | None, typer.Option(help="How to be reached; kept encrypted.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Write the signed acknowledgement to this file.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Comment on a project while its notice runs. Needs no token; keep the acknowledgement."""
    from chain.party.durable import write_json
    from chain.party.http import segment

    with guarded(as_json=as_json):
        said = {"text": text, "name": name, "contact": contact}
        who = open_party(party)
        found: Any = who.api.post(f"/v1/public/pilots/{segment(project)}/comments", said, idempotency_key=fresh_key())[
            1
        ]
        if keep is not None:
            write_json(keep, found)
        shown = [
            f"comment   {found['number']} on {found['project']}",
            f"index     {found['index']} of {found['origin']}",
        ]
        emit(found, [*shown, f"anchored by {found['anchor_by']}"], as_json=as_json)


@app.command()
def seal(project: Project, party: PartyOption = None, as_json: Json = False) -> None:
    """Have the chain told of the project's newest anchored leaf."""
    with guarded(as_json=as_json):
        _post(open_party(party), _path(project, "seal"), {}, as_json=as_json)


# --- reading


@app.command()
def status(
    project: Project,
    chain: Annotated[bool, typer.Option("--chain", help="By the contract's own word.")] = False,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Show where a project stands."""
    with guarded(as_json=as_json):
        found: Any = open_party(party).api.get(_path(project, "chain" if chain else ""))
        lines = [f"{name:<14}{value}" for name, value in found.items()] if chain else _project_lines(found)
        emit(found, lines, as_json=as_json)


@app.command("list")
def list_(
    state: Annotated[str | None, typer.Option(help="Only those in this state.")] = None,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """List the own projects, or those of the own region."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items("/v1/pilots", state=state))
        lines = (f"{one['id']}  {one['state']:<16}  {one['updated_at']}  {one['title']}" for one in found)
        emit(found, lines, as_json=as_json)


@app.command()
def timeline(project: Project, party: PartyOption = None, as_json: Json = False) -> None:
    """Show every event of a project, with rule, record and transaction."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items(_path(project, "timeline")))
        emit(found, (_event_line(one) for one in found), as_json=as_json)


@app.command()
def queue(party: PartyOption = None, as_json: Json = False) -> None:
    """Show what waits for the own institution 待办."""
    with guarded(as_json=as_json):
        found: list[Any] = list(open_party(party).api.items("/v1/pilots/queue"))
        lines = [
            f"{one['project']['id']}  {one['project']['state']:<16}  "
            f"{', '.join(each['action'] for each in one['actions']) or 'confirm'}"
            for one in found
        ]
        emit(found, lines, as_json=as_json)


def _event_line(one: Any) -> str:
    decided = one["transaction"] or one["reason"] or one["outcome"] or ""
    where = f"{one['accepted_at']}  {one['phase']:<10}  {one['name']:<22}"
    return f"{one['seq']:>4}  {where}  {one['rule'] or '-':<7}  {one['record']}  {decided}".rstrip()


def _project_lines(found: Any) -> list[str]:
    shown = {
        "project": found["id"],
        "title": found["title"],
        "state": f"{found['state']} {found['state_term']}",
        "rulebook": f"{found['version']} {found['rulebook']}",
        "applicants": ", ".join(found["applicants"]),
        "version": found["draft_version"],
        "notice from": found["notice_from"] or "-",
        "ends on": found["ends_on"] or "-",
        "open items": ", ".join(f"{kind} {numbers}" for kind, numbers in found["open_items"].items()) or "-",
        "under way": ", ".join(found["pending"]) or "-",
        "on chain": f"{found['count']} leaves, last {found['last_leaf'] or '-'}",
    }
    return [f"{name:<13}{value}" for name, value in shown.items()]


def _step(who: Party, project: str, asked: dict[str, Any], out: Path | None, *, as_json: bool) -> None:
    _, operation = who.api.post(_path(project, "steps"), asked, idempotency_key=fresh_key())
    report(whole(who, operation), out, as_json=as_json)


def _post(who: Party, path: str, body: dict[str, Any], *, as_json: bool) -> None:
    _, found = who.api.post(path, body, idempotency_key=fresh_key())
    shown: dict[str, Any] = dict(found)  # type: ignore[call-overload]
    emit(shown, (f"{name:<16}{value}" for name, value in shown.items()), as_json=as_json)


def _path(project: str, rest: str) -> str:
    from chain.party.http import segment

    return f"/v1/pilots/{segment(project)}" + (f"/{rest}" if rest else "")


def _value(text: str) -> int:
    """A number, or the day of a date. ConfigError."""
    from chain.party.errors import ConfigError

    if text.isdecimal():
        return int(text)
    try:
        return (date.fromisoformat(text) - date(1970, 1, 1)).days
    except ValueError:
        raise ConfigError(f"--value {text} is neither a number nor a date such as 2027-11-30") from None


def _evidence(given: list[str] | None) -> list[dict[str, str]]:
    """``CODE=RECORD`` each. ConfigError."""
    from chain.party.errors import ConfigError

    pairs = [one.partition("=") for one in given or ()]
    if not all(code and record for code, _, record in pairs):
        raise ConfigError("--evidence takes CODE=RECORD, such as closing_record=rec_019a…")
    return [{"code": code, "record": record} for code, _, record in pairs]
