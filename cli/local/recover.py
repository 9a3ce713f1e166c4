"""`regseal log recover`: an older database brought to where its logs were, from a mirror; the service is stopped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cli.local.commands import VarOption, _layout, _plain
from cli.local.errors import LocalError
from cli.output import Json, emit, note

if TYPE_CHECKING:
    from services.evidence.recovery.plan import LogPlan
    from services.recovery import Recovered


def recover(
    mirror: Annotated[
        list[Path] | None,
        typer.Option(help="Home of a witness that mirrors entries, or a copy of it; repeatable.", file_okay=False),
    ] = None,
    log: Annotated[str | None, typer.Option("--log", metavar="ORIGIN", help="Only this log.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and change nothing.")] = False,
    without_head_file: Annotated[
        bool, typer.Option("--without-head-file", help="The head file is lost: chain and every witness must vouch.")
    ] = False,
    accept_loss_after: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="With --log: go on with N leaves, though the head file knew more."),
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; it becomes a leaf of the house log. Name no person.")] = "",
    home: Annotated[Path | None, typer.Option(help="The service's home, when it is not in --var.")] = None,
    var: VarOption = None,
    as_json: Json = False,
) -> None:
    """恢复: bring an older, restored database to where its logs were. The service is stopped, the chain answers.

    Embedded chains are started for it; with --home they must run already.
    Everything is compared and every record opened before anything is written; interrupted, the same command goes on.
    Exit codes: 0 done (or: this would be done); 1 refused, nothing was changed, or leaves are lost.
    """
    from cli.local.offline import embedded_chains
    from services.platform.errors import RegsealError
    from services.platform.settings import load_settings
    from services.recovery import Wanted
    from services.recovery import recover as act

    wanted = Wanted(
        mirrors=tuple(mirror or ()),
        origin=log,
        accept_loss_after=accept_loss_after,
        without_head_file=without_head_file,
        reason=reason,
        dry_run=dry_run,
    )
    with _plain(as_json=as_json):
        layout = _layout(var)
        chains = nullcontext() if home is not None else embedded_chains(layout, note)
        try:
            with chains:
                done = act(load_settings(home or layout.gateway), wanted, note)
        except RegsealError as error:
            raise LocalError(error.detail, _FIXES.get(error.slug)) from None
        emit(_data(done), list(_lines(done)), as_json=as_json)
    if done.lost and not done.asked:
        raise typer.Exit(1)


_FIXES = {
    "start-refused": "stop the service (regseal down), then again; or: regseal doctor",
    "chain-away": "start the chain; regseal doctor names what is wrong",
    "mirror-unreadable": "put the master.key back that was in use when the mirror was made",
}


def _data(done: Recovered) -> dict[str, Any]:
    return {
        "done": done.done,
        "logs": [
            {
                "origin": plan.origin,
                "in_database": plan.have,
                "after": plan.size,
                "head_file": plan.head_file,
                "chain": plan.chain,
                "mirror": str(plan.mirror.home) if plan.mirror else None,
                "records": plan.types,
                "erased": len(plan.blank),
                "lost": [plan.size, plan.known - 1] if plan.known > plan.size else None,
            }
            for plan in done.logs
        ],
        "without_head_file": done.headless,
        "ended_operations": done.operations,
        "ask_again": done.undecided,
        "without_content_unexplained": done.unexplained,
        "aborted_uploads": done.uploads,
        "pilots_lost": done.pilots,
        "register_lost": done.register,
        "erased_again": done.erased,
        "acts": [act.kind.value for act in done.asked],
    }


def _lines(done: Recovered) -> Iterator[str]:
    for plan in done.logs:
        yield from _log_lines(plan)
    for origin in done.headless:
        if not done.asked:
            yield f"no head       {origin} is not in the head file: put gateway/heads back, or --without-head-file"
    if any(plan.missing for plan in done.logs):
        yield "not restored  tokens, people, operations, uploads and materials of the time since the backup:"
        yield "              issue tokens again, and revoke again those that were revoked since"
    for each in done.unexplained:
        yield f"no content    {each}: no leaf says that it was erased; another mirror may have it (--mirror, repeated)"
    yield from (f"ask again     {each}: it was asked for and not decided" for each in done.undecided)
    yield from (f"ended         operation {each}, as the log tells" for each in done.operations)
    yield from (f"aborted       upload {each}: its acknowledgements tell what stands" for each in done.uploads)
    yield from (f"pilots        {each}: lost; hand it in again" for each in done.pilots)
    yield from (f"register      {each}" for each in done.register)
    for act in done.asked:
        yield f"asked         {act.kind.value} {act.origin} at {act.size}: all witnesses must agree at the next start"
    yield (
        "done          regseal up, then in another terminal regseal fsck --mirror HOME"
        if done.done
        else "--dry-run: nothing was changed"
    )


def _log_lines(plan: LogPlan) -> Iterator[str]:
    told = f"database {plan.have}, head file {_known(plan.head_file)}, chain {plan.chain}"
    yield f"{plan.origin}   {told}"
    if plan.missing:
        kinds = ", ".join(f"{count} {name}" for name, count in sorted(plan.types.items()))
        erased = f"; {len(plan.blank)} without content" if plan.blank else ""
        where = plan.mirror.home if plan.mirror else ""
        yield f"  put back    {plan.have} to {plan.size - 1} from {where}: {kinds}{erased}"
    if plan.known > plan.size:
        yield f"  lost        {plan.size} to {plan.known - 1}: known to the head file; no mirror has them, no witness"
        yield "              signed them, no anchor covers them. Whoever has an acknowledgement can prove it."
        yield f"              go on without them: --log {plan.origin} --accept-loss-after {plan.size} --reason …"


def _known(size: int | None) -> str:
    return "lost" if size is None else str(size)
