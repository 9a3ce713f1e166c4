"""What only the service can check (登记审核): documents, pre-emption, payment. Pure; the chain sees none of it."""

from collections.abc import Mapping, Sequence

from services.days import number, on
from services.platform.errors import RuleRefused
from services.register.acts.liens import Pledge
from services.register.acts.said import Said
from services.register.acts.transfers import Deal, PreEmption, Transferring
from services.register.codes import normal
from services.register.rules.refusal import Value
from services.register.rules.values import Form, LienKind, Reason
from services.register.sources import refusal

__all__ = [
    "DOCUMENTS",
    "documents_of",
    "outsiders",
    "require_documents",
    "require_lien",
    "require_other_pledgee",
    "require_payment",
    "require_pre_emption",
]

_COURT = ("court-ruling", "assistance-notice")
DOCUMENTS: Mapping[str, Sequence[str]] = {
    "change-terms": ("resolution",),
    "issue": ("resolution",),
    "transfer:agreed": ("transfer-agreement",),
    "transfer:gift": ("gift-deed",),
    "transfer:inheritance": ("inheritance-certificate",),
    "transfer:division": ("division-agreement",),
    "transfer:succession": ("succession-document",),
    "transfer:judicial": _COURT,
    "pledge": ("joint-application", "pledge-contract"),
    "pledge-release": ("release-application",),
    "pledge-revoke": ("legal-document",),
    "pledge-enforce": ("enforcement-agreement",),
    "freeze": (*_COURT, "publication"),
    "freeze-extend": _COURT,
    "freeze-release": _COURT,
    "freeze-enforce": _COURT,
    "lock": ("lock-document",),
    "lock-extend": ("lock-document",),
    "unlock": ("lock-document",),
    "officer": ("officer-declaration",),
    "confirm": ("confirmation",),
    "bonus": ("resolution",),
    "cancel": ("resolution",),
}
"""What each act must rest on (登记材料), a transfer by its reason. During the first registration the company's do."""
_OF_KIND: Mapping[LienKind, Sequence[str]] = {
    LienKind.PLEDGE: ("pledge-release", "pledge-revoke", "pledge-enforce", "transfer-pledged"),
    LienKind.FREEZE: ("freeze-release", "freeze-extend", "freeze-enforce"),
    LienKind.LOCK: ("unlock", "lock-extend"),
}
_PRE_EMPTION_DAYS: Mapping[Reason, int] = {Reason.AGREED: 30, Reason.JUDICIAL: 20}
"""公司法 84, 85: days after which silence is a waiver."""


def documents_of(said: Said) -> Sequence[str]:
    """The documents that an act needs. Invalid for a transfer without a reason that there is."""
    kind = f"transfer:{said.why.name.lower()}" if isinstance(said, Transferring) else said.name
    return DOCUMENTS.get(kind, ())


def require_documents(said: Said) -> None:
    """RuleRefused names the first document that is missing."""
    given = {each.code for each in said.documents}
    for code in documents_of(said):
        if code not in given:
            raise _refused("ServiceDocument", document=code, act=said.name)


def require_payment(why: Reason, deal: Deal) -> None:
    """An agreed transfer names its payment, by reference."""
    if why is Reason.AGREED and not deal.payment:
        raise _refused("ServicePayment")


def require_pre_emption(why: Reason, known: PreEmption | None, *, today: int) -> None:
    """An LLC's equity goes to an outsider when the others have waived, or kept silent long enough (公司法 84, 85)."""
    days = _PRE_EMPTION_DAYS.get(why)
    if days is None or (known is not None and known.waived):
        return
    key = f"ServicePreEmption:{why.name.lower()}"
    if known is None or known.notified_on is None:
        raise _refused(key, days=days, notified="-", until="-")
    until = number(known.notified_on) + days
    if today <= until:
        raise _refused(key, days=days, notified=known.notified_on.isoformat(), until=on(until).isoformat())


def require_lien(said: Said, number: int, kind: LienKind) -> None:
    """What is done to a lien is done to one of its kind: nobody releases a freeze as a pledge."""
    wanted = next((each for each, names in _OF_KIND.items() if said.name in names), None)
    if wanted is not None and wanted is not kind:
        raise _refused("ServiceLienKind", act=said.name, number=number, kind=kind.name.lower())


def require_other_pledgee(said: Pledge, issuer: str) -> None:
    """公司法 162: a company takes no pledge of its own shares. ``issuer``: its 统一社会信用代码."""
    if issuer and normal(said.pledgee.company) == normal(issuer):
        raise _refused("ServiceOwnShares")


def outsiders(form: Form, deals: Sequence[Deal], holders: Sequence[str]) -> Sequence[Deal]:
    """The deals by which somebody becomes a shareholder of an LLC: the others have a right to buy first."""
    return [each for each in deals if form is Form.LLC_EQUITY and each.taker not in holders]


def _refused(key: str, **numbers: Value) -> RuleRefused:
    return refusal(key, numbers)
