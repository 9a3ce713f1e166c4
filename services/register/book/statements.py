"""Statements (证明): made from the register at a moment, kept encrypted, evidenced by a leaf with number and digest."""

import json
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from chain.errors import ChainError
from chain.proof.canonical import JsonObject, canonical
from chain.proof.encoding import to_hex
from chain.proof.hashing import sha256
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.atrest import aad
from services.platform.clock import rfc3339
from services.platform.errors import Conflict, Invalid, NotFound, Unavailable
from services.platform.idempotency import Once
from services.platform.ids import check_id, new_id
from services.register.book import repository
from services.register.book.desk import Names, certified
from services.register.book.documents import HOLDER_REGISTER, KINDS, NEGATIVE, Proof, Subject, statement_json
from services.register.book.models import PositionRow, StatementRow
from services.register.book.reader import Evidence, Reader, Seen, change_of
from services.register.book.rules import Lot, words_of
from services.register.book.sheets import csv_of
from services.register.book.views import Register
from services.register.parts import RegisterParts
from services.register.rules.positions import Position
from services.register.sight import sight_of
from services.register.stream import Entry

__all__ = ["ReadEnd", "StatementDesk", "StatementView", "Wanted"]

ReadEnd = Callable[[int], int | None]
"""(block) -> its time in UTC milliseconds; None where the chain has no later block, so that all is read. ChainError."""

_PURPOSE = "register-statement"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A statement of ``kind`` about a security, of one holder where it is about one, as of a moment (None: now)."""

    kind: str
    security_id: str
    account_id: str | None
    at: int | None


@dataclass(frozen=True, slots=True)
class StatementView:
    """A statement that was given out. ``record_id``: of the leaf; ``digest``: SHA-256 of the canonical JSON."""

    id: str
    number: str
    kind: str
    security_id: str
    account_id: str | None
    at: int
    issued_at: int
    digest: bytes
    record_id: str


class StatementDesk:
    """``contract`` is the register's address, as statements name it; ``read_end`` is asked outside of the sequencer."""

    def __init__(self, parts: RegisterParts, reader: Reader, names: Names, *, contract: str, read_end: ReadEnd) -> None:
        self._parts = parts
        self._reader = reader
        self._names = names
        self._contract = contract
        self._read_end = read_end

    def issue(self, caller: Principal, wanted: Wanted, *, once: Once | None) -> Future[StatementView]:
        """A new statement. Invalid, NotFound; Conflict ``lien-stands`` where a negative one would be untrue.

        Conflict ``register-unread`` for a moment up to which the chain was not read; Unavailable ``chain-away``.
        """
        _check(wanted)
        end = self._end(caller, wanted)

        def unit(group: Group) -> StatementView:
            host = self._parts.require(group.session, caller, "register.act")

            def make() -> tuple[str, StatementView]:
                moment = certified(group.session, self._parts, wanted.at, end=end)
                row = self._make(group, caller, host, (wanted, moment))
                return row.id, _view(row)

            def again(found: str) -> StatementView:
                return _view(self._row(group.session, found))

            return do_once(group, caller.institution_id, once, kind="statement", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def list(
        self, caller: Principal, *, security_id: str | None, limit: int, cursor: str | None
    ) -> Page[StatementView]:
        """Those that were given out, the oldest first."""
        with self._parts.database.read() as session:
            sight = sight_of(self._parts, session, caller)
            wanted = sight.securities(session, self._parts.chain)
            if security_id is not None:
                wanted = [security_id] if wanted is None or security_id in wanted else []
            found = repository.statements(session, self._parts.chain, wanted, after=cursor or "", limit=limit + 1)
            items = tuple(_view(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def get(self, caller: Principal, statement_id: str) -> tuple[StatementView, bytes]:
        """A statement with its document: canonical JSON of this SHA-256. NotFound, Conflict ``statement-lost``."""
        with self._parts.database.read() as session:
            row = self._shown(session, caller, statement_id)
            if not row.document:
                detail = f"The document of {row.number} was lost with a database; its digest is 0x{row.digest.hex()}."
                raise Conflict(detail, slug="statement-lost")
            return _view(row), self._parts.vault.decrypt(session, row.host_id, row.document, aad(_PURPOSE, row.id))

    def sheet(self, caller: Principal, statement_id: str) -> tuple[StatementView, bytes]:
        """The same as CSV."""
        view, document = self.get(caller, statement_id)
        return view, csv_of(json.loads(document), to_hex(view.digest))

    # --- inside

    def _shown(self, session: Session, caller: Principal, statement_id: str) -> StatementRow:
        """A document names holders: for whom these are, and of a statement that is the caller's to see."""
        sight = sight_of(self._parts, session, caller)
        if not sight.names:
            self._parts.require(session, caller, "register.personal")
        row = self._row(session, statement_id)
        wanted = sight.securities(session, self._parts.chain)
        if wanted is not None and row.security_id not in wanted:
            raise _unknown()
        return row

    def _row(self, session: Session, statement_id: str) -> StatementRow:
        row = repository.statement(session, check_id(statement_id, "stm", "statement"))
        if row is None or row.chain != self._parts.chain:
            raise _unknown()
        return row

    def _end(self, caller: Principal, wanted: Wanted) -> int:
        """A statement certifies no moment that nobody has read: none after the chain was asked, either."""
        with self._parts.database.read() as session:
            self._parts.require(session, caller, "register.act")
            block = certified(session, self._parts, wanted.at).block
        asked = self._parts.clock.ms()
        try:
            end = self._read_end(block)
        except ChainError as error:
            raise Unavailable("chain-away", f"The chain {self._parts.chain} does not answer: {error}.") from error
        return asked if end is None else end

    def _make(self, group: Group, caller: Principal, host: str, asked: tuple[Wanted, Seen]) -> StatementRow:
        session, now = group.session, group.now_ms
        (wanted, moment), market = asked, self._parts.market
        subject = Subject(
            number=self._number(session, now),
            kind=wanted.kind,
            market=market.name,
            region=market.region,
            chain=self._parts.chain,
            contract=self._contract,
            issued_at=now,
            account_id=wanted.account_id,
        )
        document = canonical(self._document(session, subject, wanted, moment))
        row = StatementRow(id=new_id("stm", now), chain=self._parts.chain, number=subject.number, kind=wanted.kind)
        row.security_id, row.account_id, row.at = wanted.security_id, wanted.account_id, moment.moment
        row.issued_at, row.actor_id, row.host_id = now, caller.institution_id, host
        row.digest = sha256(document)
        row.document = self._parts.vault.encrypt(session, host, document, aad(_PURPOSE, row.id))
        body: JsonObject = {
            "statement": row.id,
            "number": row.number,
            "kind": row.kind,
            "account": row.account_id,
            "as_of": rfc3339(row.at),
            "digest": to_hex(row.digest),
        }
        entry = Entry(name="statement", about=row.security_id, actor=caller.institution_id, body=body)
        row.record_id = self._parts.stream.fact(group, entry).record_id
        repository.add(session, row)
        return row

    def _number(self, session: Session, now: int) -> str:
        """``440300-2026-000001``: counted by region and year; units of the sequencer run one after the other."""
        prefix = f"{self._parts.market.region}-{rfc3339(now)[:4]}-"
        return f"{prefix}{repository.statement_numbers(session, prefix) + 1:06d}"

    def _document(self, session: Session, subject: Subject, wanted: Wanted, moment: Seen) -> JsonObject:
        found = self._reader.register(session, wanted.security_id, moment)
        account = wanted.account_id
        if account is not None:
            found = _of(found, account)
        shown = [*(each.account_id for each in found.lines), *(each.account_id for each in found.liens)]
        names = self._names(session, list(dict.fromkeys([*shown, *([account] if account else [])])))
        proof = None
        if wanted.kind in NEGATIVE and account is not None:
            proof = self._proof(session, wanted, found, account)
        return statement_json(subject, found, names, proof)

    def _proof(self, session: Session, wanted: Wanted, found: Register, account: str) -> Proof:
        standing = _standing(found, NEGATIVE[wanted.kind])
        if standing:
            listed = ", ".join(str(number) for number in standing)
            raise Conflict(
                f"At that moment units of this holder were under {KINDS[wanted.kind]}: lien {listed}.",
                slug="lien-stands",
                extra={"liens": standing},
            )
        chain = self._parts.chain
        before, after = repository.neighbours(session, chain, wanted.security_id, account, found.at)
        if after is not None and after.seq != (before.seq if before else 0) + 1:
            raise Conflict("Changes of this position are missing here; reconcile first.", slug="register-gap")
        lots = repository.lots(session, chain, wanted.security_id, found.at, [account])
        _require_whole(found, before, tuple(words_of(lots[0].lots)) if lots else ())
        evidence = Evidence(session, [each.leaf for each in (before, after, *lots) if each is not None])
        return Proof(
            None if before is None else change_of(before, evidence),
            None if after is None else change_of(after, evidence),
            tuple(words_of(lots[0].lots)) if lots else (),
            evidence.place(lots[0]) if lots else None,
        )


def _of(found: Register, account: str) -> Register:
    """What is one holder's: its line, and of each lien the units that its own lots carry. Heirs share a lien."""
    lines = tuple(each for each in found.lines if each.account_id == account)
    carried: Counter[int] = Counter()
    for lot in (lot for line in lines for lot in line.lots):
        carried.update(dict.fromkeys(lot.liens, lot.units))
    liens = (replace(each, account_id=account, units=carried[each.number]) for each in found.liens)
    return replace(found, lines=lines, liens=tuple(each for each in liens if each.number in carried))


def _require_whole(found: Register, before: PositionRow | None, lots: tuple[Lot, ...]) -> None:
    """Conflict ``register-gap`` where a row of the lots or of a lien is gone: then nothing is known of pledges."""
    encumbered = 0 if before is None else Position.of(int.from_bytes(before.word)).encumbered
    known = {each.number for each in found.liens}
    if sum(lot.units for lot in lots) != encumbered or any(set(lot.liens) - known for lot in lots):
        raise Conflict("Lots and position differ here; reconcile first.", slug="register-gap")


def _standing(found: Register, kind: int) -> list[int]:
    """Numbers of the liens of a kind that hold units of the lines."""
    living = {each.number for each in found.liens if each.kind == kind and each.state == "standing"}
    return sorted({number for line in found.lines for lot in line.lots for number in lot.liens} & living)


def _check(wanted: Wanted) -> None:
    check_id(wanted.security_id, "sec", "security")
    if wanted.kind not in KINDS:
        raise Invalid("kind", f"Expected one of {', '.join(KINDS)}.")
    if wanted.account_id is not None:
        check_id(wanted.account_id, "acc", "account")
    if wanted.kind == HOLDER_REGISTER and wanted.account_id is not None:
        raise Invalid("account", "A holder register is of the whole security.")
    if wanted.account_id is None and (wanted.kind in NEGATIVE or wanted.kind == "holding"):
        raise Invalid("account", f"Whose? {KINDS[wanted.kind]} is about one holder.")


def _unknown() -> NotFound:
    return NotFound("There is no such statement.")


def _view(row: StatementRow) -> StatementView:
    return StatementView(
        row.id,
        row.number,
        row.kind,
        row.security_id,
        row.account_id,
        row.at,
        row.issued_at,
        row.digest,
        row.record_id,
    )
