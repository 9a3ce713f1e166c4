"""`python -m cli.local.serve FD`: migrates, then runs the service on a listening socket that its supervisor holds.

The socket outlives the process: nobody else can take the port between two starts, and whoever calls meanwhile waits
for the next process instead of being refused.
"""

from __future__ import annotations

import gc
import socket
import sys

import uvicorn

from cli.local.errors import LocalError
from cli.local.migrate import migrate_home
from services.platform.errors import StartRefused


def main(descriptor: int) -> None:
    """Serves until SIGTERM."""
    gc.disable()  # nothing of what is loaded becomes garbage, and looking through it again and again takes its time
    try:
        migrate_home(None, lambda line: print(line, flush=True))
    except LocalError as error:
        raise SystemExit(f"{error}\n  fix: {error.fix}") from None
    config = uvicorn.Config(
        "api.app:create_app", factory=True, access_log=False, log_level="warning", timeout_graceful_shutdown=5
    )
    try:
        config.load()
    except StartRefused as error:  # in a sentence, not in a traceback
        raise SystemExit(error.detail) from None
    gc.freeze()
    gc.enable()
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
