"""What an authorisation (授权) says, in words: a signer reads this before it signs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from chain.party import days, describe_register
from chain.party.eip712 import TypedData, check, integer
from chain.party.evm import checksummed, parse_address
from chain.proof.hashing import keccak256

ACTIONS: Mapping[str, Mapping[str, str]] = {
    "regseal InstitutionRegistry": {
        "RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "register an institution 机构登记",
        "SetInstitutionStatus(bytes16 institution,uint8 status,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "change an institution's status 机构状态变更",
        "ReplaceInstitutionAuthority(bytes16 institution,address authority,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "replace an authority key 机构授权钥更换",
        "GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "grant a role 角色授予",
        "RevokeRole(address account,bytes32 role,uint32 region,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "revoke a role 角色撤销",
        "ProposeRegionalAuthority(uint32 region,address authority,uint256 nonce,uint64 deadline)": (
            "propose a regional authority 提名地区主管机关"
        ),
    },
    "regseal EvidenceLog": {
        "OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "open a log 日志开立",
        "RotateLog(bytes32 log,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "rotate a log's keys 日志换钥",
        "FreezeLog(bytes32 log,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "freeze a log for good 日志冻结",
        "OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "open a frozen log's successor 日志承继",
    },
    "regseal Calendar": {
        "PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "publish a year's calendar 工作日历公布",
        "CloseCalendarDays(uint32 region,uint32[] numbers,bool working,bool trading,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "close days of the calendar 工作日历调整",
    },
    "regseal RulebookRegistry": {
        "ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "make a rulebook the law 规则手册启用",
        "RetireRulebook(bytes32 rulebook,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "retire a rulebook 规则手册停用",
    },
    "regseal PilotLifecycle": {
        "OpenPilot(bytes16 project,bytes32 rulebook,bytes16 lead,bytes16 stream,string action,uint64 seq,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "submit a pilot project 试点项目申报",
        "PilotStep(bytes16 project,string action,uint64 value,uint64 seq,"
        "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)": "take a step of a pilot project 试点项目步骤",
    },
    describe_register.REGISTER: describe_register.ACTS,
}
KINDS = {
    1: "operator 运营机构",
    2: "regulator 监管机构",
    3: "working group 专项工作组",
    4: "auditor 审计机构",
    5: "applicant 试点机构",
    6: "data user 数据使用机构",
    7: "service provider 服务机构",
}
STATUSES = {1: "active 正常", 2: "suspended 暂停", 3: "exited 退出 (final)"}
REGIONS = {0: "national 全国", 110000: "Beijing 北京", 440100: "Guangzhou 广州", 440300: "Shenzhen 深圳"}
_UNKNOWN = "UNKNOWN TO THIS PROGRAM"


def describe(document: object, *, texts: Iterable[str] = ()) -> list[str]:
    """Plain lines about a typed-data document, safe for a terminal. Raises TypedDataError.

    A document that is not exactly one of the authorisations of docs/spec (anchor.md, register.md) says so in its first
    line.

    Args:
        texts: from anywhere; one whose Keccak-256 is the role of the document is shown as that role's name.
    """
    data = document if isinstance(document, TypedData) else check(document)
    action = action_of(data)
    title = f"You are asked to sign: {action}" if action else f"WARNING: {_UNKNOWN}: {printable(data.primary)}"
    domain = data.domain
    lines = [
        title,
        f"contract: {printable(domain.get('name', '(none)'))} version {printable(domain.get('version', '(none)'))}",
        f"at: {_value('verifyingContract', domain.get('verifyingContract', '(no address)'))}",
        f"chain id: {printable(domain.get('chainId', '(none)'))}",
    ]
    names = {"0x" + keccak256(text.encode("utf-8", "surrogatepass")).hex(): text for text in texts}
    of_register = domain.get("name") == describe_register.REGISTER
    for name, _ in data.types[data.primary]:
        value = data.message[name]
        known = f"{printable(names[str(value)])} = " if name == "role" and str(value) in names else ""
        words = describe_register.value(name, value) if of_register else None
        lines.append(f"{name}: {known}{words or _value(name, value)}")
        lines += days.words(name, value, data.message)
    return [*lines, *(describe_register.more(data.message) if of_register else ())]


def action_of(data: TypedData) -> str | None:
    """The words for a known authorisation; None when domain, name or any member differs from the published one."""
    members = [name for name, _ in data.types["EIP712Domain"]]
    if members != ["name", "version", "chainId", "verifyingContract"] or data.domain["version"] != "1":
        return None
    return ACTIONS.get(str(data.domain["name"]), {}).get(data.struct())


def deadline_of(data: TypedData) -> datetime | None:
    """Until when (inclusive) the authorisation counts; None when it names no readable deadline."""
    seconds = integer(data.message.get("deadline"))
    return None if seconds is None else _moment(seconds)


def _value(name: str, value: object) -> str:
    number = integer(value)
    if number is not None and name in _NUMBERS:
        return _NUMBERS[name](number)
    if isinstance(value, str) and len(value) == 42 and value.startswith("0x"):
        return _spelt(value)
    return printable(value)


def _spelt(address: str) -> str:
    try:
        return checksummed(parse_address(address))
    except ValueError:
        return printable(address)


def _until(seconds: int) -> str:
    moment = _moment(seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%SZ} ({seconds})" if moment else f"beyond the calendar ({seconds})"


def _region(number: int) -> str:
    return f"{number:06d} {REGIONS.get(number, '(GB/T 2260)')}"


_NUMBERS: Mapping[str, Callable[[int], str]] = {
    "kind": lambda number: f"{KINDS.get(number, _UNKNOWN)} ({number})",
    "status": lambda number: f"{STATUSES.get(number, _UNKNOWN)} ({number})",
    "region": _region,
    "issuerRegion": _region,
    "deadline": _until,
    "expiresAt": _until,
}


def _moment(seconds: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def printable(value: object) -> str:
    """No control or direction-changing character of a foreign text reaches the terminal."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in str(value))
