"""The rules that only the service can check, with their sources, and the words of each refusal (see :mod:`words`)."""

from collections.abc import Mapping

from services.register.words import Rule, Words

__all__ = ["SERVICE_RULES", "SERVICE_WORDS"]

_OWN = "登记业务规则（docs/spec/register.md，设计）"
_COMPANY = "《公司法》（2023修订）"

SERVICE_RULES: Mapping[str, Rule] = {
    name: Rule(name, source)
    for name, source in (
        ("TRF-01", f"{_COMPANY}第八十四条"),
        ("TRF-02", f"{_COMPANY}第八十五条"),
        ("TRF-03", _OWN),
        ("DOC-01", f"{_OWN}；《证券法》第一百五十三条"),
        ("LIEN-01", _OWN),
        ("PLG-05", f"{_COMPANY}第一百六十二条"),
    )
}
_PRE_EMPTION_ZH = "其他股东优先购买权期限（{days} 日，通知日 {notified}）至 {until} 方届满"
_PRE_EMPTION_EN = "The others may buy first for {days} days (notified {notified}); that time ends with {until}"
SERVICE_WORDS: Mapping[str, Words] = {
    "ServicePreEmption:agreed": Words("TRF-01", _PRE_EMPTION_ZH, _PRE_EMPTION_EN),
    "ServicePreEmption:judicial": Words("TRF-02", _PRE_EMPTION_ZH, _PRE_EMPTION_EN),
    "ServicePayment": Words("TRF-03", "协议转让须注明付款凭证编号", "An agreed transfer names its payment's reference"),
    "ServiceDocument": Words("DOC-01", "办理 {act} 缺少材料 {document}", "{act} rests on {document}, which is missing"),
    "ServiceLienKind": Words(
        "LIEN-01", "{number} 号权利负担为 {kind}，不能办理 {act}", "Lien {number} is a {kind}: {act} is not for it"
    ),
    "ServiceOwnShares": Words(
        "PLG-05", "公司不得接受本公司的股权作为质权标的", "A company takes no pledge of its own shares"
    ),
}
