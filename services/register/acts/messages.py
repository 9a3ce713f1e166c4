"""An act between the contract's values and the text that rows and typed data hold."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from enum import IntEnum
from functools import cache
from typing import Any, get_args, get_origin, get_type_hints

from services.platform.ids import from_bytes16
from services.register.rules import acts
from services.register.rules.values import Terms

__all__ = ["accounts_of", "act_of", "securities_of"]

_PARTIES = ("investor", "investors", "giver", "taker")
_SAID = {"giver": "from", "taker": "to"}


def act_of(struct: str, message: Mapping[str, Any]) -> acts.Act:
    """The act that a stored message says (what :func:`acts.message` made, JSON-safe)."""
    found: acts.Act = _filled(getattr(acts, struct), message)
    return found


def accounts_of(act: acts.Act) -> list[str]:
    """The accounts that an act is about, each once."""
    found: dict[str, None] = {}
    for name in _PARTIES:
        value = getattr(act, name, ())
        for one in (value,) if isinstance(value, bytes) else value:
            found[from_bytes16("acc", one)] = None
    return list(found)


def securities_of(act: acts.Act) -> list[str]:
    """The security that an act is about, if it is about one."""
    value = getattr(act, "security", None)
    return [] if value is None else [from_bytes16("sec", value)]


def _filled(kind: Any, message: Mapping[str, Any]) -> Any:
    """Terms stand in the message themselves, member by member."""
    return kind(
        **{
            name: _filled(Terms, message) if read is None else read(message[named])
            for name, named, read in _members(kind)
        }
    )


@cache
def _members(kind: Any) -> Sequence[tuple[str, str, Callable[[Any], Any] | None]]:
    """Of an act or of terms: its name, its name in the message, what reads its value (None of terms)."""
    hints = get_type_hints(kind)
    names = [each.name for each in fields(kind)]
    return [(name, _named(name), None if hints[name] is Terms else _reader(hints[name])) for name in names]


def _named(field: str) -> str:
    head, *rest = _SAID.get(field, field).split("_")
    return head + "".join(word.title() for word in rest)


def _reader(hint: Any) -> Callable[[Any], Any]:
    """Made once: an act may say two hundred values of a kind."""
    if get_origin(hint) is tuple:
        one = _reader(get_args(hint)[0])
        return lambda value: tuple(map(one, value))
    if hint is bytes:
        return lambda value: bytes.fromhex(value[2:])
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return lambda value: hint(int(value))
    return (lambda value: value) if hint is bool else hint
