"""`regseal verify`: receipts against a trust file, without network, account or service."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.output import ExitCode, Json, emit, fail, guarded

if TYPE_CHECKING:
    from chain.proof.receipt import Receipt
    from chain.proof.trust import Trust

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
    emit(
        {"receipts": [document for document, _, _ in results]},
        (line for _, lines, _ in results for line in lines),
        as_json=as_json,
    )
    raise typer.Exit(int(min((code for _, _, code in results), key=_GRAVITY.index)))


def _trusted(path: Path, *, as_json: bool) -> Trust:
    from chain.proof.errors import FormatError
    from chain.proof.trust import parse_trust

    try:
        return parse_trust(_read(path))
    except FormatError as error:
        fail(ExitCode.USAGE, f"{path} is no trust file: {error}", as_json=as_json)


def _examine(path: Path, trust: Trust, *, explain: bool, lang: str) -> tuple[Mapping[str, object], list[str], ExitCode]:
    """(JSON, lines, exit code) of one file; a file that cannot be read does not keep the others from being verified."""
    from chain.proof.errors import FormatError
    from chain.proof.explain import explain as words
    from chain.proof.verify import verify as judge

    try:
        verdict = judge(_receipt(_read(path)), trust)
    except (OSError, FormatError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        code = ExitCode.USAGE
        unreadable = f"not a readable receipt: {reason}"
        return {"file": str(path), "outcome": "unreadable", "error": reason}, [f"{path}: {unreadable}"], code
    lines = words(verdict, lang)
    shown = [f"{path}: {lines[0]}", *lines[1:]] if explain else [f"{path}: {lines[0]}"]
    document: dict[str, object] = {"file": str(path), **verdict.document()}
    if explain:
        document["explanation"] = lines
    return document, shown, ExitCode(verdict.exit_code)


def _receipt(data: bytes) -> Receipt:
    """A receipt file's, or a tlog-proof's: that lacks the anchor, which the trust file may require."""
    from chain.proof.forms import TlogProof, is_tlog_proof
    from chain.proof.receipt import parse_receipt

    return TlogProof.parse(data).receipt() if is_tlog_proof(data) else parse_receipt(data)


def _read(path: Path) -> bytes:
    """The file, or as much of it as shows that it is too long."""
    with path.open("rb") as file:
        return file.read((1 << 20) + 1)
