"""The closing heads of a lost chain, kept outside the database: a database restored later must not know less."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from chain.party.durable import read_optional, write_json
from chain.proof.checkpoint import check_origin
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES
from services.evidence.epochs import repository
from services.evidence.heads import Head
from services.evidence.repository import logs
from services.platform.errors import StartRefused

__all__ = ["closing_heads", "require_newest", "write_closing"]


def write_closing(session: Session, path: Path) -> int:
    """Writes the last head of each log that stood on the chain, as the database knows it; how many logs."""
    heads = [Head(*each) for each in repository.last_heads(session)]
    body = [{"origin": head.origin, "size": head.size, "root": to_hex(head.root)} for head in heads]
    write_json(path, {"heads": body})
    return len(heads)


def require_newest(session: Session, heads: Mapping[str, Head]) -> None:
    """StartRefused when the database is older than its head file ``heads``."""
    rows = {row.origin: row.size for row in logs(session)}
    for origin, head in heads.items():
        if rows.get(origin, 0) < head.size:
            raise StartRefused(
                f"The database is older than its head file: {origin} has {rows.get(origin, 0)} leaves, "
                f"the head file says {head.size}. Put the newest database back, or recover the log, first."
            )


def closing_heads(paths: Iterable[Path]) -> dict[str, Head]:
    """The largest of each log over all lost chains. StartRefused for a file that is missing or damaged."""
    found: dict[str, Head] = {}
    for path in paths:
        for head in _read(path):
            if head.origin not in found or found[head.origin].size < head.size:
                found[head.origin] = head
    return found


def _read(path: Path) -> list[Head]:
    data = read_optional(path)
    if data is None:
        raise StartRefused(f"{path} is missing: the heads that stood on a lost chain. Put it back from its backup.")
    try:
        return [
            Head(check_origin(one["origin"]), int(one["size"]), from_hex(one["root"], "root", HASH_BYTES))
            for one in json.loads(data)["heads"]
        ]
    except (ValueError, KeyError, TypeError, ProofError) as error:
        raise StartRefused(f"{path} is damaged: {error!r}. Put it back from its backup.") from None
