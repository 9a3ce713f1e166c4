"""`regseal verify`: receipts against a trust file, without network, account or service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded

if TYPE_CHECKING:
    from chain.proof.digest import FileDigest
    from chain.proof.receipt import Receipt
    from chain.proof.trust import Trust
    from chain.proof.verify import Verdict

_PIECE = 1 << 20
# The gravest first: one refused receipt makes the whole run refused.
_GRAVITY = (ExitCode.REFUSED, ExitCode.USAGE, ExitCode.INCOMPLETE, ExitCode.OK)


def register(app: typer.Typer) -> None:
    """Adds `verify`."""
    app.command("verify")(verify)


def verify(
    receipts: Annotated[list[Path], typer.Argument(help="Receipt files, or tlog-proofs.", show_default=False)],
    trust: Annotated[
        Path, typer.Option("--trust", help="Trust file 信任文件, obtained beforehand from whom you trust.")
    ],
    materials: Annotated[
        list[Path] | None,
        typer.Option(
            "--material", help="A file 材料 that must stand, unchanged, in the record of one of the receipts."
        ),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say each stage in plain words.")] = False,
    lang: Annotated[str, typer.Option("--lang", help="Language of the words: en or zh.")] = "en",
    as_json: Json = False,
) -> None:
    """Verify receipts 凭证 offline.

    Exit codes: 0 the policy is met; 1 a stage failed; 2 a file cannot be read or parsed; 3 incomplete.
    """
    if lang not in ("en", "zh"):
        fail(ExitCode.USAGE, f"there are no words in {lang!r}; it is en or zh", as_json=as_json)
    with guarded(as_json=as_json):
        trusted = _trusted(trust, as_json=as_json)
    results = [_examine(path, trusted, explain=explain, lang=lang) for path in receipts]
    found: dict[str, object] = {"receipts": [each.document for each in results]}
    compared = [_compare(path, results) for path in materials or ()]
    if compared:
        found["materials"] = [each.document for each in compared]
    everything = [*results, *compared]
    emit(found, (line for each in everything for line in each.lines), as_json=as_json)
    raise typer.Exit(int(min((each.code for each in everything), key=_GRAVITY.index)))


@dataclass(frozen=True, slots=True)
class _Examined:
    """What is said of one file.

    `digests` of the files in a receipt's record; None when no proven record is shown.
    """

    document: Mapping[str, object]
    lines: list[str]
    code: ExitCode
    digests: Sequence[FileDigest] | None = None
    whole: bool = False
    """Whether these are all that stand in the record."""


def _compare(path: Path, receipts: Sequence[_Examined]) -> _Examined:
    """Whether a file stands in a record, or does not, or no record is shown that could tell."""
    from chain.proof.digest import digest_of

    try:
        with path.open("rb") as file:
            digest = digest_of(iter(lambda: file.read(_PIECE), b""))
    except OSError as error:
        lines = [f"{path}: not readable: {error.strerror}"]
        return _Examined({"file": str(path), "outcome": "unreadable"}, lines, ExitCode.USAGE)
    outcome, words, code = "absent", "does NOT stand in the record: another file, or changed", ExitCode.REFUSED
    if any(digest in (each.digests or ()) for each in receipts):
        outcome, words, code = "stands", "stands in the record", ExitCode.OK
    elif not all(each.whole for each in receipts):
        words = "no proven record shows it; a private receipt could, or one that discloses size, sha256 and sm3"
        outcome, code = "not-shown", ExitCode.INCOMPLETE
    shown: dict[str, object] = {"file": str(path), "outcome": outcome, "size": digest.size}
    shown |= {"sha256": f"0x{digest.sha256.hex()}", "sm3": f"0x{digest.sm3.hex()}"}
    return _Examined(shown, [f"{path}: {words}"], code)


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
    return _Examined(document, shown, code, digests, whole=whole and digests is not None)


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
