"""Dossiers of pilot projects 卷宗: fetched from the service, verified without it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, guarded
from cli.party import PartyOption, open_party

if TYPE_CHECKING:
    from chain.proof.dossier_check import DossierVerdict
    from chain.proof.trust import Trust

_SIGNATURE = b"PK\x03\x04"
_OUTCOMES = {"valid": "stands", "invalid": "does NOT stand", "incomplete": "stands, but not by the trust file's policy"}


def register(pilot: typer.Typer) -> None:
    """Adds `dossier` to the commands of `pilot`."""
    pilot.command("dossier")(dossier)


def dossier(
    project: Annotated[str, typer.Argument(help="The project's id, prj_….")],
    out: Annotated[Path, typer.Option("--out", help="The archive, a ZIP file.")],
    files: Annotated[bool, typer.Option("--files/--no-files", help="With the stored files of materials.")] = True,
    party: PartyOption = None,
    as_json: Json = False,
) -> None:
    """Fetch a project's dossier 卷宗: events, receipts, materials and the chain's word, as this party may see them."""
    from chain.party.durable import write_pieces
    from chain.party.http import segment

    with guarded(as_json=as_json):
        who = open_party(party)
        pieces = who.api.stream(f"/v1/pilots/{segment(project)}/dossier", files=str(files).lower())
        size = write_pieces(out, pieces)
        _require_whole(out)
        shown = [f"{out}  {size} bytes", f"verify    regseal verify {out} --trust TRUST.json"]
        emit({"project": project, "file": str(out), "size": size}, shown, as_json=as_json)


def _require_whole(path: Path) -> None:
    """A connection that broke leaves an archive without its directory. FormatError; the file is removed."""
    from chain.party.archive import Archive
    from chain.proof.errors import FormatError

    try:
        with Archive(path):
            return
    except FormatError:
        path.unlink()
        raise


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a dossier."""

    document: Mapping[str, object]
    lines: list[str]
    code: ExitCode


def is_dossier(path: Path) -> bool:
    """Whether this is a dossier rather than a receipt: an archive, or a folder that has an index."""
    if path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(len(_SIGNATURE)) == _SIGNATURE
    except OSError:
        return False


def judge(path: Path, trust: Trust) -> Judged:
    """Verifies an archive or a folder. One that is no dossier is unreadable, as a receipt would be."""
    from chain.party.archive import Archive, Folder
    from chain.proof.dossier_check import verify_dossier
    from chain.proof.errors import FormatError

    try:
        if path.is_dir():
            verdict = verify_dossier(Folder(path), trust)
        else:
            with Archive(path) as archive:
                verdict = verify_dossier(archive, trust)
    except (OSError, FormatError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        said: dict[str, object] = {"file": str(path), "outcome": "unreadable", "error": reason}
        return Judged(said, [f"{path}: not a readable dossier: {reason}"], ExitCode.USAGE)
    return Judged({"file": str(path), **verdict.document()}, _lines(path, verdict), ExitCode(verdict.exit_code))


def _lines(path: Path, verdict: DossierVerdict) -> list[str]:
    head = f"{path}: dossier of {verdict.index.project} {_OUTCOMES[verdict.outcome.value]}"
    if verdict.failure is not None:
        found = verdict.failure
        return [head, f"  {found.where}: {found.detail} [{found.code}]"]
    return [head, *(f"  missing: {what}" for what in verdict.missing), *_extent(verdict), *_rest(verdict)]


def _extent(verdict: DossierVerdict) -> Sequence[str]:
    from chain.proof.encoding import format_time

    if verdict.block is None:
        return [f"  {verdict.events} events in an unbroken chain; nothing proves where it ends"]
    when = format_time(verdict.block.timestamp * 1000)
    chain = f"chain class {verdict.chain_class}, block {verdict.block.number} at {when}"
    lines = [f"  complete: events 0 to {verdict.count - 1}, as the chain had it ({chain})"]
    if verdict.unsealed:
        lines.append(f"  unsealed: events {verdict.unsealed[0]} to {verdict.unsealed[-1]}; more may have been left out")
    return lines


def _rest(verdict: DossierVerdict) -> Sequence[str]:
    return [
        f"  shown: {verdict.shown} of {verdict.events} events with their records",
        f"  of what they name: {verdict.records} records, {verdict.forms} forms, {verdict.files} files",
        f"  left out: {verdict.left_out} named ones",
        f"  relies on: {', '.join(sorted(verdict.witnesses)) or 'no witness'}",
        "  what nobody ever posted, no dossier can cover; later steps: regseal pilot status --chain",
    ]
