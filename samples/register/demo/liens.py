"""A pledge with partial release and enforcement, and two freezes in queue over a pledge."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from samples.register.demo.clerk import AUTHORITY, BANK, LIAISON, Clerk, Company
from samples.register.demo.dealing import BUYER, Dealer

PLEDGOR, DEBTOR = "深港样例股权投资合伙企业(有限合伙)", "粤海示范贸易有限公司"
_COURT = ("court-ruling", "assistance-notice")


def play(clerk: Clerk, company: Company) -> None:
    """The bank's pledge, then the court's freezes."""
    bank = clerk.address("bank")
    _pledge(clerk, company, bank)
    _freezes(clerk, company, bank)


def _pledged(clerk: Clerk, company: Company, account: str, units: int, bank: str) -> dict[str, Any]:
    return {
        "security": company.security, "account": account, "units": str(units),
        "pledgee": {"address": bank, "name": BANK}, "contract": "示质字第0001号",
        "documents": clerk.papers("股权质押", "joint-application", "pledge-contract"),
    }  # fmt: skip


def _newest(clerk: Clerk, company: Company) -> int:
    """The number of the lien that was opened last."""
    return max(int(one["number"]) for one in clerk.json("register", "liens", company.security)["liens"])


def _pledge(clerk: Clerk, company: Company, bank: str) -> None:
    clerk.stage.tell("2,000,000 units are pledged to a bank, whose key is the bank's own")
    pledgor, buyer = (str(clerk.holder(company, name)["account"]) for name in (PLEDGOR, BUYER))
    clerk.act("pledge", **_pledged(clerk, company, pledgor, 2_000_000, bank))
    number = _newest(clerk, company)
    deals = Dealer(clerk, company)
    deals.refused("pledged units are not for sale", "REG-06", pledgor, buyer, 1_000_000)
    clerk.stage.tell("500,000 are released: the bank's signature is needed, and nobody else's will do")
    said = {"security": company.security, "account": pledgor, "number": number}
    papers = clerk.papers("解除质押", "release-application")
    operation = clerk.ask("pledge-release", **said, units="500000", documents=papers)["operation"]
    clerk.sign(operation, AUTHORITY, expect=None)
    clerk.settle(operation)
    clerk.stage.tell("The debt is not paid: 600,000 pledged units go to a named buyer, the bank agrees (实现质权)")
    sale = {"security": company.security, "number": number, "giver": pledgor, "taker": buyer, "units": "600000"}
    clerk.act("pledge-enforce", **sale, documents=clerk.papers("实现质权", "enforcement-agreement"))
    clerk.regseal("register", "liens", company.security)


def _frozen(clerk: Clerk, company: Company, account: str, case: str, hours_ago: int) -> dict[str, Any]:
    published = clerk.now() - timedelta(hours=hours_ago)
    return {
        "security": company.security, "account": account, "units": "1200000", "court": "深圳市示例区人民法院",
        "case": case, "published_at": published.isoformat(timespec="seconds"),
        "received_at": clerk.now().isoformat(timespec="seconds"), "until": str(clerk.today() + timedelta(days=700)),
        "documents": clerk.papers("协助冻结", *_COURT, "publication"),
    }  # fmt: skip


def _freezes(clerk: Clerk, company: Company, bank: str) -> None:
    debtor = str(clerk.holder(company, DEBTOR)["account"])
    clerk.stage.tell(
        "800,000 of 1,200,000 units are pledged; then a court freezes all, and another after it (轮候冻结)"
    )
    clerk.act("pledge", **_pledged(clerk, company, debtor, 800_000, bank))
    clerk.pass_days(1)
    clerk.act("freeze", **_frozen(clerk, company, debtor, "(2026)粤0399执示2号", 3))
    first = _newest(clerk, company)
    clerk.act("freeze", **_frozen(clerk, company, debtor, "(2026)粤0399执示3号", 2))
    clerk.regseal("register", "liens", company.security)
    clerk.refused(
        "frozen units are not pledged", "PLG-06", "pledge", **_pledged(clerk, company, debtor, 100_000, bank)
    )  # fmt: skip
    clerk.stage.tell("The first freeze is lifted. Without the court's liaison nothing moves")
    said = {"security": company.security, "account": debtor, "number": first, "units": "1200000"}
    papers = clerk.papers("解除冻结", *_COURT)
    operation = clerk.ask("freeze-release", **said, documents=papers)["operation"]
    for slug in clerk.missing(operation):
        if slug != LIAISON:
            clerk.sign(operation, slug)
    clerk.regseal("operation", "show", operation)
    clerk.stage.tell("The liaison signs: the freeze that waited is the first now")
    clerk.settle(operation)
    clerk.regseal("register", "liens", company.security)
    line = clerk.holder(company, DEBTOR)
    print(f"  {DEBTOR}: {line['units']} units, frozen {line['frozen']}, lots {line['lots']}", flush=True)
