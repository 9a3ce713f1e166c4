"""Calendars from the announcement to the chain: counted by library, service and contract alike."""

import json
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import chinese_calendar
import pytest
from typer.testing import CliRunner

from chain.party.http import ApiClient
from cli.app import build
from cli.local.checks import Level
from cli.local.checks_calendars import calendars
from services.days import day_of, number, on
from services.platform.metrics import CALENDAR_MISSING
from tests.integration.services.pilots.region import AUTHORITIES, GUANGZHOU, SHENZHEN, Party, Region
from tests.integration.services.transactions.rig import REGIONAL
from tests.serving import serving

NATIONAL_DAY = (date(2026, 9, 28), date(2026, 10, 21))
PUBLIC = "/v1/public/calendars"


def ahead(region: Region) -> int:
    """A year of which every day is still to come."""
    return on(day_of(region.clock.now())).year + 2


def announcement(year: int) -> dict[str, str]:
    """A year of which a file says that New Year is all that there is."""
    saturday = next(day for day in (date(year, 1, 2) + timedelta(days=one) for one in range(7)) if day.weekday() == 5)
    text = f"""\
year: {year}
issuer: 国务院办公厅（示例）
document: 示例〔{year - 1}〕1号
issued_on: {year - 1}-11-04
holidays: [{year}-01-01]
working: [{saturday}]
sample: true
"""
    return {"name": f"{year}.yaml", "document": text}


def publish(region: Region, name: str, code: int, year: int, **more: Any) -> Any:
    """Asks for a year and signs it as the region's authority."""
    operation = region[name].post("/v1/calendars/years", {"region": code, "year": year, **more}, 202)
    assert operation["signers"] == [AUTHORITIES[code].address]
    assert region.sign(region[name], operation, AUTHORITIES[code]) == "final", region.house.operation(operation["id"])
    return operation


def counted(region: Region, code: int, since: date, until: date) -> Any:
    return region["shenzhen"].get(f"{PUBLIC}/{code}/days", since=since.isoformat(), until=until.isoformat())


@pytest.fixture(scope="module")
def shenzhen(region: Region) -> Region:
    """With 2026 as the library has it, and with nothing after it."""
    publish(region, "shenzhen", SHENZHEN, 2026)
    return region


def test_a_year_goes_from_the_library_to_the_chain(shenzhen: Region) -> None:
    found = shenzhen.anyone.get(f"{PUBLIC}/{SHENZHEN}/2026").json()
    assert (found["state"], found["working"], found["trading"]) == ("published", 248, 242)
    assert found["source"].startswith("chinesecalendar ")
    assert found["months"][9]["days"] == "-------TTM-TTTTT--TTTTT--TTTTT-", "October"
    compared = shenzhen.anyone.get(f"{PUBLIC}/{SHENZHEN}/2026/comparison").json()
    assert compared["agrees"]
    assert compared["announced_by"] == found["source"]
    group = shenzhen["shenzhen"]
    asked = group.get(f"/v1/records/{found['record']}")
    assert asked["record"]["body"]["source"] == found["source"]
    records = [group.get(f"/v1/records/{one['id']}") for one in group.get("/v1/records")["items"]]
    outcomes = [one for one in records if one["record"]["body"].get("request") == asked["leaf_hash"]]
    assert [one["type"] for one in outcomes] == ["calendar.publication"], "what became of it"


@pytest.mark.one_database
def test_a_notice_across_national_day_is_counted_alike_by_all(shenzhen: Region) -> None:
    begin, end = NATIONAL_DAY
    for length in range((end - begin).days):
        until = begin + timedelta(days=length)
        days = [begin + timedelta(days=one + 1) for one in range(length)]
        by_library = sum(chinese_calendar.is_workday(day) for day in days)
        found = counted(shenzhen, SHENZHEN, begin, until)
        assert found["working"] == found["chain_working"] == by_library, until
        assert found["trading"] == found["chain_trading"] == by_library - (date(2026, 10, 10) in days), until
    opened, fifth = date(2026, 9, 30), date(2026, 10, 13)
    assert counted(shenzhen, SHENZHEN, opened, fifth)["chain_working"] == 5, "with Saturday the 10th"
    assert counted(shenzhen, SHENZHEN, opened, fifth - timedelta(days=1))["chain_working"] == 4


@pytest.mark.parametrize("seed", range(24))
def test_any_span_is_counted_as_the_contract_counts_it(shenzhen: Region, seed: int) -> None:
    """Spans of every length, backwards ones and such that leave the year among them."""
    random = Random(seed)
    since, until = (date(2026, 1, 1) + timedelta(days=random.randrange(-12, 377)) for _ in range(2))
    found = counted(shenzhen, SHENZHEN, since, until)
    assert (found["working"], found["trading"]) == (found["chain_working"], found["chain_trading"]), (since, until)
    assert (found["working"] is None) == (since < until and {(since + timedelta(days=1)).year, until.year} != {2026})


def test_no_period_ends_in_a_year_that_is_not_published(shenzhen: Region) -> None:
    found = counted(shenzhen, SHENZHEN, date(2026, 12, 28), date(2027, 3, 1))
    assert {found[key] for key in ("working", "trading", "chain_working", "chain_trading")} == {None}
    assert shenzhen.anyone.get(f"{PUBLIC}/{SHENZHEN}/2027").status_code == 404
    compared = shenzhen.anyone.get(f"{PUBLIC}/{SHENZHEN}/2027/comparison").json()
    assert not compared["published"]
    assert not compared["agrees"]


def test_who_may_ask_for_what(shenzhen: Region) -> None:
    body = {"region": SHENZHEN, "year": 2026}
    group: Party = shenzhen["shenzhen"]
    assert group.post("/v1/calendars/years", body, 409)["type"].endswith("calendar-known")
    assert shenzhen.anyone.post("/v1/calendars/years", json=body).status_code == 401
    shenzhen["guangzhou"].post("/v1/calendars/years", body, 403)
    unknown = group.post("/v1/calendars/years", {**body, "year": 2099}, 422)
    assert (unknown["field"], "give its file" in unknown["detail"]) == ("year", True)
    wrong = announcement(2099)
    wrong["document"] = wrong["document"].replace("holidays: [2099-01-01]", "holidays: [2099-01-00]")
    refused = group.post("/v1/calendars/years", {**body, "year": 2099, "file": wrong}, 422)
    assert (refused["field"], "2099.yaml:5" in refused["detail"]) == ("file", True)
    assert group.post("/v1/calendars/years", {**body, "year": 2025, "chain": "moon"}, 422)["field"] == "chain"


def test_days_ahead_are_closed_and_no_others(region: Region) -> None:
    year, group = ahead(region), region["guangzhou"]
    monday = next(day for day in (date(year, 3, 1) + timedelta(days=one) for one in range(7)) if day.weekday() == 0)
    closing = {"region": GUANGZHOU, "days": [monday.isoformat()], "reason": "台风", "document": "示例〔2028〕8号"}
    assert group.post("/v1/calendars/closures", closing, 409)["type"].endswith("calendar-unknown")
    publish(region, "guangzhou", GUANGZHOU, year, file=announcement(year))
    before = counted(region, GUANGZHOU, monday - timedelta(days=1), monday)
    assert (before["working"], before["chain_working"], before["trading"]) == (1, 1, 1)
    past = group.post("/v1/calendars/closures", {**closing, "days": ["2026-01-05"]}, 422)
    assert past["field"] == "days"
    for working, left in ((False, (1, 0)), (True, (0, 0))):
        operation = group.post("/v1/calendars/closures", {**closing, "working": working}, 202)
        assert region.sign(group, operation, AUTHORITIES[GUANGZHOU]) == "final"
        found = counted(region, GUANGZHOU, monday - timedelta(days=1), monday)
        assert (found["working"], found["trading"]) == (found["chain_working"], found["chain_trading"]) == left
    shown = region.anyone.get(f"{PUBLIC}/{GUANGZHOU}/{year}").json()
    assert [(one["state"], one["working"]) for one in shown["closures"]] == [("closed", False), ("closed", True)]
    assert region.anyone.get(f"{PUBLIC}/{GUANGZHOU}/{year}/comparison").json()["agrees"], "closures are no difference"


def test_what_was_cancelled_may_be_asked_for_again(region: Region) -> None:
    group, body = region["guangzhou"], {"region": GUANGZHOU, "year": 2025}
    first = group.post("/v1/calendars/years", body, 202)
    group.post("/v1/calendars/years", body, 409)
    services = region.house.services
    services.evidence.sequencer.submit(lambda unit: services.transactions.cancel(unit, first["id"])).result(60)
    assert region.anyone.get(f"{PUBLIC}/{GUANGZHOU}/2025").json()["state"] == "refused"
    publish(region, "guangzhou", GUANGZHOU, 2025)
    assert region.anyone.get(f"{PUBLIC}/{GUANGZHOU}/2025").json()["state"] == "published"


def test_a_year_that_nobody_publishes_is_told_from_december(shenzhen: Region) -> None:
    services = shenzhen.house.services
    today = on(day_of(shenzhen.clock.now()))
    december = date(today.year + (today >= date(today.year, 12, 1)), 12, 1)
    shenzhen.clock.ahead_ms += (number(december) - number(today)) * 86_400_000
    try:
        services.jobs.run("calendar.watch")
        assert CALENDAR_MISSING.labels(str(SHENZHEN), "next")._value.get() == 1
        (told,) = (check for check in services.health.ready() if check.name == "calendar")
        assert told.ok, "it stops no submission"
        assert f"{SHENZHEN}: " in told.detail
        assert str(december.year + 1) in told.detail
    finally:
        shenzhen.clock.ahead_ms = 0


@pytest.mark.one_database
def test_the_command_line_shows_counts_and_checks(
    shenzhen: Region, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, group = tmp_path / "group", shenzhen["shenzhen"]
    home.mkdir()
    (home / "token").write_text(group.client.headers["authorization"].removeprefix("Bearer "))
    (home / "token").chmod(0o600)
    monkeypatch.setenv("REGSEAL_PARTY", str(home))
    file = tmp_path / "2024.yaml"
    file.write_text(announcement(2024)["document"], encoding="utf-8")

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(build("calendar"), ["calendar", *arguments])
        assert done.exit_code == code, done.output
        return str(done.stdout)

    with serving(shenzhen.anyone.app) as port:
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "institution": group.id}))
        shown = run("show", str(SHENZHEN), "2026")
        assert "10 月   -  -  -  -  -  -  -  T  T  M" in shown
        assert "248 working days, 242 trading days" in run("library", "2026")
        assert "working 工作日: 5 (contract: 5)" in run("days", str(SHENZHEN), "2026-09-30", "2026-10-13")
        assert "a year is not published" in run("days", str(SHENZHEN), "2026-12-31", "2027-01-04")
        assert "agrees" in run("check", str(SHENZHEN), "2026")
        assert "not published" in run("check", str(SHENZHEN), "2027", code=3)
        told = {one.name: one.level for one in calendars(ApiClient(f"http://127.0.0.1:{port}"))}
        assert told[f"calendar {SHENZHEN} 2026"] is Level.OK
        asked = json.loads(run("publish", str(SHENZHEN), "2024", "--file", str(file), "--json"))
        assert shenzhen.sign(group, asked, REGIONAL) == "final"
        assert "2024  published" in run("list", "--region", str(SHENZHEN))
        asked = json.loads(
            run("close", str(SHENZHEN), "2099-01-05", "--reason", "x", "--document", "y", "--json", code=1)
        )
        assert "not published" in asked["error"]["message"]
