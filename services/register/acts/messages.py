"""An act between the contract's values and the text that rows and typed data hold."""

from collections.abc import Mapping
from dataclasses import fields
from enum import IntEnum
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
    hints = get_type_hints(kind)
    return kind(
        **{
            each.name: _filled(Terms, message)
            if hints[each.name] is Terms
            else _value(hints[each.name], message[_named(each.name)])
            for each in fields(kind)
        }
    )


def _named(field: str) -> str:
    head, *rest = _SAID.get(field, field).split("_")
    return head + "".join(word.title() for word in rest)


def _value(hint: Any, value: Any) -> Any:
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], each) for each in value)
    if hint is bytes:
        return bytes.fromhex(value[2:])
    if isinstance(hint, type) and issubclass(hint, IntEnum):
        return hint(int(value))
    return value if hint is bool else hint(value)
