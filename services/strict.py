"""YAML as rulebooks, their settings and calendars are written: a small strict part of it, every value with its line.

Plain scalars are `true`, `false`, `null`, decimal integers or text; nothing else is guessed (no dates, no `yes`).
Anchors, aliases, tags, duplicate keys and fractions are refused.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn, TypeAlias

import yaml

__all__ = ["Part", "StrictError", "read"]

Value: TypeAlias = "dict[str, Part] | list[Part] | str | int | bool | None"

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same, in C, where it was built
_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,14})")
_MAX_DEPTH = 12
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_FRACTION = re.compile(r"[-+]?[0-9]*\.[0-9]+|[-+]?[0-9]+\.[0-9]*")
_WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "": None}


class StrictError(ValueError):
    """A file is wrong; says which, on which line, at which path, and what."""

    def __init__(self, file: str, line: int, path: str, complaint: str) -> None:
        where = f"{file}:{line}: {path}: " if path else f"{file}:{line}: "
        super().__init__(where + complaint)
        self.file, self.line, self.path, self.complaint = file, line, path, complaint


@dataclass(frozen=True, slots=True)
class Part:
    """A value and where it stands. The readers return it as what it must be, or raise StrictError."""

    value: Value
    file: str
    line: int
    path: str

    def wrong(self, complaint: str) -> NoReturn:
        """Raises StrictError for this place."""
        raise StrictError(self.file, self.line, self.path, complaint)

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value.strip():
            self.wrong(f"expected text, got {self._shown()}")
        return self.value

    def integer(self, minimum: int = 0, maximum: int = 2**31) -> int:
        """An integer between the two, inclusive."""
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            self.wrong(f"expected an integer, got {self._shown()}")
        if not minimum <= self.value <= maximum:
            self.wrong(f"expected {minimum} to {maximum}, got {self.value}")
        return self.value

    def boolean(self) -> bool:
        """`true` or `false`."""
        if not isinstance(self.value, bool):
            self.wrong(f"expected true or false, got {self._shown()}")
        return self.value

    def items(self) -> list["Part"]:
        """The members of a list; a single text counts as a list of one."""
        if isinstance(self.value, str):
            return [self]
        if not isinstance(self.value, list):
            self.wrong(f"expected a list, got {self._shown()}")
        return self.value

    def texts(self) -> tuple[str, ...]:
        """A list of texts without repetitions."""
        found = tuple(item.text() for item in self.items())
        if len(set(found)) != len(found):
            self.wrong("an entry is repeated")
        return found

    def members(self) -> dict[str, "Part"]:
        """A mapping with keys of the author's choice, in the author's order."""
        if not isinstance(self.value, dict):
            self.wrong(f"expected a mapping, got {self._shown()}")
        return self.value

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, "Part"]:
        """A mapping that has all the required keys and no key beyond the optional ones."""
        found = self.members()
        for key, part in found.items():
            if key not in required and key not in optional:
                part.wrong(f"unknown key; expected some of {', '.join(sorted({*required, *optional}))}")
        if missing := [key for key in required if key not in found]:
            self.wrong(f"missing: {', '.join(missing)}")
        return found

    def one_of(self, choices: Collection[str], what: str) -> str:
        """A text that is one of `choices`."""
        chosen = self.text()
        if chosen not in choices:
            self.wrong(f"unknown {what} {chosen!r}")
        return chosen

    def plain(self) -> object:
        """The value without its places, as JSON would have it."""
        if isinstance(self.value, dict):
            return {key: part.plain() for key, part in self.value.items()}
        if isinstance(self.value, list):
            return [part.plain() for part in self.value]
        return self.value

    def _shown(self) -> str:
        match self.value:
            case dict():
                return "a mapping"
            case list():
                return "a list"
            case None:
                return "nothing"
        return repr(self.value)


def read(text: str, file: str) -> Part:
    """The root of a YAML document; StrictError names the line of what is wrong."""
    try:
        events = iter(yaml.parse(text, Loader=_LOADER))
        root = _Reader(events, file).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise StrictError(file, mark.line + 1 if mark else 1, "", f"not YAML: {error.problem}") from None
    except yaml.YAMLError as error:
        raise StrictError(file, 1, "", f"not YAML: {error}") from None
    return root


class _Reader:
    """Makes parts of the events of a parser, one document."""

    def __init__(self, events: Iterator[yaml.Event], file: str) -> None:
        self._events = events
        self._file = file
        self._depth = 0

    def document(self) -> Part:
        """The root; refuses an empty file and a second document."""
        next(self._events)  # the stream begins
        if isinstance(next(self._events), yaml.StreamEndEvent):
            raise StrictError(self._file, 1, "", "the file is empty")
        root = self._part(next(self._events), "")
        next(self._events)  # the document ends
        further = next(self._events)
        if not isinstance(further, yaml.StreamEndEvent):
            raise self._wrong(further, "", "a second document")
        return root

    def _part(self, event: yaml.Event, path: str) -> Part:
        self._refuse_extras(event, path)
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(event, path, "nested too deep")
        value: Value
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        else:
            value = self._scalar(event, path)
        self._depth -= 1
        return Part(value, self._file, event.start_mark.line + 1, path)

    def _sequence(self, path: str) -> list[Part]:
        found: list[Part] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            found.append(self._part(event, f"{path}[{len(found)}]"))
        return found

    def _mapping(self, path: str) -> dict[str, Part]:
        found: dict[str, Part] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._refuse_extras(event, path)
            if not isinstance(event, yaml.ScalarEvent):
                raise self._wrong(event, path, "a key is not a text")
            name: str = event.value
            if name in found:
                raise self._wrong(event, path, f"duplicate key {name!r} (first on line {found[name].line})")
            found[name] = self._part(next(self._events), f"{path}.{name}" if path else name)
        return found

    def _scalar(self, event: yaml.ScalarEvent, path: str) -> str | int | bool | None:
        text: str = event.value
        if _UNPRINTABLE.search(text):
            raise self._wrong(event, path, "line breaks, control characters and lone surrogates are not used here")
        if event.style:  # quoted, or a block
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INTEGER.fullmatch(text):
            return int(text)
        if _FRACTION.fullmatch(text):
            raise self._wrong(event, path, f"{text} is a fraction; quote it if it is text")
        return text

    def _refuse_extras(self, event: yaml.Event, path: str) -> None:
        tagged = getattr(event, "tag", None) not in {None, "!"}
        if tagged or isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._wrong(event, path, "anchors, aliases and tags are not used here")

    def _wrong(self, event: yaml.Event, path: str, complaint: str) -> StrictError:
        return StrictError(self._file, event.start_mark.line + 1, path, complaint)
