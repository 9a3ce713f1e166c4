"""From the spreadsheet into custody: application, a list with faults, the list, first registration, custody."""

from __future__ import annotations

import json
import secrets
import time
from pathlib import Path
from typing import Any

from chain.party.durable import write_json
from samples.demo.stage import DemoError
from samples.register import holders
from samples.register.demo.clerk import BANK, CHECKER, REGION, Clerk, Company

APPLICATION = ("licence", "articles", "resolution", "capital-verification", "holder-list", "custody-agreement")
CODE = "SZX000001G"
TERMS = {
    "form": "share",
    "kinds": ["person", "company", "partnership", "filed-fund", "employee-plan"],
    "cap": 200,
    "basis": "REM-04",
    "interval": 5,
    "subscription_counts": True,
}


def play(clerk: Clerk) -> Company:
    """The company in custody, its list carried out."""
    clerk.publish_calendars()
    company = _apply(clerk)
    _faulty(clerk, company)
    clerk.stage.tell("The company's own list, as its secretary keeps it, and what lies on its shares")
    pledgee = f"{BANK}={clerk.new_party('bank')}"
    listed = clerk.json("register", "import", "check", holders.FILE, "--company", company, "--pledgee", pledgee)
    print(f"  {listed['state']}: {json.dumps(listed['summary'], ensure_ascii=False)}", flush=True)
    clerk.stage.tell("It adds up to the registered capital: the company is verified; the checker signs each step")
    _step(clerk, company, "take-up")
    _step(clerk, company, "verify", "verification-report")
    security = f"sec_{secrets.token_hex(16)}"
    said = {"security": security, "issuer": company, "issuer_region": REGION, "terms": TERMS}
    clerk.act("open-security", **said, documents=clerk.papers("登记品种", "custody-agreement", "articles"))
    _carry_out(clerk, str(listed["id"]), security)
    _step(clerk, company, "register", "holder-list", security=security)
    clerk.stage.tell("Issued units = registered capital: the chain takes the security into custody")
    rests = clerk.documents("admit", "capital-verification")
    admitted = clerk.json("register", "company", "step", company, "admit", *rests)
    clerk.settle(str(admitted["operation"]))
    clerk.until(lambda: _in_phase(clerk, company, "custodied"), "custody")
    clerk.stage.note(company=company, security=security)
    clerk.regseal("register", "company", "show", company)
    clerk.regseal("register", "securities")
    return Company(company, security)


def _apply(clerk: Clerk) -> str:
    clerk.stage.tell(f"{holders.COMPANY} applies for custody (托管申请); first without its documents")
    file = clerk.var / "托管申请.json"
    write_json(
        file,
        {
            "code": CODE,
            "name": holders.COMPANY,
            "usci": holders.USCI,
            "region": REGION,
            "form": "jsc",
            "capital": str(holders.CAPITAL),
        },
    )
    clerk.regseal("register", "company", "apply", file, expect=None)
    documents = clerk.documents("托管申请", *APPLICATION)
    return str(clerk.json("register", "company", "apply", file, *documents)["id"])


def _faulty(clerk: Clerk, company: str) -> None:
    clerk.stage.tell("The first list that came has faults: the report names every bad cell before anything is written")
    lines = [
        ("股东名称", "证件号码", "持股数量", "持股比例"),
        ("欧阳示例", holders.resident(7)[:-1] + "0", "50,000,000", "100%"),
        ("湾区样板科技有限公司", "91440399MA00041X00", "一百万", "2%"),
        ("合计", "", "50,000,000", "100%"),
    ]
    file = clerk.var / "有误的股东名册.csv"
    text = "\r\n".join(",".join(f'"{cell}"' for cell in line) for line in lines)
    file.write_bytes(text.encode("gb18030"))
    clerk.regseal("register", "import", "check", file, "--company", company, expect=None)


def _carry_out(clerk: Clerk, listed: str, security: str) -> None:
    clerk.stage.tell("The list is carried out; the checker reads and signs every act of it, many in one file")
    began, signed = time.monotonic(), 0
    documents = clerk.documents("初始登记", "holder-list")
    clerk.regseal("register", "import", "run", listed, "--security", security, *documents, quiet=True)

    def done() -> Any:
        nonlocal signed
        found: Any = clerk.api.get(f"/v1/register/imports/{listed}")
        if found["state"] != "running":
            return found
        signed += clerk.sign_all(CHECKER)
        return None

    found = clerk.until(done, "the list's execution")
    if found["state"] != "done":
        raise DemoError(f"the list's execution is {found['state']}: {found['progress']}")
    print(f"  {signed} acts signed, {found['progress']} groups, {time.monotonic() - began:.0f} s", flush=True)


def _step(clerk: Clerk, company: str, step: str, *codes: str, **said: str) -> None:
    words: list[str | Path] = [word for name, value in said.items() for word in (f"--{name}", value)]
    words += clerk.documents(step, *codes) if codes else []
    clerk.enter("register", "company", "step", company, step, *words)


def _in_phase(clerk: Clerk, company: str, phase: str) -> Any:
    found: Any = clerk.api.get(f"/v1/register/companies/{company}")
    return found if found["phase"] == phase else None
