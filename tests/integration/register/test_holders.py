"""Companies, accounts and a list of holders, from the application to custody, through the API on a real chain."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.platform.errors import RuleRefused
from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.further_class import has_a_further_class
from tests.integration.register.office import Office
from tests.integration.register.own_register import reads_its_register_and_no_other
from tests.integration.register.world import open_market
from tests.integration.services.transactions.rig import key_of
from tests.unit.services.register.imports.sheets import HEADING, book, person, resident
from tests.waiting import until


@pytest.fixture(scope="module")
def office(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("holders")) as world:
        yield Office(world, world.client())


def test_from_the_application_to_custody_and_out(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = office.apply(1, 1_000)
    assert (company["phase"], company["layer"], company["steps"]) == ("applied", "F", ["take-up", "withdraw"])
    company = office.step(company, "take-up")
    refused = office.post(f"companies/{company['id']}/steps", {"step": "verify", "documents": []}, 409)
    assert (refused["rule"], refused["missing"]) == ("CUS-01", ["verification-report"])
    wanted = {"step": "verify", "documents": office.documents("verification-report")}
    assert office.post(f"companies/{company['id']}/steps", wanted, 409)["rule"] == "CUS-02", "no list yet"

    bad = office.check(company, [person(1, 600), person(2, 300)])
    assert (bad["state"], bad["findings"], bad["groups"]) == ("refused", 1, 0)
    (finding,) = office.seen(f"imports/{bad['id']}/findings")["items"]
    assert finding["rule"] == "IMP-CAPITAL"

    good = office.check(company, [person(1, 600), person(2, 300), person(3, 100, confirmed="未确权")])
    assert (good["state"], good["findings"], good["groups"]) == ("checked", 0, 2)
    assert good["summary"]["confirmed_units"] == "900"
    company = office.step(company, "verify", "verification-report")
    assert company["phase"] == "confirming"

    security = office.empty_security(company)
    said = office.execution(security)
    office.post(f"imports/{good['id']}/execution", said, 202)
    done = office.carry_out(good)
    assert (done["state"], done["progress"]) == ("done", {"done": 2})
    accounts = [each for each in office.seen("accounts")["items"] if office.held(security, each["id"])]
    assert [each["state"] for each in accounts] == ["active"] * 3
    assert sorted(office.held(security, each["id"]) for each in accounts) == [100, 300, 600]
    again = office.post(f"imports/{good['id']}/execution", said, 409)
    assert again["type"].endswith(":import-state"), "nothing twice"

    company = office.step(company, "register", security=security)
    company = office.step(company, "admit", "capital-verification")
    office.decided(next(each for each in office.seen("acts")["items"] if each["operation"] == company["operation"]))
    company = office.seen(f"companies/{company['id']}")
    assert (company["phase"], company["steps"]) == ("custodied", ["suspend", "deregister"])
    company = office.post(f"companies/{company['id']}/layer", {"layer": "G"}, 200)
    assert company["code"] == "SZX000001G"

    holder = accounts[0]["id"]
    reads_its_register_and_no_other(office, company, security, tmp_path, monkeypatch)
    has_a_further_class(office, company)
    closing = {"state": "closed", "reason": "销户"}
    assert office.post(f"accounts/{holder}/state", closing, 409)["rule"] == "ACC-01"
    company = office.step(company, "deregister", "exit-application", "resolution")
    _nothing_leaves_past_a_freeze(office, company, security, holder)
    company = office.step(company, "exit", "resolution", "register-handover")
    office.decided(next(each for each in office.seen("acts")["items"] if each["operation"] == company["operation"]))
    assert office.seen(f"companies/{company['id']}")["phase"] == "exited"
    events = office.seen(f"companies/{company['id']}/events")["items"]
    assert [each["name"] for each in events] == [
        "apply", "take-up", "verify", "register", "admit", "layer", "institution",
        "security-add", "security-register", "security-admit", "suspend", "deregister", "keep", "security-exit",
        "deregister", "exit", "keep", "deregister", "exit", "exit",
    ]  # fmt: skip
    assert all(office.said(each["record"])["type"] == "register.fact" for each in events)


def _nothing_leaves_past_a_freeze(office: Office, company: Any, security: str, holder: str) -> None:
    """What is asked for after the exit, but before it is signed, takes the exit back: a change of mind, a freeze."""
    leaving = ("exit", "resolution", "register-handover")
    first = _act_of(office, office.step(company, *leaving))
    office.step(company, "keep")
    assert office.get(first)["operation_state"] == "cancelled"
    office.step(company, "deregister", "exit-application", "resolution")
    second = _act_of(office, office.step(company, *leaving))
    now = office.world.clock.now()
    frozen = office.asked(
        "freeze", security=security, account=holder, units="10", court="示例人民法院", case="(2030)示执18号",
        published_at=(now - timedelta(hours=1)).isoformat(), received_at=now.isoformat(),
        until=(now.date() + timedelta(days=400)).isoformat(),
        documents=office.documents("court-ruling", "assistance-notice", "publication"),
    )  # fmt: skip
    assert [office.get(second)[each] for each in ("state", "operation_state")] == ["refused", "cancelled"]
    asked = {"step": "exit", "documents": office.documents(*leaving[1:])}
    path = f"companies/{company['id']}/steps"
    assert office.post(path, asked, 409)["rule"] == "CUS-05", "a freeze that waits for its signatures"
    assert office.decided(frozen)["state"] == "registered"
    assert office.post(path, asked, 409)["rule"] == "CUS-05"
    rests = office.documents("court-ruling", "assistance-notice")
    office.registered("freeze-release", security=security, account=holder, number=1, units="10", documents=rests)


def _act_of(office: Office, asked: Any) -> Any:
    return next(each for each in office.seen("acts")["items"] if each["operation"] == asked["operation"])


class _Dying:
    """Asks, and ends before what it asked for is committed."""

    def __init__(self, ask: Any) -> None:
        self._ask = ask

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self._ask(*arguments, **named)
        raise RuntimeError


def test_a_list_with_everything_is_carried_out_and_a_kill_does_nothing_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    company = office.step(office.apply(2, 1_000), "take-up")
    bank = key_of("测试银行")
    office.pledgees[bank.address] = bank
    rows = [person(11, 500), person(12, 300), person(13, 200, confirmed="未确权")]
    rows[0][-1:] = ["已确权", "是"]
    name, other = str(rows[0][1]), str(rows[1][1])
    liens = [
        ["司法冻结", other, resident(12), 300, "2029-01-02", "2031-01-02", "测试法院", "（2029）测01执1号"],
        ["质押", name, resident(11), 200, "2028-05-06", None, "测试银行", "质押合同1"],
        ["轮候冻结", name, resident(11), 400, "2029-03-04", "2031-03-04", "测试法院", "（2029）测01执2号"],
        ["限售", other, resident(12), 50, "2029-01-01", "2031-12-31", None, None],
    ]
    made = office.check_book(company, rows, liens, pledgees={"测试银行": bank.address})
    assert (made["state"], made["findings"]) == ("checked", 0), office.seen(f"imports/{made['id']}/findings")
    assert made["summary"]["liens"] == {"freeze": 2, "pledge": 1, "lock": 1}
    office.step(company, "verify", "verification-report")
    security = office.empty_security(company)
    office.post(f"imports/{made['id']}/execution", office.execution(security), 202)

    before = len(office.seen("accounts?limit=200")["items"])
    carrying: Any = office.world.services.holders.imports._carrying
    with monkeypatch.context() as patch:
        patch.setattr(carrying, "_ask", _Dying(carrying._ask))
        for _ in range(2):
            with pytest.raises(RuntimeError):
                office.world.services.holders.imports.run()
    assert not office.seen("acts?state=requested")["items"], "a unit is whole or not at all"
    done = office.carry_out(made)
    assert done["refusals"] == []
    assert (done["state"], done["progress"]) == ("done", {"done": 6})
    assert len(office.seen("accounts?limit=200")["items"]) == before + 3, "no account twice"
    view = office.world.acting.read("securityOf", bytes.fromhex(security[4:]))
    assert (view["issued"], view["count"]) == (1_000, 3)
    found = office.seen(f"securities/{security}/liens")["liens"]
    assert sorted((each["since"][:10], each["kind"], each["units"]) for each in found) == [
        ("2028-05-05", "pledge", "200"), ("2028-12-31", "lock", "50"), ("2029-01-01", "freeze", "300"),
        ("2029-03-03", "freeze", "400"),
    ]  # fmt: skip
    held = {each["units"]: each for each in office.seen(f"securities/{security}/holders")["items"]}
    assert (held["200"]["confirmed"], held["500"]["confirmed"], held["500"]["officer"]) == (False, True, True)


def test_a_list_whose_marking_was_refused_by_half_goes_on_behind_its_units(office: Office) -> None:
    company = office.step(office.apply(4, 1_000), "take-up")
    rows = [person(21, 600, confirmed="未确权"), person(22, 400, confirmed="未确权")]
    made = office.check_book(company, [[*rows[0], "是"], rows[1]], [])
    assert (made["state"], made["groups"]) == ("checked", 1)
    office.step(company, "verify", "verification-report")
    security = office.empty_security(company)
    said = office.execution(security)

    office.post(f"imports/{made['id']}/execution", said, 202)
    until(lambda: office.carried(made, taken_back="officer") != "running")
    assert office.seen(f"imports/{made['id']}")["progress"] == {"refused": 1}
    office.post(f"imports/{made['id']}/execution", said, 202)
    done = office.carry_out(made)
    assert (done["state"], done["progress"], done["refusals"]) == ("done", {"done": 1}, [])
    assert office.world.acting.read("securityOf", bytes.fromhex(security[4:]))["issued"] == 1_000
    acts = [each["act"] for each in office.seen(f"acts?about={security}&limit=200")["items"]]
    assert (acts.count("issue"), acts.count("confirm"), acts.count("officer")) == (1, 1, 2), "what was done stays"
    held = {each["units"]: each for each in office.seen(f"securities/{security}/holders")["items"]}
    assert [(held[units]["confirmed"], held[units]["officer"]) for units in ("600", "400")] == [
        (False, True), (False, False)
    ]  # fmt: skip


def test_an_account_from_its_opening_to_its_erasure(office: Office) -> None:
    who = {"name": "测试账户人", "document": "resident-id", "number": resident(901), "phone": "13800000901"}
    opened = office.post("accounts", {"kind": "person", "identity": who}, 202)
    assert (opened["state"], opened["investor_code"]) == ("opened", None)
    again = office.post("accounts", {"kind": "person", "identity": {**who, "name": "别名"}}, 409)
    assert again["type"].endswith(":account-exists")
    assert again["id"] == opened["id"]
    account = opened["id"]
    assert office.post(f"accounts/{account}/state", {"state": "closed", "reason": "x"}, 409)["rule"] == "ACC-02"
    act = next(each for each in office.seen("acts")["items"] if each["operation"] == opened["operation"])
    assert office.decided(act)["state"] == "registered"
    assert office.seen(f"accounts/{account}")["state"] == "active"

    assert office.post(f"accounts/{account}/investor-code", {"code": "R000000001"}, 422)["rule"] == "J326-INVESTOR"
    assert office.post(f"accounts/{account}/investor-code", {}, 200)["investor_code"] == "Q900000001", "a sample's own"
    proof = {"basis": "person", "until": "2031-12-31", "documents": office.documents("suitability")}
    proven = office.post(f"accounts/{account}/suitability", proof, 202)
    assert proven["suitable_until"] is None, "not in force before the chain has it"
    office.decided(_act_of(office, proven))
    assert office.seen(f"accounts/{account}")["suitable_until"] == "2031-12-31"
    wrong = {**proof, "basis": "net-assets"}
    assert office.post(f"accounts/{account}/suitability", wrong, 422)["rule"] == "REM-06"

    renamed = {**who, "name": "测试改名人", "phone": ""}
    changing = {"identity": renamed, "documents": office.documents("identity-document")}
    assert office.post(f"accounts/{account}/identity", changing, 200)["version"] == 2
    known = office.seen(f"accounts/{account}/identity")
    assert known["identity"]["name"] == "测试改名人"
    assert [each["identity"]["name"] for each in known["earlier"]] == ["测试账户人"]
    assert [each["name"] for each in known["events"]] == ["investor-code", "suitability", "identity-changed"]

    _neither_closed_with_an_act_nor_dealing_when_frozen(office, account)
    assert office.post(f"accounts/{account}/state", {"state": "closed", "reason": "x"}, 409)["state"] == "frozen"
    office.post(f"accounts/{account}/state", {"state": "normal", "reason": "解除"}, 200)
    closing = {"state": "closed", "reason": "销户"}
    office.post(f"accounts/{account}/state", closing, 200)
    back = office.post(f"accounts/{account}/state", {"state": "normal", "reason": "重新开户"}, 200)
    assert (back["state"], back["closed_at"]) == ("active", None), "whoever comes back has the same account"
    assert office.post(f"accounts/{account}/state", closing, 200)["state"] == "closed"
    erased = office.post(f"accounts/{account}/erasure", {"reason": "本人申请"}, 200)
    assert erased["erased_at"] is None
    assert erased["erasable_at"].startswith("2050-12-0"), "20 years from the closing (REM-26)"
    assert office.client.get(f"/v1/register/accounts/{account}/identity").status_code == 409, "restricted until then"
    office.world.services.holders.accounts.run()
    assert office.seen(f"accounts/{account}")["erased_at"] is None, "not before its time"
    refused = office.post(f"accounts/{account}/state", {"state": "normal", "reason": "x"}, 409)
    assert refused["type"].endswith(":account-restricted")


def _neither_closed_with_an_act_nor_dealing_when_frozen(office: Office, account: str) -> None:
    other, path = office.investor(), f"accounts/{account}/state"
    said = office.agreed(office.security({other: 100}), other, account, 10)
    coming = office.asked("transfer", **said)
    assert office.post(path, {"state": "closed", "reason": "x"}, 409)["rule"] == "ACC-02", "units may come to it"
    assert office.post(path, {"state": "frozen", "reason": "协查"}, 200)["state"] == "frozen"
    with pytest.raises(RuleRefused, match="frozen"):
        office.sign(coming)
    assert office.get(coming)["operation_state"] == "needs_authorisation", "until it is thawed"
    office.post(path, {"state": "normal", "reason": "解除"}, 200)
    office.sign(coming)
    assert office.post(path, {"state": "frozen", "reason": "协查"}, 200)["state"] == "frozen"
    office.world.work(coming["operation"])
    told = office.get(coming)["refusal"]
    assert (told["error"], told["rule"]) == ("ServiceAccountState", "ACC-03"), "signed by all, and not sent"
    assert told["args"] == {"account": account, "state": "frozen"}
    reason = office.world.house.operation(coming["operation"]).reason
    assert (reason or {})["stage"] == "preparation"
    refused = office.refused("transfer", **said)
    assert (refused["rule"], refused["numbers"]) == ("ACC-03", {"account": account, "state": "frozen"})


def test_nobody_is_named_in_the_database_nor_on_the_chain(office: Office) -> None:
    """Whatever the other tests have put there: names, documents and telephones are nowhere in the clear."""
    company = office.step(office.apply(3, 100), "take-up")
    rows = [
        [*person(77, 100, 100), "13911110077"],
        [78, "坏行测试人", "居民身份证", resident(78)[:-1] + "?", 1, None, "是", "x"],
    ]
    made = book(*rows, heading=(*HEADING, "联系电话"))
    files = [{"material": office.stored(made.file().read()), "name": "名册.xlsx"}]
    asked = office.post("imports", {"company": company["id"], "files": files}, 202)
    office.world.services.holders.imports.run()
    report = office.client.get(f"/v1/register/imports/{asked['id']}/findings").text
    secret = [str(rows[0][1]), resident(77), "13911110077", "坏行测试人", resident(78)[:-1]]
    opened = {"kind": "person", "identity": {"name": "测试金丝雀", "document": "passport", "number": "E00990099"}}
    office.post("accounts", opened, 202)
    secret += ["测试金丝雀", "E00990099"]
    database = Path(office.world.settings.url.removeprefix("sqlite:///"))
    for file in database.parent.glob(f"{database.name}*"):
        content = file.read_bytes()
        for each in secret:
            assert each.encode() not in content, (file.name, each)
            assert each not in report
    chain = office.world.acting.chain
    seen = str(
        [office.world.business.rpc.call("eth_getBlockByNumber", hex(at), True) for at in range(chain.head() + 1)]
    )
    for each in secret:
        assert each.encode().hex() not in seen
