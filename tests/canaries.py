"""Strings that stand nowhere else, put where personal data goes, and the search for them in whatever is left behind."""

import base64
import json
import random
from collections.abc import Iterator
from pathlib import Path

_SURNAMES, _GIVEN = "欧阳司徒诸葛慕容", "鱻麤靐龘驫飍"
_NAMED, _NUMBERED = "燚犇骉羴", "7731415926"
"""Part of every name, and of every number: what is looked for first."""


class Canaries:
    """Strings that stand nowhere else, by the field that they went into."""

    def __init__(self) -> None:
        self._chance = random.SystemRandom()
        self.sent: dict[str, str] = {}

    def name(self, field: str) -> str:
        """A person's name."""
        given = "".join(self._chance.sample(_GIVEN, 3))
        return self._keep(field, self._chance.choice(_SURNAMES) + _NAMED + given)

    def number(self, field: str, head: str = "440300") -> str:
        """The number of an identity card, a telephone or an account, by its head."""
        return self._keep(field, head + _NUMBERED + "".join(self._chance.choice("0123456789") for _ in range(6)))

    def text(self, field: str) -> str:
        """Free text."""
        return self._keep(field, f"家住{self.name(field + ', name in text')}路{self._chance.getrandbits(48):012x}号")

    def _keep(self, field: str, value: str) -> str:
        self.sent[field] = value
        return value

    def found_in(self, data: bytes) -> list[str]:
        """The fields whose canary stands in the data, in one of the ways a text is written."""
        lower = data.lower()
        if not any(way in lower for part in (_NAMED, _NUMBERED) for way in _ways(part)):
            return []
        found = [field for field, value in self.sent.items() if any(way in lower for way in _ways(value))]
        return found or ["a part of one"]


def _ways(value: str) -> Iterator[bytes]:
    plain = value.encode()
    yield plain.lower()
    yield json.dumps(value)[1:-1].encode().lower()
    yield value.encode("utf-16-le").lower()
    yield plain.hex().encode()
    yield "".join(f"%{byte:02x}" for byte in plain).encode()
    for shift in range(3):  # the middle of it, whatever stands before
        yield base64.b64encode(b"\0" * shift + plain)[4 * (shift > 0) : -4].lower()


class Search:
    """Where which canaries were found."""

    def __init__(self, said: Canaries) -> None:
        self._said = said
        self.found: dict[str, list[str]] = {}
        self.looked = 0

    def into(self, name: str, data: bytes) -> None:
        self.looked += 1
        if found := self._said.found_in(data):
            self.found[name] = found

    def through(self, folder: Path) -> None:
        for file in sorted(folder.rglob("*")):
            if file.is_file() and not file.is_symlink():
                self.into(str(file.relative_to(folder)), file.read_bytes())
