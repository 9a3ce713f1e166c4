"""An example of every act, as the API's reference shows them."""

from __future__ import annotations

from typing import Any

_SECURITY = "sec_0123456789abcdef0123456789abcdef"
_ACCOUNT, _OTHER = "acc_0123456789abcdef0123456789abcdef", "acc_fedcba9876543210fedcba9876543210"
_RECORD = "rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"
_TERMS = {
    "form": "share",
    "kinds": ["person", "company", "partnership", "filed-fund"],
    "cap": 200,
    "basis": "REM-04",
    "interval": 5,
    "subscription_counts": True,
}


def _rests_on(*codes: str) -> list[dict[str, str]]:
    return [{"code": code, "record": _RECORD} for code in codes]


ACTS: dict[str, dict[str, Any]] = {
    "open-investor": {"account": _ACCOUNT, "kind": "person", "suitable_until": "2027-12-31"},
    "open-investors": {
        "company": "cmp_0123456789abcdef0123456789abcdef",
        "openings": [{"account": _ACCOUNT, "kind": "person"}, {"account": _OTHER, "kind": "company", "addend": 3}],
    },
    "suitability": {"account": _ACCOUNT, "until": "2028-12-31"},
    "addend": {"account": _ACCOUNT, "addend": 7},
    "open-security": {
        "security": _SECURITY,
        "issuer": "cmp_0123456789abcdef0123456789abcdef",
        "issuer_region": 440300,
        "terms": _TERMS,
        "documents": _rests_on("custody-agreement", "articles"),
    },
    "change-terms": {"security": _SECURITY, "terms": _TERMS, "documents": _rests_on("resolution")},
    "admit": {"security": _SECURITY, "capital": "50000000", "documents": _rests_on("capital-verification")},
    "set-state": {"security": _SECURITY, "state": "suspended", "documents": _rests_on("resolution")},
    "issue": {
        "security": _SECURITY,
        "entries": [{"account": _ACCOUNT, "units": "30000000"}, {"account": _OTHER, "units": "20000000"}],
        "documents": _rests_on("holder-list"),
    },
    "recount": {"security": _SECURITY, "account": _ACCOUNT},
    "transfer": {
        "security": _SECURITY,
        "giver": _ACCOUNT,
        "taker": _OTHER,
        "units": "120000",
        "reason": "agreed",
        "payment": "银行回单 2026-1120-0007",
        "documents": _rests_on("transfer-agreement"),
    },
}

_PARTIES = {"security": _SECURITY, "giver": _ACCOUNT, "taker": _OTHER, "units": "120000"}
_ON_UNITS = {"security": _SECURITY, "account": _ACCOUNT, "units": "60000"}
_COURT = _rests_on("court-ruling", "assistance-notice")
ACTS |= {
    "confirm": {"security": _SECURITY, "accounts": [_ACCOUNT], "documents": _rests_on("confirmation")},
    "officer": {
        "security": _SECURITY,
        "account": _ACCOUNT,
        "serving": True,
        "documents": _rests_on("officer-declaration"),
    },
    "transfer-pledged": {
        **_PARTIES,
        "number": 1,
        "payment": "银行回单 2026-1120-0007",
        "documents": _rests_on("transfer-agreement"),
    },
    "transfer-estate": {
        **_PARTIES,
        "reason": "inheritance",
        "liens": [1, 2],
        "documents": _rests_on("inheritance-certificate"),
    },
    "transfer-batch": {
        "security": _SECURITY,
        "reason": "agreed",
        "deals": [{"giver": _ACCOUNT, "taker": _OTHER, "units": "120000", "payment": "银行回单 2026-1120-0007"}],
        "documents": _rests_on("transfer-agreement"),
    },
    "pledge": {
        **_ON_UNITS,
        "pledgee": {"address": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8", "name": "示例银行股份有限公司"},
        "contract": "示例质字 2026-0017",
        "documents": _rests_on("joint-application", "pledge-contract"),
    },
    "pledge-release": {**_ON_UNITS, "number": 1, "documents": _rests_on("release-application")},
    "pledge-revoke": {**_ON_UNITS, "number": 1, "documents": _rests_on("legal-document")},
    "pledge-enforce": {**_PARTIES, "number": 1, "documents": _rests_on("enforcement-agreement")},
    "freeze": {
        **_ON_UNITS,
        "published_at": "2026-11-20T09:00:00+08:00",
        "received_at": "2026-11-20T10:30:00+08:00",
        "until": "2029-11-19",
        "court": "示例人民法院",
        "case": "(2026)示0000执0000号",
        "documents": [*_COURT, *_rests_on("publication")],
    },
    "freeze-extend": {"security": _SECURITY, "number": 2, "until": "2032-11-19", "documents": _COURT},
    "freeze-release": {**_ON_UNITS, "number": 2, "documents": _COURT},
    "freeze-enforce": {**_PARTIES, "number": 2, "documents": _COURT},
    "lock": {**_ON_UNITS, "until": "2027-11-19", "documents": _rests_on("lock-document")},
    "lock-extend": {"security": _SECURITY, "number": 3, "until": "2028-11-19", "documents": _rests_on("lock-document")},
    "unlock": {**_ON_UNITS, "number": 3, "documents": _rests_on("lock-document")},
    "bonus": {
        "security": _SECURITY,
        "action": "cac_0123456789abcdef0123456789abcdef",
        "numerator": 3,
        "denominator": 10,
        "accounts": [_ACCOUNT, _OTHER],
        "documents": _rests_on("resolution"),
    },
    "cancel": {
        "security": _SECURITY,
        "entries": [{"account": _ACCOUNT, "units": "5000"}],
        "documents": _rests_on("resolution"),
    },
}

EXAMPLES: dict[str, Any] = {name: {"summary": name, "value": {"act": name, **said}} for name, said in ACTS.items()}
