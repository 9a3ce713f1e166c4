"""How far each listener is. This module alone moves cursors (a lint holds it to that).

Two positions, two columns: ``handled`` follows events and moves in the transaction of their handlers; ``scanned``
follows the search and moves, alone, over blocks in which nothing was found. Neither ever goes back.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.platform.errors import Unavailable
from services.transactions import repository
from services.transactions.models import CursorRow

__all__ = ["FinalityViolated", "Position", "advance", "behind", "places", "positions", "scanned"]


class FinalityViolated(Unavailable):
    """The chain no longer has a block it called final. Nothing may go on from here by itself."""

    def __init__(self, chain: str, number: int, ours: str, theirs: str | None) -> None:
        detail = f"Chain {chain}: block {number} was final with hash {ours}, and is now {theirs or 'unknown'}."
        super().__init__("finality-violated", detail, extra={"chain": chain, "block": number})


@dataclass(frozen=True, slots=True)
class Position:
    """A block by number and hash, and its time (Unix seconds) where it is known."""

    block: int
    hash: str
    time: int | None = None


def positions(session: Session, chain: str) -> Mapping[str, Position]:
    """The last scanned block of each listener that has begun."""
    return {row.listener: _scanned(row) for row in repository.cursors(session, chain)}


def places(session: Session, chain: str) -> Iterator[tuple[str, Position | None, Position]]:
    """(name, last block handled, last block scanned) of each listener that has begun."""
    for row in repository.cursors(session, chain):
        handled = None if row.handled_block is None else Position(row.handled_block, row.handled_hash or "")
        yield row.listener, handled, _scanned(row)


def scanned(session: Session, chain: str, listeners: Collection[str]) -> int | None:
    """The last block that all ``listeners`` have passed; None without listeners, -1 while one has not begun."""
    if not listeners:
        return None
    known = positions(session, chain)
    return min(known[name].block if name in known else -1 for name in listeners)


def advance(
    session: Session, chain: str, listeners: Collection[str], to: Position, *, handled: bool, now_ms: int
) -> None:
    """Moves ``listeners`` forward to ``to``.

    With ``handled``, events of that very block were handled in this transaction.

    ValueError for a step back: two indexers at work, or one that lost its place.
    """
    rows = {row.listener: row for row in repository.lock_cursors(session, chain, listeners)}
    for name in sorted(listeners):
        row = rows.get(name)
        if row is None:
            row = CursorRow(chain=chain, listener=name, handled_block=None, handled_hash=None)
            session.add(row)
        elif to.block <= row.scanned_block:
            raise ValueError(f"cursor {name} of {chain} is at {row.scanned_block}, not before {to.block}")
        row.scanned_block, row.scanned_hash, row.scanned_time, row.updated_at = to.block, to.hash, to.time, now_ms
        if handled:
            row.handled_block, row.handled_hash = to.block, to.hash
    session.flush()


def behind(known: Mapping[str, Position], listeners: Collection[str]) -> tuple[list[str], Position | None, int | None]:
    """The hindmost listeners, where they are, and the block at which they meet the next ones.

    A place of None is the beginning.
    """
    fresh = sorted(name for name in listeners if name not in known)
    blocks = sorted({known[name].block for name in listeners if name in known})
    if fresh:
        return fresh, None, blocks[0] if blocks else None
    group = sorted(name for name in listeners if known[name].block == blocks[0])
    return group, known[group[0]], blocks[1] if len(blocks) > 1 else None


def _scanned(row: CursorRow) -> Position:
    return Position(row.scanned_block, row.scanned_hash, row.scanned_time)
