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

EXAMPLES: dict[str, Any] = {name: {"summary": name, "value": {"act": name, **said}} for name, said in ACTS.items()}
