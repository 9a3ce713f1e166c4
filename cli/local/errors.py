"""What stops a local command: one line of what is wrong, one of what to do."""

from __future__ import annotations


class LocalError(Exception):
    """`str()` is the whole message; `fix` is shown on a line of its own."""

    def __init__(self, message: str, fix: str | None = None) -> None:
        super().__init__(message)
        self.fix = fix
