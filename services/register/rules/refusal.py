"""The register's no: the contract's error by its name, with its arguments under their names in the ABI."""

from collections.abc import Mapping

__all__ = ["Refused", "Value"]

Value = int | str | bytes
"""Ids are bytes, roles and addresses text."""


class Refused(Exception):
    """The first check that fails is the reason."""

    def __init__(self, error: str, /, **arguments: Value) -> None:
        shown = ", ".join(f"{name} {_plain(value)}" for name, value in arguments.items())
        super().__init__(f"{error}({shown})")
        self.error = error
        self.arguments: Mapping[str, Value] = arguments


def _plain(value: Value) -> int | str:
    return value.hex() if isinstance(value, bytes) else value
