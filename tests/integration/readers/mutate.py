"""Small changes to receipts and trust files, of the kinds that two implementations may judge differently."""

import copy
from collections.abc import Iterator
from random import Random
from typing import Any

Path = tuple[str | int, ...]
# white space, controls, format characters and separators that implementations may class differently
_CHARACTERS: list[str] = [*"\x7f\x80\x85\xa0\u200b\u2028\ufeff\u180e\x1c\t\n +-/~[0=—A%é😀", "\n\n", ""]
_BYTES = bytes.fromhex("00017f8081a0b7b8b9c0c1f7f8f9ff")
_JSON = b'{}[]",:0123456789eE.-+tfn\\u/ \x00\x7f\xff\xc3\xef'
_NAMES = ["x", "", "~", "a/b", "[0]", "__proto__", "constructor", "é"]


def document(value: Any, random: Random) -> Any:
    """A copy of a JSON document with one to three places changed."""
    changed = copy.deepcopy(value)
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        *above, last = random.choice([path for path in _paths(changed) if path] or [("format",)])
        parent = _at(changed, tuple(above))
        parent[last] = _value(parent[last], changed, random)
    return changed


def raw(data: bytes, random: Random) -> bytes:
    """The text with one or two bytes changed, added or taken away."""
    changed = bytearray(data)
    for _ in range(random.randrange(1, 3)):
        at = random.randrange(len(changed))
        changed[at : at + random.randrange(2)] = random.choice((b"", bytes((random.choice(_JSON),))))
    return bytes(changed)


def _paths(value: Any, path: Path = ()) -> Iterator[Path]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _paths(item, (*path, key))


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = value[key]
    return value


def _value(value: Any, root: Any, random: Random) -> Any:
    if random.random() < 0.2:
        return copy.deepcopy(_at(root, random.choice(list(_paths(root)))))
    return _of_kind(value, random)


def _of_kind(value: Any, random: Random) -> Any:
    match value:
        case str():
            return _hex(value, random) if value.startswith("0x") and random.random() < 0.8 else _text(value, random)
        case list():
            return _list(value, random)
        case dict():
            return _object(value, random)
        case bool() | None:
            return random.choice((not value, 0, 1, "", [], {}))
    return random.choice((value + 1, value - 1, 0, 1, -1, 63, 64, value + 1024, 2**53 - 1, 2**53))


def _hex(value: str, random: Random) -> str:
    try:
        data = bytearray.fromhex(value[2:])
    except ValueError:
        return value[:-1]
    at = random.randrange(len(data) + 1)
    data[at : at + random.randrange(3)] = bytes(random.choice(_BYTES) for _ in range(random.randrange(3)))
    return f"0x{data.hex()}"


def _text(value: str, random: Random) -> str:
    at, lines = random.randrange(len(value) + 1), value.split("\n")
    match random.randrange(4):
        case 0:
            return value[:at] + random.choice(_CHARACTERS) + value[at:]
        case 1:
            return value[:at] + value[at + 1 :]
        case 2:
            lines.insert(random.randrange(len(lines) + 1), random.choice(lines))
        case _:
            del lines[random.randrange(len(lines))]
    return "\n".join(lines)


def _list(value: list[Any], random: Random) -> list[Any]:
    at = random.randrange(len(value) + 1)
    match random.randrange(4):
        case 0:
            return random.sample(value, len(value))
        case 1:
            return value[:at] + value[at + 1 :]
        case 2:
            return value[:at] + copy.deepcopy(value[:1]) + value[at:]
        case _:
            return [*value, random.choice((None, 0, "", [], {}))]


def _object(value: dict[str, Any], random: Random) -> dict[str, Any]:
    changed, names = dict(value), list(value)
    if not names or random.random() < 0.3:
        return changed | {random.choice(_NAMES): random.choice((0, "", {}, [], None))}
    name = random.choice(names)
    item = changed.pop(name)
    return changed if random.random() < 0.5 else changed | {_text(name, random): item}
