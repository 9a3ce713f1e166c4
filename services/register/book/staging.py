"""Rows with a validity, as one block changes them: each new one ends the one before it, wherever that is."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import Session

from services.register.book import repository
from services.register.book.models import OPEN_END

__all__ = ["Staged"]

Key = tuple[str, Any]
"""A security, and an account or the number of a lien."""


class Staged:
    """New rows of one table; ``by`` names the column of the key's second member."""

    def __init__(self, table: Any, chain: str, by: str) -> None:
        self._table = table
        self._chain = chain
        self._by = by
        self._rows: list[dict[str, Any]] = []
        self._newest: dict[Key, dict[str, Any]] = {}
        self._ended: list[tuple[str, str, Any, int]] = []

    def put(self, key: Key, at: int, row: dict[str, Any]) -> dict[str, Any]:
        """``row`` is so from ``at`` on; what is given back may be changed until :meth:`write`."""
        before = self._newest.get(key)
        if before is None:
            self._ended.append((self._chain, key[0], key[1], at))
        else:
            before["valid_to"] = at
        made = {"chain": self._chain, "security_id": key[0], self._by: key[1]}
        made |= {"valid_from": at, "valid_to": OPEN_END, **row}
        self._rows.append(made)
        self._newest[key] = made
        return made

    def write(self, session: Session) -> None:
        """Ends rows, then adds the new ones."""
        repository.end(session, self._table, self._by, self._ended)
        repository.insert(session, self._table, self._rows)

    def securities(self) -> Collection[str]:
        """Of which something has changed."""
        return {security_id for security_id, _ in self._newest}
