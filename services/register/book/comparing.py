"""The register's rows against what the contract stores after one block (对账), read by its views, not from events."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from services.platform.ids import bytes16
from services.register.book import repository
from services.register.book.models import InvestorRow, SecurityRow
from services.register.book.rules import Lot, words_of
from services.register.names import CONTRACT
from services.register.rules.positions import Position

__all__ = ["Comparison", "Difference", "ReadMany", "compare_all", "compare_security"]

ReadMany = Callable[..., list[Any]]
"""(contract, [(view, arguments)], block=) -> what each view says after that block, structs by member. ChainError."""
_PAGE = 1_000
_POSITION = {"lastBuy": "last_buy", "lastSell": "last_sell"}
_TERMS = ("form", "kinds", "cap", "grandfathered", "interval")
_UNITS = (1 << 80) - 1
_NO_ADDRESS = "0x" + "0" * 40


@dataclass(frozen=True, slots=True)
class Difference:
    """``what`` of which security differs in ``field``; ``of``: an account, or the number of a lien."""

    what: str
    security_id: str | None
    of: str | None
    field: str
    chain: str
    book: str


@dataclass(slots=True)
class Comparison:
    """What was compared after which block, and what differs."""

    block: int
    compared: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


def compare_all(session: Session, chain: str, read: ReadMany, block: int) -> Comparison:
    """Every investor and every security. ``session`` sees the rows as they were after ``block``."""
    done = Comparison(block)
    page = _Page(session, chain, read, done)
    after = ""
    while investors := repository.investors(session, chain, after=after, limit=_PAGE):
        page.investors(investors)
        after = investors[-1].account_id
    after = ""
    while securities := repository.securities(session, chain, after=after, limit=_PAGE):
        for row in securities:
            page.security(row)
        after = securities[-1].security_id
    return done


def compare_security(session: Session, chain: str, read: ReadMany, block: int, security: SecurityRow) -> Comparison:
    """One security with its positions, lots and liens."""
    done = Comparison(block)
    _Page(session, chain, read, done).security(security)
    return done


class _Page:
    """Asks for many at a time, and notes what differs."""

    def __init__(self, session: Session, chain: str, read: ReadMany, done: Comparison) -> None:
        self._session = session
        self._chain = chain
        self._read = read
        self._done = done

    def investors(self, rows: Sequence[InvestorRow]) -> None:
        found = self._ask("investorOf", [(bytes16(row.account_id),) for row in rows])
        for row, held in zip(rows, found, strict=True):
            book = {"kind": row.kind, "suitableUntil": row.suitable_until, "addend": row.addend}
            self._compare("investor", None, row.account_id, held, book)
        self._count("investors", len(rows))

    def security(self, row: SecurityRow) -> None:
        raw = bytes16(row.security_id)
        (held,) = self._ask("securityOf", [(raw,)])
        book: dict[str, Any] = {"state": row.state, "issuer": bytes16(row.issuer_id), "liens": row.liens}
        book |= {"issued": row.issued, "count": row.count}
        self._compare("security", row.security_id, None, held, book)
        terms = {name: getattr(row, name) for name in _TERMS} | {"subscriptionCounts": row.subscription_counts}
        terms["basis"] = row.basis.encode().ljust(16, b"\0")
        self._compare("terms", row.security_id, None, held["terms"], terms)
        units, weight, officers = self._positions(row.security_id, raw)
        sums = {"sum of units": units, "sum of holders": weight}
        stored = {"sum of units": held["issued"], "sum of holders": held["count"]}
        self._compare("positions", row.security_id, None, stored, sums)
        self._lockups(row.security_id, raw, officers)
        self._liens(row.security_id, raw, held["liens"])
        self._count("securities", 1)

    def _positions(self, security_id: str, raw: bytes) -> tuple[int, int, list[str]]:
        """Σ units and Σ holders of the chain's own positions, and who is an officer by the book's."""
        units = weight = 0
        officers: list[str] = []
        after = ""
        while rows := repository.positions(
            self._session, self._chain, security_id, None, held=False, after=after, limit=_PAGE
        ):
            keys = [(raw, bytes16(row.account_id)) for row in rows]
            books = {row.account_id: Position.of(int.from_bytes(row.word)) for row in rows}
            for row, held in zip(rows, self._ask("positionOf", keys), strict=True):
                book = books[row.account_id]
                said = {name: getattr(book, _POSITION.get(name, name)) for name in held}
                self._compare("position", security_id, row.account_id, held, said)
                units += held["units"]
                weight += 1 + held["addend"] if held["units"] else 0
            self._lots(security_id, raw, books)
            officers += [account for account, book in books.items() if book.officer]
            self._count("positions", len(rows))
            after = rows[-1].account_id
        return units, weight, officers

    def _lots(self, security_id: str, raw: bytes, positions: Mapping[str, Position]) -> None:
        """Of those with a row, and of those whose position says that they have lots: a row may have been deleted."""
        found = repository.lots(self._session, self._chain, security_id, None, list(positions))
        book = {row.account_id: _packed(words_of(row.lots)) for row in found}
        wanted = [account for account, each in positions.items() if account in book or each.lots]
        held = self._ask("lotsOf", [(raw, bytes16(account)) for account in wanted])
        for account, lots in zip(wanted, held, strict=True):
            self._compare("lots", security_id, account, {"lots": lots}, {"lots": book.get(account, [])})
        self._count("lots", len(wanted))

    def _lockups(self, security_id: str, raw: bytes, officers: Sequence[str]) -> None:
        """Of those with a row, and of officers: a row may have been deleted."""
        found = repository.lockups(self._session, self._chain, security_id)
        book = dict.fromkeys(officers, 0) | {row.account_id: int.from_bytes(row.word) for row in found}
        held = self._ask("lockupOf", [(raw, bytes16(account)) for account in book])
        for (account, word), lockup in zip(book.items(), held, strict=True):
            self._compare("lockup", security_id, account, lockup, _lockup(word))
        self._count("lockups", len(book))

    def _liens(self, security_id: str, raw: bytes, opened: int) -> None:
        numbers = list(range(1, opened + 1))
        known = {row.number: (row, now) for row, now in repository.liens(self._session, self._chain, security_id, None)}
        for number, held in zip(numbers, self._ask("lienOf", [(raw, each) for each in numbers]), strict=True):
            if number not in known:
                self._note("lien", security_id, str(number), ("number", "opened", "unknown"))
                continue
            row, now = known[number]
            book: dict[str, Any] = {"kind": row.kind, "since": row.since, "until": now.until, "units": now.units}
            book |= {"secured": (row.secured or _NO_ADDRESS).lower()}
            self._compare("lien", security_id, str(number), held, book)
        self._count("liens", len(numbers))

    # --- inside

    def _ask(self, view: str, keys: Iterable[Sequence[Any]]) -> list[Any]:
        calls = [(view, key) for key in keys]
        return self._read(CONTRACT, calls, block=self._done.block) if calls else []

    def _compare(
        self, what: str, security_id: str | None, of: str | None, held: Mapping[str, Any], book: Mapping[str, Any]
    ) -> None:
        """Of the members that both have."""
        for name, shown in _differing(held, book):
            self._note(what, security_id, of, (name, *shown))

    def _note(self, what: str, security_id: str | None, of: str | None, said: tuple[str, str, str]) -> None:
        self._done.differences.append(Difference(what, security_id, of, *said))

    def _count(self, what: str, number: int) -> None:
        self._done.compared[what] = self._done.compared.get(what, 0) + number


def _packed(lots: Iterable[Lot]) -> list[int]:
    """Lots as the contract keeps them."""
    return [lot.units | sum(number << 80 + 16 * place for place, number in enumerate(lot.liens)) for lot in lots]


def _lockup(word: int) -> dict[str, int]:
    """A lock-up's members by the contract's names."""
    sold, year, until = word >> 80 & _UNITS, word >> 160 & 0xFFFF, word >> 176 & 0xFFFFFF
    return {"base": word & _UNITS, "sold": sold, "year": year, "lockedUntil": until}


def _differing(held: Mapping[str, Any], book: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, value in book.items():
        if name in held and held[name] != value:
            yield name, (_shown(held[name]), _shown(value))


def _shown(value: Any) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else str(value)
