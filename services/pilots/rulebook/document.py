"""The page of a rulebook (docs/rulebooks/*.md): `python -m services.pilots.rulebook.document` writes all of them.

Chinese text under English headings. A page is made from the rulebook alone, without settings: what is open shows as
open (待定). Given settings, the page names their document wherever a value comes from them.
"""

import sys
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from services.pilots.rulebook.courses import Dates, Mover
from services.pilots.rulebook.loader import BOOKS, load_book
from services.pilots.rulebook.loading import open_body
from services.pilots.rulebook.model import (
    TRIGGERS,
    Body,
    Effect,
    Guard,
    Parameter,
    Rulebook,
    Setting,
    SettingKind,
    Transition,
)
from services.pilots.rulebook.usage import uses_of

__all__ = ["page", "write_pages"]

_FOLDER = Path(__file__).resolve().parents[3] / "docs" / "rulebooks"
_KINDS = ("公众意见", "重大隐患", "强制退出事由", "整改")
_GUARDS = {
    Guard.NOTICE_RUNNING: "公示期内",
    Guard.NOTICE_ELAPSED: "公示期满",
    Guard.END_REACHED: "已到期",
    Guard.BEFORE_END: "未到期",
}
_EFFECTS = {
    Effect.START_NOTICE: "开始公示",
    Effect.SET_END: "确定试点到期日",
    Effect.EXTEND: "延期",
    Effect.OPEN_ITEM: "登记{}",
    Effect.CLOSE_ITEM: "了结{}",
    Effect.TURN_ITEM: "{}转为{}",
}
_TERRITORIES = {
    "registered": "注册登记地在本地",
    "jurisdiction": "本地证监局辖区",
    "registered-or-main-office": "注册登记地或主要办公地在本地",
    "anywhere": "不限",
}
_ISSUERS = {
    "lead": "牵头申报单位",
    "applicants": "申报单位",
    "scenario-provider": "应用场景提供方（持牌机构）",
    "third-party": "第三方专业机构",
    "each-applicant": "每家申报机构",
    "compliance-head": "合规负责人",
    "compliance-executive": "分管合规工作的高级管理人员",
}


def page(book: Rulebook) -> str:
    """The Markdown of a rulebook."""
    sections = (
        _head, _settings, _diagram, _who, _transitions, _checks, _institutions, _categories, _materials, _exits,
        _duties, _courses, _deadlines, _publicity, _tolerance, _rules,
    )  # fmt: skip
    return "\n".join(line for section in sections for line in section(book)).rstrip() + "\n"


def write_pages(folder: Path = _FOLDER) -> list[Path]:
    """Writes the page of every rulebook that comes with the software; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name in BOOKS:
        book = load_book(name)
        file = folder / f"{book.code}.md"
        file.write_text(page(book), encoding="utf-8")
        written.append(file)
    return written


def _head(book: Rulebook) -> Iterator[str]:
    yield f"# {book.term}"
    yield ""
    yield f"`{book.id}` · {book.title} · GB/T 2260 `{book.region}`"
    yield ""
    yield f"由 `services/pilots/rulebook/books/{book.id}.yaml` 生成，请勿手改。"
    yield "每条规则注明出处；设计规则注明理由；来源未定的事项没有默认值。"
    yield ""
    yield from _heading("Sources", "来源")
    rows = ([one.short, one.title, one.issuer, one.issued or "未载", one.nature] for one in book.sources)
    yield from _table(("简称", "名称", "发布", "日期", "性质"), rows)


def _settings(book: Rulebook) -> Iterator[str]:
    yield from _heading("Open settings", "待定事项")
    if book.decision is None:
        yield "下列事项来源未定。决定文件未给出全部事项之前，手册不得启用。"
    else:
        sample = "（示例）" if book.decision.sample else ""
        yield f"决定：{book.decision.by}，{book.decision.on}，{book.decision.document}{sample}。"
    yield ""
    rows = ([f"`{one.name}`", one.term, _range(one), _decided(book, one), one.why, one.source] for one in book.settings)
    yield from _table(("设定", "事项", "取值", "决定", "为何待定", "出处"), rows)


def _diagram(book: Rulebook) -> Iterator[str]:
    yield from _heading("States", "状态")
    yield "```mermaid"
    yield "stateDiagram-v2"
    for state in book.states.values():
        yield f"    {state.name}: {state.term}"
    arrows: dict[tuple[str | None, str], list[str]] = {}
    for row in book.transitions:
        if row.to is not None and row.to != row.state:
            arrows.setdefault((row.state, row.to), []).append(row.action)
    for (start, to), actions in arrows.items():
        yield f"    {start or '[*]'} --> {to}: {', '.join(actions)}"
    for state in book.states.values():
        if state.terminal:
            yield f"    {state.name} --> [*]"
    yield "```"
    yield ""
    yield from _table(
        ("号", "状态", "名称", "终态"),
        ([str(one.number), f"`{one.name}`", one.term, "是" if one.terminal else ""] for one in book.states.values()),
    )
    yield "链上标记：" + "、".join(f"`{one.name}` {one.term}" for one in book.flags.values()) + "。"
    yield ""


def _who(book: Rulebook) -> Iterator[str]:
    yield from _heading("Who does what", "主体")
    rows = []
    for code, body in book.bodies.items():
        actions = list(dict.fromkeys(row.action for row in book.transitions if row.body == code))
        rows.append([body.term, f"`{body.role}`" if body.role else "牵头机构的授权账户", _reach(body), _code(actions)])
    for setting in book.settings:
        actions = list(dict.fromkeys(row.action for row in book.transitions if open_body(row.body) == setting.name))
        if actions:
            rows.append([f"待定：{setting.term}", f"`{setting.name}`", "", _code(actions)])
    yield from _table(("主体", "链上角色", "范围", "动作"), rows)


def _transitions(book: Rulebook) -> Iterator[str]:
    yield from _heading("Transitions", "流转")
    yield "“关卡”：证据须证明已在锚定的日志之内，合约才放行。"
    yield ""
    rows = []
    for group in _grouped(book.transitions):
        row = group[0]
        states = "、".join(_state(book, one.state) for one in group)
        evidence = "、".join(f"{need.term}（{need.rule}）" for need in row.evidence)
        rows.append(
            [f"`{row.action}`", states, _target(book, row), _body(book, row.body),
             _conditions(book, row), _effect(book, row), evidence, row.rule]
        )  # fmt: skip
    yield from _table(("动作", "从", "到", "主体", "条件", "效果", "证据", "规则"), rows)


def _checks(book: Rulebook) -> Iterator[str]:
    yield from _heading("Checks of the service", "服务侧校验")
    yield "链上看不到的，由服务在动作之前校验；违反的，注明规则、出处和值。"
    yield ""
    rows = []
    for use in book.checks:
        actions = [action for action in dict.fromkeys(row.action for row in book.transitions) if action in use.actions]
        values = "；".join(f"{name}：{_value(value)}" for name, value in use.parameters.items())
        rows.append([f"`{use.check}`", book.rule(use.rule).text, values or "—", _code(actions), use.rule])
    yield from _table(("校验", "内容", "参数", "动作", "规则"), rows)


def _institutions(book: Rulebook) -> Iterator[str]:
    yield from _heading("Institutions", "申报机构")
    rows = []
    for one in book.institutions:
        listed = "、".join(one.members.values()) or "—"
        openness = "须逐一认可" if one.recognised else "开放（等），未列明的须有认可记录" if one.open else "不扩展"
        territory = _TERRITORIES[one.territory] if one.territory else "待定"
        rows.append([one.term, listed, openness, territory, ", ".join(dict.fromkeys((one.rule, one.territory_rule)))])
    yield from _table(("类别", "列明的类型", "清单", "地域", "规则"), rows)


def _categories(book: Rulebook) -> Iterator[str]:
    yield from _heading("Categories", "项目类型")
    if not book.categories:
        yield "来源未分类。"
        yield ""
        return
    rows = ([one.term, _said(book, one.all_of), _said(book, one.any_of), one.rule] for one in book.categories)
    yield from _table(("类型", "均须说明", "须说明其一", "规则"), rows)


def _materials(book: Rulebook) -> Iterator[str]:
    yield from _heading("Materials", "申报材料")
    rows = []
    for one in book.materials:
        needed = (
            "必要" if one.mandatory else "待定" if book.rule(one.rule).setting and book.decision is None else "辅助"
        )
        issued = ("、" if one.jointly else "或").join(_ISSUERS[who] for who in one.issued_by)
        issued += "共同" if one.jointly else ""
        signed = "或".join(_ISSUERS[who] for who in one.signed_by)
        rows.append([one.term, needed, issued or "—", signed or "—", "是" if one.per_institution else "", one.rule])
    yield from _table(("材料", "要求", "出具", "签字", "每家一份", "规则"), rows)


def _exits(book: Rulebook) -> Iterator[str]:
    yield from _heading("Exits", "退出")
    duties = {one.code: one.term for one in book.duties}
    rows = []
    for one in book.exits:
        after = "、".join(f"{duties[code]}（{rule}）" for code, rule in one.after.items())
        rows.append([one.term, _said(book, one.all_of), _said(book, one.any_of, one.at_end), after, one.rule])
    yield from _table(("方式", "均须认定", "须认定其一", "退出后义务", "规则"), rows)


def _duties(book: Rulebook) -> Iterator[str]:
    yield from _heading("Duties", "义务")
    rows = []
    for one in book.duties:
        period = f"每 {one.every_months} 个月" if one.every_months else "待定" if one.trigger == "periodic" else ""
        to = _body(book, one.to) if one.to else ""
        by = f"：{'、'.join(_body(book, body) for body in one.opened_by)}" if one.opened_by else ""
        by += f"：{'、'.join(f'`{action}`' for action in one.on)}" if one.on else ""
        caused = TRIGGERS[one.trigger] + by
        rows.append([one.term, _body(book, one.body), to, caused, period, f"`{one.course}`", one.rule])
    yield from _table(("义务", "责任主体", "报送", "触发", "频率", "办理", "规则"), rows)


def _courses(book: Rulebook) -> Iterator[str]:
    yield from _heading("Courses", "办理环节")
    who = {Mover.RESPONSIBLE: "责任主体", Mover.OVERSEER: "督促主体", Mover.LEAD: "牵头申报单位"}
    dates = {Dates.KEEPS: "", Dates.SETS: "可另定", Dates.MEETS: "了结"}
    rows = []
    for course in book.courses.values():
        for move in course.moves.values():
            before = "、".join(course.states[state] for state in move.states)
            proof = "是" if move.evidence else ""
            acted = [who[move.by], before, course.states[move.to], dates[move.dates], proof]
            rows.append([f"`{course.code}`", f"`{move.name}`", *acted, course.rule])
    yield from _table(("办理", "动作", "由谁", "从", "到", "期限", "证据", "规则"), rows)


def _deadlines(book: Rulebook) -> Iterator[str]:
    yield from _heading("Deadlines", "期限")
    units = {"working-days": "个工作日", "months": "个月", "day": "到期日"}
    rows = []
    for one in book.deadlines:
        length = units["day"] if one.unit == "day" else f"{one.length} {units[one.unit]}" if one.length else "待定"
        rows.append([one.term, f"`{one.since}`", length, f"`{one.ends_with}`", one.rule])
    yield from _table(("期限", "起", "长度", "止", "规则"), rows)


def _publicity(book: Rulebook) -> Iterator[str]:
    yield from _heading("Publicity", "公开")
    yield from _table(("动作", "规则", "内容"), ([f"`{a}`", r, book.rule(r).text] for a, r in book.publicity.items()))


def _tolerance(book: Rulebook) -> Iterator[str]:
    yield from _heading("Tolerance", "容错")
    if book.tolerance is None:
        yield "来源没有容错条款的文字；容错由监管机构决定。"
        yield ""
        return
    one = book.tolerance
    yield f"试点期间发生**{one.event}**，{one.loss}，**{one.impact}**的，**{one.outcome}**（{one.rule}）。"
    yield "是否适用由监管机构决定，系统不自动认定。"
    yield ""


def _rules(book: Rulebook) -> Iterator[str]:
    yield from _heading("Rules", "规则")
    uses = uses_of(book)
    rows = []
    for rule in book.rules.values():
        setting = f"；设定 `{rule.setting}`" if rule.setting else ""
        reading = f"；读法：{rule.reading}" if rule.reading else ""
        rows.append([rule.id, rule.text, f"{rule.cited}{reading}{setting}", "、".join(uses[rule.id]) or "本页"])
    yield from _table(("规则", "内容", "出处", "执行"), rows)


def _heading(english: str, chinese: str) -> Iterator[str]:
    yield f"## {english} {chinese}"
    yield ""


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
    yield ""


def _grouped(rows: Sequence[Transition]) -> Iterator[list[Transition]]:
    """Rows that differ only in the state they start from, together."""
    group: list[Transition] = []
    for row in rows:
        if group and _alike(group[0], row):
            group.append(row)
            continue
        if group:
            yield group
        group = [row]
    if group:
        yield group


def _alike(one: Transition, other: Transition) -> bool:
    return replace(one, state=None) == replace(other, state=None)


def _code(actions: Iterable[str]) -> str:
    return "、".join(f"`{action}`" for action in actions)


def _reach(body: Body) -> str:
    return "全国" if body.national else "本地"


def _state(book: Rulebook, name: str | None) -> str:
    return book.states[name].term if name is not None else "（新项目）"


def _target(book: Rulebook, row: Transition) -> str:
    """The state that follows, unless a setting that is open decides it."""
    if row.to is None:
        return "不变"
    deciding = book.rule(row.rule).setting
    choices = next((one.choices for one in book.settings if one.name == deciding), ())
    return f"待定（`{deciding}`）" if book.decision is None and row.to in choices else _state(book, row.to)


def _body(book: Rulebook, code: str) -> str:
    setting = open_body(code)
    return f"待定（`{setting}`）" if setting else book.bodies[code].term


def _said(book: Rulebook, codes: Mapping[str, str], at_end: Collection[str] = ()) -> str:
    when = {code: "，到期后方可认定" if code in at_end else "" for code in codes}
    return "；".join(f"{book.statements[code]}（{rule}{when[code]}）" for code, rule in codes.items()) or "—"


def _conditions(book: Rulebook, row: Transition) -> str:
    flags = book.flags
    found = ["关卡"] if row.gate else []
    found += [f"有标记“{flags[flag].term}”（{rule}）" for flag, rule in row.requires.items()]
    found += [f"无标记“{flags[flag].term}”（{rule}）" for flag, rule in row.forbids.items()]
    found += [f"无未了结的{_KINDS[kind]}（{rule}）" for kind, rule in row.none_open.items()]
    found += [f"有未了结的{_KINDS[kind]}（{rule}）" for kind, rule in row.some_open.items()]
    for guard, rule in row.guards.items():
        days = (f" {row.days} 个工作日" if row.days else "，工作日数待定") if "公示" in _GUARDS[guard] else ""
        found.append(f"{_GUARDS[guard]}{days}（{rule}）")
    return "；".join(found) or "—"


def _effect(book: Rulebook, row: Transition) -> str:
    kinds = [_KINDS[kind] for kind in (row.kind_a, row.kind_b) if kind is not None]
    found = [_EFFECTS[row.effect].format(*kinds)] if row.effect else []
    if row.term_rule is not None:
        limit = f"不超过 {row.months} 个月" if row.months else "上限待定"
        lifted = f"，{book.flags[row.lifted_by].term}的除外" if row.lifted_by else ""
        found.append(f"{limit}{lifted}（{row.term_rule}）")
    found += [f"记：{book.flags[flag].term}" for flag in row.sets]
    found += [f"销：{book.flags[flag].term}" for flag in row.clears]
    return "；".join(found) or "—"


def _value(value: Parameter) -> str:
    if value is None:
        return "待定或不设"
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(value) or "待定" if isinstance(value, tuple) else str(value)


def _range(setting: Setting) -> str:
    several = setting.kind is not SettingKind.INTEGER
    values = (
        "、".join(f"`{choice}`" for choice in setting.choices) if several else f"{setting.minimum}–{setting.maximum}"
    )
    return f"{values}，可为 null" if setting.none else values


def _decided(book: Rulebook, setting: Setting) -> str:
    if book.decision is None:
        return "待定"
    value = book.decision.values[setting.name]
    return "无" if value is None else "、".join(value) if isinstance(value, tuple) else str(value)


if __name__ == "__main__":
    for made in write_pages():
        sys.stdout.write(f"{made}\n")
