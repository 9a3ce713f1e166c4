"""Who somebody is (身份信息): one document, checked by its own rules, and who holds it. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from chain.proof.canonical import JsonObject
from services.platform.errors import Invalid
from services.register.codes import check_resident_number, check_usci, normal
from services.register.rules.values import Kind

__all__ = ["LETTERS", "Document", "Identity", "check_identity", "check_number", "kind_of", "kind_slug"]


class Document(StrEnum):
    """Kinds of documents (证件类型)."""

    RESIDENT_ID = "resident-id"  # 居民身份证
    RESIDENCE_PERMIT = "residence-permit"  # 港澳台居民居住证
    PASSPORT = "passport"  # 护照
    HONG_KONG_MACAU = "hong-kong-macau-permit"  # 港澳居民来往内地通行证
    TAIWAN = "taiwan-permit"  # 台湾居民来往大陆通行证
    FOREIGN_PERMANENT = "foreign-permanent-resident"  # 外国人永久居留身份证
    USCI = "usci"  # 统一社会信用代码
    FILING = "filing"  # 产品备案编码
    OTHER = "other"  # 其他证件 (境外注册号等)


_PERSONAL = frozenset(
    {
        Document.RESIDENT_ID,
        Document.RESIDENCE_PERMIT,
        Document.PASSPORT,
        Document.HONG_KONG_MACAU,
        Document.TAIWAN,
        Document.FOREIGN_PERMANENT,
    }
)
_FORMS: Mapping[Document, tuple[str, str]] = {
    Document.PASSPORT: (r"[A-Z0-9]{5,15}", "five to fifteen letters and digits"),
    Document.HONG_KONG_MACAU: (r"[HM][0-9]{8}(?:[0-9]{2})?", "H or M and eight digits (ten on old ones)"),
    Document.TAIWAN: (r"[0-9]{8}(?:[0-9]{2})?", "eight digits (ten on old ones)"),
    Document.FOREIGN_PERMANENT: (r"(?:[A-Z]{3}[0-9]{12}|9[0-9]{16}[0-9X])", "three letters and twelve digits, or 18"),
    Document.FILING: (r"[A-Z0-9]{4,20}", "four to twenty letters and digits"),
    Document.OTHER: (r"[A-Z0-9][A-Z0-9/.()-]{2,39}", "three to forty letters, digits and signs"),
}
LETTERS: Mapping[Kind, str] = {
    kind: "Q" if kind is Kind.PERSON else "S" if kind in {Kind.PRODUCT, Kind.FILED_FUND, Kind.EMPLOYEE_PLAN} else "R"
    for kind in Kind
    if kind is not Kind.NONE
}
"""The first letter of an investor code (JR/T 0326) by the kind of holder."""
_NAME_MAX = 120
_TEXT_MAX = 300


def kind_slug(kind: Kind) -> str:
    """As the API writes it: ``filed-fund``."""
    return kind.name.lower().replace("_", "-")


def kind_of(slug: str, field: str = "kind") -> Kind:
    """The kind of that slug. Invalid lists them."""
    found = {kind_slug(each): each for each in LETTERS}
    if slug not in found:
        raise Invalid(field, f"Expected one of {', '.join(found)}.")
    return found[slug]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What an account keeps of its holder, encrypted. Optional members are empty when nobody told."""

    name: str
    document: Document
    number: str
    phone: str = ""
    address: str = ""
    email: str = ""
    representative: str = ""

    def content(self) -> JsonObject:
        """As it is encrypted, and committed to: only what was told."""
        return {name: str(value) for name in self.__slots__ if (value := getattr(self, name))}

    @classmethod
    def of(cls, content: Mapping[str, object]) -> "Identity":
        """What :meth:`content` gave."""
        known = {each.name for each in fields(cls)}
        told = {name: str(value) for name, value in content.items() if name in known}
        return cls(**{**told, "document": Document(told["document"])})  # type: ignore[arg-type]

    @property
    def key(self) -> str:
        """What makes two accounts those of one holder: the document, and nothing else."""
        return f"{self.document}\n{self.number}"


def check_number(document: Document, number: str, today: date, field: str = "number") -> str:
    """A document's number in its normal form, checked by the rules of its kind. Invalid never repeats it."""
    if document is Document.USCI:
        return check_usci(number, field)
    if document in {Document.RESIDENT_ID, Document.RESIDENCE_PERMIT}:
        found = check_resident_number(number, today, field)
        if (document is Document.RESIDENCE_PERMIT) != (found[:2] in {"81", "82", "83"}):
            detail = "Numbers that begin with 81, 82 or 83 are those of residence permits, and only those."
            raise Invalid(field, detail, rule="GB11643-REGION", source="GB 11643—1999")
        return found
    pattern, words = _FORMS[document]
    found = normal(number).replace(" ", "")
    if not re.fullmatch(pattern, found):
        raise Invalid(field, f"The number of this document has {words}.", rule="DOCUMENT-FORM", source="账户实名")
    return found


def check_identity(kind: Kind, told: Identity, today: date) -> Identity:
    """The identity in its normal form, fit for this kind of holder. Invalid names the member."""
    if (kind is Kind.PERSON) != (told.document in _PERSONAL) and told.document is not Document.OTHER:
        detail = "A natural person has a personal document, everybody else has not."
        raise Invalid("document", detail, rule="DOCUMENT-KIND", source="账户实名")
    name = " ".join(told.name.split())
    if not 2 <= len(name) <= _NAME_MAX or any(not character.isprintable() for character in name):
        raise Invalid("name", f"A name has 2 to {_NAME_MAX} characters.")
    rest = {each: " ".join(getattr(told, each).split()) for each in ("phone", "address", "email", "representative")}
    for field, value in rest.items():
        if len(value) > _TEXT_MAX or any(not character.isprintable() for character in value):
            raise Invalid(field, f"At most {_TEXT_MAX} printable characters.")
    return Identity(name=name, document=told.document, number=check_number(told.document, told.number, today), **rest)
