"""The register's rules with their sources (规则出处), and the words of each refusal. Values only.

A rule `REM-nn` is one of the market's; `REG`, `PLG`, `FRZ` are what the register itself, pledges (质押)
and freezes (冻结) rest on. Placeholders are the arguments of the contract's errors by their names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["RULES", "WORDS", "Rule", "Words"]

_ORDER_132 = "《区域性股权市场监督管理试行办法》（证监会令第132号）"
_NOTICE_11 = "国办发〔2017〕11号"
_COMPANY = "《公司法》（2023修订）"
_FREEZING = "《最高人民法院关于人民法院强制执行股权若干问题的规定》（法释〔2021〕20号）"
_OWN = "登记簿规则（docs/spec/register.md，设计）"


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and where it stands."""

    id: str
    source: str


@dataclass(frozen=True, slots=True)
class Words:
    """A refusal: the rule it stands for, and what is said."""

    rule: str
    zh: str
    en: str


RULES: Mapping[str, Rule] = {
    name: Rule(name, source)
    for name, source in (
        ("REM-04", f"{_ORDER_132}第十三条；{_NOTICE_11} 四"),
        ("REM-05", "国办发〔2012〕37号；" + _ORDER_132 + "第十四条"),
        ("REM-06", f"{_ORDER_132}第十三条；{_NOTICE_11} 五"),
        ("REM-10", f"{_NOTICE_11} 四；国发〔2011〕38号"),
        ("REM-12", f"{_NOTICE_11} 七"),
        ("REM-13", f"{_NOTICE_11} 三"),
        ("REM-14", f"{_NOTICE_11} 四"),
        ("REM-19", f"{_COMPANY}第四十二条；{_NOTICE_11} 四"),
        ("REM-22", f"{_COMPANY}第一百六十条"),
        ("LP-CAP", "《合伙企业法》第六十一条"),
        ("REG-01", _OWN),
        ("REG-02", _OWN),
        ("REG-03", _OWN),
        ("REG-04", _OWN),
        ("REG-05", _OWN),
        ("REG-06", f"《民法典》第四百四十三条；{_FREEZING}第七条；{_OWN}"),
        ("REG-07", _OWN),
        ("REG-08", _OWN),
        ("REG-09", _OWN),
        ("REG-10", _OWN),
        ("REG-11", _OWN),
        ("REG-12", _OWN),
        ("PLG-01", "《股权出质登记办法》第四条、第六条"),
        ("PLG-02", "《民法典》第四百四十三条"),
        ("FRZ-01", f"{_FREEZING}第六条"),
        ("FRZ-03", f"{_FREEZING}第六条"),
    )
}
"""By id. The basis of a security's cap (REM-04, REM-19, LP-CAP) is one of these."""

WORDS: Mapping[str, Words] = {
    "RegisterNotOperator": Words(
        "REM-13", "只有本市场的运营机构可以登记，{sender} 不是", "Only the market's operator acts here; {sender} is not"
    ),
    "RegisterZero": Words(
        "REG-03", "缺少必填项（标识、数量、要素或材料承诺）", "Something that must be given is missing or zero"
    ),
    "AuthorisationExpired": Words(
        "REG-01", "签名已于 {deadline} 失效（现为 {time}）", "The signature was good until {deadline}; it is {time}"
    ),
    "AuthorisationUsed": Words(
        "REG-01",
        "{signer} 的签名（编号 {nonce}）已使用或已撤销",
        "{signer} used or cancelled the signature {nonce} before",
    ),
    "AuthorisationInvalid": Words("REG-01", "{signer} 的签名无效", "This is no signature of {signer} for this act"),
    "RegisterNeeds:register.checker": Words(
        "REG-02", "须由另一人复核并签名", "A checker other than the sender must sign this"
    ),
    "RegisterNeeds:register.regulator": Words("REM-05", "须经监管部门同意并签名", "The regulator must sign this"),
    "RegisterNeeds:register.court-liaison": Words(
        "FRZ-03", "须由司法协助联络人签名", "The court liaison must sign this"
    ),
    "RegisterInvestorExists": Words("REG-04", "投资者 {investor} 已开户", "{investor} has an account already"),
    "RegisterInvestorUnknown": Words("REG-04", "投资者 {investor} 尚未开户", "{investor} has no account"),
    "RegisterSecurityExists": Words("REG-04", "登记品种 {security} 已存在", "{security} exists already"),
    "RegisterLengths": Words("REG-03", "名单与数量的行数不一致", "Lists that belong together differ in length"),
    "RegisterState": Words(
        "REG-05", "{security} 的托管状态为 {state}，不能办理", "{security} is in state {state}, which forbids this"
    ),
    "RegisterOutOfProvince": Words(
        "REM-12",
        "发行人属 {issuerRegion}，不在本市场区域内",
        "The issuer is of region {issuerRegion}, not of this market's",
    ),
    "RegisterSelf": Words("REG-08", "过出方与过入方同为 {investor}", "{investor} cannot transfer to itself"),
    "RegisterKind": Words(
        "REM-06",
        "投资者 {investor}（类型 {kind}）不得取得该品种",
        "{investor} is of kind {kind}, which may not acquire this security",
    ),
    "RegisterUnsuitable": Words(
        "REM-06",
        "投资者 {investor} 的合格投资者资格截至 {until}，今日为 {today}",
        "{investor} has proven suitability until {until}; today is {today}",
    ),
    "RegisterInterval": Words(
        "REM-10",
        "投资者 {investor} 反向交易仅隔 {elapsed} 个交易日，须满 {interval} 个",
        "{investor} dealt the other way {elapsed} trading days ago; {interval} must pass",
    ),
    "RegisterCalendar": Words(
        "REM-10",
        "{fromDay} 至 {today} 的交易日历尚未公布",
        "The trading days from {fromDay} to {today} are not published",
    ),
    "RegisterUnits": Words("REG-06", "需 {wanted} 份，可用 {free} 份", "{wanted} units are asked for, {free} are free"),
    "RegisterCap": Words(
        "REM-04", "持有人将达 {count} 人，上限 {cap} 人", "There would be {count} holders; at most {cap} are allowed"
    ),
    "RegisterCapital": Words(
        "REM-14",
        "已登记 {issued} 份，与注册资本 {capital} 不符",
        "{issued} units are entered, the registered capital is {capital}",
    ),
    "RegisterConsent": Words(
        "PLG-02", "须经质权人 {secured} 同意并签名", "The pledgee {secured} must agree and sign this"
    ),
    "RegisterReason": Words(
        "REG-08", "不能以原因 {reason} 办理此事项", "This act is not for transfers of reason {reason}"
    ),
    "RegisterUnconfirmed": Words(
        "REG-09", "投资者 {investor} 的持仓尚未确权", "The position of {investor} is not confirmed to be its own"
    ),
    "RegisterConfirmed": Words(
        "REG-09",
        "投资者 {investor} 的确权状态已是如此（{confirmed}）",
        "Whether the position of {investor} is confirmed ({confirmed}) would not change",
    ),
    "RegisterLockup": Words(
        "REM-22",
        "投资者 {investor} 为董监高，拟减持 {wanted} 份，本年度尚可减持 {left} 份",
        "{investor} is an officer: {wanted} units are asked for, {left} may still go this year",
    ),
    "RegisterTerm": Words(
        "REG-10", "日期 {day} 不在 {first} 至 {last} 之间", "The day {day} is not within {first} and {last}"
    ),
    "RegisterSince": Words(
        "FRZ-01",
        "起始时间 {since} 不在 {first} 至 {last} 之间",
        "The moment {since} from which it ranks is not within {first} and {last}",
    ),
    "RegisterSecured": Words(
        "PLG-01",
        "质押须写明质权人的签名地址，其他权利负担则不写（{secured}）",
        "A pledge names who signs for its pledgee, nothing else does ({secured})",
    ),
    "RegisterLots": Words(
        "REG-07",
        "该持仓的权利负担过多（每份额至多 11 项，每持仓至多 63 组）",
        "Too many liens: eleven on a lot, 63 lots in a position",
    ),
    "RegisterLien": Words(
        "REG-11",
        "权利负担 {number} 不存在，或在该份额上已结束",
        "There is no lien {number}, or it has ended on these units",
    ),
    "RegisterLienKind": Words(
        "REG-11",
        "权利负担 {number} 的种类为 {kind}，不能如此办理",
        "Lien {number} is of kind {kind}, with which this cannot be done",
    ),
    "RegisterLot": Words(
        "REG-11", "没有恰好负有这些权利负担的份额（{lot}）", "No units of the giver have just these liens ({lot})"
    ),
    "RegisterOrder": Words(
        "REG-12",
        "投资者 {investor} 须排在 {last} 之后（每人仅一次，升序）",
        "{investor} must come after {last}: each once, in ascending order",
    ),
    "RegisterRatio": Words(
        "REG-12",
        "本次送转比例已定为 {numerator}/{denominator}",
        "This bonus was begun with the ratio {numerator}/{denominator}",
    ),
    "SecurityOverflow": Words("REG-07", "数量超出登记簿的范围", "More units than the register can hold"),
}
"""By the contract's error; `RegisterNeeds` by its role."""
