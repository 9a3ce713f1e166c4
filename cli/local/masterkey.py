"""`regseal master-key rotate | drop-old`: replaces the key that wraps all others, with the service stopped."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from cli.local.commands import VarOption, _layout, _plain
from cli.local.errors import LocalError
from cli.local.layout import Layout, shown
from cli.output import Json, emit

if TYPE_CHECKING:
    from services.platform.settings import Settings

T = TypeVar("T")


def register(app: typer.Typer) -> None:
    """Adds `master-key` with its two acts."""
    master = typer.Typer(name="master-key", help="Replace the key that wraps all others (service stopped). 主密钥")
    master.command("rotate")(rotate)
    master.command("drop-old")(drop_old)
    app.add_typer(master)


def rotate(var: VarOption = None, as_json: Json = False) -> None:
    """Make a new master key and wrap every data key, log key and stream secret with it, all at once or not at all.

    No record is encrypted anew. The old key stays in the file until `master-key drop-old`.
    """
    from services.masterkey import rotate as act

    with _plain(as_json=as_json):
        layout = _layout(var)
        done = _on(layout, act)
        lines = (
            f"master key     {done.master_id} now wraps all {done.rewrapped} keys",
            f"old            {', '.join(done.old_ids)}   (nothing in the database needs it any more)",
            f"next           copy {shown(layout.gateway / 'master.key')} to the safe and back up the database;",
            "               then: regseal master-key drop-old",
        )
        emit(
            {"master_id": done.master_id, "old": list(done.old_ids), "rewrapped": done.rewrapped},
            lines,
            as_json=as_json,
        )


def drop_old(var: VarOption = None, as_json: Json = False) -> None:
    """Remove the old master keys from the file. Refused while anything in the database is wrapped by one of them."""
    from services.masterkey import drop_old as act

    with _plain(as_json=as_json):
        dropped = _on(_layout(var), act)
        lines = (
            f"dropped        {dropped} old master key{'' if dropped == 1 else 's'}",
            "remember       older backups of the database open only with the old key: keep it in the safe as long as",
            "               you keep them, and destroy both together",
        )
        emit({"dropped": dropped}, lines, as_json=as_json)


def _on(layout: Layout, act: Callable[[Settings], T]) -> T:
    from services.platform.errors import StartRefused, Unavailable
    from services.platform.settings import load_settings

    try:
        return act(load_settings(layout.gateway))
    except StartRefused as error:
        raise LocalError(error.detail, "stop the service (regseal down), then again; or: regseal doctor") from None
    except Unavailable as error:
        raise LocalError(
            f"{error.detail} Nothing was changed in the database.", "put master.key back from the safe"
        ) from None
