"""`regseal fsck`: derives the whole installation anew, names what differs, writes nothing; the service may run."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from cli.local.commands import VarOption, _layout, _plain
from cli.local.errors import LocalError
from cli.output import Json, emit, note


def fsck(
    home: Annotated[Path | None, typer.Option(help="The service's home, when it is not in --var.")] = None,
    log: Annotated[str | None, typer.Option(metavar="ORIGIN", help="Only this log.")] = None,
    mirror: Annotated[
        Path | None, typer.Option(help="Home of a witness (or a copy of it): names the leaf that differs.")
    ] = None,
    receipt: Annotated[
        list[Path] | None,
        typer.Option(help="A receipt (private: names the field) or an acknowledgement; repeatable."),
    ] = None,
    first: Annotated[int, typer.Option("--from", min=0, help="First index, rounded down to 4,096.")] = 0,
    end: Annotated[int | None, typer.Option("--to", min=1, help="Index to stop before.")] = None,
    jobs: Annotated[int, typer.Option(min=0, max=64, help="Processes.", show_default="one per core")] = 0,
    records: Annotated[bool, typer.Option(help="Also decrypt and commit every record anew.")] = True,
    files: Annotated[bool, typer.Option("--files", help="Also read every stored file 材料.")] = False,
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """核验: examine every record, leaf, head, signature and anchor, and that stored files are there.

    Exit codes: 0 nothing differs, 1 findings, 3 nothing differs in what could be compared.
    """
    from cli.local.offline import ask_running
    from services.fsck import Scope
    from services.fsck import fsck as examine
    from services.platform.errors import Invalid, StartRefused, Unavailable
    from services.platform.settings import load_settings

    scope = Scope(origin=log, first=first, end=end, records=records, jobs=jobs or os.cpu_count() or 1, files=files)
    with _plain(as_json=as_json):
        try:
            layout = _layout(var)
            if home is None:
                ask_running(layout)
            settings = load_settings(home or layout.gateway)
            report = examine(settings, scope, mirror=mirror, receipts=tuple(receipt or ()), progress=_Progress())
        except (StartRefused, Unavailable) as error:
            raise LocalError(error.detail, "regseal doctor") from None
        except Invalid as error:
            raise LocalError(error.detail) from None
        emit(report.data(), report.lines(), as_json=as_json)
    if report.exit_code:
        raise typer.Exit(report.exit_code)


class _Progress:
    """A line on standard error every other second, when somebody looks."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, origin: str, done: int, total: int) -> None:
        if sys.stderr.isatty() and time.monotonic() - self._told > 2:
            self._told = time.monotonic()
            note(f"{origin}: {done:,} of {total:,} leaves")
