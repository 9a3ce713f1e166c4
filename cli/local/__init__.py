"""Commands that work on this machine's own installation: up, down, init, migrate, master-key and the others.

The only part of the command line that may reach into `services` and `chain`.
"""

from __future__ import annotations

import typer


def register(app: typer.Typer) -> None:
    """Adds the commands; what they need is imported when they run."""
    from cli import log
    from cli.local import chain, commands, fsck, masterkey, recover

    for name in ("up", "down", "status", "doctor", "init", "deploy", "access", "migrate"):
        app.command(name)(getattr(commands, name))
    app.command(name="sample-time")(commands.sample_time)
    app.command(name="fsck")(fsck.fsck)
    log.app.command(name="recover")(recover.recover)
    masterkey.register(app)
    chain.register(app)
