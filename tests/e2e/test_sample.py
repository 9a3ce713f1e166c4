"""The sample installation as its user meets it: one command, real processes, the public command line."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.party.errors import PartyError
from chain.party.http import ApiClient
from cli.local.layout import Layout
from cli.local.processes import leftovers
from cli.local.up import read_state
from cli.output import ExitCode
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
VERIFIER = ROOT / ".tools" / "verifier" / "bin" / "python"

pytestmark = pytest.mark.timeout(600)


class Sample:
    """One installation in a folder with a space and Chinese characters in its name."""

    def __init__(self, var: Path) -> None:
        self.layout = Layout(var)
        self.said = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._output = var.with_name("output.txt")

    def start(self) -> None:
        self._launch()
        until(lambda: "\nready after" in self.read() or self._ended(), 300, tell=self.read)
        self.said = self.read()
        assert not self._ended(), self.said
        until(self._takes_submissions, tell=self.doctor)

    def kill_after(self, sentence: str) -> None:
        """Starts, and kills the supervisor (its children survive it) once it has said so, if it ever does."""
        self._launch()
        until(lambda: sentence in self.read() or "\nready after" in self.read() or self._ended(), 300, tell=self.read)
        assert self._process is not None
        self._process.kill()
        self._process.wait(60)

    def _takes_submissions(self) -> bool:
        """It says that it is ready although its logs may have to be checked yet: a witness must have answered."""
        try:
            ApiClient(str(read_state(self.layout)["url"]), timeout=20).get("/health/ready")
        except PartyError:
            return False
        return True

    def _ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _launch(self) -> None:
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [ROOT / "regseal", "up", "--sample", "--var", self.layout.var],
                cwd=ROOT, env=clean(), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip

    def read(self) -> str:
        return self._output.read_text("utf-8", "replace")

    def stop(self, sign: signal.Signals = signal.SIGINT) -> int:
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(sign)
        return self._process.wait(180)

    def party(self, slug: str) -> Path:
        return self.layout.party(slug)

    def regseal(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-P", "-m", "cli", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=clean(), capture_output=True, text=True, check=False)

    def json(self, *arguments: str | Path) -> Any:
        done = self.regseal(*arguments, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    def doctor(self) -> str:
        return self.regseal("doctor", "--var", self.layout.var).stdout

    def verify(self, receipt: Path) -> subprocess.CompletedProcess[str]:
        trust = self.party("auditor") / "trust.json"
        command: list[str | Path] = [VERIFIER, "-P", "-m", "cli", "verify", receipt, "--trust", trust, "--json"]
        return subprocess.run(
            command, cwd="/", env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
        )


def clean() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
    return {**inherited, "PYTHONPATH": str(ROOT)}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    made = Sample(tmp_path_factory.mktemp("样 本") / "var")
    made.start()
    yield made
    made.stop(signal.SIGTERM)


def submit(sample: Sample) -> str:
    party = sample.party("operator-440300")
    record = ROOT / "samples" / "records" / "transfer.json"
    key = party / "keys" / "submitter.pem"
    done = sample.regseal("record", "submit", record, "--party", party, "--key", key, "--wait", "final", "--json")
    assert done.returncode in (0, ExitCode.INCOMPLETE), done.stderr + done.stdout
    found = str(json.loads(done.stdout)["id"])
    until(lambda: sample.json("record", "show", found, "--party", party)["status"] == "final", tell=sample.read)
    return found


def receipt_of(sample: Sample, record: str, to: Path) -> Path:
    party = sample.party("operator-440300")
    sample.json("receipt", "get", record, "--party", party, "--form", "private", "--out", to)
    return to


def test_start_ends_with_address_parties_and_the_next_command(sample: Sample) -> None:
    assert "regseal is at  http://127.0.0.1:" in sample.said
    for slug in ("national-root", "authority-440300", "operator-440100", "witness-regulator", "auditor"):
        assert str(sample.party(slug)) in sample.said
        assert (sample.party(slug) / "README.txt").is_file()
    assert "record submit samples/records/transfer.json" in sample.said


def test_second_start_on_the_same_folder_is_refused(sample: Sample) -> None:
    done = sample.regseal("up", "--sample", "--var", sample.layout.var)
    assert done.returncode == 1
    assert "already running" in done.stderr


def test_doctor_finds_nothing_wrong(sample: Sample) -> None:
    done = sample.regseal("doctor", "--var", sample.layout.var)
    assert done.returncode == 0, done.stdout


def test_record_is_final_and_its_receipt_verifies_without_the_service(sample: Sample, tmp_path: Path) -> None:
    receipt = receipt_of(sample, submit(sample), tmp_path / "receipt.json")
    done = sample.verify(receipt)
    assert done.returncode == 0, done.stdout + done.stderr
    stages = json.loads(done.stdout)["receipts"][0]["stages"]
    assert {name: stage["status"] for name, stage in stages.items()} == dict.fromkeys(stages, "pass")


def test_tampered_receipt_is_refused_at_the_record(sample: Sample, tmp_path: Path) -> None:
    receipt = receipt_of(sample, submit(sample), tmp_path / "receipt.json")
    document = json.loads(receipt.read_text("utf-8"))
    document["record"]["document"]["body"]["units"] = "92000"
    receipt.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")
    done = sample.verify(receipt)
    assert done.returncode == 1
    assert json.loads(done.stdout)["receipts"][0]["first_failure"] == "record"


def test_an_authority_publishes_a_year_on_both_chains(sample: Sample, tmp_path: Path) -> None:
    """Across National Day 2026 a notice of five working days has Saturday the 10th, a make-up day, in it."""
    home = sample.party("authority-440100")
    for chain in ("supervision", "business"):
        asked, signed = tmp_path / f"{chain}.json", tmp_path / f"{chain}-signed.json"
        where: tuple[str | Path, ...] = ("--chain", chain, "--party", home)
        sample.json("calendar", "publish", "440100", "2026", *where, "--out", asked)
        done = sample.regseal("sign", asked, "--key", home / "keys" / "authority.json", "--yes", "--out", signed)
        assert done.returncode == 0, done.stderr
        sample.json("operation", "authorise", signed, "--party", home, "--wait", "300")
        (compared,) = sample.json("calendar", "check", "440100", "2026", *where)
        assert compared["agrees"], compared
        counted = sample.json("calendar", "days", "440100", "2026-09-30", "2026-10-13", *where)
        assert (counted["working"], counted["chain_working"], counted["chain_trading"]) == (5, 5, 4)
    assert "as announced by chinesecalendar" in sample.doctor()


def test_the_market_has_its_register_and_both_chains_say_the_same_of_its_roles(sample: Sample) -> None:
    said = sample.doctor()
    assert "EquityRegister" in said
    assert "region 440300, checked True, as deployed" in said
    assert "business says what supervision decided" in said
    for slug in ("checker-440300", "court-liaison-440300"):
        assert (sample.party(slug) / "keys" / "authority.json").is_file()
    (year, *_) = sample.json(
        "calendar", "list", "--region", "440300", "--chain", "business", "--party", sample.party("authority-440100")
    )
    assert year["state"] == "published"


def test_neighbour_sees_nothing(sample: Sample) -> None:
    record = submit(sample)
    done = sample.regseal("record", "show", record, "--party", sample.party("operator-440100"))
    assert done.returncode == 1


def test_secrets_stay_in_their_folders(sample: Sample) -> None:
    exposed = [path for path in sample.layout.var.rglob("*") if path.name in ("token", "passphrase", "master.key")]
    assert len(exposed) >= 10
    assert {path.stat().st_mode & 0o077 for path in exposed} == {0}


@pytest.mark.parametrize("name", ["service", "chain-supervision", "witness"])
def test_killed_process_comes_back_and_nothing_is_lost(sample: Sample, name: str) -> None:
    before = submit(sample)
    os.kill(dict(leftovers(sample.layout))[name], signal.SIGKILL)
    until(lambda: f"!! {name} was killed by signal 9" in sample.read(), tell=sample.read)
    until(lambda: f"{name} was started again" in sample.read(), tell=sample.read)
    party = sample.party("operator-440300")
    until(lambda: sample.regseal("record", "show", before, "--party", party).returncode == 0, tell=sample.read)
    until(lambda: sample.regseal("doctor", "--var", sample.layout.var).returncode == 0, tell=sample.doctor)
    submit(sample)


def test_second_start_makes_nothing_anew_and_old_receipts_still_verify(sample: Sample, tmp_path: Path) -> None:
    record = submit(sample)
    old = receipt_of(sample, record, tmp_path / "old.json")
    assert sample.stop() == 0
    assert list(leftovers(sample.layout)) == []
    assert sample.verify(old).returncode == 0
    sample.start()
    assert "are deployed" not in sample.said
    assert "introduces itself" not in sample.said
    again = receipt_of(sample, record, tmp_path / "again.json")
    assert json.loads(again.read_text("utf-8"))["anchor"] == json.loads(old.read_text("utf-8"))["anchor"]
    submit(sample)


@pytest.mark.full
def test_first_start_killed_at_any_step_goes_on(tmp_path: Path) -> None:
    made = Sample(tmp_path / "var")
    steps = (
        "contracts are deployed on the supervision",
        "service at",
        "introduces itself",
        "suicheng",
        "the market's register",
    )
    for sentence in steps:
        made.kill_after(sentence)
    made.start()
    try:
        submit(made)
    finally:
        assert made.stop() == 0
