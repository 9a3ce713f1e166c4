"""Agreed transfers, and what the chain does not let through: suitability, interval, confirmation, lock-up, cap."""

from __future__ import annotations

from typing import Any

from samples.register import holders
from samples.register.demo.clerk import Clerk, Company

SELLER, BUYER, FUND = "鹏城样例投资控股有限公司", "湾区样板科技有限公司", "鹏城示例创业投资合伙企业(有限合伙)"
FOUNDER = "欧阳示例"


class Dealer:
    """Transfers of one company's units."""

    def __init__(self, clerk: Clerk, company: Company) -> None:
        self.clerk = clerk
        self.company = company
        self._papers = clerk.papers("股权转让协议", "transfer-agreement")

    def said(self, giver: str, taker: str, units: int) -> dict[str, Any]:
        """What an agreed transfer is asked with."""
        parties = {"security": self.company.security, "giver": giver, "taker": taker, "units": str(units)}
        return {**parties, "reason": "agreed", "payment": "银行回单 示例-0007", "documents": self._papers}

    def done(self, giver: str, taker: str, units: int) -> None:
        """Registered."""
        self.clerk.act("transfer", **self.said(giver, taker, units))

    def refused(self, why: str, rule: str, giver: str, taker: str, units: int) -> None:
        """Refused by the rule."""
        self.clerk.refused(why, rule, "transfer", **self.said(giver, taker, units))


def play(clerk: Clerk, company: Company) -> None:
    """Several holders deal; the company has 200 of them in the end."""
    deals = Dealer(clerk, company)
    seller, buyer = (str(clerk.holder(company, name)["account"]) for name in (SELLER, BUYER))
    _first_deal(clerk, deals, seller, buyer)
    _unconfirmed(clerk, company, deals, buyer)
    _officer(clerk, company, deals, buyer)
    _cap(clerk, company, deals)


def _first_deal(clerk: Clerk, deals: Dealer, seller: str, buyer: str) -> None:
    deals.refused("the buyer's suitability was never proven", "REM-06", seller, buyer, 100_000)
    clerk.stage.tell("It is proven, and 100,000 units change hands")
    clerk.prove_suitability(buyer, "net-assets")
    deals.done(seller, buyer, 100_000)
    clerk.prove_suitability(seller, "net-assets")
    deals.refused("who bought today sells today", "REM-10", buyer, seller, 50_000)
    clerk.pass_trading_days(4)
    deals.refused("on the fourth trading day, too", "REM-10", buyer, seller, 50_000)
    clerk.pass_trading_days(1)
    clerk.stage.tell("On the fifth trading day it may")
    deals.done(buyer, seller, 50_000)


def _unconfirmed(clerk: Clerk, company: Company, deals: Dealer, taker: str) -> None:
    name = next(one.name for one in holders.holders() if not one.confirmed)
    account = str(clerk.holder(company, name)["account"])
    clerk.pass_trading_days(5)
    deals.refused("the giver's units are held and counted, but not confirmed (未确权)", "REG-09", account, taker, 1_000)
    clerk.stage.tell("The holder has come and confirmed them")
    papers = clerk.papers("确权", "confirmation")
    clerk.act("confirm", security=company.security, accounts=[account], documents=papers)
    deals.done(account, taker, 1_000)


def _officer(clerk: Clerk, company: Company, deals: Dealer, taker: str) -> None:
    founder = clerk.holder(company, FOUNDER)
    account, quarter = str(founder["account"]), int(founder["units"]) // 4
    if not founder["officer"]:
        clerk.stage.tell("The founder declares to be the chairman (董监高)")
        papers = clerk.papers("董监高申报", "officer-declaration")
        clerk.act("officer", security=company.security, account=account, serving=True, documents=papers)
    deals.refused("an officer sells more than a quarter in a year (公司法 160)", "REM-22", account, taker, quarter + 1)
    clerk.stage.tell("A quarter goes")
    deals.done(account, taker, quarter)


def _cap(clerk: Clerk, company: Company, deals: Dealer) -> None:
    fund = str(clerk.holder(company, FUND)["account"])
    clerk.stage.tell("Two new investors open accounts; one becomes the 200th holder")
    first, second = (
        clerk.account("person", name=name, document="resident-id", number=holders.resident(order))
        for name, order in (("司徒示例", 2_500), ("上官示例", 2_600))
    )
    deals.done(fund, first, 20_000)
    deals.refused("by agreement nobody becomes the 201st", "REM-04", fund, second, 20_000)
