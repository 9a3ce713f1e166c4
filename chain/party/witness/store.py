"""What a witness must never forget about a log, on disk before anything it signed leaves the process.

`logs/<keccak256 of the origin>/`: `head.note` (the last checkpoint, with all its signatures), `checkpoints/` (every one
it accepted), `cosigned/` (what it posted over them), `pins.json` (the log's keys), `alarm.json`. `evidence/`: what was
seen when it refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain.party.durable import private_folder, read_optional, write_json, write_private
from chain.party.errors import ConfigError
from chain.party.witness.refusal import Alarm, Refusal
from chain.proof.canonical import canonical
from chain.proof.checkpoint import Checkpoint
from chain.proof.encoding import to_hex
from chain.proof.ethereum import log_id
from chain.proof.hashing import sha256
from chain.proof.note import VerifierKey, parse_note

EVIDENCE_MAX = 1_000
"""Pieces of evidence about mere refusals that are kept."""

SHARD = 65_536
"""Checkpoints and attestations are kept in folders of this many sizes or block numbers."""


@dataclass(frozen=True)
class Head:
    """A checkpoint and the signed note that carried it."""

    checkpoint: Checkpoint
    note: str


@dataclass(frozen=True)
class KeyRange:
    """From this size on the log's checkpoints are signed by this key."""

    from_size: int
    key: VerifierKey


class LogStore:
    """The durable memory about one log."""

    def __init__(self, home: Path, origin: str) -> None:
        self.origin = origin
        self.log_id = log_id(origin)
        self.folder = private_folder(home / "logs" / to_hex(self.log_id))
        self._head = self._read(self.folder / "head.note")

    @property
    def head(self) -> Head | None:
        """The last checkpoint that was accepted."""
        return self._head

    def at(self, size: int) -> Head | None:
        """The checkpoint of exactly this size, if one was accepted."""
        return self._read(self._checkpoint_file(size))

    def advance(self, head: Head) -> None:
        """Makes `head` the last one. The caller has checked that it extends the one before, under the home's lock."""
        write_private(self._checkpoint_file(head.checkpoint.size), head.note.encode())
        write_private(self.folder / "head.note", head.note.encode())
        self._head = head

    def keep_cosigned(self, size: int, note: str) -> None:
        """Keeps what was posted first over a head: a service that lost it is given it back by a recovery."""
        path = cosigned_file(self.folder, size)
        if not path.exists():
            write_private(path, note.encode())

    def pins(self) -> tuple[KeyRange, ...]:
        """The log's keys as pinned, by first size; none before the first use."""
        data = read_optional(self.folder / "pins.json")
        if data is None:
            return ()
        try:
            return tuple(KeyRange(int(one["from_size"]), VerifierKey.parse(one["vkey"])) for one in json.loads(data))
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{self.folder / 'pins.json'} is damaged") from error

    def pin(self, ranges: Sequence[KeyRange]) -> None:
        """Remembers the log's keys."""
        body = [{"from_size": one.from_size, "vkey": one.key.format()} for one in ranges]
        write_json(self.folder / "pins.json", body)

    def alarm(self) -> Mapping[str, object] | None:
        """The alarm that stands, if any."""
        data = read_optional(self.folder / "alarm.json")
        if data is None:
            return None
        try:
            body = json.loads(data)
        except ValueError:
            body = None
        return body if isinstance(body, dict) else {"kind": "damaged", "detail": "alarm.json cannot be read"}

    def raise_alarm(self, body: Mapping[str, object]) -> None:
        """Lets an alarm stand; the first one stays."""
        if self.alarm() is None:
            write_json(self.folder / "alarm.json", dict(body))

    def clear_alarm(self) -> None:
        """A person has looked. The evidence stays."""
        (self.folder / "alarm.json").unlink(missing_ok=True)

    def _checkpoint_file(self, size: int) -> Path:
        return self.folder / "checkpoints" / str(size // SHARD) / f"{size}.note"

    def _read(self, path: Path) -> Head | None:
        data = read_optional(path)
        if data is None:
            return None
        note = parse_note(data)
        checkpoint = Checkpoint.parse(note.text)
        if checkpoint.origin != self.origin:
            raise ConfigError(f"{path} is a checkpoint of {checkpoint.origin}")
        return Head(checkpoint, note.format())


def cosigned_file(folder: Path, size: int) -> Path:
    """Where a log's folder keeps this witness's cosignature of a head."""
    return folder / "cosigned" / str(size // SHARD) / f"{size}.note"


def keep_evidence(home: Path, subject: str, refusal: Refusal, *, at: str) -> Path | None:
    """Writes what was seen, once: the same material gives the same file name. None when there is nothing to keep.

    Whoever is refused chooses what is kept and could fill the disk with it, so of refusals only the first are. Proofs
    of misbehaviour are kept whatever there is.
    """
    if refusal.evidence is None:
        return None
    digest = sha256(subject.encode() + b"\n" + canonical(refusal.evidence))
    path = home / "evidence" / f"{refusal.kind}-{digest.hex()[:16]}.json"
    if not path.exists():
        if not isinstance(refusal, Alarm) and sum(1 for _ in path.parent.glob("*.json")) >= EVIDENCE_MAX:
            return None
        body = {"kind": refusal.kind, "subject": subject, "detail": refusal.detail, "seen_at": at}
        write_json(path, {**body, "material": refusal.evidence})
    return path
