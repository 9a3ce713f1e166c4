"""A dividend with a frozen holder: by the register at the end of the record date, the frozen part withheld."""

from __future__ import annotations

from chain.party.errors import ApiProblem
from samples.demo.stage import DemoError
from samples.register.demo.clerk import Clerk, Company
from samples.register.demo.liens import DEBTOR

AMOUNT = "0.0333"


def play(clerk: Clerk, company: Company) -> None:
    """Resolved, calculated, funded, paid; a part of what was withheld goes to the court."""
    clerk.stage.tell(f"The meeting resolves a dividend of {AMOUNT} CNY a unit; the record date is today")
    rests = clerk.documents("分红决议", "resolution")
    said = (company.security, AMOUNT, str(clerk.today()))
    clerk.enter("register", "dividend", "resolve", *said, *rests)
    (resolved,) = clerk.json("register", "dividend", "list", "--security", company.security)
    dividend = str(resolved["id"])
    clerk.stage.tell("Refused: who is entitled stands when the day has ended")
    outcome = clerk.regseal("register", "dividend", "calculate", dividend, expect=None)
    if "rule DIV-02" not in outcome.errors + outcome.output:
        raise DemoError("expected a refusal by DIV-02")
    clerk.pass_days(1)
    clerk.until(lambda: _calculated(clerk, dividend), "the calculation")
    clerk.regseal("register", "dividend", "list")
    lines = clerk.json("register", "dividend", "show", dividend)["lines"]
    debtor = next(one for one in lines if one["name"] == DEBTOR)
    told = f"gross {debtor['gross']}, withheld {debtor['withheld']}, payable {debtor['payable']}"
    print(f"  {DEBTOR}: {debtor['units']} units, frozen {debtor['frozen']}: {told}", flush=True)
    clerk.enter("register", "dividend", "fund", dividend, "--reference", "示例回单 0101")
    clerk.stage.tell("Everybody is paid but for what falls on frozen units (法释〔2021〕20号 9)")
    clerk.enter("register", "dividend", "pay", dividend, "--reference", "示例回单 0102")
    clerk.stage.tell("The court rules that what was withheld is paid to it; without the ruling nothing moves")
    release = ("register", "dividend", "release", dividend, str(debtor["account"]), str(debtor["withheld"]))
    paid = ("--to", "court", "--reference", "示例回单 0103")
    outcome = clerk.regseal(*release, *paid, expect=None)
    if "rule DOC-01" not in outcome.errors + outcome.output:
        raise DemoError("expected a refusal by DOC-01")
    clerk.enter(*release, *paid, *clerk.documents("执行裁定", "court-ruling"))


def _calculated(clerk: Clerk, dividend: str) -> bool | None:
    """Once the service has read the chain up to the day's end."""
    try:
        clerk.api.post(f"/v1/register/dividends/{dividend}/calculation", {})
    except ApiProblem as problem:
        if problem.slug != "register-unread":
            raise
        return None
    return True
