"""The rules that only the service can check, with their sources, and the words of each refusal (see :mod:`words`)."""

from collections.abc import Mapping

from services.register.words import Rule, Words

__all__ = ["SERVICE_RULES", "SERVICE_WORDS"]

_OWN = "登记业务规则（docs/spec/register.md，设计）"
_COMPANY = "《公司法》（2023修订）"
_ORDER_132 = "《区域性股权市场监督管理试行办法》（证监会令第132号）"

SERVICE_RULES: Mapping[str, Rule] = {
    name: Rule(name, source)
    for name, source in (
        ("TRF-01", f"{_COMPANY}第八十四条"),
        ("TRF-02", f"{_COMPANY}第八十五条"),
        ("TRF-03", _OWN),
        ("TRF-04", f"{_COMPANY}第二百二十七条"),
        ("TRF-05", f"{_COMPANY}第一百五十七条；公司章程"),
        ("DOC-01", f"{_OWN}；《证券法》第一百五十三条"),
        ("LIEN-01", _OWN),
        ("PLG-05", f"{_COMPANY}第一百六十二条"),
        ("FRZ-07", "《最高人民法院关于人民法院强制执行股权若干问题的规定》（法释〔2021〕20号）第八条"),
        ("COR-01", _OWN),
        ("TRM-01", f"{_COMPANY}第二条"),
        ("TRM-02", f"{_ORDER_132}第十三条；{_COMPANY}第四十二条；《合伙企业法》第六十一条"),
        ("TRM-03", "国办发〔2017〕11号 四；国发〔2011〕38号"),
        ("ACC-03", "账户生命周期（docs/spec/register.md，设计）"),
        ("CUS-07", "国办发〔2017〕11号 七；登记托管业务规则（设计）"),
    )
}
_PRE_EMPTION_ZH = "其他股东优先购买权期限（{days} 日，通知日 {notified}）至 {until} 方届满"
_PRE_EMPTION_EN = "The others may buy first for {days} days (notified {notified}); that time ends with {until}"
SERVICE_WORDS: Mapping[str, Words] = {
    "ServicePreEmption:agreed": Words("TRF-01", _PRE_EMPTION_ZH, _PRE_EMPTION_EN),
    "ServicePreEmption:judicial": Words("TRF-02", _PRE_EMPTION_ZH, _PRE_EMPTION_EN),
    "ServicePreEmption:articles": Words("TRF-05", _PRE_EMPTION_ZH, _PRE_EMPTION_EN),
    "ServiceSubscription": Words(
        "TRF-04",
        "{account} 拟认缴 {wanted} 份，按实缴比例可认缴 {share} 份，超出部分须全体股东约定（pre-emption-waiver）",
        "{account} subscribes {wanted} units, its part by what is paid in is {share}; for more, all shareholders agree "
        "(pre-emption-waiver)",
    ),
    "ServiceCourtReport": Words(
        "FRZ-07",
        "有 {freezes} 项司法冻结，办理 {act} 前须向人民法院书面报告（{document}）",
        "{freezes} freezes stand: before {act} the court is told ({document})",
    ),
    "ServiceForm": Words(
        "TRM-01",
        "{company} 类公司不能登记为 {form}",
        "A company of the form {company} has no {form}",
    ),
    "ServiceCap": Words(
        "TRM-02",
        "持有人上限 {cap} 人超过 {basis} 允许的 {most} 人；法律、行政法规另有规定的，附 {document}",
        "{cap} holders are more than the {most} of {basis}; where a law says otherwise, {document} shows it",
    ),
    "ServiceInterval": Words(
        "TRM-03",
        "反向交易间隔 {interval} 个交易日少于 {least} 个；另有规定的，附 {document}",
        "An interval of {interval} trading days is less than {least}; where a rule says otherwise, {document} shows it",
    ),
    "ServiceBonus": Words(
        "COR-01",
        "本次送转写明 {named} 名持有人，现有 {holders} 名：分次办理须先暂停",
        "This bonus names {named} holders of {holders}: it is done in parts only while the security is suspended",
    ),
    "ServiceAccountState": Words(
        "ACC-03",
        "账户 {account} 的状态为 {state}，不能办理",
        "The account {account} is {state}: it takes no part in this",
    ),
    "ServiceIssuer": Words(
        "CUS-07",
        "发行人 {issuer} 不是本登记簿的托管企业，其注册地无从核对",
        "The issuer {issuer} is no company of this register: where it is registered, nobody has checked",
    ),
    "ServiceIssuerRegion": Words(
        "CUS-07",
        "发行人 {issuer} 的注册地为 {region}，与 {said} 不符",
        "The issuer {issuer} is registered in {region}, which {said} is not",
    ),
    "ServiceIssuerPhase": Words(
        "CUS-07",
        "托管企业 {issuer} 处于 {phase}，不能开立登记品种",
        "The company {issuer} is {phase}: no security is opened for it",
    ),
    "ServicePayment": Words("TRF-03", "协议转让须注明付款凭证编号", "An agreed transfer names its payment's reference"),
    "ServiceDocument": Words("DOC-01", "办理 {act} 缺少材料 {document}", "{act} rests on {document}, which is missing"),
    "ServiceLienKind": Words(
        "LIEN-01", "{number} 号权利负担为 {kind}，不能办理 {act}", "Lien {number} is a {kind}: {act} is not for it"
    ),
    "ServiceOwnShares": Words(
        "PLG-05", "公司不得接受本公司的股权作为质权标的", "A company takes no pledge of its own shares"
    ),
}
