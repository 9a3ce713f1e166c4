"""Refusals that mean another rule, or more than usual, when one act is asked for (按事项区分的规则). Values only.

Keys are an error of the contract and an act's name; `RegisterTerm:past` is a day that is over, whatever the act. What
is not here is told as in :mod:`words`.
"""

from collections.abc import Mapping
from itertools import chain

from services.register.words import Rule, Words

__all__ = ["ACT_RULES", "ACT_WORDS"]

_FREEZING = "《最高人民法院关于人民法院强制执行股权若干问题的规定》（法释〔2021〕20号）"
_PROCEDURE = "《最高人民法院关于适用〈民事诉讼法〉的解释》第四百八十五条"
_PLEDGING = "《股权出质登记办法》"
_COMPANY = "《公司法》（2023修订）"
_OWN = "登记簿规则（docs/spec/register.md，设计）"

ACT_RULES: Mapping[str, Rule] = {
    name: Rule(name, source)
    for name, source in (
        ("REG-13", _OWN),
        ("REG-14", _OWN),
        ("PLG-03", f"《民法典》第三百九十三条；{_OWN}"),
        ("PLG-04", f"{_PLEDGING}第六条"),
        ("PLG-06", f"{_PLEDGING}第五条"),
        ("PLG-07", f"《民法典》第四百四十三条；{_COMPANY}第一百六十条"),
        ("FRZ-02", f"{_FREEZING}第七条"),
        ("FRZ-04", _PROCEDURE),
        ("FRZ-05", _PROCEDURE),
        ("FRZ-06", f"{_FREEZING}第十三条"),
        ("LCK-01", _OWN),
    )
}

_COVERED = Words(
    "REG-11", "需 {wanted} 份，该权利负担仅及 {free} 份", "{wanted} units are asked for, the lien covers {free} of them"
)
_HELD = Words("REG-06", "需 {wanted} 份，仅持有 {free} 份", "{wanted} units are asked for, {free} are held")
_FIRST = Words(
    "PLG-07",
    "拟实现 {wanted} 份，第一顺位且无限售的质押仅及 {free} 份",
    "{wanted} units are asked for; the pledge ranks first, without a lock, on {free}",
)
_ENDED = Words(
    "FRZ-05",
    "第 {number} 号权利负担不存在、已解除或期限已届满：续行须在期限届满前办理",
    "There is no lien {number}, it has ended, or its term is over: it is renewed before that",
)
_ON_A_LIEN = ("pledge-release", "pledge-revoke", "freeze-release", "freeze-enforce", "unlock")
_LIAISON = "register.court-liaison"

_ONE: Mapping[str, Words] = {
    "RegisterTerm:past": Words(
        "REG-13", "日期 {day} 已过，最早为 {first}", "The day {day} is over; {first} is the first that can be"
    ),
    "RegisterTerm:freeze": Words(
        "FRZ-04",
        "冻结至 {day}，超过自公示日起三年的期限（至 {last}）",
        "Frozen until {day}: three years from its publication end on {last}",
    ),
    "RegisterTerm:freeze-extend": Words(
        "FRZ-04", "续行冻结至 {day}，超过三年（至 {last}）", "Renewed until {day}: three years end on {last}"
    ),
    "RegisterTerm:pledge": Words(
        "PLG-03",
        "质押没有期限（{day}），随主债权消灭、实现或放弃而终止",
        "A pledge has no last day ({day}): it ends with its debt, its enforcement or a waiver",
    ),
    "RegisterTerm:officer": Words(
        "REM-22",
        "离任日 {day} 须在 {last} 或之前，在任者无离任日",
        "Left on {day}: expected {last} or before; who serves has no such day",
    ),
    "RegisterSince:pledge": Words(
        "PLG-02",
        "质权自登记时设立，起始时间不能为 {since}（{first} 至 {last}）",
        "A pledge is created by its registration: it cannot begin at {since} ({first} to {last})",
    ),
    "RegisterSince:lock": Words(
        "LCK-01",
        "限售自登记时起，起始时间不能为 {since}（{first} 至 {last}）",
        "A lock begins when it is registered, not at {since} ({first} to {last})",
    ),
    "RegisterUnits:pledge": Words(
        "PLG-06",
        "拟出质 {wanted} 份，未冻结、未质押、未限售的仅 {free} 份",
        "{wanted} units are to be pledged; {free} are free: frozen equity is not pledged",
    ),
    "RegisterUnits:pledge-enforce": _FIRST,
    "RegisterUnits:transfer-pledged": Words(
        "PLG-02",
        "拟转让 {wanted} 份，仅负有该质权的为 {free} 份",
        "{wanted} units are asked for; under nothing but this pledge are {free}",
    ),
    "RegisterUnits:transfer-estate": Words(
        "REG-11",
        "需 {wanted} 份，负有这些权利负担的仅 {free} 份",
        "{wanted} units are asked for, {free} have just these liens",
    ),
    "RegisterNeeds:register.regulator:change-terms": Words(
        "REG-14", "登记要素变更须经监管部门同意并签名", "The regulator must agree to changed terms and sign this"
    ),
    "RegisterNeeds:register.regulator:pledge-revoke": Words(
        "PLG-04",
        "未经质权人的撤销须经监管部门同意并签名",
        "A pledge is revoked without its pledgee under the regulator's signature",
    ),
    "RegisterNeeds:register.court-liaison:transfer": Words(
        "FRZ-06", "司法过户须由司法协助联络人签名", "A court transfers through its liaison, who must sign this"
    ),
    "RegisterNeeds:register.court-liaison:pledge-enforce": Words(
        "FRZ-02",
        "份额已被冻结，实现质权须由司法协助联络人签名",
        "The units are frozen, too: the court liaison must sign before a pledgee sells them",
    ),
}  # fmt: skip
_SEVERAL: Mapping[str, Words] = dict(
    chain(
        ((f"RegisterUnits:{act}", _COVERED) for act in _ON_A_LIEN),
        ((f"RegisterUnits:{act}", _HELD) for act in ("freeze", "lock")),
        ((f"RegisterLien:{act}", _ENDED) for act in ("freeze-extend", "lock-extend")),
        ((f"RegisterNeeds:{_LIAISON}:transfer-batch", _ONE[f"RegisterNeeds:{_LIAISON}:transfer"]),),
    )
)
ACT_WORDS: Mapping[str, Words] = {**_ONE, **_SEVERAL}
"""By error (of `RegisterNeeds`, with its role) and act."""
