"""`python -m samples.evidence [--events N]`: documents and N events go in; nothing done to them stays hid."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from chain.party.http import ApiClient
from samples.demo.stage import ROOT, DemoError, Installation, Stage
from samples.evidence.events import write_events
from samples.evidence.thief import CASES, Case, Thief

VAR = Path("var/evidence")
OUT = Path("var/evidence-transcript")
OPERATOR = VAR / "parties" / "operator-440300"
WITNESS = VAR / "parties" / "witness-regulator"
TRUST = VAR / "parties" / "auditor" / "trust.json"
DOCUMENTS = Path("samples/documents/挂牌申请材料")
COPY = VAR / "copy"
SAMPLES = 8


def main(arguments: list[str]) -> int:
    """Exit status: 0 all was found, 1 something went otherwise than told."""
    parser = argparse.ArgumentParser(prog="samples.evidence", description=__doc__)
    parser.add_argument("--events", type=int, default=20_000, help="business events to generate")
    number = parser.parse_args(arguments).events
    os.chdir(ROOT)
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    stage = Stage(OUT / "transcript.md")
    stage.run(["./regseal", "down", "--var", str(VAR)])
    shutil.rmtree(VAR, ignore_errors=True)
    installation = Installation(VAR)
    try:
        installation.start()
        _documents(stage)
        index = _events(stage, number)
        stage.tell("Everything is stopped; an auditor verifies the receipts offline, the files beside them")
        installation.stop()
        _verify(stage)
        (found,) = (VAR / "gateway").glob("*.sqlite")
        stage.note(database=f"{found} {found.stat().st_size:,} bytes")
        shutil.copytree(VAR / "gateway", VAR / "stolen")
        stage.tell("The chain runs again; the untouched installation is examined, then one copy after the other")
        installation = Installation(VAR)
        installation.start()
        _examine(stage, ["--var", str(VAR)], mirror=True, expect=0)
        for name, case in CASES.items():
            _tamper(stage, name, case, index)
    except (DemoError, KeyboardInterrupt) as error:
        print(f"\nstopped: {error}", file=sys.stderr)
        return 1
    finally:
        installation.stop()
        shutil.rmtree(COPY, ignore_errors=True)
    print(f"\nEvery tampering was found. Transcript and receipts: {OUT}/")
    return 0


def _documents(stage: Stage) -> None:
    stage.tell("The documents of a listing application go in, are bound by a manifest, and their receipt comes out")
    receipts = OUT / "receipts"
    stage.regseal("submit", DOCUMENTS, "--party", OPERATOR, "--wait", "final", "--receipts", receipts)


def _events(stage: Stage, number: int) -> int:
    """Sends them; the index of a record in their middle."""
    stage.tell(f"{number:,} business events go in, and receipts of some of them come out")
    settings = json.loads((OPERATOR / "api.json").read_text("utf-8"))
    lines = VAR / "events.ndjson"
    write_events(lines, number, settings["institution"])
    began = time.monotonic()
    done = stage.regseal("upload", lines, "--party", OPERATOR, "--json", quiet=True).json()
    stage.note(events_a_second=round(number / (time.monotonic() - began)), upload=done["id"])
    api = ApiClient(settings["url"], (OPERATOR / "token").read_text("ascii").strip())
    for at in range(SAMPLES):
        _receipt(stage, _outcome(api, done["id"], 1 + (number - 1) * at // (SAMPLES - 1))["id"])
    return int(_outcome(api, done["id"], number // 2)["index"])


def _outcome(api: ApiClient, upload: str, line: int) -> Any:
    """What became of one line."""
    page: Any = api.get(f"/v1/uploads/{upload}/outcomes", limit=1, cursor=str(line - 1) if line > 1 else None)
    return page["items"][0]


def _receipt(stage: Stage, record: str) -> None:
    shown = ["record", "show", record, "--party", str(OPERATOR), "--json"]
    end = time.monotonic() + 120
    while stage.regseal(*shown, quiet=True).json()["status"] != "final":
        if time.monotonic() > end:
            raise DemoError(f"{record} does not become final")
        time.sleep(1)
    target = OUT / "receipts" / f"{record}.regseal.json"
    stage.regseal("receipt", "get", record, "--party", OPERATOR, "--form", "private", "--out", target, quiet=True)


def _verify(stage: Stage) -> None:
    shutil.copy(TRUST, OUT / "trust.json")
    verifier = [ROOT / ".tools" / "verifier" / "bin" / "python", "-P", "-m", "cli", "verify"]
    receipts = sorted(str(each.relative_to(OUT)) for each in (OUT / "receipts").glob("*.regseal.json"))
    command = [*map(str, verifier), *receipts, "--trust", "trust.json", "--material", str(ROOT / DOCUMENTS)]
    stage.run(["/usr/bin/env", "-i", f"PYTHONPATH={ROOT}", *command], cwd=OUT, environment={})


def _tamper(stage: Stage, name: str, case: Case, index: int) -> None:
    stage.tell(f"On a copy: {case.told}")
    shutil.rmtree(COPY, ignore_errors=True)
    shutil.copytree(VAR / "stolen", COPY)
    origin = json.loads((OPERATOR / "api.json").read_text("utf-8"))["log"]
    case.act(Thief(COPY, origin, index))
    for mirror, expected in ((False, case.alone), (True, case.mirrored)):
        found = _examine(stage, ["--home", str(COPY)], mirror=mirror, expect=1)
        named = [one for one in found["findings"] if one["kind"] == expected]
        if not named:
            raise DemoError(f"{name}: expected {expected}, found {sorted({one['kind'] for one in found['findings']})}")
        one = named[0]
        where = (
            "" if one["first"] is None else f" at {one['first']}" + f" to {one['end'] - 1}" * (one["end"] is not None)
        )
        told = f"{expected}{where}  record {one['record_id']}  against: {'; '.join(one['contradicted_by'])[:160]}"
        print(f"  {'with a mirror' if mirror else 'without one':<14}{told}", flush=True)
        stage.note(**{f"{name} {'with' if mirror else 'without'} mirror": told})


def _examine(stage: Stage, where: list[str], *, mirror: bool, expect: int) -> Any:
    """What fsck says, with the running chains beside the copy."""
    chains = json.loads((VAR / "run" / "up.json").read_text("utf-8"))["chains"]
    places = [f"REGSEAL_CHAINS__{name.upper()}__ENDPOINTS={json.dumps([url])}" for name, url in chains.items()]
    command = ["/usr/bin/env", *places, "./regseal", "fsck", *where, "--files", "--json"]
    command += ["--mirror", str(WITNESS)] if mirror else []
    return stage.run(command, expect=expect, quiet=True).json()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
