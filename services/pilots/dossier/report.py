"""The dossier's report for people (卷宗报告): Markdown in Chinese, from what the caller may see. Pure.

It is no evidence: whoever doubts a line of it reads the receipt that the line names.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chain.proof.dossier import event_name
from services.pilots.views import EventView, ProjectView
from services.platform.clock import rfc3339

__all__ = ["Contents", "write_report"]

_PHASES = {"event": "事实", "requested": "申请", "registered": "链上成立", "refused": "链上不成立"}
_SPECIAL = str.maketrans({each: f"\\{each}" for each in "\\`*_[]<>|#"} | {"\n": " ", "\r": " "})


@dataclass(slots=True)
class Contents:
    """What the archive has come to contain."""

    events: int = 0
    shown: int = 0
    records: int = 0
    forms: int = 0
    files: int = 0
    count: int = 0
    made_at: int = 0
    audience: str = ""
    origin: str = ""


def write_report(project: ProjectView, events: Sequence[EventView], has: Contents) -> bytes:
    """The file's bytes."""
    lines = [*_heading(project, has), *_table(events[: has.events], has), *_limits(has)]
    return ("\n".join(lines) + "\n").encode()


def _heading(project: ProjectView, has: Contents) -> Iterable[str]:
    yield f"# 试点项目卷宗：{_plain(project.title)}"
    yield ""
    yield "| 项 | 值 |"
    yield "|---|---|"
    facts = {
        "项目编号": project.id,
        "规则手册": f"{project.version} {project.rulebook_id}",
        "地区": str(project.region),
        "牵头申报单位": project.lead_id,
        "申报单位": "、".join(project.applicants),
        "状态": f"{project.state_term}（{project.state}）",
        "公示起始日": project.notice_from or "—",
        "试点到期日": project.ends_on or "—",
        "日志": has.origin,
        "制作时间": rfc3339(has.made_at),
        "制作给": has.audience,
        "链上已知事项数": str(has.count),
    }
    for name, value in facts.items():
        yield f"| {name} | {_plain(value)} |"
    yield ""


def _table(events: Sequence[EventView], has: Contents) -> Iterable[str]:
    yield f"## 事项（{has.events} 件，其中 {has.shown} 件附记录全文）"
    yield ""
    yield "| 序号 | 时间 | 事项 | 性质 | 主体 | 规则 | 依据条款 | 结果 | 交易 | 凭证 | 链上封存 |"
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    for each in events:
        cells = (
            str(each.seq), rfc3339(each.accepted_at), each.name, _PHASES.get(each.phase, each.phase),
            each.actor_id, each.rule or "—", each.source or "—", each.state or each.reason or each.outcome or "—",
            each.tx_hash or "—", event_name(each.seq), "是" if each.seq < has.count else "否",
        )  # fmt: skip
        yield "| " + " | ".join(_plain(cell) for cell in cells) + " |"
    yield ""


def _limits(has: Contents) -> Iterable[str]:
    yield "## 本卷宗能证明什么，不能证明什么"
    yield ""
    yield f"- 附申报表 {has.forms} 版、所引记录的凭证 {has.records} 份、材料文件 {has.files} 个。"
    yield f"- 序号 0 至 {max(has.count - 1, 0)} 的事项是否齐全，以链上的（事项数，末叶）为准，可离线核验。"
    yield f"- 序号 {has.count} 及以后的事项尚未在链上封存：其后是否还有遗漏，无人能凭本卷宗判断。"
    yield "- 从未提交给系统的事实，任何卷宗都不能涵盖。"
    yield "- 本报告只便于阅读，不是证据；以凭证为准：`regseal verify 卷宗.zip --trust trust.json`。"


def _plain(text: str) -> str:
    """Text that no reader of Markdown takes for a mark, a link or a cell's end."""
    return "".join(each for each in text if each >= " " or each == "\n").translate(_SPECIAL)
