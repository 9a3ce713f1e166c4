"""A company's life in the register, the loss of the database, and what an operator then gets back from a mirror."""

from collections.abc import Callable, Iterator
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from services.days import on
from services.platform.clock import from_ms, rfc3339
from services.platform.ids import random_id
from services.register.accounts.models import AccountRow
from services.register.acts.models import ActRow
from services.register.book.models import OPEN_END, PositionRow
from services.register.companies.models import CompanyEventRow, CompanyRow
from tests.conftest import FULL
from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.losing import Mirrored, differing, mirrored, views
from tests.integration.register.office import SHARE, Office
from tests.integration.register.reconciled import assert_reconciled
from tests.integration.register.world import open_market
from tests.integration.services.transactions.rig import key_of
from tests.unit.services.register.imports.sheets import person, resident

BANK = key_of("测试银行")
COURT = ("court-ruling", "assistance-notice")
BACKENDS = ["sqlite", "postgresql"] if FULL else ["sqlite"]


@pytest.fixture
def market(
    backend: str,
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    new_database: Callable[..., str],
    tmp_path: Path,
) -> Iterator[Mirrored]:
    url = "" if backend == "sqlite" else new_database()
    with (
        open_market(founded, founded_business, sqlite_template, tmp_path, database_url=url) as world,
        mirrored(world, tmp_path) as made,
    ):
        yield made


class Story:
    """What is compared is all that it makes."""

    def __init__(self, market: Mirrored) -> None:
        self.market = market
        self.office = Office(market.world, market.world.client())
        self.office.pledgees[BANK.address] = BANK
        self.moments: list[str] = []

    def play(self) -> None:
        office = self.office
        self.company = office.step(office.apply(31, 1_000), "take-up")
        self.custody()
        holders = office.seen(f"securities/{self.security}/holders")["items"]
        self.accounts = {each["units"]: each["account"] for each in holders}
        self.moment()
        self.newcomer()
        self.burdens()
        self.moment()
        self.refusals()
        self.dividend()
        office.post(f"companies/{self.company['id']}/layer", {"layer": "G"}, 200)
        articles = {"pre_emption": 45, "documents": office.documents("articles")}
        office.post(f"companies/{self.company['id']}/articles", articles, 200)
        other = {"security": random_id("sec"), "units": "200"}
        office.registered("open-security", security=other["security"], issuer=self.company["id"], terms=SHARE)
        rests = office.documents("resolution", "capital-verification")
        office.post(f"companies/{self.company['id']}/securities", {**other, "documents": rests}, 201)
        wanted = {"kind": "holder-register", "security": self.security}
        self.statement = office.post("statements", wanted, 201)
        self.pending = office.asked("recount", security=self.security, account=self.accounts["300"])
        layer = office.client.post(f"/v1/register/companies/{self.company['id']}/layer", json={"layer": "T"})
        self.unchecked = layer.json()

    def moment(self) -> None:
        """To be looked back at."""
        world = self.market.world
        world.settle()
        block = world.acting.chain.block(world.acting.chain.head())
        assert block is not None
        self.moments.append(rfc3339(block.timestamp * 1000))
        world.pass_days(1)

    def custody(self) -> None:
        """A list with an officer, an unconfirmed holder, a pledge and a freeze, carried out and admitted."""
        office = self.office
        rows = [person(41, 500), person(42, 300), person(43, 200, confirmed="未确权")]
        rows[0][-1:] = ["已确权", "是"]
        liens = [
            ["司法冻结", rows[1][1], resident(42), 100, "2029-01-02", "2031-01-02", "测试法院", "（2029）测01执1号"],
            ["质押", rows[0][1], resident(41), 200, "2028-05-06", None, "测试银行", "质押合同1"],
        ]
        self.listed = office.check_book(self.company, rows, liens, pledgees={"测试银行": BANK.address})
        assert (self.listed["state"], self.listed["findings"]) == ("checked", 0)
        office.step(self.company, "verify", "verification-report")
        self.security = office.empty_security(self.company)
        office.post(f"imports/{self.listed['id']}/execution", office.execution(self.security), 202)
        assert office.carry_out(self.listed)["state"] == "done"
        office.step(self.company, "register", security=self.security)
        admitted = office.step(self.company, "admit", "capital-verification")
        assert office.decided(self.act_of(admitted))["state"] == "registered"

    def newcomer(self) -> None:
        """An account that is opened, proven, coded and renamed, and buys."""
        office, world = self.office, self.market.world
        who = {"name": "测试新人", "document": "resident-id", "number": resident(901), "phone": "13800000901"}
        opened = office.post("accounts", {"kind": "person", "identity": who}, 202)
        office.decided(self.act_of(opened))
        self.buyer = opened["id"]
        proof = {"basis": "person", "until": str(on(world.acting.today() + 300))}
        rests = office.documents("suitability")
        proven = office.post(f"accounts/{self.buyer}/suitability", {**proof, "documents": rests}, 202)
        office.decided(self.act_of(proven))
        office.post(f"accounts/{self.buyer}/investor-code", {}, 200)
        renamed = {"identity": {**who, "name": "测试改名"}, "documents": office.documents("identity-document")}
        office.post(f"accounts/{self.buyer}/identity", renamed, 200)
        office.registered("transfer", **office.agreed(self.security, self.accounts["300"], self.buyer, 40))
        office.post(f"accounts/{self.accounts['200']}/state", {"state": "frozen", "reason": "x"}, 200)

    def burdens(self) -> None:
        """The pledge's legal status, twice; a freeze; a part of the pledge released."""
        office, world = self.office, self.market.world
        path = f"securities/{self.security}/liens/2/legal-status"
        for status, reference in (("registered", "示例出质 1"), ("changed", "示例变更 2")):
            said = {"status": status, "reference": reference, "at": "2030-12-02T09:00:00+08:00"}
            office.post(path, {**said, "documents": office.documents("pledge-contract")}, 201)
        now = from_ms(world.clock.ms()).astimezone(UTC)
        frozen = {
            "security": self.security, "account": self.accounts["500"], "units": "50", "court": "示例法院",
            "case": "(2030)示执17号", "published_at": (now - timedelta(hours=1)).isoformat(),
            "received_at": now.isoformat(), "until": str(on(world.acting.today() + 300)),
        }  # fmt: skip
        office.registered("freeze", **frozen, documents=office.documents(*COURT, "publication"))
        numbers = {each["kind"]: each["number"] for each in office.seen(f"securities/{self.security}/liens")["liens"]}
        part = {"security": self.security, "account": self.accounts["500"], "number": numbers["pledge"], "units": "20"}
        office.registered("pledge-release", **part, documents=office.documents("release-application"))

    def refusals(self) -> None:
        """One of two that want the same units is refused by the chain, one act is taken back."""
        office = self.office
        wanted = office.agreed(self.security, self.accounts["300"], self.buyer, 90)
        said = {**wanted, "reason": "gift", "documents": office.documents("gift-deed")}
        racing = [office.asked("transfer", **said) for _ in range(2)]
        for each in racing:
            office.sign(each)
        self.market.world.work(*(each["operation"] for each in racing))
        assert sorted(office.get(each)["state"] for each in racing) == ["refused", "registered"]
        self.refused = next(each for each in racing if office.get(each)["state"] == "refused")

    def dividend(self) -> None:
        """With a frozen holder, from the resolution to a partial release."""
        office, world = self.office, self.market.world
        day = world.acting.today()
        said = {"security": self.security, "amount": "0.1233", "record_date": str(on(day))}
        made = office.post("dividends", {**said, "documents": office.documents("resolution")}, 201)
        place = f"dividends/{made['id']}"
        world.pass_days(1)
        office.registered("recount", security=self.security, account=self.accounts["500"])
        world.settle()
        office.post(f"{place}/calculation", {}, 200)
        office.post(f"{place}/funding", {"reference": "回单 1"}, 200)
        office.post(f"{place}/payment", {"reference": "回单 2"}, 200)
        lines = office.seen(f"{place}/lines")["items"]
        held = next(each for each in lines if each["withheld"] != "0.00")
        freed = {"account": held["account"], "amount": "1.00", "to": "court", "reference": "回单 3"}
        office.post(f"{place}/releases", {**freed, "documents": office.documents("court-ruling")}, 200)
        self.dividend_id = made["id"]

    def act_of(self, asked: Any) -> Any:
        return next(each for each in self.office.seen("acts")["items"] if each["operation"] == asked["operation"])

    def paths(self) -> list[str]:
        """Everything that the register shows."""
        company, security = self.company["id"], f"securities/{self.security}"
        accounts = [each["id"] for each in self.office.seen("accounts?limit=200")["items"]]
        acts = [each["id"] for each in self.office.seen("acts?limit=200")["items"]]
        held = [each["account"] for each in self.office.seen(f"{security}/holders")["items"]]
        dividend = f"dividends/{self.dividend_id}"
        return [
            *(
                "companies",
                f"companies/{company}",
                f"companies/{company}/events",
                f"companies/{company}/securities",
                "accounts?limit=200",
            ),
            *(f"accounts/{each}" for each in accounts),
            *(f"accounts/{each}/identity" for each in accounts),
            *("acts?limit=200", *(f"acts/{each}" for each in acts)),
            *("securities", security, f"{security}/holders", f"{security}/liens"),
            *(f"{security}/{what}?at={at}" for what in ("holders", "liens") for at in self.moments),
            *(f"{security}/holders/{each}" for each in held),
            *("alerts?limit=200", "dividends", dividend, f"{dividend}/lines"),
            *("imports", f"imports/{self.listed['id']}", "statements"),
        ]


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_what_the_register_was_is_put_back_from_a_mirror(market: Mirrored) -> None:
    story = Story(market)
    story.play()
    market.mirror()
    paths = story.paths()
    before = views(story.office.client, paths)
    ended = operations_off_the_chain(story)
    assert_reconciled(market.world)

    done = market.lose()
    assert done.done
    gone = [each for each in done.register if "its document is gone" not in each]
    assert gone == [the_open_one(story), the_unchecked_one(story)]
    story.office.client = market.world.client()
    market.world.settle()
    after = views(story.office.client, paths)
    assert (found := differing(before, after)) == [], "\n".join(found)
    assert operations_off_the_chain(story) == ended
    assert_reconciled(market.world)

    what_nobody_decided_cannot_be_signed_and_is_taken_back(story)
    the_register_goes_on(story)
    an_erased_holder_is_in_no_record_and_the_others_are(story)
    market.mirror()
    market.world.services.jobs.run("materials.sweep")  # the list's file is to be sent again
    report = market.fsck()
    assert report.data()["outcome"] == "clean", report.lines()
    assert report.counts["positions of the register"] == 4
    fsck_finds_what_somebody_changed_in_the_register(story)
    (unchecked,) = market.fsck(business="http://127.0.0.1:1").incomplete
    assert "the register's positions, lots, liens and securities are not compared" in unchecked


def operations_off_the_chain(story: Story) -> dict[str, Any]:
    """What a second person has signed, or has to: each with its state and who it was."""
    found = story.office.client.get("/v1/operations?limit=500").json()["items"]
    facts = [one for one in found if one["kind"] == "register.fact"]
    assert {one["state"] for one in facts} == {"final", "needs_authorisation"}
    return {one["id"]: (one["state"], [each["signer"] for each in one["authorisations"]]) for one in facts}


def fsck_finds_what_somebody_changed_in_the_register(story: Story) -> None:
    """In each kind of rows; and a row too many."""
    services, act = story.market.world.services, story.refused
    with services.database.write() as session:
        services.lease.check(session)
        session.execute(update(ActRow).where(ActRow.id == act["id"]).values(state="registered"))
        changed = {"name": "另一公司", "issuer_id": "ins_" + "1" * 32}  # who would read its holders
        session.execute(update(CompanyRow).where(CompanyRow.id == story.company["id"]).values(**changed))
        session.execute(update(AccountRow).where(AccountRow.id == story.buyer).values(state="closed", kind=2))
        held = PositionRow.account_id == story.buyer
        session.execute(update(PositionRow).where(held, PositionRow.valid_to == OPEN_END).values(word=b"\1" * 32))
        event = CompanyEventRow(company_id=story.company["id"], seq=99, name="x", before="", after="", documents={})
        event.actor_id, event.record_id, event.operation_id, event.at = "", "", None, 0
        session.add(event)
    found = [(each.kind, each.detail) for each in story.market.fsck().findings]
    rows = [detail for kind, detail in found if kind == "register-row"]
    assert sorted(detail.partition(" is ")[0] for detail in rows) == sorted([
        f"{act['id']}: state", f"{story.company['id']}: issuer_id",
        f"{story.company['id']}: name",
        f"account {story.buyer}: kind", f"account {story.buyer}: state",
        "1 rows of events of companies that no record made",
    ]), rows  # fmt: skip
    assert any(kind == "register-differs" and f"{story.buyer}: units" in detail for kind, detail in found)


def the_unchecked_one(story: Story) -> str:
    asked = f"company-layer of {story.company['id']} was asked for and not checked"
    return f"{asked}: operation {story.unchecked['id']} can be signed no more; ask again"


def the_open_one(story: Story) -> str:
    pending = story.pending
    return (
        f"act {pending['id']} (recount of {story.security}) was asked for and not decided: what was sent for it may be "
        f"mined yet, else it expires; ask again once operation {pending['operation']} has ended, or is taken back"
    )


def what_nobody_decided_cannot_be_signed_and_is_taken_back(story: Story) -> None:
    """Its signatures were lost, and it is not to happen twice."""
    client, operation = story.office.client, story.pending["operation"]
    shown = client.get(f"/v1/operations/{operation}").json()
    assert (shown["state"], shown["typed_data"]) == ("needs_authorisation", None)
    signed = {"signer": BANK.address, "signature": "0x" + "11" * 65}
    answer = client.post(f"/v1/operations/{operation}/authorisations", json=signed)
    assert answer.json()["type"].endswith("operation-needs-no-authorisation")
    services = story.market.world.services
    services.evidence.sequencer.run(lambda group: services.transactions.cancel(group, operation))
    assert story.office.get(story.pending)["state"] == "refused"


def the_register_goes_on(story: Story) -> None:
    """Who holds what is known as before, by name and by document; the next number and the next list are the next."""
    office = story.office
    held = office.held(story.security, story.buyer)
    gift = {"reason": "gift", "documents": office.documents("gift-deed")}
    said = office.agreed(story.security, story.accounts["500"], story.buyer, 5)
    office.registered("transfer", **{**said, **gift})
    assert office.held(story.security, story.buyer) == held + 5
    who = {"name": "测试改名", "document": "resident-id", "number": resident(901)}
    known = office.post("accounts", {"kind": "person", "identity": who}, 409)
    assert known["id"] == story.buyer, "the keyed hash of the document is that of the same account"
    again = office.post("statements", {"kind": "holder-register", "security": story.security}, 201)
    assert int(again["number"][-6:]) == int(story.statement["number"][-6:]) + 1
    path = f"securities/{story.security}/liens/2/legal-status"
    told = {"status": "cancelled", "reference": "示例注销 3", "at": "2030-12-03T09:00:00+08:00"}
    office.post(path, told, 201)
    words = office.seen(f"securities/{story.security}/liens")["liens"][1]["legal_history"]
    assert [each["status"] for each in words] == ["registered", "changed", "cancelled"]


def an_erased_holder_is_in_no_record_and_the_others_are(story: Story) -> None:
    """Erased before its time by this test's own hand: twenty years are long."""
    services, gone = story.market.world.services, story.accounts["200"]
    with services.database.write() as session:
        services.lease.check(session)
        row = session.get(AccountRow, gone)
        assert row is not None
        row.restricted_until, kept = 1, row.identity_record
    services.holders.accounts.run()
    assert story.office.seen(f"accounts/{gone}")["erased_at"] is not None
    answer = story.office.client.get(f"/v1/records/{kept}")
    assert answer.json()["retention"]["state"] == "erased", answer.text
    with services.database.read() as session:
        rows = [session.get(AccountRow, each) for each in story.accounts.values()]
        records = {each.id: each.identity_record for each in rows if each is not None}
    assert records.pop(gone) is None
    (new,) = set(records.values())
    body = story.office.said(str(new))["body"]
    assert sorted(each["account"] for each in body["identities"]) == sorted(records)
