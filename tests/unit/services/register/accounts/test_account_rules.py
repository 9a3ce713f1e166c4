"""Identity, suitability and states of accounts; the sample's allocator of codes."""

from datetime import date

import pytest

from services.platform.errors import Conflict, Invalid, RuleRefused
from services.register.accounts import rules
from services.register.accounts.identity import LETTERS, Document, Identity, check_identity, check_number, kind_of
from services.register.accounts.sample_allocator import next_sample_code
from services.register.codes import check_investor_code
from services.register.rules.values import Kind
from tests.unit.services.register.imports.sheets import organisation, resident

TODAY = date(2026, 11, 20)


def told(document: Document, number: str, **more: str) -> Identity:
    return Identity(**{"name": "测试甲", **more}, document=document, number=number)


def test_an_identity_in_its_normal_form() -> None:
    given = told(Document.RESIDENT_ID, f" {resident(1).lower()} ", name=" 测试　 甲 ", phone=" 138 0000 ")
    found = check_identity(Kind.PERSON, given, TODAY)
    assert (found.name, found.number, found.phone) == ("测试 甲", resident(1), "138 0000")
    assert found.content() == {
        "name": "测试 甲", "document": "resident-id", "number": resident(1), "phone": "138 0000"
    }  # fmt: skip
    assert Identity.of(found.content()) == found


@pytest.mark.parametrize(
    ("document", "good", "bad"),
    [
        (Document.USCI, organisation(1), organisation(1)[:-1] + "I"),
        (Document.PASSPORT, "e12345678", "E1"),
        (Document.HONG_KONG_MACAU, "H12345678", "A12345678"),
        (Document.TAIWAN, "12345678", "T2345678"),
        (Document.FOREIGN_PERMANENT, "USA110080010101", "US110080010101"),
        (Document.FILING, "SAB123", "S"),
        (Document.OTHER, "HK-7654321", "!"),
    ],
)
def test_each_document_has_its_form(document: Document, good: str, bad: str) -> None:
    assert check_number(document, good, TODAY) == good.upper()
    with pytest.raises(Invalid) as caught:
        check_number(document, bad, TODAY)
    assert caught.value.rule
    assert bad not in str(caught.value)


def test_a_residence_permit_is_no_identity_card() -> None:
    with pytest.raises(Invalid) as caught:
        check_number(Document.RESIDENCE_PERMIT, resident(1), TODAY)
    assert caught.value.rule == "GB11643-REGION"


@pytest.mark.parametrize(
    ("kind", "document", "number"),
    [(Kind.COMPANY, Document.RESIDENT_ID, resident(1)), (Kind.PERSON, Document.USCI, organisation(1))],
)
def test_persons_have_personal_documents_and_nobody_else(kind: Kind, document: Document, number: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_identity(kind, told(document, number), TODAY)
    assert (caught.value.field, caught.value.rule) == ("document", "DOCUMENT-KIND")


@pytest.mark.parametrize(("field", "value"), [("name", "甲"), ("name", "测\u202e试"), ("phone", "1" * 301)])
def test_other_members(field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_identity(Kind.PERSON, told(Document.RESIDENT_ID, resident(1), **{field: value}), TODAY)
    assert caught.value.field == field


def test_the_same_document_is_the_same_holder_whatever_the_name() -> None:
    first, second = told(Document.PASSPORT, "E1234567"), told(Document.PASSPORT, "E1234567", name="测试乙")
    assert first.key == second.key
    assert first.key != told(Document.OTHER, "E1234567").key


def test_kinds_and_their_letters() -> None:
    assert kind_of("filed-fund") is Kind.FILED_FUND
    assert (LETTERS[Kind.PERSON], LETTERS[Kind.COMPANY], LETTERS[Kind.PRODUCT]) == ("Q", "R", "S")
    with pytest.raises(Invalid):
        kind_of("none")


def test_states() -> None:
    rules.check_move("normal", "frozen")
    rules.check_move("frozen", "normal")
    rules.check_move("normal", "closed")
    rules.check_move("closed", "normal")
    for state, to in (("frozen", "closed"), ("normal", "normal"), ("closed", "frozen")):
        with pytest.raises(Conflict):
            rules.check_move(state, to)
    assert rules.shown_state("normal", on_chain=False) == "opened"
    assert rules.shown_state("normal", on_chain=True) == "active"
    assert rules.shown_state("frozen", on_chain=True) == "frozen"


@pytest.mark.parametrize(
    ("units", "liens", "waiting", "rule"), [(1, 0, 0, "ACC-01"), (0, 1, 0, "ACC-01"), (0, 0, 1, "ACC-02")]
)
def test_a_closed_account_holds_nothing(units: int, liens: int, waiting: int, rule: str) -> None:
    rules.check_close(0, 0, 0)
    with pytest.raises(RuleRefused) as caught:
        rules.check_close(units, liens, waiting)
    assert caught.value.rule == rule
    assert caught.value.extra["numbers"]


def test_suitability_has_one_of_five_bases_and_a_day_to_come() -> None:
    rules.check_basis(Kind.PERSON, "person", TODAY, TODAY)
    for kind, basis, until, field in (
        (Kind.PERSON, "net-assets", TODAY, "basis"),
        (Kind.PERSON, "friend", TODAY, "basis"),
        (Kind.PERSON, "person", date(2026, 11, 19), "until"),
    ):
        with pytest.raises(Invalid) as caught:
            rules.check_basis(kind, basis, until, TODAY)
        assert (caught.value.field, caught.value.rule) == (field, "REM-06")


def test_the_samples_allocator_counts_from_900000001() -> None:
    assert next_sample_code(None, "Q") == "Q900000001"
    assert next_sample_code("Q000000007", "Q") == "Q900000001"
    assert next_sample_code("R900000009", "R") == "R900000010"
    assert check_investor_code(next_sample_code(None, "S"), letter="S")
