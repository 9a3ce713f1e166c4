"""The names of the register's acts (登记事项) and of who takes part in them (docs/spec/register.md)."""

from collections.abc import Mapping

__all__ = ["ACT", "ACTS", "CHECKER", "CONTRACT", "FACT", "LIAISON", "LIEN_KINDS", "OPERATOR", "PLEDGEE", "REGULATOR"]

CONTRACT = "EquityRegister"
ACT, FACT = "register.act", "register.fact"
"""The record types, and the kinds of operations: what the chain decides, and what ends in the service."""

OPERATOR, CHECKER = "register.operator", "register.checker"
REGULATOR, LIAISON = "register.regulator", "register.court-liaison"
"""Roles on the business chain: 经办、复核、监管、司法协助联络人."""
PLEDGEE = "pledgee"
"""质权人: no role of the registry, but the address that the lien names."""

ACTS: Mapping[str, str] = {
    "open-investor": "开立账户",
    "open-investors": "批量开立账户",
    "suitability": "合格投资者确认",
    "addend": "穿透人数",
    "open-security": "登记品种开立",
    "change-terms": "登记要素变更",
    "admit": "完成初始登记",
    "set-state": "托管状态变更",
    "issue": "股份登记",
    "confirm": "确权",
    "recount": "重新计数",
    "transfer": "过户",
    "transfer-batch": "批量过户",
    "transfer-pledged": "质押股权转让",
    "transfer-estate": "带权利负担的非交易过户",
    "officer": "董监高身份登记",
    "pledge": "质押登记",
    "pledge-release": "质押解除",
    "pledge-revoke": "质押撤销",
    "pledge-enforce": "质权实现",
    "freeze": "司法冻结",
    "freeze-extend": "续行冻结",
    "freeze-release": "解除冻结",
    "freeze-enforce": "司法处置",
    "lock": "限售",
    "lock-extend": "限售期限变更",
    "unlock": "解除限售",
    "bonus": "送转股",
    "cancel": "减资注销",
}
"""Every act by its name in records, lists and commands, with the Chinese term."""

LIEN_KINDS: Mapping[int, str] = {1: "pledge", 2: "freeze", 3: "lock"}
"""质押、司法冻结、限售或锁定: the numbers that the contract knows."""
