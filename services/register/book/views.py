"""What the book shows: values without a session behind them. Units are integers, moments UTC milliseconds."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from services.evidence.inclusion import AnchoredHead
from services.register.book.rules import Buckets, Lot
from services.register.rules.positions import Position

__all__ = ["AlertView", "Change", "Heads", "LegalWord", "LienView", "Line", "Place", "Register", "SecurityView"]

Heads = Mapping[str, AnchoredHead]
"""The newest anchored head of each log, by the log's id."""


class Place(NamedTuple):
    """Where a change stands: on the chain, and in the log that holds the act's leaves.

    ``leaf``: the requested leaf that the chain names, None for what nobody asked for. ``log_id`` to ``outcome_index``
    are None for an act that was not asked for here; ``anchored``: whether the newest anchored head covers the outcome.
    """

    block: int
    log_index: int
    transaction: str
    leaf: str | None
    log_id: str | None = None
    request_record: str | None = None
    outcome_record: str | None = None
    outcome_index: int | None = None
    anchored: bool = False


@dataclass(frozen=True, slots=True)
class SecurityView:
    """A security, as it is now or was at a moment (then ``issued`` and ``count`` are of its lines)."""

    id: str
    issuer_id: str
    issuer_region: int
    form: int
    kinds: int
    cap: int
    grandfathered: int
    interval: int
    subscription_counts: bool
    basis: str
    state: int
    issued: int
    count: int
    liens: int
    opened_at: int


class Line(NamedTuple):
    """A holder at a moment: the position, in which buckets its units are, its lots, and where all that stands."""

    account_id: str
    position: Position
    buckets: Buckets
    lots: tuple[Lot, ...]
    since: int
    place: Place


@dataclass(frozen=True, slots=True)
class LegalWord:
    """What was told of a lien's legal status: since when it is so (``at``), and by whom, when and in which record."""

    status: str
    reference: str
    at: int
    told_at: int
    actor_id: str
    record_id: str
    documents: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class LienView:
    """A lien at a moment. ``state``: ``standing``, ``lapsed`` (its term is over, whatever the chain says), ``ended``.

    ``legal``: the law's side, every word on what was so by that moment, the newest last; none where nobody told. A
    pledge is created by its registration (民法典 443), a freeze by its publication (法释〔2021〕20号 6).
    """

    security_id: str
    number: int
    id: str | None
    account_id: str
    kind: int
    state: str
    units: int
    opened_units: int
    since: int
    until: int
    secured: str | None
    opened_at: int
    legal: tuple[LegalWord, ...]
    received_at: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class Change:
    """One change of a position: what it was from then on, and until when (None: now)."""

    position: Position
    valid_from: int
    valid_to: int | None
    place: Place


@dataclass(frozen=True, slots=True)
class Register:
    """The register of a security (股东名册) at a moment.

    ``block``: up to which the chain was read; ``as_of``: what was taken for now, of that block where nothing is
    certified.
    """

    security: SecurityView
    at: int
    as_of: int
    block: int
    lines: tuple[Line, ...]
    liens: tuple[LienView, ...]
    heads: Heads


@dataclass(frozen=True, slots=True)
class AlertView:
    """An alert. ``cleared_at`` None while its cause stands; then ``cleared_because`` says how it went."""

    id: str
    kind: str
    term: str
    rule: str
    source: str
    security_id: str | None
    account_id: str | None
    said: Mapping[str, Any]
    since: int
    cleared_at: int | None
    cleared_because: str | None
