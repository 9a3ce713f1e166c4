"""Examples for the API's reference: what a member that has none of its own looks like, told by its name.

One name means one thing all over the API, so one table serves all schemas; where a schema states an example, that wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

__all__ = ["complete", "lacking"]

Schema = dict[str, Any]

_STATED: Final = frozenset(("example", "examples", "const", "enum", "default"))
_ADDRESS: Final = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
_HASH: Final = "0x635d5578e6dc7775e7eadb5c9ce6a2077e64350936c8dd8bbfa5f7bede760901"
_ID: Final = "0123456789abcdef0123456789abcdef"
_TIME: Final = "2026-11-20T08:30:00.000Z"
_LATER: Final = "2027-11-20T00:00:00Z"
_DAY: Final = "2026-12-31"
_NOTE: Final = (
    "market.example/register\n42\nY13VV4bm3Hd15+rbXJzmogd+ZDUJNsjdi7+l977edgk=\n\n— market.example/register …\n"
)
_KINDS: Final[dict[str, object]] = {"date": _DAY, "date-time": _TIME}
_FIRST_HOURS: Final = """
    accepted_at anchor_by anchored_at as_of at cleared_at closed_at created_at decided_at erased_at first_at
    issued_at last_at legal_at opened_at published_at received_at registered_at requested_at revoked_at signed_at
    told_at updated_at valid_from
"""
_LAST_HOURS: Final = "erasable_at expires_at valid_to"
_DAYS: Final = """
    day days ends_on left_on notice_from notified_on record_date since
    suitable_until until
"""
_HASHES: Final = """
    block_hash digest document_sha256 genesis last_leaf leaf_hash manifest_leaf outcome public_key root rulebook
    settings_file sha256 sm3 stream transaction tx_hash
"""
_IDS: Final = {
    "act": "about",
    "acc": "account accounts giver taker",
    "ins": "actor applicants decided_by institution institution_id lead",
    "cmp": "company",
    "log": "log",
    "op": "operation",
    "rec": "manifest outcome_record record record_id",
    "sec": "security security_id",
    "prj": "project",
}  # fmt: skip
_COUNTS: Final = """
    addend block block_number cap chain_trading chain_working count counts_as done draft_version epoch findings
    grandfathered groups holders index interval issuer_region kinds last_buy last_event last_sell liens liens_opened
    line log_index lots month number numerator denominator ordinal place pre_emption queue_position request round
    seq subject total trading value version working
"""
_MONEY: Final = """
    available encumbered frozen fruits gross locked payable pledged released remainder secured withheld
"""
_NAMED: Final[dict[str, object]] = {
    "acknowledgement": _NOTE, "action": "core.accept", "address": _ADDRESS, "after": "registering",
    "amount": "0.125", "anchor": _ADDRESS, "announced_by": "chinesecalendar 1.11.0", "authority": _ADDRESS,
    "basis": "REM-04", "batch": "bat_" + _ID, "before": "accepted", "body": "working-group", "book": "1000",
    "by": "ins_" + _ID, "capital": "50000000", "case": "(2026)粤0304执1234号", "chain": "supervision",
    "chain_class": "permissioned", "chain_id": 861001, "cleared_because": "the report was filed", "code": "licence",
    "contact": "someone@example.org", "content": "mat_" + _ID, "court": "示例区人民法院", "detail": "4.40106E+17",
    "detail_zh": "证件号码已被转成数字", "document": "国办发明电〔2026〕1号", "documents": {"code": "resolution",
    "record": "rec_" + _ID}, "error": "HolderCapExceeded", "evidence": {"kind": "decision", "record": "rec_" + _ID},
    "field": "units", "file": "名册.xlsx", "files": {"name": "名册.xlsx", "sha256": _HASH}, "finality": "immediate",
    "flags": "extended", "folder": "附件", "form": "share", "from": _TIME, "from_size": 0, "id": _ID,
    "investor_code": "待分配", "issued": "50000000", "issuer": "cmp_" + _ID, "kind": "operator", "kinds": "person",
    "layer": "G", "leaf": _HASH, "legal_reference": "股权出质登记编号 440300-2026-1", "legal_status": "registered",
    "media_type": "application/pdf", "message": "is missing", "name": "鹏城示例股份有限公司", "needs": "report",
    "nonce": "0x" + "5c" * 16, "note": _NOTE, "of": "units", "opened_units": "5000", "operation_state": "queued",
    "origin": "market.example/register", "owner": "ins_" + _ID, "person": "张某(示例)", "phase": "registered",
    "possession": "0x" + "3f" * 64, "prefix": "rst_01a1", "proof": _HASH, "reason": "yearly change of keys",
    "receipt": "/v1/records/rec_" + _ID + "/receipt", "reference": "付款凭证-2026-0117",
    "refusals": "register: 8,000 of 10,000 hundredths are confirmed", "region": 440300,
    "role": "pilot.working-group", "roles": "submitter", "rule": "REM-10", "secret": "rst_" + "0" * 40,
    "sheet": "股东名册", "signature": "0x" + "1b" * 64, "signer": _ADDRESS, "size": 42, "source": "证券法 art. 153",
    "stage": "calculated", "state": "open", "state_term": "公示期", "status": "active", "steps": "register",
    "term": "拟试点公示", "text": "意见正文", "title": "基于区块链的登记服务(示例)", "to": "investor", "to_size": 1000,
    "track": "selection", "type": "business.event", "units": "12000", "usci": "91440300MA5EXAMPLE",
    "vkey": "market.example/register+2a08b2e7+AVVWk5qKzKRztR4sXhZOgCMrpWmfI6sbh3Jkb+XlHEUD",
    "version": "SZ-2023.11", "witness": "witness.regulator.example", "word": "transfer", "year": 2027,
}  # fmt: skip
_OBJECTS: Final[dict[str, object]] = {
    "body": {"decision": "rec_" + _ID}, "compared": {"positions": 200, "liens": 3},
    "contracts": {"EvidenceLog": _ADDRESS}, "detail": {"block": 42}, "content": {"text": "意见正文"},
    "details": {"edition": "2"},
    "document": {"type": "business.event", "actor": "ins_" + _ID, "subject": "security/PC-830001",
                 "occurred_at": _TIME, "body": {"event": "transfer", "units": "12000"}},
    "form": {"title": "基于区块链的登记服务(示例)"}, "identity": {"name": "张某(示例)"},
    "message": {"security": _HASH, "deadline": "1796410527"}, "open_items": {"rectification": [1]},
    "pledgees": {"示例银行": _ADDRESS}, "progress": {"final": 2, "waiting": 1}, "published": {"title": "公示稿"},
    "said": {"holders": 181, "cap": 200}, "settings": {"notice_days": 5}, "statement": {"lead": "ins_" + _ID},
    "summary": {"holders": 199, "units": "50000000"},
}  # fmt: skip


def _table() -> dict[str, list[object]]:
    """Every name's examples, of which the first that fits a schema's type is shown."""
    found: dict[str, list[object]] = {}
    groups: list[tuple[str, object]] = [
        (_FIRST_HOURS, _TIME), (_LAST_HOURS, _LATER), (_DAYS, _DAY), (_HASHES, _HASH), (_COUNTS, 3), (_MONEY, "12000"),
        *((names, f"{prefix}_{_ID}") for prefix, names in _IDS.items()),
        *_NAMED.items(), *_OBJECTS.items(), ("account", _ADDRESS),
    ]  # fmt: skip
    for names, value in groups:
        for name in names.split():
            found.setdefault(name, []).append(value)
    return found


_BY_NAME: Final = _table()
_TYPES: Final[dict[str, type]] = {"string": str, "integer": int, "object": dict, "null": type(None)}


def complete(document: Schema) -> Schema:
    """Gives an example to every member of an OpenAPI document's schemas that shows none; in place."""
    schemas = document["components"]["schemas"]
    for title, name in list(lacking(document)):
        member = schemas[title]["properties"][name]
        examples = _examples(name, member, schemas)
        if examples is not None:
            member["examples"] = examples
    return document


def lacking(document: Schema) -> Iterator[tuple[str, str]]:
    """Schema and member of all that show nobody what they look like."""
    schemas = document["components"]["schemas"]
    for title, schema in schemas.items():
        if not _STATED & schema.keys():
            for name, member in schema.get("properties", {}).items():
                if not _STATED & member.keys() and _bare(member, schemas):
                    yield title, name


def _followed(schema: Schema, schemas: Schema) -> Schema:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    return schema


def _kinds(member: Schema, schemas: Schema) -> list[Schema]:
    found = _followed(member, schemas)
    return [_followed(one, schemas) for one in found.get("anyOf") or found.get("oneOf") or [found]]


def _bare(member: Schema, schemas: Schema) -> bool:
    """Whether nothing in the member's own schema shows a reader what it looks like."""
    return not any(
        _STATED & kind.keys() or "properties" in kind or kind.get("type") == "boolean" or "discriminator" in kind
        or (kind.get("type") == "array" and not _bare(kind.get("items", {}), schemas))
        for kind in _kinds(member, schemas)
    )  # fmt: skip


def _examples(name: str, member: Schema, schemas: Schema) -> list[object] | None:
    kinds = _kinds(member, schemas)
    for kind in kinds:
        many = kind.get("type") == "array"
        wanted = _followed(kind.get("items", {}), schemas) if many else kind
        if wanted.get("format") in _KINDS:
            return [_KINDS[wanted["format"]]]
        for value in _BY_NAME.get(name, ()):
            if _fits(value, wanted, many=many):
                return [[value] if many else value]
    return [None] if any(kind.get("type") == "null" for kind in kinds) else None


def _fits(value: object, wanted: Schema, *, many: bool) -> bool:
    right = isinstance(value, _TYPES.get(wanted.get("type", "object" if many else ""), object))
    return right and (not isinstance(value, str) or re.search(wanted.get("pattern", ""), value) is not None)
