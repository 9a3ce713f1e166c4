"""`regseal verify`: receipts against a trust file, without network, account or service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.dossier import Judged, is_dossier, judge
from cli.output import ExitCode, Json, emit, fail, guarded

if TYPE_CHECKING:
    from chain.proof.digest import FileDigest
    from chain.proof.manifest import Part
    from chain.proof.receipt import Receipt
    from chain.proof.trust import Trust
    from chain.proof.verify import Verdict
    from cli.materials.compare import Compared, Shown


def register(app: typer.Typer) -> None:
    """Adds `verify`."""
    app.command("verify")(verify)


def verify(
    receipts: Annotated[
        list[Path], typer.Argument(help="Receipt files, tlog-proofs, or dossiers 卷宗.", show_default=False)
    ],
    trust: Annotated[
        Path, typer.Option("--trust", help="Trust file 信任文件, obtained beforehand from whom you trust.")
    ],
    materials: Annotated[
        list[Path] | None,
        typer.Option(
            "--material", help="A file 材料, or a folder with all its files, that must stand unchanged in the records."
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say each stage in plain words.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of the words: en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Verify receipts 凭证 and dossiers 卷宗 offline.

    Exit codes: 0 the policy is met; 1 a stage failed; 2 a file cannot be read or parsed; 3 incomplete.
    """
    from cli.materials.compare import GRAVITY, compare_file, compare_folder

    if lang not in ("en", "zh"):
        fail(ExitCode.USAGE, f"there are no words in {lang!r}; it is en or zh", as_json=as_json)
    with guarded(as_json=as_json):
        trusted = _trusted(trust, as_json=as_json)
    dossiers = [judge(path, trusted) for path in receipts if is_dossier(path)]
    results = [_examine(path, trusted, explain=explain, lang=lang) for path in receipts if not is_dossier(path)]
    found: dict[str, object] = {"receipts": [each.document for each in results]}
    if dossiers:
        found["dossiers"] = [each.document for each in dossiers]
    records = _shown(results)
    compared = [
        compare_folder(path, records) if path.is_dir() else compare_file(path, records) for path in materials or ()
    ]
    if compared:
        found["materials"] = [each.document for each in compared]
    everything: list[_Examined | Compared | Judged] = [*results, *dossiers, *compared]
    emit(found, (line for each in everything for line in each.lines), as_json=as_json)
    raise typer.Exit(int(min((each.code for each in everything), key=GRAVITY.index)))


@dataclass(frozen=True, slots=True)
class _Examined:
    """What is said of one receipt.

    `digests` of the files in its record, None when no proven record is shown; `part`: the manifest that it is.
    """

    document: Mapping[str, object]
    lines: list[str]
    code: ExitCode
    digests: Sequence[FileDigest] | None = None
    whole: bool = False
    """Whether these are all that stand in the record."""
    part: Part | None = None


def _shown(receipts: Sequence[_Examined]) -> Shown:
    """What all the receipts together show of files."""
    from cli.materials.compare import Shown

    digests = frozenset(digest for each in receipts for digest in each.digests or ())
    parts = [each.part for each in receipts if each.part is not None]
    return Shown(digests, parts, all(each.whole for each in receipts))


def _trusted(path: Path, *, as_json: bool) -> Trust:
    from chain.proof.errors import FormatError
    from chain.proof.trust import parse_trust

    try:
        return parse_trust(_read(path))
    except FormatError as error:
        fail(ExitCode.USAGE, f"{path} is no trust file: {error}", as_json=as_json)


def _examine(path: Path, trust: Trust, *, explain: bool, lang: str) -> _Examined:
    """One receipt; a file that cannot be read does not keep the others from being verified."""
    from chain.proof.errors import FormatError
    from chain.proof.explain import explain as words
    from chain.proof.verify import verify as judge

    try:
        receipt = _receipt(_read(path))
        verdict = judge(receipt, trust)
    except (OSError, FormatError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        line = f"{path}: not a readable receipt: {reason}"
        return _Examined({"file": str(path), "outcome": "unreadable", "error": reason}, [line], ExitCode.USAGE)
    lines = words(verdict, lang)
    shown = [f"{path}: {lines[0]}", *lines[1:]] if explain else [f"{path}: {lines[0]}"]
    document: dict[str, object] = {"file": str(path), **verdict.document()}
    if explain:
        document["explanation"] = lines
    code, whole = ExitCode(verdict.exit_code), receipt.record is not None
    digests = _digests(receipt, verdict)
    proven = whole and digests is not None
    return _Examined(document, shown, code, digests, whole=proven, part=_part(receipt) if proven else None)


def _part(receipt: Receipt) -> Part | None:
    """The manifest that a proven record is."""
    from chain.proof.errors import FormatError
    from chain.proof.manifest import TYPE, read_part

    record = receipt.record.document if receipt.record else None
    if not isinstance(record, dict) or record.get("type") != TYPE:
        return None
    try:
        return read_part(record.get("body"))
    except FormatError:
        return None  # a record of this type that a service took before it looked at manifests


def _digests(receipt: Receipt, verdict: Verdict) -> Sequence[FileDigest] | None:
    """The file digests that the receipt shows and proves, in its record or its disclosed fields."""
    from chain.proof.manifest import digests_among, digests_in
    from chain.proof.verify import Outcome, Status

    if verdict.outcome is Outcome.INVALID or verdict.stages["record"].status is not Status.PASS:
        return None
    if receipt.disclosures is not None:
        return digests_among((item.path, item.value) for item in receipt.disclosures.items)
    document = receipt.record.document if receipt.record else None
    return digests_in(document) if isinstance(document, dict) else None


def _receipt(data: bytes) -> Receipt:
    """A receipt file's, or a tlog-proof's: that lacks the anchor, which the trust file may require."""
    from chain.proof.forms import TlogProof, is_tlog_proof
    from chain.proof.receipt import parse_receipt

    return TlogProof.parse(data).receipt() if is_tlog_proof(data) else parse_receipt(data)


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too long."""
    with path.open("rb") as file:
        return file.read((1 << 20) + 1)
