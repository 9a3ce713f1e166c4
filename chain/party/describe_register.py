"""What an act of the register (登记簿, docs/spec/register.md) says, in words for its signer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from chain.party.days import EPOCH
from chain.party.eip712 import integer

__all__ = ["ACTS", "FACTS", "REGISTER", "more", "value"]

REGISTER = "regseal EquityRegister"
_TERMS = "uint8 form,uint16 kinds,uint32 cap,uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis"
_TRANSFER = "bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason"
_TAIL = "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline"
_WORDS: Mapping[str, str] = {
    "OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend": "open an investor 开立投资者账户",
    "OpenInvestors(bytes16[] investors,uint8[] kinds,uint24[] suitableUntil,uint16[] addends": (
        "open many investors 批量开立投资者账户"
    ),
    "SetSuitability(bytes16 investor,uint24 until": "change an investor's suitability 变更投资者适当性",
    "SetAddend(bytes16 investor,uint16 addend": "change what an investor counts for after look-through 变更穿透计数",
    f"OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,{_TERMS}": "open a security 证券初始设立",
    f"ChangeTerms(bytes16 security,{_TERMS}": "change a security's terms 变更证券要素",
    "AdmitSecurity(bytes16 security,uint80 capital": "take a security into custody 证券登记托管",
    "SetSecurityState(bytes16 security,uint8 state": "change a security's state 变更证券状态",
    "IssueUnits(bytes16 security,bytes16[] investors,uint80[] units": "register units to holders 份额登记",
    f"TransferUnits({_TRANSFER}": "transfer units 份额过户",
    "RecountPosition(bytes16 security,bytes16 investor": "count a holder anew 重新计算持有人数",
    (
        "OpenLien(bytes16 security,bytes16 investor,uint8 lien,uint80 units,uint40 since,uint24 until,address secured"
    ): "register a pledge, freeze or lock 质押、冻结或锁定登记",
    "ReleaseLien(bytes16 security,bytes16 investor,uint16 number,uint80 units": (
        "release units from a pledge, freeze or lock 解除质押、冻结或锁定"
    ),
    "RevokePledge(bytes16 security,bytes16 investor,uint16 number,uint80 units": "revoke a pledge 撤销质押登记",
    "ExtendLien(bytes16 security,uint16 number,uint24 until": "change the last day of a freeze or lock 续行或缩短期限",
    "EnforceLien(bytes16 security,uint16 number,bytes16 from,bytes16 to,uint80 units": (
        "sell units to satisfy a pledge or freeze 实现质权或司法处置"
    ),
    f"TransferPledged({_TRANSFER},uint16 number": "transfer pledged units, the pledge ending 质押股权转让",
    f"TransferEstate({_TRANSFER},uint176 lot": "transfer units with the liens on them 带权利负担过户",
    "TransferBatch(bytes16 security,uint8 reason,bytes16[] from,bytes16[] to,uint80[] units": (
        "transfer units of many holders 批量过户"
    ),
    "ConfirmPositions(bytes16 security,bytes16[] investors,bool confirmed": "confirm ownership or not 确权",
    "SetOfficer(bytes16 security,bytes16 investor,bool serving,uint24 leftOn": "register an officer 董监高身份登记",
    "PayBonus(bytes16 security,bytes16 action,uint32 numerator,uint32 denominator,bytes16[] investors": (
        "give bonus units 送转股"
    ),
    "CancelUnits(bytes16 security,bytes16[] investors,uint80[] units": "cancel units 减资注销",
    "RegisterFact(string subject,string act": "check what the operator enters 复核登记事实",
}
ACTS: Mapping[str, str] = {f"{struct},{_TAIL})": words for struct, words in _WORDS.items()}
"""Every act that is authorised, by its type string; the last ends in the service and is sent to no contract."""
FACTS: Mapping[str, str] = {
    "account-state": "freeze, thaw, close or reopen an account 账户状态变更",
    "account-code": "enter an investor code 登记投资者代码",
    "account-erasure": "erase or restrict a holder's data 删除或限制持有人信息",
    "lien-legal-status": "enter a lien's legal status 登记权利负担的法律状态",
    "dividend-resolve": "enter a dividend's resolution 登记分红决议",
    "dividend-fund": "enter that a dividend's money has come 登记分红资金到位",
    "dividend-pay": "enter that a dividend was paid 登记分红派发",
    "dividend-release": "release what was withheld 解除暂扣",
    "company-step": "take a step of a company's custody 托管步骤",
    "company-layer": "move a company to another layer 转层",
    "company-articles": "enter what the articles say 登记章程事项",
    "company-institution": "say which institution a company is 登记发行人机构",
    "security-add": "take up a further security 登记其他证券品种",
    "security-step": "take a step of a further security's custody 其他证券托管步骤",
}
"""What ends off the chain and is checked, by its name in `RegisterFact`."""

KINDS = {
    1: "natural person 自然人",
    2: "company 法人",
    3: "partnership 合伙企业",
    4: "financial institution 金融机构",
    5: "product 金融产品",
    6: "filed private fund 备案私募基金",
    7: "employee plan 员工持股计划",
}
FORMS = {
    0: "share 股份",
    1: "equity of a limited company 有限责任公司股权",
    2: "convertible bond 可转换公司债券",
    3: "fund interest 基金份额",
    4: "warrant 认股权",
}
STATES = {1: "registering 登记中", 2: "custodied 已托管", 3: "suspended 暂停", 4: "exited 退出 (final)"}
REASONS = {
    0: "agreed transfer 协议转让",
    1: "gift 赠与",
    2: "inheritance 继承",
    3: "division of property 财产分割",
    4: "succession of a company 法人终止承继",
    5: "judicial transfer 司法过户",
}
LIENS = {1: "pledge 质押", 2: "judicial freeze 司法冻结", 3: "lock 限售或锁定"}
_UNKNOWN = "UNKNOWN TO THIS PROGRAM"


def value(name: str, given: object) -> str | None:
    """A member in words; None for one that stands for itself."""
    if name == "act" and isinstance(given, str):
        return f"{FACTS[given]} ({given})" if given in FACTS else None
    number = integer(given)
    return None if number is None or name not in _NUMBERS else _NUMBERS[name](number)


def more(message: Mapping[str, object]) -> Iterator[str]:
    """What a list of holders and units comes to."""
    givers, takers, units = message.get("from"), message.get("to"), message.get("units")
    investors = message.get("investors")
    if isinstance(investors, list) and isinstance(units, list):
        yield f"  that is: {_sum(units):,} units 份 for {len(investors)} holders 持有人"
        if len(units) != len(investors) or len(set(map(str, investors))) != len(investors):
            yield "  WARNING: the lists do not pair one holder to one number of units"
    if isinstance(givers, list) and isinstance(takers, list) and isinstance(units, list):
        yield f"  that is: {_sum(units):,} units 份 in {len(units)} transfers 笔"
        if not len(units) == len(givers) == len(takers):
            yield "  WARNING: the lists do not pair givers, takers and numbers of units"


def _sum(units: list[object]) -> int:
    return sum(integer(one) or 0 for one in units)


def _named(names: Mapping[int, str]) -> Callable[[int], str]:
    return lambda number: f"{names.get(number, _UNKNOWN)} ({number})"


def _kinds(mask: int) -> str:
    known = [words for kind, words in KINDS.items() if mask >> kind & 1]
    foreign = mask & ~sum(1 << kind for kind in KINDS)
    return f"{', '.join(known) or 'none'}{f', {_UNKNOWN}' if foreign else ''} ({mask})"


def _day(number: int) -> str:
    if not number:
        return "none 无 (0)"
    try:
        return f"{_date(number).isoformat()} ({number})"
    except OverflowError:
        return f"beyond the calendar ({number})"


def _moment(seconds: int) -> str:
    if not seconds:
        return "from its registration on 自登记时起 (0)"
    try:
        return f"{datetime.fromtimestamp(seconds, UTC).isoformat()} ({seconds})"
    except (OverflowError, ValueError):
        return f"beyond the calendar ({seconds})"


def _lot(stack: int) -> str:
    numbers = [stack >> shift & 0xFFFF for shift in range(0, 176, 16)]
    return f"with liens {', '.join(str(one) for one in numbers if one)} ({stack})"


def _date(number: int) -> date:
    return EPOCH + timedelta(days=number)


def _counted(words: str) -> Callable[[int], str]:
    return lambda number: f"{number:,} {words}"


_UNITS = _counted("units 份")
_NUMBERS: Mapping[str, Callable[[int], str]] = {
    "kind": _named(KINDS),
    "kinds": _kinds,
    "form": _named(FORMS),
    "state": _named(STATES),
    "reason": _named(REASONS),
    "units": _UNITS,
    "capital": _UNITS,
    "cap": _counted("holders at most 持有人上限"),
    "grandfathered": _counted("holders before custody 存量持有人"),
    "addend": _counted("more holders by look-through 穿透加计"),
    "interval": _counted("trading days 交易日"),
    "suitableUntil": _day,
    "until": _day,
    "leftOn": _day,
    "lien": _named(LIENS),
    "since": _moment,
    "lot": _lot,
}
