"""What every command shares: exit codes, the two forms of output, and plain words for what went wrong."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import IntEnum
from typing import Annotated, NoReturn

import typer


class ExitCode(IntEnum):
    """Documented exit codes; scripts may rely on them."""

    OK = 0
    REFUSED = 1
    USAGE = 2
    INCOMPLETE = 3
    UNREACHABLE = 4
    CREDENTIALS = 5


Json = Annotated[bool, typer.Option("--json", help="Write one JSON value to standard output instead of text.")]


def emit(data: object, lines: Iterable[str], *, as_json: bool) -> None:
    """Writes the result once: `data` as JSON, or `lines` for people; of an empty list it says so."""
    text = json.dumps(data, ensure_ascii=False, indent=2) if as_json else "\n".join(lines)
    if not text:
        note("none")
        return
    try:
        print(_encodable(text), flush=True)
    except BrokenPipeError:  # `| head` has read what it wanted; what Python has still to write goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def note(text: str) -> None:
    """A remark beside the result, to standard error."""
    print(_encodable(text), file=sys.stderr)


def fail(
    code: ExitCode, message: str, *, as_json: bool = False, detail: Mapping[str, object] | None = None
) -> NoReturn:
    """Ends the command with a reason: to standard error, and as `{"error": ...}` to standard output with --json."""
    if as_json:
        error = {"exit_code": int(code), "reason": code.name.lower(), "message": message, **(detail or {})}
        emit({"error": error}, (), as_json=True)
    note(f"regseal: {message}")
    raise typer.Exit(int(code))


@contextlib.contextmanager
def guarded(*, as_json: bool = False) -> Iterator[None]:
    """Turns the errors a user can meet into a sentence and an exit code; others are bugs and keep their traceback."""
    from chain.party.errors import PartyError
    from chain.proof.errors import ProofError

    try:
        yield
    except (PartyError, ProofError, OSError, UnicodeError) as error:
        fail(_code(error), _sentence(error), as_json=as_json, detail=_detail(error))


def _code(error: Exception) -> ExitCode:
    from chain.party import errors as party
    from chain.proof.errors import FormatError, ProofError

    if isinstance(error, party.ApiProblem):
        return _code_of_status(error.status)
    if isinstance(error, party.KeystoreError):
        return ExitCode.CREDENTIALS
    if isinstance(error, party.Unreachable):
        return ExitCode.UNREACHABLE
    if isinstance(error, (party.ResponseRefused, party.RpcError)):
        return ExitCode.REFUSED
    if isinstance(error, ProofError) and not isinstance(error, FormatError):
        return ExitCode.REFUSED
    return ExitCode.USAGE


def _code_of_status(status: int) -> ExitCode:
    if status in (401, 403):
        return ExitCode.CREDENTIALS
    return ExitCode.UNREACHABLE if status >= 500 else ExitCode.REFUSED


def _sentence(error: Exception) -> str:
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def _detail(error: Exception) -> Mapping[str, object]:
    problem = getattr(error, "problem", None)
    return {"problem": problem} if problem else {}


def _encodable(text: str) -> str:
    """A terminal that cannot show Chinese still shows the rest."""
    encoding = sys.stdout.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
