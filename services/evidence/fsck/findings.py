"""What fsck can find, and in what words it says so."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["KINDS", "Finding", "Kind", "Report"]

DATABASE = "whoever can write to the database"
MASTER = "whoever can write to the database and has the master key"
LOG_KEY = "whoever can write to the database and has the log key"
HOME = "whoever can write to the service's home"
STORE = "whoever can write to the store of the materials"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of finding: its title in two languages and the least that whoever did it must have had."""

    title: str
    term: str
    who: str


KINDS: Mapping[str, Kind] = {
    "record-differs": Kind("the stored record is not what its leaf commits to", "记录与叶承诺不符", MASTER),
    "record-unreadable": Kind("the stored record cannot be decrypted", "记录无法解密", DATABASE),
    "record-missing": Kind("a leaf has no record", "记录缺失", DATABASE),
    "record-row": Kind("a record's row contradicts its leaf", "记录行与叶不符", DATABASE),
    "record-orphan": Kind("a record has no leaf", "记录无对应叶", DATABASE),
    "submitter-signature": Kind("the stored signature of the submitter does not hold", "提交方签名不成立", MASTER),
    "leaf-missing": Kind("a leaf is missing", "叶缺失", DATABASE),
    "leaf-malformed": Kind("a leaf cannot be read", "叶格式错误", DATABASE),
    "leaf-hash": Kind("a stored leaf hash is not that of its leaf", "叶哈希不符", DATABASE),
    "leaf-differs": Kind("a leaf is another than the one that was sealed", "叶被替换", DATABASE),
    "leaf-beyond": Kind("a leaf lies beyond the end of the log", "叶超出日志范围", DATABASE),
    "stream-broken": Kind("a stream's chain of leaves is broken", "卷链断裂", DATABASE),
    "stream-row": Kind("a stream's row contradicts its leaves", "卷行与叶不符", DATABASE),
    "tree-differs": Kind("the leaves do not lead to a head that was given out", "日志历史被改写", DATABASE),
    "tile-differs": Kind("a stored tile is not that of the leaves", "哈希块不符", DATABASE),
    "frontier-differs": Kind("the log's row does not stand where its leaves end", "日志行与叶不符", DATABASE),
    "checkpoint-differs": Kind("a checkpoint's root is not that of its leaves", "检查点与叶不符", DATABASE),
    "checkpoint-signature": Kind("a checkpoint is not signed by the log's key", "检查点签名不成立", DATABASE),
    "log-key": Kind("the log's key is not the one the chain knows", "日志密钥与链上不符", DATABASE),
    "cosignature-wrong": Kind("a stored cosignature does not hold", "见证签名不成立", DATABASE),
    "grade-differs": Kind("what a checkpoint's grade rests on is missing", "见证签名缺失", DATABASE),
    "anchor-differs": Kind("an anchor's row is not what the chain says", "锚定行与链上不符", DATABASE),
    "anchor-proof": Kind("an anchor's stored proof proves something else", "锚定证明不符", DATABASE),
    "anchor-missing": Kind("an anchor that the chain has is not in the database", "锚定缺失", DATABASE),
    "epoch-heads": Kind("the heads kept of a lost chain are not those that others saw", "失联链锚定清单不符", DATABASE),
    "cursor-moved": Kind("a cursor does not stand where the chain and the anchors have it", "事件游标被移动", DATABASE),
    "head-file": Kind("the head file and the database contradict each other", "头文件与数据库矛盾", HOME),
    "log-unknown": Kind("somebody vouches for a log that the database does not have", "日志缺失", DATABASE),
    "acknowledgement": Kind("an acknowledged leaf is not in the log", "已收讫的叶不在日志中", LOG_KEY),
    "receipt-leaf": Kind("a receipt's leaf is not the one in the log", "凭证之叶不在日志中", LOG_KEY),
    "file-missing": Kind("a stored file is gone", "文件缺失", STORE),
    "file-length": Kind("a stored file does not have its length", "文件长度不符", STORE),
    "file-damaged": Kind("a chunk of a stored file is not what was stored", "文件分块被改动", STORE),
    "file-differs": Kind("a stored file is another than its rows say", "文件与登记不符", MASTER),
    "file-orphan": Kind("a stored file belongs to nobody", "无主文件", STORE),
    "file-not-destroyed": Kind("an erased file is still in the store", "已删除文件仍在", STORE),
    "material-missing": Kind("a manifest names a file that is not stored", "清单所列文件缺失", DATABASE),
    "material-row": Kind("a file's row contradicts its manifest or its key", "文件行与清单不符", DATABASE),
    "upload-chunk": Kind("a chunk of a bulk upload contradicts the log", "批量分块与日志不符", DATABASE),
    "upload-row": Kind("a bulk upload's row contradicts its chunks", "批量上传行与分块不符", DATABASE),
    "register-row": Kind("a row of the register is not what its records say", "登记簿行与登记记录不符", DATABASE),
    "register-differs": Kind("rows of the register are not what its contract stores", "登记簿与合约不符", DATABASE),
    "field-differs": Kind("a field differs from the receipt's", "字段与凭证不符", MASTER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference.

    ``first`` to ``end`` (exclusive) are the indexes it lies in; ``between`` names the two heads around it that hold,
    ``contradicted_by`` what speaks against the database, ``who`` the weakest explanation. Of a stored file: its
    material, the chunk (from 0) and the bytes ``[from, to)`` of its content.
    """

    kind: str
    origin: str
    detail: str
    first: int | None = None
    end: int | None = None
    record_id: str | None = None
    field: str | None = None
    between: tuple[str, str] | None = None
    contradicted_by: tuple[str, ...] = ()
    why_not_narrower: str | None = None
    who: str = ""
    material_id: str | None = None
    chunk: int | None = None
    bytes: tuple[int, int] | None = None

    def data(self) -> dict[str, Any]:
        """For JSON."""
        kind = KINDS[self.kind]
        return {"title": kind.title, "title_zh": kind.term} | asdict(self) | {"who": self.who or kind.who}

    def lines(self) -> list[str]:
        """For people."""
        kind = KINDS[self.kind]
        place = "" if self.first is None else f" at {self.first}"
        if self.first is not None and self.end is not None and self.end > self.first + 1:
            place = f" between {self.first} and {self.end - 1}"
        told = [f"{self.kind}  {kind.title} ({kind.term}): {self.origin}{place}"]
        rows = (
            ("record", self.record_id),
            ("field", self.field),
            ("material", self.material_id),
            ("chunk", None if self.chunk is None else str(self.chunk)),
            ("bytes", None if self.bytes is None else f"{self.bytes[0]:,} to {self.bytes[1] - 1:,} of the file"),
            ("what", self.detail),
            ("between", None if self.between is None else f"{self.between[0]} … {self.between[1]}"),
            ("against", "; ".join(self.contradicted_by)),
            ("no closer", self.why_not_narrower),
            ("could be", self.who or kind.who),
        )
        return told + [f"  {name:<10} {value}" for name, value in rows if value]


@dataclass(slots=True)
class Report:
    """Everything found. ``incomplete``: what could not be compared; ``remarks``: what is no fault."""

    findings: list[Finding] = field(default_factory=list)
    incomplete: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    omitted: dict[str, int] = field(default_factory=dict)

    MOST = 1_000  # of one kind and log are listed; the rest are counted

    def add(self, finding: Finding) -> None:
        """Keeps a finding, or counts it when there are too many alike."""
        alike = f"{finding.kind} {finding.origin}"
        kept = self.counts.get(f"finding {alike}", 0)
        if kept >= self.MOST:
            self.omitted[alike] = self.omitted.get(alike, 0) + 1
            return
        self.counts[f"finding {alike}"] = kept + 1
        self.findings.append(finding)

    def count(self, what: str, number: int) -> None:
        """So many of something were looked at."""
        self.counts[what] = self.counts.get(what, 0) + number

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 3 nothing found but not everything could be compared."""
        return 1 if self.findings else 3 if self.incomplete else 0

    def data(self) -> dict[str, Any]:
        """For JSON."""
        examined = {name: number for name, number in self.counts.items() if not name.startswith("finding ")}
        return {
            "outcome": {0: "clean", 1: "findings", 3: "incomplete"}[self.exit_code],
            "examined": examined,
            "findings": [finding.data() for finding in self.findings],
            "omitted": self.omitted,
            "incomplete": self.incomplete,
            "remarks": self.remarks,
        }

    def lines(self) -> list[str]:
        """For people."""
        data = self.data()
        told = [line for finding in self.findings for line in finding.lines()]
        told += [f"and {number} more: {alike}" for alike, number in self.omitted.items()]
        told += [f"not compared  {reason}" for reason in self.incomplete]
        told += [f"remark        {remark}" for remark in self.remarks]
        told.append("examined      " + ", ".join(f"{number} {name}" for name, number in data["examined"].items()))
        verdict = {"clean": "nothing differs", "incomplete": "nothing differs in what could be compared"}
        return [*told, verdict.get(data["outcome"], f"{len(self.findings) + sum(self.omitted.values())} findings")]
