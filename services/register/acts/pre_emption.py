"""Who may buy first (优先购买权、优先认缴权), and what shows that they do not. Pure; the chain sees none of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from services.days import number, on
from services.register.acts.deals import Deal, PreEmption
from services.register.rules.values import Form, Reason
from services.register.sources import refusal

__all__ = ["NOTICE", "WAIVER", "Right", "outsiders", "require_silence", "require_subscription", "right_of"]

NOTICE, WAIVER = "pre-emption-notice", "pre-emption-waiver"
"""书面通知（法院的通知）; 其他股东放弃、全体股东约定: what evidences either."""
_AGREED_DAYS, _COURT_DAYS = 30, 20
_BY_AGREEMENT = frozenset({Reason.AGREED, Reason.ENFORCEMENT})
"""A pledge that is enforced without a court is sold like anything else (民法典 436)."""


@dataclass(frozen=True, slots=True)
class Right:
    """After so many ``days`` of silence it is waived; ``ground``: which rule gives it."""

    ground: str
    days: int


def right_of(form: Form, why: Reason, articles: int | None) -> Right | None:
    """The right of the other shareholders of an LLC (公司法 84, 85), or of a company whose ``articles`` give one.

    ``articles``: days that they set for agreed transfers, 0 where they give no such right, None where they say nothing.
    A court sells under its own term whatever they say.
    """
    if why is Reason.JUDICIAL:
        return Right("judicial", _COURT_DAYS) if form is Form.LLC_EQUITY else None
    if why not in _BY_AGREEMENT or form not in {Form.LLC_EQUITY, Form.SHARE} or articles == 0:
        return None
    if form is Form.LLC_EQUITY:
        return Right("agreed", _AGREED_DAYS if articles is None else articles)
    return None if articles is None else Right("articles", articles)


def outsiders(deals: Sequence[Deal], holders: Collection[str]) -> Sequence[Deal]:
    """The deals by which somebody becomes a shareholder."""
    return [each for each in deals if each.taker not in holders]


def require_silence(right: Right, known: PreEmption | None, documents: Collection[str], *, today: int) -> None:
    """The others have waived, or kept silent long enough; a document says so. RuleRefused TRF-01, -02, -05, DOC-01."""
    if known is not None and known.waived:
        _require(WAIVER, documents)
        return
    key = f"ServicePreEmption:{right.ground}"
    if known is None or known.notified_on is None:
        raise refusal(key, {"days": right.days, "notified": "-", "until": "-"})
    until = number(known.notified_on) + right.days
    if today <= until:
        notified = known.notified_on.isoformat()
        raise refusal(key, {"days": right.days, "notified": notified, "until": on(until).isoformat()})
    _require(NOTICE, documents)


def require_subscription(
    wanted: Mapping[str, int], held: Mapping[str, int], issued: int, documents: Collection[str]
) -> None:
    """Nobody subscribes an LLC's new capital beyond what is paid in, unless all agree (公司法 227). RuleRefused TRF-04.

    ``wanted`` and ``held``: units by account.
    """
    total = sum(wanted.values())
    for account, units in wanted.items():
        share = held.get(account, 0) * total // issued if issued else total
        if units > share and WAIVER not in documents:
            raise refusal("ServiceSubscription", {"account": account, "wanted": str(units), "share": str(share)})


def _require(document: str, documents: Collection[str]) -> None:
    if document not in documents:
        raise refusal("ServiceDocument", {"document": document, "act": "pre-emption"})
