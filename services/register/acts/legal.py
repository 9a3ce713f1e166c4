"""What the law says of a lien (权利负担的法律状态), beside what the chain says: told by a leaf, never decided here.

A pledge of equity is created by its registration with the company registry (民法典 443), a freeze by its publication
(法释〔2021〕20号 6). The register only keeps who told what, when, and under which number.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.platform.clock import rfc3339
from services.platform.errors import Invalid, NotFound
from services.platform.idempotency import Once
from services.platform.ids import check_id
from services.register.acts.asking import Asking
from services.register.acts.liens import Freeze, Lock, Pledge, seconds
from services.register.acts.said import Document, Said
from services.register.book import repository as book
from services.register.book.models import LegalWordRow, LienRow
from services.register.parts import RegisterParts
from services.register.rules.values import LienKind
from services.register.stream import Entry

__all__ = [
    "STATUSES",
    "LegalDesk",
    "LegalFact",
    "LegalStatus",
    "Whose",
    "Word",
    "add_word",
    "beside",
    "put_beside",
]

STATUSES = {LienKind.PLEDGE: ("registered", "changed", "cancelled"), LienKind.FREEZE: ("published", "lifted")}
"""出质设立、变更、注销登记; 冻结公示、解除公示."""
_PUBLISHED = "published"


@dataclass(frozen=True, slots=True, kw_only=True)
class LegalFact:
    """``reference``: the number under which it stands there (股权出质登记编号、公示文号); ``at``: since when."""

    status: str
    reference: str
    at: datetime
    documents: tuple[Document, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class LegalStatus:
    """What was told of a lien, and the record that says so."""

    security_id: str
    number: int
    status: str
    reference: str
    at_ms: int
    record_id: str


class LegalDesk:
    """The door: the operator tells, each time a leaf in the security's stream."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts
        self._asking = Asking(parts)

    def tell(
        self, caller: Principal, security_id: str, number: int, fact: LegalFact, *, once: Once | None
    ) -> Future[LegalStatus]:
        """Keeps the legal status of a lien. NotFound; Invalid for a status that its kind cannot have."""
        check_id(security_id, "sec", "/security")
        at_ms = seconds(fact.at, "/at") * 1000
        with self._parts.database.read() as session:
            host = self._parts.require(session, caller, "register.act")
            lien = self._lien(session, security_id, number)
            possible = STATUSES.get(LienKind(lien.kind), ())
            if fact.status not in possible:
                raise Invalid("/status", f"A {_kind(lien)} has one of: {', '.join(possible) or 'none'}.")
            if at_ms > self._parts.clock.ms():
                raise Invalid("/at", "Expected a moment that has passed.")
            rests_on = self._asking.rests_on(host, fact.documents)
        body: JsonObject = {"lien": number, "status": fact.status, "reference": fact.reference, "at": rfc3339(at_ms)}
        if rests_on:
            body["documents"] = list(rests_on)

        def unit(group: Group) -> LegalStatus:
            def make() -> tuple[str, LegalStatus]:
                entry = Entry(name="lien-legal-status", about=security_id, actor=host, body=body)
                written = self._parts.stream.fact(group, entry)
                word = Word(fact.status, fact.reference, at_ms, rests_on)
                whose = Whose(written.record_id, host, group.now_ms)
                row = add_word(group.session, self._parts.chain, (security_id, number), word, whose)
                return written.record_id, _status(row)

            def again(found: str) -> LegalStatus:
                told = book.legal_words(group.session, self._parts.chain, security_id, number=number)[number]
                return _status(next(each for each in told if each.record_id == found))

            return do_once(group, host, once, kind="register-fact", make=make, again=again)

        return self._parts.submit(unit)

    def _lien(self, session: Session, security_id: str, number: int) -> LienRow:
        row = book.lien(session, self._parts.chain, security_id, number)
        if row is None:
            raise NotFound("There is no such lien.")
        return row


def beside(said: Said, lien_id: str) -> JsonObject | None:
    """What is known of the lien that a request opens, beside the chain; None when it opens none."""
    if isinstance(said, Freeze):
        return {
            "id": lien_id,
            "status": _PUBLISHED,
            "reference": said.case,
            "at": seconds(said.published_at, "/published_at") * 1000,
            "received_at": seconds(said.received_at, "/received_at") * 1000,
        }
    return {"id": lien_id} if isinstance(said, Pledge | Lock) else None


def put_beside(session: Session, row: LienRow, known: Mapping[str, Any], whose: "Whose") -> None:
    """Writes it to the lien's row, and as the first word on it, once the chain has given it a number."""
    row.lien_id, row.received_at = known["id"], known.get("received_at")
    if known.get("status"):
        word = Word(known["status"], known["reference"], known["at"], ())
        add_word(session, row.chain, (row.security_id, row.number), word, whose)


@dataclass(frozen=True, slots=True)
class Word:
    """What is told of a lien: ``at``, since when, in UTC milliseconds; ``documents`` as a record names them."""

    status: str
    reference: str
    at: int
    documents: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Whose:
    """Which record says a word, by whom, and when it was told (UTC milliseconds)."""

    record_id: str
    actor_id: str
    told_at: int


def add_word(session: Session, chain: str, lien: tuple[str, int], word: Word, whose: Whose) -> LegalWordRow:
    """One more word on a lien, by its security and number; those before it stay."""
    security_id, number = lien
    before = book.legal_words(session, chain, security_id, number=number).get(number, ())
    row = LegalWordRow(chain=chain, security_id=security_id, number=number, seq=len(before))
    row.status, row.reference, row.at, row.told_at = word.status, word.reference, word.at, whose.told_at
    row.actor_id, row.record_id = whose.actor_id, whose.record_id
    row.documents = [{"code": each["code"], "record": each["record"]} for each in word.documents]
    book.add(session, row)
    return row


def _kind(row: LienRow) -> str:
    return LienKind(row.kind).name.lower()


def _status(row: LegalWordRow) -> LegalStatus:
    return LegalStatus(row.security_id, row.number, row.status, row.reference, row.at, row.record_id)
