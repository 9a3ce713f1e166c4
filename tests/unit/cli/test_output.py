"""Exit codes and the two forms of output."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from chain.party import errors as party
from chain.proof.errors import FormatError, ProofError
from cli.output import ExitCode, emit, guarded

ROOT = Path(__file__).resolve().parents[3]
CASES: list[tuple[Exception, ExitCode]] = [
    (party.Unreachable("http://x", "refused"), ExitCode.UNREACHABLE),
    (party.ApiProblem(401, {}), ExitCode.CREDENTIALS),
    (party.ApiProblem(403, {}), ExitCode.CREDENTIALS),
    (party.ApiProblem(409, {}), ExitCode.REFUSED),
    (party.ApiProblem(422, {}), ExitCode.REFUSED),
    (party.ApiProblem(503, {}), ExitCode.UNREACHABLE),
    (party.RpcError("eth_x", -1, "no"), ExitCode.REFUSED),
    (party.ResponseRefused("http://x", "too long"), ExitCode.REFUSED),
    (party.WrongPassphrase("k", "no"), ExitCode.CREDENTIALS),
    (party.TypedDataError("domain", "no"), ExitCode.USAGE),
    (party.ConfigError("no"), ExitCode.USAGE),
    (FormatError("leaf", "no"), ExitCode.USAGE),
    (ProofError("root-mismatch", "no"), ExitCode.REFUSED),
    (FileNotFoundError(2, "No such file", "x"), ExitCode.USAGE),
]


@pytest.mark.parametrize(("error", "code"), CASES, ids=[f"{type(e).__name__} {i}" for i, (e, _) in enumerate(CASES)])
def test_every_error_has_its_exit_code(error: Exception, code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, guarded(as_json=True):
        raise error
    written = capsys.readouterr()
    assert ended.value.exit_code == code
    assert json.loads(written.out)["error"]["exit_code"] == code
    assert written.err.startswith("regseal: ")


def test_a_bug_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), guarded():
        raise ZeroDivisionError


def test_a_problem_keeps_its_rule(capsys: pytest.CaptureFixture[str]) -> None:
    problem = {
        "type": "https://regseal.example/problems/rule",
        "title": "Refused",
        "detail": "201 holders",
        "rule": "REM-10",
    }
    with pytest.raises(typer.Exit), guarded(as_json=True):
        raise party.ApiProblem(422, problem)
    written = capsys.readouterr()
    assert json.loads(written.out)["error"]["problem"] == problem
    assert written.err == "regseal: Refused: 201 holders (rule REM-10)\n"
    assert party.ApiProblem(422, problem).slug == "rule"
    assert party.ApiProblem(503, {"type": "urn:regseal:problem:log-unchecked"}).slug == "log-unchecked"
    wrong = {"title": "Not valid", "detail": "too long", "field": "/record/subject", "source": "record.md"}
    assert str(party.ApiProblem(422, wrong)) == "Not valid: too long [/record/subject] (source record.md)"


def test_output_is_text_or_one_json_value(capsys: pytest.CaptureFixture[str]) -> None:
    emit({"名": 1}, ["one", "two"], as_json=False)
    assert capsys.readouterr().out == "one\ntwo\n"
    emit({"名": 1}, ["one", "two"], as_json=True)
    assert json.loads(capsys.readouterr().out) == {"名": 1}


def test_who_reads_only_the_first_lines_is_no_error() -> None:
    long = "from cli.output import emit; emit([], (str(one) for one in range(100_000)), as_json=False); print('more')"
    command = [sys.executable, "-c", long]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_empty_list_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    emit([], (), as_json=False)
    assert capsys.readouterr() == ("", "none\n")
