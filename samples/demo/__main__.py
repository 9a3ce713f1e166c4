"""The story: submit, anchor, witness, fetch the receipt, verify offline, refuse a tampered one."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

from samples.demo.stage import ROOT, DemoError, Installation, Stage

VAR = Path("var/demo")  # relative to the project, so that every command can be copied
OUT = Path("var/demo-transcript")
OPERATOR = VAR / "parties" / "operator-440300"
NEIGHBOUR = VAR / "parties" / "operator-440100"
AUTHORITY = VAR / "parties" / "authority-440300"
AUDITOR = VAR / "parties" / "auditor"


def main() -> int:
    """Exit status: 0 the story went as told, 1 it did not (said where)."""
    os.chdir(ROOT)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    stage = Stage(OUT / "transcript.md")
    stage.run(["./regseal", "down", "--var", str(VAR)])
    shutil.rmtree(VAR, ignore_errors=True)
    installation = Installation(VAR)
    try:
        stage.tell("An installation of its own, with sample parties in folders of their own")
        installation.start()
        _institutions(stage)
        _register(stage)
        record = _submit(stage)
        receipt = _receipts(stage, record)
        _examine(stage, receipt)
        stage.tell("The service is stopped: nothing that follows can ask it")
        installation.stop()
        _verify(stage, receipt)
        _tamper(stage, receipt)
    except (DemoError, KeyboardInterrupt) as error:
        print(f"\nthe demonstration stopped: {error}", file=sys.stderr)
        return 1
    finally:
        installation.stop()
    print(f"\nThe demonstration is over. Transcript and receipts: {OUT}/")
    return 0


def _institutions(stage: Stage) -> None:
    stage.tell("Who is registered on the chain, and whose signatures that took")
    stage.regseal("institution", "list", "--party", OPERATOR)
    operations = stage.regseal("operation", "list", "--party", OPERATOR, "--json", quiet=True).json()
    for operation in operations["items"] if isinstance(operations, dict) else operations:
        stage.note(operation=f"{operation['id']} {operation['kind']} {operation['state']}")
    stage.regseal("log", "list", "--party", OPERATOR)


def _register(stage: Stage) -> None:
    stage.tell("An applicant makes its own key; the authority asks for its registration, reads it, signs it")
    applicant = VAR / "parties" / "applicant"
    applicant.mkdir(mode=0o700)
    (applicant / "passphrase").touch(0o600)
    (applicant / "passphrase").write_text("a passphrase of the demonstration\n", "ascii")
    key = stage.regseal("keys", "new", "evm", applicant / "authority.json", "--json").json()
    operation, authorisation = OUT / "registration.json", OUT / "authorisation.json"
    stage.regseal(
        "institution", "register", "--name", "示例科技有限公司", "--kind", "applicant", "--region", "440300",
        "--authority", key["address"], "--party", AUTHORITY, "--out", operation,
    )  # fmt: skip
    stage.note(operation=json.loads(operation.read_text("utf-8"))["id"])
    stage.regseal("sign", operation, "--key", AUTHORITY / "keys" / "authority.json", "--yes", "--out", authorisation)
    stage.regseal("operation", "authorise", authorisation, "--party", AUTHORITY, "--wait", "60")


def _submit(stage: Stage) -> str:
    stage.tell("The operator submits a transfer, signs it with its own key, and waits until it is final")
    done = stage.regseal(
        "record", "submit", "samples/records/transfer.json", "--party", OPERATOR,
        "--key", OPERATOR / "keys" / "submitter.pem", "--wait", "final", "--json",
    ).json()  # fmt: skip
    record = str(done["id"])
    stage.note(record=record, index=done["index"], log=done["origin"])
    stage.tell("Another operator asks for that record, and is told that there is none")
    stage.regseal("record", "show", record, "--party", NEIGHBOUR, expect=1)
    return record


def _receipts(stage: Stage, record: str) -> Path:
    stage.tell("The private receipt holds the record; the public one only its commitment")
    private, public = OUT / "private.regseal.json", OUT / "public.regseal.json"
    stage.regseal("receipt", "get", record, "--party", OPERATOR, "--form", "private", "--out", private)
    stage.regseal("receipt", "get", record, "--party", OPERATOR, "--form", "public", "--out", public)
    shutil.copy(AUDITOR / "trust.json", OUT / "trust.json")
    stage.note(receipt=private, public_receipt=public)
    return private


def _examine(stage: Stage, receipt: Path) -> None:
    stage.tell("The whole installation is derived anew and compared with chain, witness's mirror and receipt")
    witness = VAR / "parties" / "witness-regulator"
    stage.regseal("fsck", "--var", VAR, "--mirror", witness, "--receipt", receipt)


def _verify(stage: Stage, receipt: Path) -> None:
    stage.tell("The auditor verifies offline: the verifier's own Python, an empty environment, another folder")
    for file in (receipt, receipt.with_name("public.regseal.json")):
        stage.run([*_verifier(), str(file.name), "--trust", "trust.json", "--explain"], cwd=OUT, environment={})


def _tamper(stage: Stage, receipt: Path) -> None:
    stage.tell("Somebody makes 12000 units 92000: refused, and the reason is the record, not something else")
    document = json.loads(receipt.read_text("utf-8"))
    document["record"]["document"]["body"]["units"] = "92000"
    forged = receipt.with_name("tampered.regseal.json")
    forged.write_text(json.dumps(document, ensure_ascii=False, separators=(",", ":")), "utf-8")
    command = [*_verifier(), forged.name, "--trust", "trust.json"]
    stage.run([*command, "--explain"], expect=1, cwd=OUT, environment={})
    verdict = stage.run([*command, "--json"], expect=1, cwd=OUT, environment={}, quiet=True).json()["receipts"][0]
    if verdict["first_failure"] != "record":
        raise DemoError(f"refused, but for another reason: {verdict['first_failure']}")
    stage.note(tampered_receipt="refused at stage record")


def _verifier() -> list[str]:
    """The offline verifier: base requirements alone, and no variable of ours but the code's place."""
    python = ROOT / ".tools" / "verifier" / "bin" / "python"
    return ["/usr/bin/env", "-i", f"PYTHONPATH={ROOT}", str(python), "-P", "-m", "cli", "verify"]


if __name__ == "__main__":
    sys.exit(main())
