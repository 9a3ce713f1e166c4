"""What only the service can check (登记审核): documents, payment, parties. Pure; the chain sees none of it."""

from collections.abc import Mapping, Sequence

from services.platform.errors import RuleRefused
from services.register.acts.deals import Deal
from services.register.acts.liens import COURT, Enforce, Pledge
from services.register.acts.said import Said
from services.register.acts.transfers import Transferring
from services.register.codes import normal
from services.register.rules.refusal import Value
from services.register.rules.values import LienKind, Reason
from services.register.sources import refusal

__all__ = [
    "DOCUMENTS",
    "changes_capital",
    "documents_of",
    "require_all",
    "require_documents",
    "require_lien",
    "require_other_pledgee",
    "require_payment",
    "require_report",
]

DOCUMENTS: Mapping[str, Sequence[str]] = {
    "change-terms": ("resolution",),
    "issue": ("resolution",),
    "transfer:agreed": ("transfer-agreement",),
    "transfer:gift": ("gift-deed",),
    "transfer:inheritance": ("inheritance-certificate",),
    "transfer:division": ("division-agreement",),
    "transfer:succession": ("succession-document",),
    "transfer:judicial": COURT,
    "pledge": ("joint-application", "pledge-contract"),
    "pledge-release": ("release-application",),
    "pledge-revoke": ("legal-document",),
    "pledge-enforce": ("enforcement-agreement",),
    "pledge-enforce:judicial": COURT,
    "freeze": (*COURT, "publication"),
    "freeze-extend": COURT,
    "freeze-release": COURT,
    "freeze-enforce": COURT,
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
_REPORT = "court-report"
_CAPITAL = frozenset({"issue", "bonus", "cancel"})


def documents_of(said: Said) -> Sequence[str]:
    """The documents that an act needs. Invalid for a transfer without a reason that there is."""
    if isinstance(said, Transferring):
        return DOCUMENTS.get(f"transfer:{said.why.name.lower()}", ())
    by_court = isinstance(said, Enforce) and said.why is Reason.JUDICIAL
    return DOCUMENTS.get(f"{said.name}:judicial" if by_court else said.name, DOCUMENTS.get(said.name, ()))


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


def changes_capital(said: Said) -> bool:
    """Whether it is an increase or a reduction, once the company is in custody (增资、转增、减资)."""
    return said.name in _CAPITAL


def require_report(said: Said, freezes: int) -> None:
    """While units are frozen, the court hears of it before a company's capital changes (法释〔2021〕20号 8)."""
    if freezes and _REPORT not in {each.code for each in said.documents}:
        raise _refused("ServiceCourtReport", document=_REPORT, act=said.name, freezes=freezes)


def require_all(named: Sequence[str], holders: Sequence[str]) -> None:
    """A bonus that leaves somebody out is asked for in parts, while nobody deals (送转股)."""
    if set(named) != set(holders):
        raise _refused("ServiceBonus", named=len(named), holders=len(holders))


def require_lien(said: Said, number: int, kind: LienKind) -> None:
    """What is done to a lien is done to one of its kind: nobody releases a freeze as a pledge."""
    wanted = next((each for each, names in _OF_KIND.items() if said.name in names), None)
    if wanted is not None and wanted is not kind:
        raise _refused("ServiceLienKind", act=said.name, number=number, kind=kind.name.lower())


def require_other_pledgee(said: Pledge, issuer: str) -> None:
    """公司法 162: a company takes no pledge of its own shares. ``issuer``: its 统一社会信用代码."""
    if issuer and normal(said.pledgee.company) == normal(issuer):
        raise _refused("ServiceOwnShares")


def _refused(key: str, **numbers: Value) -> RuleRefused:
    return refusal(key, numbers)
