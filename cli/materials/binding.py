"""Stored files become records: one manifest, or the parts of a set; each exactly once, whatever kills the process."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from cli.materials.files import Found
from cli.materials.journal import Journal
from cli.party import Party, fresh_key
from cli.record import keep_acknowledgement, submission

if TYPE_CHECKING:
    from pathlib import Path

    from chain.proof.manifest import FileEntry

_ROOM = 2_048
"""Canonical bytes that a record's other members may take."""
_REMEMBERED = timedelta(days=29)
"""The service forgets idempotency keys after 30 days; beyond that nobody could tell whether a record was made."""
_NOT_OURS = frozenset((401, 403, 429))


def begin(
    who: Party, files: Sequence[Found], entries: Sequence[FileEntry], journal: Journal, options: dict[str, Any]
) -> dict[str, Any]:
    """Fixes what is bound, durably, before the first record is sent. FormatError when it does not fit.

    ``options``: log, key, subject, title, signer, version, as they were given.
    """
    from chain.party.clock import rfc3339, system_now
    from chain.proof.canonical import MAX_BYTES
    from chain.proof.manifest import bodies_of

    record = {"type": "material.manifest", "subject": options["subject"], "occurred_at": rfc3339(system_now())}
    bodies = bodies_of(entries, title=options["title"], room=MAX_BYTES - _ROOM)
    binding = {
        "idempotency_key": fresh_key(),
        "options": options,
        "record": record | {"actor": who.settings.get("institution", "")},
        "bodies": bodies,
        "files": [[file.place, file.size, file.modified] for file in files],
    }
    journal.bind(binding)
    return binding


def require_same(binding: dict[str, Any], options: dict[str, Any], journal: Journal) -> None:
    """ConfigError when the broken submission was begun with other options or too long ago."""
    from chain.party.clock import system_now
    from chain.party.errors import ConfigError

    differing = [name for name, value in options.items() if binding["options"].get(name) != value]
    if differing:
        began = binding["record"]["occurred_at"]
        given = ", ".join(f"--{name} {binding['options'].get(name)}" for name in differing)
        raise ConfigError(
            f"a submission of these files, begun {began} with {given}, is not finished; repeat it with those options, "
            f"or remove {journal.place} if its records do not matter"
        )
    began = binding["record"]["occurred_at"]
    if system_now() - datetime.fromisoformat(began) > _REMEMBERED:
        raise ConfigError(
            f"a submission of these files, begun {began}, was broken off too long ago to be gone on with: look into "
            f"`regseal record list` whether it was recorded, then remove {journal.place}"
        )


def send(who: Party, binding: dict[str, Any], journal: Journal, key: Path | None) -> list[dict[str, Any]]:
    """Submits each part and keeps its acknowledgement. A part that was taken before is answered as it was then."""
    from chain.party.errors import ApiProblem

    answers: list[dict[str, Any]] = []
    for number, body in enumerate(binding["bodies"], 1):
        said = submission(who, {**binding["record"], "body": body}, binding["options"]["log"], key)
        try:
            _, answer = who.api.post("/v1/records", said, idempotency_key=f"{binding['idempotency_key']}-{number}")
        except ApiProblem as problem:
            if not answers and problem.status < 500 and problem.status not in _NOT_OURS:
                journal.unbind(forget="material" in str(problem.problem.get("field", "")))
            raise
        done: dict[str, Any] = dict(answer)  # type: ignore[call-overload]
        keep_acknowledgement(who, done)
        answers.append(done)
    return answers


def changed_since(binding: dict[str, Any], files: Sequence[Found]) -> bool:
    """Whether the files are others by now than those that were bound."""
    now = [[file.place, file.size, file.modified] for file in files]
    return bool(now != binding["files"])
