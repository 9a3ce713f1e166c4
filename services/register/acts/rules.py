"""What only the service can check (登记审核): documents, pre-emption, payment. Pure; the chain sees none of it."""

from collections.abc import Mapping, Sequence

from services.pilots.rulebook.days import number, on
from services.platform.errors import RuleRefused
from services.register.acts.said import Said
from services.register.acts.transfers import Transfer
from services.register.rules.refusal import Value
from services.register.rules.values import Form, Reason
from services.register.sources import refusal

__all__ = ["DOCUMENTS", "documents_of", "require_documents", "require_payment", "require_pre_emption"]

DOCUMENTS: Mapping[str, Sequence[str]] = {
    "open-security": ("custody-agreement", "articles"),
    "change-terms": ("resolution",),
    "admit": ("capital-verification",),
    "set-state": ("resolution",),
    "issue": ("holder-list",),
    "transfer:agreed": ("transfer-agreement",),
    "transfer:gift": ("gift-deed",),
    "transfer:inheritance": ("inheritance-certificate",),
    "transfer:division": ("division-agreement",),
    "transfer:succession": ("succession-document",),
    "transfer:judicial": ("court-ruling", "assistance-notice"),
}
"""What each act must rest on (登记材料); a transfer by its reason."""
_PRE_EMPTION_DAYS: Mapping[Reason, int] = {Reason.AGREED: 30, Reason.JUDICIAL: 20}
"""公司法 84, 85: days after which silence is a waiver."""


def documents_of(said: Said) -> Sequence[str]:
    """The documents that an act needs."""
    kind = f"{said.name}:{said.reason}" if isinstance(said, Transfer) else said.name
    return DOCUMENTS.get(kind, ())


def require_documents(said: Said) -> None:
    """RuleRefused names the first document that is missing."""
    given = {each.code for each in said.documents}
    for code in documents_of(said):
        if code not in given:
            raise _refused("ServiceDocument", document=code, act=said.name)


def require_payment(said: Transfer) -> None:
    """An agreed transfer names its payment, by reference."""
    if said.why is Reason.AGREED and not said.payment:
        raise _refused("ServicePayment")


def require_pre_emption(said: Transfer, form: Form, *, outsider: bool, today: int) -> None:
    """An LLC's equity goes to an outsider when the others have waived, or kept silent long enough (公司法 84, 85)."""
    days = _PRE_EMPTION_DAYS.get(said.why)
    if form is not Form.LLC_EQUITY or not outsider or days is None:
        return
    known = said.pre_emption
    if known is not None and known.waived:
        return
    if known is None or known.notified_on is None:
        raise _refused(f"ServicePreEmption:{said.reason}", days=days, notified="-", until="-")
    until = number(known.notified_on) + days
    if today <= until:
        notified = known.notified_on.isoformat()
        raise _refused(f"ServicePreEmption:{said.reason}", days=days, notified=notified, until=on(until).isoformat())


def _refused(key: str, **numbers: Value) -> RuleRefused:
    return refusal(key, numbers)
