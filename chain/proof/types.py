"""The record types and their codes in leaves (docs/spec/leaf.md)."""

from dataclasses import dataclass
from enum import IntEnum


class Phase(IntEnum):
    """What a leaf says about its record (阶段). Only outcome leaves, `REGISTERED` and `REFUSED`, prove an outcome."""

    EVENT = 0
    REQUESTED = 1
    REGISTERED = 2
    REFUSED = 3


_EVENT = frozenset({Phase.EVENT})
_COMMAND = frozenset({Phase.REQUESTED, Phase.REGISTERED, Phase.REFUSED})
FIRST_SERVICE_CODE = 0x0100


@dataclass(frozen=True, slots=True)
class RecordType:
    """A kind of record: its code in the leaf, its name in the record, the Chinese term and the phases it can have."""

    code: int
    name: str
    term: str
    phases: frozenset[Phase]

    @property
    def submittable(self) -> bool:
        """Whether institutions submit it; the service writes the others."""
        return self.code < FIRST_SERVICE_CODE


RECORD_TYPES = (
    RecordType(0x0001, "business.event", "业务事项", _EVENT),
    RecordType(0x0002, "pilot.event", "试点项目事项", _EVENT),
    RecordType(0x0003, "material.digest", "材料摘要", _EVENT),
    RecordType(0x0004, "material.manifest", "材料清单", _EVENT),
    RecordType(0x0101, "institution.registration", "机构登记", _COMMAND),
    RecordType(0x0102, "institution.status", "机构状态变更", _COMMAND),
    RecordType(0x0103, "institution.authority", "机构授权钥更换", _COMMAND),
    RecordType(0x0111, "role.grant", "角色授予", _COMMAND),
    RecordType(0x0112, "role.revocation", "角色撤销", _COMMAND),
    RecordType(0x0121, "submitter-key.registration", "提交钥登记", _EVENT),
    RecordType(0x0122, "submitter-key.revocation", "提交钥注销", _EVENT),
    RecordType(0x0201, "log.opening", "日志开立", _COMMAND),
    RecordType(0x0202, "log.rotation", "日志换钥", _COMMAND),
    RecordType(0x0203, "log.freeze", "日志冻结", _COMMAND),
    RecordType(0x0204, "log.succession", "日志承继", _COMMAND),
    RecordType(0x0205, "log.recovery", "日志恢复", _EVENT),
    RecordType(0x0211, "record.erasure", "记录删除", _COMMAND),
    RecordType(0x0212, "log.examination", "核验记录", _EVENT),
    RecordType(0x0301, "pilot.step", "试点项目步骤", _COMMAND),
    RecordType(0x0302, "pilot.fact", "试点项目事实", _EVENT),
    RecordType(0x0311, "calendar.publication", "工作日历公布", _COMMAND),
    RecordType(0x0312, "calendar.closure", "工作日历调整", _COMMAND),
    RecordType(0x0321, "rulebook.activation", "规则手册启用", _COMMAND),
    RecordType(0x0322, "rulebook.retirement", "规则手册停用", _COMMAND),
    RecordType(0x0401, "register.act", "登记事项", _COMMAND),
    RecordType(0x0402, "register.fact", "登记事实", _EVENT),
)
BY_NAME = {each.name: each for each in RECORD_TYPES}
BY_CODE = {each.code: each for each in RECORD_TYPES}
