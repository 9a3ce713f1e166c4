"""A dividend from its resolution to what the court releases: by the register at the end of the record date."""

import csv
import json
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from chain.proof.canonical import canonical
from chain.proof.hashing import sha256
from cli.app import build
from services.days import on
from services.platform.ids import from_bytes16
from services.register.rules.days import day_start
from tests.integration.register.business import LIAISON
from tests.integration.register.clerk import Clerk
from tests.integration.register.shares import open_investors, open_security, transfer
from tests.integration.register.test_book_liens import FREEZE, PLEDGE, encumber
from tests.integration.register.world import MarketWorld
from tests.serving import serving

pytestmark = pytest.mark.one_database
DING, ELI = secrets.token_bytes(16), secrets.token_bytes(16)


def test_a_dividend_with_a_frozen_holder(
    booked: MarketWorld, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk, base = Clerk(booked, client), "/v1/register/dividends"

    def post(path: str, said: Any, status: int = 200, key: str = "") -> Any:
        answer = client.post(f"{base}{path}", json=said, headers={"Idempotency-Key": key} if key else {})
        return _answer(clerk, answer, status)

    security = _held(booked)
    day = booked.acting.today()
    rests = clerk.documents("resolution")
    said = {"security": from_bytes16("sec", security), "amount": "0.1233", "record_date": str(on(day))}
    assert post("", {**said, "documents": []}, 409)["rule"] == "DOC-01"
    assert post("", {**said, "amount": "1e3", "documents": rests}, 422)["field"] == "/amount"
    past = str(on(day) - timedelta(days=1))
    assert post("", {**said, "record_date": past, "documents": rests}, 422)["field"] == "/record_date"
    made = post("", {**said, "documents": rests}, 201, key=secrets.token_hex(8))
    place = f"/{made['id']}"
    assert post(f"{place}/calculation", {}, 409)["rule"] == "DIV-02"

    booked.pass_days(1)
    _after(booked, security, day)
    assert client.get(base + place).json()["stage"] == "record-date"
    key = secrets.token_hex(8)
    done = post(f"{place}/calculation", {}, key=key)
    assert post(f"{place}/calculation", {}, key=key) == done, "once"
    assert done["totals"] == {
        "holders": 2, "units": "150", "gross": "18.49", "withheld": "8.64", "payable": "9.85", "fruits": "2.46",
        "remainder": "0.00500000",
    }  # fmt: skip
    lines = client.get(f"{base}{place}/lines").json()["items"]
    listed: list[Any] = [{name: one[name] for name in one if name not in ("name", "released")} for one in lines]
    assert done["digest"] == "0x" + sha256(canonical({"dividend": made["id"], "lines": listed})).hex()
    debtor = next(one for one in lines if one["account"] == from_bytes16("acc", DING))
    assert (debtor["units"], debtor["frozen"], debtor["pledged"]) == ("100", "70", "20"), "the late freeze counts"
    assert (debtor["gross"], debtor["withheld"], debtor["payable"]) == ("12.33", "8.64", "3.69")
    assert post(f"{place}/payment", {"reference": "P"}, 409)["type"].endswith("dividend-stage"), "not funded yet"

    wanted = {"account": debtor["account"], "amount": "8.65", "to": "court", "reference": "R", "documents": rests}
    assert post(f"{place}/releases", wanted, 409)["rule"] == "DOC-01"
    ruling = clerk.documents("court-ruling")
    home = _home(booked, tmp_path, monkeypatch)
    with serving(client.app) as port:
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}"}))
        _checked(clerk, "fund", made["id"], "--reference", "回单 1")
        assert post(f"{place}/releases", {**wanted, "documents": ruling}, 409)["rule"] == "DIV-03"
        assert "待复核" in _checked(clerk, "pay", made["id"], "--reference", "回单 2")
        assert "stage        paid" in _run("show", made["id"])
        rest = ("--reference", "回单 3", "--to", "court", "--document", f"court-ruling={ruling[0]['record']}")
        _checked(clerk, "release", made["id"], debtor["account"], "8.64", *rest)
        assert "released 8.64" in _run("show", made["id"])
        assert made["id"] in _run("list", "--security", said["security"])
        _run("show", made["id"], "--out", str(tmp_path / "派发.csv"))
    rows = list(csv.reader((tmp_path / "派发.csv").read_text("utf-8-sig").splitlines()))
    assert [row[-1] for row in rows if row and row[0] == debtor["account"]] == ["8.64"]
    steps = client.get(base + place).json()["steps"]
    facts = [clerk.said(one["record"])["body"]["fact"] for one in steps]
    names = ("resolved", "record-date", "calculated", "funded", "paid", "released")
    assert facts == [f"dividend-{name}" for name in names]


def _held(world: MarketWorld) -> bytes:
    """100 units are DING's, of which 30 are frozen and 20 pledged; 50 ELI's."""
    security = secrets.token_bytes(16)
    open_investors(world, DING, ELI)
    open_security(world, security, [(DING, 100), (ELI, 50)])
    encumber(world, security, PLEDGE, 20, investor=DING)
    _freeze(world, security, 30, world.acting.today())
    world.settle()
    return security


def _freeze(world: MarketWorld, security: bytes, units: int, day: int) -> None:
    """Published on a day, early in the morning."""
    until = world.acting.today() + 365
    encumber(world, security, FREEZE, units, LIAISON, investor=DING, since=day_start(day) + 60, until=until)


def _after(world: MarketWorld, security: bytes, day: int) -> None:
    """What happens after the record date: a gift, and a freeze arrives that was published on it."""
    transfer(world, security, ELI, DING, 5, reason=1)
    _freeze(world, security, 40, day)
    world.settle()


def _home(world: MarketWorld, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = folder / "host"
    home.mkdir()
    (home / "token").write_text(world.secret)
    (home / "token").chmod(0o600)
    monkeypatch.setenv("REGSEAL_PARTY", str(home))
    return home


def _answer(clerk: Clerk, answer: Any, status: int) -> Any:
    """What it is once the checker has signed it, too."""
    made = answer.json()
    if answer.status_code != 202:
        assert answer.status_code == status, answer.text
        return made
    listed = clerk.client.get("/v1/register/dividends").json()["items"]
    before = [(one["stage"], one["released"]) for one in listed]
    assert clerk.checked(made)["state"] == "final"
    listed = clerk.client.get("/v1/register/dividends").json()["items"]
    assert [(one["stage"], one["released"]) for one in listed] != before, "not before that"
    return listed[-1]


def _checked(clerk: Clerk, *arguments: str) -> str:
    """What a command has asked for, signed by the checker."""
    told = _run(*arguments)
    (operation,) = set(re.findall(r"op_[0-9a-f]+", told))
    assert clerk.checked(clerk.client.get(f"/v1/operations/{operation}").json())["state"] == "final"
    return told


def _run(*arguments: str) -> str:
    done = CliRunner().invoke(build("register"), ["register", "dividend", *arguments])
    assert done.exit_code == 0, done.output
    return str(done.output)
