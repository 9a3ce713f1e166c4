"""Every endpoint of companies, accounts and imports, as somebody tries it to whom the market does not belong."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

COMPANY = "/v1/register/companies/cmp_" + "08" * 16
ACCOUNT = "/v1/register/accounts/acc_" + "08" * 16
IMPORT = "/v1/register/imports/imp_" + "08" * 16
DIVIDEND = "/v1/register/dividends/div_" + "08" * 16
_RESTS_ON = [{"code": "resolution", "record": "rec_" + "08" * 16}]
_IDENTITY = {"name": "测试甲", "document": "passport", "number": "E1234567"}
_COMPANY = {
    "code": "SZX000001", "name": "测试公司", "usci": "91440300MA5EXAMP0T", "region": 440305, "form": "jsc",
    "capital": "1", "documents": _RESTS_ON,
}  # fmt: skip

HOLDER_ATTEMPTS: dict[str, Callable[[TestClient, Any], Any]] = {
    "POST /v1/register/companies": lambda c, _: c.post("/v1/register/companies", json=_COMPANY),
    "GET /v1/register/companies/{company_id}": lambda c, _: c.get(COMPANY),
    "GET /v1/register/companies/{company_id}/events": lambda c, _: c.get(f"{COMPANY}/events"),
    "POST /v1/register/companies/{company_id}/steps": lambda c, _: c.post(f"{COMPANY}/steps", json={"step": "take-up"}),
    "GET /v1/register/companies/{company_id}/securities": lambda c, _: c.get(f"{COMPANY}/securities"),
    "POST /v1/register/companies/{company_id}/securities": lambda c, _: c.post(
        f"{COMPANY}/securities", json={"security": "sec_" + "08" * 16, "units": "1", "documents": []}
    ),
    "POST /v1/register/companies/{company_id}/securities/{security_id}/steps": lambda c, _: c.post(
        f"{COMPANY}/securities/sec_{'08' * 16}/steps", json={"step": "admit"}
    ),
    "POST /v1/register/companies/{company_id}/articles": lambda c, _: c.post(
        f"{COMPANY}/articles", json={"pre_emption": 15, "documents": []}
    ),
    "POST /v1/register/companies/{company_id}/institution": lambda c, _: c.post(
        f"{COMPANY}/institution", json={"issuer": "ins_" + "08" * 16}
    ),
    "POST /v1/register/companies/{company_id}/layer": lambda c, _: c.post(f"{COMPANY}/layer", json={"layer": "G"}),
    "POST /v1/register/accounts": lambda c, _: c.post(
        "/v1/register/accounts", json={"kind": "person", "identity": _IDENTITY}
    ),
    "GET /v1/register/accounts": lambda c, _: c.get("/v1/register/accounts"),
    "GET /v1/register/accounts/{account_id}": lambda c, _: c.get(ACCOUNT),
    "GET /v1/register/accounts/{account_id}/identity": lambda c, _: c.get(f"{ACCOUNT}/identity"),
    "POST /v1/register/accounts/{account_id}/identity": lambda c, _: c.post(
        f"{ACCOUNT}/identity", json={"identity": _IDENTITY, "documents": _RESTS_ON}
    ),
    "POST /v1/register/accounts/{account_id}/suitability": lambda c, _: c.post(
        f"{ACCOUNT}/suitability", json={"basis": "person", "until": "2099-01-01", "documents": _RESTS_ON}
    ),
    "POST /v1/register/accounts/{account_id}/addend": lambda c, _: c.post(
        f"{ACCOUNT}/addend", json={"addend": 1, "documents": _RESTS_ON}
    ),
    "POST /v1/register/accounts/{account_id}/investor-code": lambda c, _: c.post(f"{ACCOUNT}/investor-code", json={}),
    "POST /v1/register/accounts/{account_id}/state": lambda c, _: c.post(
        f"{ACCOUNT}/state", json={"state": "frozen", "reason": "mine"}
    ),
    "POST /v1/register/accounts/{account_id}/erasure": lambda c, _: c.post(
        f"{ACCOUNT}/erasure", json={"reason": "mine"}
    ),
    "POST /v1/register/imports": lambda c, _: c.post(
        "/v1/register/imports",
        json={"company": "cmp_" + "08" * 16, "files": [{"material": "mat_" + "08" * 16, "name": "名册.xlsx"}]},
    ),
    "GET /v1/register/imports": lambda c, _: c.get("/v1/register/imports"),
    "GET /v1/register/imports/{import_id}": lambda c, _: c.get(IMPORT),
    "GET /v1/register/imports/{import_id}/findings": lambda c, _: c.get(f"{IMPORT}/findings"),
    "POST /v1/register/imports/{import_id}/execution": lambda c, _: c.post(
        f"{IMPORT}/execution", json={"security": "sec_" + "08" * 16, "documents": _RESTS_ON}
    ),
    "POST /v1/register/dividends": lambda c, _: c.post(
        "/v1/register/dividends",
        json={
            "security": "sec_" + "08" * 16, "amount": "0.1", "record_date": "2099-01-01", "documents": _RESTS_ON,
        },
    ),
    "GET /v1/register/dividends": lambda c, _: c.get("/v1/register/dividends"),
    "GET /v1/register/dividends/{dividend_id}": lambda c, _: c.get(DIVIDEND),
    "GET /v1/register/dividends/{dividend_id}/lines": lambda c, _: c.get(f"{DIVIDEND}/lines"),
    "GET /v1/register/dividends/{dividend_id}/csv": lambda c, _: c.get(f"{DIVIDEND}/csv"),
    "POST /v1/register/dividends/{dividend_id}/calculation": lambda c, _: c.post(f"{DIVIDEND}/calculation"),
    "POST /v1/register/dividends/{dividend_id}/funding": lambda c, _: c.post(
        f"{DIVIDEND}/funding", json={"reference": "mine"}
    ),
    "POST /v1/register/dividends/{dividend_id}/payment": lambda c, _: c.post(
        f"{DIVIDEND}/payment", json={"reference": "mine"}
    ),
    "POST /v1/register/dividends/{dividend_id}/releases": lambda c, _: c.post(
        f"{DIVIDEND}/releases",
        json={
            "account": "acc_" + "08" * 16, "amount": "1", "to": "holder", "reference": "mine", "documents": _RESTS_ON,
        },
    ),
}  # fmt: skip
