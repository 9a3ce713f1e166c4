"""A verdict in plain words, English and Chinese."""

from collections.abc import Mapping

from chain.proof.encoding import format_time
from chain.proof.trust import STAGES
from chain.proof.verify import Outcome, StageResult, Status, Verdict

Words = Mapping[str, tuple[str, str]]
"""Something's code -> (English, Chinese)."""
LANGUAGES = ("en", "zh")

_PASSED: Words = {
    "submitter": ("the institution named in the record signed it for this log", "记录所载机构已为本日志签名"),
    "record": ("the record, or each field shown, is the one that was committed to", "记录（或所披露的字段）与承诺一致"),
    "leaf": ("the log entry is well-formed", "日志条目格式正确"),
    "inclusion": ("the entry is in the log at the stated place", "条目位于日志的所示位置"),
    "checkpoint": ("the log's trusted key signed this head", "日志的可信密钥签署了该检查点"),
    "witness": ("enough trusted witnesses saw the same head", "足够的可信见证方见到同一检查点"),
    "anchor": ("the trusted contract accepted this head in the shown block", "可信合约在所示区块接受了该检查点"),
    "finality": ("enough trusted witnesses attest that block", "足够的可信见证方证实该区块"),
}

_REASONS: Words = {
    "earlier-failure": ("not looked at, because an earlier stage failed", "因前一阶段未通过而未检查"),
    "no-record": ("the receipt shows no content, only its commitment", "凭证不含内容，只含承诺"),
    "no-signature": ("the receipt carries no signature of the submitter", "凭证不含提交机构的签名"),
    "no-cosignature": ("no trusted witness cosigned, and none is required", "无可信见证方会签，信任文件亦未要求"),
    "no-anchor": ("the receipt carries no anchor on a chain", "凭证不含链上锚定"),
    "no-attestation": (
        "no trusted witness attests the block, and none is required",
        "无可信见证方证实区块，信任文件亦未要求",
    ),
    "leaf-length": ("the entry is not 104 bytes", "条目不是104字节"),
    "leaf-version": ("the entry is of an unknown version", "条目版本未知"),
    "leaf-suite": ("the entry uses a cipher suite that is not in use", "条目的密码套件未启用"),
    "leaf-type": ("the entry's type is unknown", "条目类型未知"),
    "leaf-phase": ("the entry's phase does not exist for its type", "条目类型无此阶段"),
    "leaf-reserved": ("reserved bytes of the entry are not zero", "条目的保留字节不为零"),
    "leaf-previous": ("the entry's link to its predecessor is impossible", "条目与前一条目的链接不成立"),
    "leaf-time": ("the entry's time is impossible", "条目的时间不成立"),
    "record-malformed": ("the record breaks the rules of records", "记录不合格式"),
    "disclosure-malformed": ("a disclosed field breaks the rules of records", "披露的字段不合格式"),
    "commitment-mismatch": ("the content is not what was committed to: it was altered", "内容与承诺不符：已被改动"),
    "type-mismatch": ("the record's type is not that of the log entry", "记录类型与日志条目不符"),
    "submitter-missing": (
        "the log demands the submitter's signature and there is none",
        "日志要求提交机构签名而凭证没有",
    ),
    "submitter-unknown": ("the key is not a trusted key of that institution", "该密钥不是该机构的可信密钥"),
    "submitter-key-expired": ("the key was not valid at that time", "该密钥当时无效"),
    "submitter-signature": ("the submitter's signature does not hold", "提交机构的签名不成立"),
    "index-range": ("the entry's place lies outside the log", "条目位置超出日志"),
    "proof-length": ("a proof has too few or too many hashes", "证明的哈希数不对"),
    "proof-hash": ("a proof has a hash of the wrong length", "证明中的哈希长度不对"),
    "root-mismatch": ("the proof leads to another log", "证明指向另一日志"),
    "checkpoint-malformed": ("the checkpoint is not in its format", "检查点不合格式"),
    "origin-mismatch": ("the checkpoint is of another log", "检查点属于另一日志"),
    "log-unknown": ("the log is not in the trust file", "信任文件中无此日志"),
    "log-signature-missing": ("no trusted key of the log signed the checkpoint", "检查点没有日志可信密钥的签名"),
    "log-key-range": ("the key that signed is not trusted for a log of this size", "签名密钥不适用于此日志大小"),
    "signature-wrong": ("a signature by a trusted key does not hold", "可信密钥的签名不成立"),
    "witness-quorum": ("too few trusted witnesses cosigned", "会签的可信见证方不足"),
    "chain-unknown": ("the chain is not in the trust file", "信任文件中无此链"),
    "genesis-mismatch": ("the chain started from another genesis block", "该链的创世区块不符"),
    "contract-mismatch": ("the contract is not the trusted one", "合约不是可信合约"),
    "header-malformed": ("the block header is not in its format", "区块头不合格式"),
    "receipt-proof": ("the transaction is not proven to be in that block", "未能证明交易在该区块中"),
    "transaction-malformed": ("the transaction's receipt is not in its format", "交易回执不合格式"),
    "transaction-failed": ("the transaction was reverted", "交易已被回滚"),
    "event-missing": ("the transaction has no such event", "交易无此事件"),
    "event-address": ("the event is by another contract", "事件由另一合约发出"),
    "event-kind": ("the event anchors nothing", "事件不是锚定事件"),
    "event-log": ("the event is about another log", "事件属于另一日志"),
    "event-head": ("the event anchors another head", "事件锚定的是另一检查点"),
    "attestation-malformed": ("an attestation is not in its format", "区块证实书不合格式"),
    "attestation-mismatch": ("a trusted witness attests another block or chain", "可信见证方证实的是另一区块或另一链"),
    "header-quorum": ("too few trusted witnesses attest the block", "证实区块的可信见证方不足"),
}

_OUTCOMES: Words = {
    "valid": ("VALID: the trust file's policy is met.", "有效：符合信任文件的要求。"),
    "invalid": ("INVALID: {stage} failed: {reason}.", "无效：{stage} 未通过：{reason}。"),
    "incomplete": ("INCOMPLETE: nothing failed, but not run: {stages}.", "不完整：无阶段失败，但未检查：{stages}。"),
}

_ASSUMPTIONS: Words = {
    "log-key": (
        "Weakest assumption: the holder of the log key could have shown others another log.",
        "最弱假设：日志密钥持有者可能向他人出示另一份日志。",
    ),
    "header-unauthenticated": (
        "Weakest assumption: header unauthenticated; the holder of the log key could have made it.",
        "最弱假设：区块头未经认证，日志密钥持有者可能自行伪造。",
    ),
    "witnesses": (
        "Relies on the witnesses {witnesses}; the chain is of class {chain_class}.",
        "依赖见证方 {witnesses}；链的类别为 {chain_class}。",
    ),
}

_TIMES: Words = {
    "witness": ("There at the latest {time}, by the word of the witnesses.", "最迟于 {time} 已存在（见证方所证）。"),
    "block": ("There at the latest {time}, by the block's clock.", "最迟于 {time} 已存在（区块时间）。"),
    "service": ("Accepted {time}, by the service's word alone.", "于 {time} 受理（仅为服务方所述）。"),
}

_STATUS: Words = {"pass": ("pass", "通过"), "fail": ("FAIL", "未通过"), "not_run": ("not run", "未检查")}


def explain(verdict: Verdict, language: str = "en") -> list[str]:
    """Lines for people: the outcome, one line per stage, what it rests on, since when. `language` is `en` or `zh`."""
    column = LANGUAGES.index(language)
    lines = [_outcome(verdict, column)]
    lines += [f"  {stage:<10} {_stage(stage, verdict.stages[stage], column)}" for stage in STAGES]
    # What a refused receipt would rest on is of no use to anybody.
    if verdict.outcome is not Outcome.INVALID:
        names = ", ".join(verdict.witnesses)
        assumption = _ASSUMPTIONS[verdict.weakest.value][column]
        lines.append(assumption.format(witnesses=names, chain_class=verdict.chain_class))
        times = [verdict.time] if verdict.time else []
        lines += [_TIMES[each.source][column].format(time=format_time(each.latest)) for each in times]
    return lines


def _outcome(verdict: Verdict, column: int) -> str:
    sentence = _OUTCOMES[verdict.outcome.value][column]
    failed = verdict.first_failure
    reason = _reason(verdict.stages[failed], column) if failed else ""
    return sentence.format(stage=failed, reason=reason, stages=", ".join(verdict.missing))


def _stage(stage: str, result: StageResult, column: int) -> str:
    words = _PASSED[stage][column] if result.status is Status.PASS else _reason(result, column)
    detail = f" ({result.detail})" if result.detail and column == 0 else ""
    return f"{_STATUS[result.status.value][column]}: {words}{detail}"


def _reason(result: StageResult, column: int) -> str:
    return _REASONS[result.reason or ""][column]
