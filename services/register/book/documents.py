"""Statements (证明) as documents: what a register says at a moment, with the place of everything it rests on. Pure.

Units are text, for they may be larger than what JSON's readers keep; moments are RFC 3339 in UTC.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from chain.proof.canonical import JsonObject, JsonValue
from services.platform.clock import rfc3339
from services.register.book.rules import FREEZE, PLEDGE, Lot
from services.register.book.views import Change, Heads, LegalWord, LienView, Line, Place, Register, SecurityView
from services.register.names import LIEN_KINDS
from services.register.rules.positions import Position

__all__ = [
    "HOLDER_REGISTER",
    "HOLDING",
    "KINDS",
    "NEGATIVE",
    "NO_FREEZE",
    "NO_PLEDGE",
    "Proof",
    "Subject",
    "anchors_json",
    "change_json",
    "lien_json",
    "line_json",
    "place_json",
    "security_json",
    "statement_json",
]

HOLDER_REGISTER, HOLDING, PLEDGES, FREEZES = "holder-register", "holding", "pledge", "freeze"
NO_PLEDGE, NO_FREEZE = "no-pledge", "no-freeze"
KINDS: Mapping[str, str] = {
    HOLDER_REGISTER: "股东名册",
    HOLDING: "持有证明",
    PLEDGES: "质押证明",
    FREEZES: "冻结证明",
    NO_PLEDGE: "无质押证明",
    NO_FREEZE: "无冻结证明",
}
NEGATIVE: Mapping[str, int] = {NO_PLEDGE: PLEDGE, NO_FREEZE: FREEZE}
"""What there is none of."""
_POSITIVE: Mapping[str, int] = {PLEDGES: PLEDGE, FREEZES: FREEZE}
_FORMS = ("share", "llc-equity", "convertible-bond", "fund-interest", "warrant")
_STATES = ("none", "registering", "custodied", "suspended", "exited")
_REMARK = (
    "This statement tells what the register's contract recorded. A pledge is created by its registration, a freeze "
    "takes effect by its publication; the legal status shown is what the operator was told."
)
Names = Mapping[str, str]
"""What an account's holder is called, by account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whose statement, of which kind, under which number; ``account_id`` None: of the whole security."""

    number: str
    kind: str
    market: str
    region: int
    chain: str
    contract: str
    issued_at: int
    account_id: str | None


@dataclass(frozen=True, slots=True)
class Proof:
    """That a position had no lien of a kind: its newest change up to the moment, the first one after it, its lots then.

    The seqs are neighbours, so nothing lies between. ``before`` None: the account never held the security until then.
    """

    before: Change | None
    after: Change | None
    lots: tuple[Lot, ...]
    lots_place: Place | None


def statement_json(subject: Subject, found: Register, names: Names, proof: Proof | None = None) -> JsonObject:
    """The document. ``found`` has the lines and liens that it shows; ``proof`` is a negative statement's."""
    kind = _POSITIVE.get(subject.kind)
    about: JsonObject = {
        "statement": {
            "number": subject.number,
            "kind": subject.kind,
            "term": KINDS[subject.kind],
            "issued_at": rfc3339(subject.issued_at),
            "as_of": rfc3339(found.at),
        },
        "market": {"name": subject.market, "region": subject.region},
        "register": {"chain": subject.chain, "contract": subject.contract, "read_up_to_block": found.block},
        "security": security_json(found.security),
        "heads": anchors_json(found.heads),
        "remark": _REMARK,
    }
    if subject.account_id is not None:
        about["holder"] = {"account": subject.account_id, "name": names.get(subject.account_id)}
    if proof is not None:
        return {**about, "proof": _proof_json(proof)}
    if kind is None:
        about["lines"] = [line_json(each, names) for each in found.lines]
    shown = [each for each in found.liens if kind in (None, each.kind) and each.state != "ended"]
    told: Iterable[JsonObject] = (lien_json(each, names) for each in shown)
    if subject.account_id is not None:  # the units are this holder's; what was opened may have been another's
        told = ({name: value for name, value in each.items() if name != "opened_units"} for each in told)
    return {**about, "liens": [*told]}


def security_json(found: SecurityView) -> JsonObject:
    """A security."""
    return {
        "id": found.id,
        "issuer": found.issuer_id,
        "region": found.issuer_region,
        "form": _FORMS[found.form] if found.form < len(_FORMS) else str(found.form),
        "state": _STATES[found.state] if found.state < len(_STATES) else str(found.state),
        "issued": str(found.issued),
        "holders": found.count,
        "cap": found.cap,
        "grandfathered": found.grandfathered,
        "basis": found.basis,
        "interval": found.interval,
        "kinds": [bit for bit in range(16) if found.kinds >> bit & 1],
        "subscription_counts": found.subscription_counts,
        "liens_opened": found.liens,
        "opened_at": rfc3339(found.opened_at),
    }


def line_json(line: Line, names: Names) -> JsonObject:
    """A holder."""
    position, split = line.position, line.buckets
    return {
        "account": line.account_id,
        "name": names.get(line.account_id),
        "units": str(position.units),
        "available": str(split.available),
        "pledged": str(split.pledged),
        "frozen": str(split.frozen),
        "locked": str(split.locked),
        "confirmed": not position.unconfirmed,
        "officer": position.officer,
        "counts_as": position.weight,
        "lots": _lots_json(line.lots),
        "seq": position.seq,
        "since": rfc3339(line.since),
        "evidence": place_json(line.place),
    }


def lien_json(lien: LienView, names: Names) -> JsonObject:
    """A lien: chain's word and law's apart, of the law's the newest and all of them."""
    newest = lien.legal[-1:]
    return {
        "security": lien.security_id,
        "number": lien.number,
        "id": lien.id,
        "kind": LIEN_KINDS.get(lien.kind, str(lien.kind)),
        "account": lien.account_id,
        "name": names.get(lien.account_id),
        "secured": lien.secured,
        "units": str(lien.units),
        "opened_units": str(lien.opened_units),
        "since": rfc3339(lien.since * 1000),
        "until": _day(lien.until),
        "chain_status": lien.state,
        "registered_at": rfc3339(lien.opened_at),
        "legal_status": next((each.status for each in newest), None),
        "legal_reference": next((each.reference for each in newest), None),
        "legal_at": next((rfc3339(each.at) for each in newest), None),
        "legal_history": [_word_json(each) for each in lien.legal],
        "received_at": _moment(lien.received_at),
        "evidence": place_json(lien.place),
    }


def _word_json(word: LegalWord) -> JsonObject:
    return {
        "status": word.status,
        "reference": word.reference,
        "at": rfc3339(word.at),
        "told_at": rfc3339(word.told_at),
        "by": word.actor_id,
        "record": word.record_id,
        "documents": [{**each} for each in word.documents],
    }


def change_json(change: Change) -> JsonObject:
    """One change of a position."""
    return {
        **_position_json(change.position),
        "from": rfc3339(change.valid_from),
        "to": _moment(change.valid_to),
        "evidence": place_json(change.place),
    }


def place_json(place: Place) -> JsonObject:
    """Where something stands."""
    return {
        "block": place.block,
        "log_index": place.log_index,
        "transaction": place.transaction,
        "leaf": place.leaf,
        "record": place.request_record,
        "outcome": place.outcome_record,
        "log": place.log_id,
        "index": place.outcome_index,
        "anchored": place.anchored,
    }


def anchors_json(heads: Heads) -> JsonValue:
    """The anchored heads that cover what is marked as anchored."""
    return [
        {"log": head.log_id, "origin": head.origin, "size": head.size, "root": "0x" + head.root.hex()}
        for _, head in sorted(heads.items())
    ]


def _proof_json(proof: Proof) -> JsonObject:
    return {
        "before": None if proof.before is None else change_json(proof.before),
        "after": None if proof.after is None else change_json(proof.after),
        "lots": _lots_json(proof.lots),
        "lots_evidence": None if proof.lots_place is None else place_json(proof.lots_place),
    }


def _position_json(position: Position) -> JsonObject:
    return {
        "seq": position.seq,
        "units": str(position.units),
        "encumbered": str(position.encumbered),
        "last_buy": position.last_buy,
        "last_sell": position.last_sell,
        "addend": position.addend,
        "officer": position.officer,
        "confirmed": not position.unconfirmed,
        "lots": position.lots,
        "word": f"0x{position.word:064x}",
    }


def _lots_json(lots: Iterable[Lot]) -> JsonValue:
    return [{"units": str(lot.units), "liens": list(lot.liens)} for lot in lots]


def _moment(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _day(number: int) -> str | None:
    return date.fromordinal(date(1970, 1, 1).toordinal() + number).isoformat() if number else None
