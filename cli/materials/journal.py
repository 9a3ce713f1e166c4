"""What a party remembers of a submission, so that after any break the same command goes on where it was.

One folder for each set of paths and each service, under `uploads/` of the party's:

    files.ndjson    a line for each file: announced, stored (appended; a torn last line is none)
    binding.json    written once everything is stored: what is bound, when, under which idempotency keys
    lock            held by the process that submits

As long as there is a binding, it is what goes on, whatever the folder holds by now: some of its records may exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.party.durable import only_process, write_private
from chain.party.errors import ConfigError
from chain.proof.hashing import sha256

if TYPE_CHECKING:
    from cli.materials.files import Found

_FORMAT = "regseal/submission@v1"


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a file: its material, and once it is stored type and digests."""

    material: str
    stored: Mapping[str, Any] | None


class Journal:
    """The memory of one submission."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files = folder / "files.ndjson"
        self._binding = folder / "binding.json"
        self._known = {str(line["place"]): line for line in self._lines()}
        self._sink = self._files.open("ab")
        if self._sink.tell():
            self._sink.write(b"\n")  # after a line that was torn; an empty one says nothing

    def known(self, file: Found) -> Known | None:
        """What is known of exactly this file; None of one that is new or changed."""
        line = self._known.get(file.place)
        if line is None or (line.get("size"), line.get("modified")) != (file.size, file.modified):
            return None
        return Known(str(line["material"]), line.get("stored"))

    def note(self, file: Found, material: str, stored: Mapping[str, Any] | None = None) -> None:
        """Remembers a file. What a power cut takes of this is sent again, and no more."""
        line = {"place": file.place, "size": file.size, "modified": file.modified, "material": material}
        self._append(line | {"stored": stored} if stored is not None else line)

    def forget(self, file: Found) -> None:
        """The file is not what was sent."""
        self._append({"place": file.place})

    @property
    def binding(self) -> dict[str, Any] | None:
        """What was begun to be bound."""
        try:
            found = json.loads(self._binding.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            found = None
        if not isinstance(found, dict) or found.get("format") != _FORMAT:
            raise ConfigError(f"{self._binding} is not what was written there; remove it to begin anew")
        return found

    def bind(self, binding: Mapping[str, Any]) -> None:
        """From now on it is this that goes on; durable before the first record is sent."""
        write_private(self._binding, json.dumps({"format": _FORMAT, **binding}, ensure_ascii=False).encode())

    def unbind(self, *, forget: bool) -> None:
        """Nothing of it was recorded: the next run begins anew, with ``forget`` from the first byte."""
        self._binding.unlink(missing_ok=True)
        if forget:
            self._files.unlink(missing_ok=True)

    def close(self) -> None:
        """Lets go of it; what is remembered stays."""
        self._sink.close()

    def done(self) -> None:
        """All is bound and acknowledged; the binding goes first, for without it nothing is sent twice."""
        self._binding.unlink(missing_ok=True)
        self._sink.close()
        for each in (self._files, self._folder / "lock"):
            each.unlink(missing_ok=True)
        self._folder.rmdir()

    @property
    def place(self) -> Path:
        """Where the binding lies, for whoever has to remove it."""
        return self._binding

    def _append(self, line: Mapping[str, Any]) -> None:
        self._known[str(line["place"])] = dict(line)
        self._sink.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
        self._sink.flush()

    def _lines(self) -> Iterator[dict[str, Any]]:
        if not self._files.exists():
            return
        with self._files.open(encoding="utf-8", errors="replace") as file:
            for text in file:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if isinstance(line, dict) and isinstance(line.get("place"), str):
                    yield line


@contextmanager
def journal_of(home: Path, url: str, paths: Sequence[Path]) -> Iterator[Journal]:
    """The journal of these paths with this service, for this process alone. ConfigError when another has it."""
    named = "\0".join([url, *sorted(str(path.resolve()) for path in paths)])
    folder = home / "uploads" / sha256(named.encode("utf-8", "surrogateescape")).hex()[:32]
    with only_process(folder):
        journal = Journal(folder)
        try:
            yield journal
        finally:
            journal.close()
