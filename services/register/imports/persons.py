"""Who a line is about: name, document, kind of holder, as far as a list says them or they follow from it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.platform.errors import Invalid
from services.register.accounts.identity import Document, Identity, check_identity
from services.register.imports.findings import CellRefused
from services.register.imports.line import Line
from services.register.imports.tables.cells import Cell
from services.register.imports.values import one_of, plain_text, read_identifier
from services.register.rules.values import Kind

__all__ = ["Person", "read_person"]

_DOCUMENTS: Sequence[tuple[str, Document]] = (
    ("居住证", Document.RESIDENCE_PERMIT),
    ("永久居留", Document.FOREIGN_PERMANENT),
    ("永居", Document.FOREIGN_PERMANENT),
    ("身份证", Document.RESIDENT_ID),
    ("护照", Document.PASSPORT),
    ("台湾", Document.TAIWAN),
    ("台胞", Document.TAIWAN),
    ("港澳", Document.HONG_KONG_MACAU),
    ("回乡证", Document.HONG_KONG_MACAU),
    ("信用代码", Document.USCI),
    ("营业执照", Document.USCI),
    ("备案", Document.FILING),
    ("其他", Document.OTHER),
    ("其它", Document.OTHER),
    ("注册", Document.OTHER),
)
_KINDS: Sequence[tuple[str, Kind]] = (
    ("私募基金", Kind.FILED_FUND),
    ("员工持股", Kind.EMPLOYEE_PLAN),
    ("合伙", Kind.PARTNERSHIP),
    ("金融机构", Kind.FINANCIAL_INSTITUTION),
    ("产品", Kind.PRODUCT),
    ("计划", Kind.PRODUCT),
    ("基金", Kind.PRODUCT),
    ("自然人", Kind.PERSON),
    ("个人", Kind.PERSON),
    ("法人", Kind.COMPANY),
    ("企业", Kind.COMPANY),
    ("公司", Kind.COMPANY),
    ("机构", Kind.COMPANY),
)
"""The first word that a cell contains decides."""
_LENGTH = 18


@dataclass(frozen=True, slots=True)
class Person:
    """A holder; ``concluded``: its kind follows from document and name, the list does not say it."""

    kind: Kind
    identity: Identity
    concluded: bool


def read_person(line: Line, today: date) -> Person | None:
    """The person of a line; None once the line knows what is wrong."""
    number = line.need("number", read_identifier)
    name = line.need("name", lambda cell: plain_text(cell.text))
    said = line.may("document", _document)
    kind_said = line.may("kind", _kind)
    if number is None or name is None or line.wrong:
        return None
    document = said or _concluded_document(number, kind_said)
    kind = kind_said or _concluded_kind(name, document)
    contact = {field: plain_text(line.text(field)) for field in ("phone", "address")}
    told = Identity(name=name, document=document, number=number, **contact)
    try:
        return Person(kind, check_identity(kind, told, today), kind_said is None)
    except Invalid as error:
        field = error.field if error.field in line.cells else "number"
        line.refuse(field or "number", CellRefused.of(error))
        return None


def _document(cell: Cell) -> Document:
    return one_of(
        cell, _DOCUMENTS, "Expected a kind of document: 身份证、统一社会信用代码、护照、港澳…、台湾…、备案编码、其他."
    )


def _kind(cell: Cell) -> Kind:
    return one_of(
        cell, _KINDS, "Expected a kind of holder: 自然人、法人、合伙企业、金融机构、产品、私募基金、员工持股计划."
    )


def _concluded_document(number: str, kind: Kind | None) -> Document:
    """What 18 characters are, nothing tells but themselves; anything else is a document that the list must name."""
    if kind is Kind.PERSON or (kind is None and _looks_resident(number)):
        return Document.RESIDENCE_PERMIT if number[:2] in {"81", "82", "83"} else Document.RESIDENT_ID
    return Document.FILING if kind in {Kind.PRODUCT, Kind.FILED_FUND} and len(number) < _LENGTH else Document.USCI


def _looks_resident(number: str) -> bool:
    """Seventeen digits and a digit or X: of a USCI the ninth to seventeenth are seldom digits, its check never fits."""
    return number[:17].isdecimal() and (len(number) != _LENGTH or number[6:8] in {"18", "19", "20"})


def _concluded_kind(name: str, document: Document) -> Kind:
    if document is Document.FILING:
        return Kind.PRODUCT
    if document in {Document.USCI, Document.OTHER}:
        return Kind.PARTNERSHIP if "合伙" in name else Kind.COMPANY
    return Kind.PERSON
