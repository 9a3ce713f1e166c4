"""`python -m cli.local.serve FD`: the service on a listening socket that its supervisor holds.

The socket outlives the process: nobody else can take the port between two starts, and whoever calls meanwhile waits
for the next process instead of being refused.
"""

from __future__ import annotations

import socket
import sys

import uvicorn


def main(descriptor: int) -> None:
    """Serves until SIGTERM."""
    config = uvicorn.Config(
        "api.app:create_app", factory=True, access_log=False, log_level="warning", timeout_graceful_shutdown=5
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
