"""The register at a moment, put together from rows: one indexed query each for positions, lots, liens and evidence."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy.orm import Session

from services.evidence.inclusion import anchored_head
from services.platform.errors import NotFound
from services.register.book import repository
from services.register.book.events import NOBODY
from services.register.book.models import (
    OPEN_END,
    EvidenceRow,
    LegalWordRow,
    LienRow,
    LienVersionRow,
    PositionRow,
    SecurityRow,
)
from services.register.book.rules import Burden, buckets, words_of
from services.register.book.views import Change, Heads, LegalWord, LienView, Line, Place, Register, SecurityView
from services.register.rules.days import day_of
from services.register.rules.positions import Position
from services.register.rules.values import State

__all__ = ["WHOLE", "Evidence", "Part", "Reader", "Seen", "change_of", "security_view"]

_TERMS_ACTS, _STATE_ACTS = ("SecurityOpened", "TermsChanged"), ("StateSet",)


@dataclass(frozen=True, slots=True)
class Seen:
    """Which moment is asked for (None: now), what now is, and up to which block the chain was read."""

    at: int | None
    now: int
    block: int

    @property
    def moment(self) -> int:
        """UTC milliseconds."""
        return self.now if self.at is None else self.at


@dataclass(frozen=True, slots=True)
class Part:
    """Holders after an account, so many at the most."""

    after: str
    limit: int


WHOLE = Part("", 1 << 31)


class Reader:
    """Reads one chain's register. Who may read what, the doors decide."""

    def __init__(self, chain: str) -> None:
        self._chain = chain

    def security(self, session: Session, security_id: str) -> SecurityView:
        """As it is now. NotFound."""
        return security_view(self._row(session, security_id))

    def register(self, session: Session, security_id: str, seen: Seen, part: Part = WHOLE) -> Register:
        """The holders at a moment, or a part of them by account. NotFound."""
        row, at = self._row(session, security_id), seen.at
        rows = repository.positions(session, self._chain, security_id, at, after=part.after, limit=part.limit)
        accounts = None if part == WHOLE else [each.account_id for each in rows]
        lots = {
            each.account_id: tuple(words_of(each.lots))
            for each in repository.lots(session, self._chain, security_id, at, accounts)
        }
        liens = repository.liens(session, self._chain, security_id, at) if row.liens else []
        burdens = {one.number: Burden(one.kind, now.units, now.until) for one, now in liens}
        of_positions = repository.evidence_of_positions(
            session, self._chain, security_id, at, after=part.after, limit=part.limit
        )
        evidence = Evidence(session, [now.leaf for _, now in liens], of_positions)
        lines = []
        for each in rows:
            position, held = Position.of(int.from_bytes(each.word)), lots.get(each.account_id, ())
            split = buckets(position.units, held, burdens, seen.moment // 1000)
            lines.append(Line(each.account_id, position, split, held, each.valid_from, evidence.place(each)))
        view = security_view(row)
        if at is not None:
            held_then = repository.words_at(session, self._chain, security_id, at) if part != WHOLE else ()
            every = [Position.of(int.from_bytes(word)) for word in held_then] or [line.position for line in lines]
            view = self._then(session, row, at, every)
        words = repository.legal_words(session, self._chain, security_id, at=seen.at) if liens else {}
        shown = tuple(_lien_view(one, now, seen.moment, evidence, words.get(one.number, ())) for one, now in liens)
        return Register(view, seen.moment, seen.now, seen.block, tuple(lines), shown, evidence.heads)

    def history(self, session: Session, security_id: str, account_id: str, *, after: int, limit: int) -> list[Change]:
        """A position's changes by seq."""
        rows = repository.history(session, self._chain, security_id, account_id, after=after, limit=limit)
        evidence = Evidence(session, [row.leaf for row in rows])
        return [change_of(row, evidence) for row in rows]

    def _row(self, session: Session, security_id: str) -> SecurityRow:
        row = repository.security(session, self._chain, security_id)
        if row is None:
            raise NotFound("There is no such security.")
        return row

    def _then(self, session: Session, row: SecurityRow, at: int, held: Sequence[Position]) -> SecurityView:
        """The security with the terms and the state of a moment, its units and holders summed up from positions."""
        terms = repository.newest_act(session, self._chain, row.security_id, names=_TERMS_ACTS, at=at)
        state = repository.newest_act(session, self._chain, row.security_id, names=_STATE_ACTS, at=at)
        if terms is None:
            raise NotFound("The security was not open at that moment.")
        form, kinds, cap, grandfathered, interval, counts, basis = terms.args["terms"]
        return replace(
            security_view(row),
            form=form,
            kinds=kinds,
            cap=cap,
            grandfathered=grandfathered,
            interval=interval,
            subscription_counts=counts,
            basis=bytes.fromhex(basis[2:]).rstrip(b"\0").decode("ascii", "replace"),
            state=State.REGISTERING if state is None else int(state.args["state"]),
            issued=sum(each.units for each in held),
            count=sum(each.weight for each in held),
        )


class Evidence:
    """Where the leaves of some acts stand, and the newest anchored heads of their logs."""

    def __init__(
        self, session: Session, leaves: Iterable[bytes], known: Mapping[bytes, EvidenceRow] = MappingProxyType({})
    ) -> None:
        """``known``: what was read already."""
        asked = (leaf for leaf in leaves if leaf != NOBODY and leaf not in known)
        self._rows = {**known, **repository.evidence_of(session, asked)}
        logs = {row.log_id for row in self._rows.values()}
        found = {log_id: anchored_head(session, log_id) for log_id in logs}
        self.heads: Heads = {log_id: head for log_id, head in found.items() if head is not None}

    def place(self, row: Any) -> Place:
        """Of a row with block, log index, transaction and leaf."""
        leaf = None if row.leaf == NOBODY else "0x" + row.leaf.hex()
        known = self._rows.get(row.leaf)
        if known is None:
            return Place(row.block_number, row.log_index, "0x" + row.tx_hash.hex(), leaf)
        head = self.heads.get(known.log_id)
        return Place(
            row.block_number,
            row.log_index,
            "0x" + row.tx_hash.hex(),
            leaf,
            known.log_id,
            known.request_record,
            known.outcome_record,
            known.outcome_index,
            head is not None and known.outcome_index < head.size,
        )


def security_view(row: SecurityRow) -> SecurityView:
    """A security as it is now."""
    return SecurityView(
        row.security_id,
        **{each.name: getattr(row, each.name) for each in fields(SecurityView) if each.name != "id"},
    )


def change_of(row: PositionRow, evidence: Evidence) -> Change:
    """One change of a position."""
    position, end = Position.of(int.from_bytes(row.word)), row.valid_to
    return Change(position, row.valid_from, None if end == OPEN_END else end, evidence.place(row))


def _lien_view(
    row: LienRow, now: LienVersionRow, moment: int, evidence: Evidence, words: Sequence[LegalWordRow]
) -> LienView:
    burden = Burden(row.kind, now.units, now.until)
    lapsed = "lapsed" if burden.lapsed(day_of(moment // 1000)) else "standing"
    return LienView(
        security_id=row.security_id,
        number=row.number,
        id=row.lien_id,
        account_id=row.account_id,
        kind=row.kind,
        state=lapsed if now.units else "ended",
        units=now.units,
        opened_units=row.opened_units,
        since=row.since,
        until=now.until,
        secured=row.secured,
        opened_at=row.opened_at,
        legal=tuple(_word(each) for each in words),
        received_at=row.received_at,
        place=evidence.place(now),
    )


def _word(row: LegalWordRow) -> LegalWord:
    documents = tuple({"code": str(each["code"]), "record": str(each["record"])} for each in row.documents)
    return LegalWord(row.status, row.reference, row.at, row.told_at, row.actor_id, row.record_id, documents)
