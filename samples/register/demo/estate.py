"""An inheritance: heirs are never refused, not even as the 201st holder; the regulator is told."""

from __future__ import annotations

from samples.register import holders
from samples.register.demo.clerk import Clerk, Company

HEIRS = (("诸葛示例", 2_700), ("夏侯示例", 2_800))


def play(clerk: Clerk, company: Company) -> None:
    """A holder has died; two heirs get half each."""
    late = holders.holders()[30]
    line = clerk.holder(company, late.name)
    clerk.stage.tell("A holder has died. Two heirs, of whom the market has not heard yet, inherit half each")
    papers = clerk.papers("继承公证", "inheritance-certificate")
    halves = (int(line["units"]) // 2, int(line["units"]) - int(line["units"]) // 2)
    for (name, order), units in zip(HEIRS, halves, strict=True):
        heir = clerk.account(
            "person", suitable=False, name=name, document="resident-id", number=holders.resident(order)
        )  # fmt: skip
        said = {"security": company.security, "giver": line["account"], "taker": heir, "units": str(units)}
        clerk.act("transfer", **said, reason="inheritance", documents=papers)
    clerk.regseal("register", "securities")
    clerk.regseal("register", "alerts")
