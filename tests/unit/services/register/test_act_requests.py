"""Requests of acts: every one has its example, its contract act, its typed struct, and comes back from its row."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from api.register.acts import Request
from api.register.examples import ACTS as EXAMPLES
from services.platform.errors import Invalid
from services.register.acts.dealing import dealers
from services.register.acts.messages import accounts_of, act_of, securities_of
from services.register.acts.said import Said, content
from services.register.names import ACTS
from services.register.rules import acts
from services.transactions.encoding import json_safe
from services.transactions.typed import STRUCTS

READ: TypeAdapter[Any] = TypeAdapter(Request)


def _said(name: str, **change: Any) -> Said:
    said: Said = READ.validate_python({"act": name, **EXAMPLES[name], **change})
    return said


def test_every_act_has_an_example() -> None:
    assert EXAMPLES.keys() == ACTS.keys()


@pytest.mark.parametrize("name", sorted(ACTS))
def test_an_act_becomes_its_struct_and_comes_back_from_a_row(name: str) -> None:
    said = _said(name)
    act = said.contract_act()
    struct = STRUCTS[type(act).__name__]
    assert struct.contract == "EquityRegister"
    message = acts.message(act)
    assert {*message, "commitment", "leaf", "nonce", "deadline"} == {field for _, field in struct.fields}
    assert act_of(struct.name, json_safe(message)) == act
    assert said.about in {*accounts_of(act), *securities_of(act), getattr(said, "company", "")}
    assert content(said)["act"] == name


@pytest.mark.parametrize(
    ("name", "change", "field"),
    [
        ("pledge", {"units": "１"}, "/units"),
        ("pledge", {"units": ""}, "/units"),
        ("pledge", {"units": str(2**80)}, "/units"),
        ("pledge", {"units": "1" * 26}, "/units"),
        pytest.param("pledge", {"units": "9" * 5_000}, "/units", id="pledge-more digits than Python reads"),
        ("pledge", {"pledgee": {"address": "0x12", "name": "x"}}, "/pledgee/address"),
        ("pledge", {"since": "2026-11-20T10:00:00"}, "/since"),
        ("freeze", {"published_at": "2026-11-20T10:00:00"}, "/published_at"),
        ("freeze-extend", {"number": 0}, "/number"),
        ("transfer-estate", {"liens": [1, 65_536]}, "/liens/1"),
        ("transfer-batch", {"deals": [{"giver": "acc_1", "taker": "acc_2", "units": "1"}]}, "/deals/0/giver"),
        ("issue", {"entries": []}, "/entries"),
        ("open-security", {"issuer": "ins_" + "0" * 32}, "/issuer"),
        ("open-investor", {"kind": "ghost"}, "/kind"),
        ("open-investor", {"addend": -1}, "/addend"),
        ("set-state", {"state": "lost"}, "/state"),
        ("bonus", {"numerator": 0}, "/numerator"),
        ("lock", {"nature": "40"}, "/nature"),
        ("freeze-extend", {"until": None}, "/until"),
        ("cancel", {"entries": [{"account": "acc_1", "units": "1"}]}, "/entries/0/account"),
    ],
)
def test_a_wrong_member_is_named(name: str, change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _said(name, **change).contract_act()
    assert refused.value.field == field


def test_who_deals_by_an_act() -> None:
    """Whoever deals needs an account in its normal state; nobody deals by what a court or the law does."""
    sold = _said("transfer")
    giver, taker = getattr(sold, "giver"), getattr(sold, "taker")  # noqa: B009 (the request's own members)
    assert _dealers(sold) == [giver, taker]
    assert _dealers(_said("transfer", reason="inheritance")) == [taker], "from a frozen account it goes to the heirs"
    assert _dealers(_said("transfer", reason="judicial")) == []
    batch = _said("transfer-batch")
    deals = getattr(batch, "deals")  # noqa: B009
    assert {*_dealers(batch)} == {one for each in deals for one in (each.giver, each.taker)}
    dealing = {name for name in ACTS if _dealers(_said(name))}
    assert dealing == {
        "issue", "pledge", "pledge-enforce", "transfer", "transfer-batch", "transfer-estate", "transfer-pledged"
    }  # fmt: skip


def _dealers(said: Said) -> list[str]:
    return dealers(said.name, said.contract_act())
