"""The story: three projects, refusals on purpose, dossiers verified where no service can be asked."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from chain.party.http import ApiClient
from samples.demo.stage import ROOT, DemoError, Installation, Stage
from samples.pilots.demo import core, joint, tutored
from samples.pilots.demo.bodies import Body, Company
from samples.pilots.demo.cast import Cast, assemble

_PATIENCE = 120.0
VAR = Path("var/demo-pilots")
OUT = Path("var/demo-pilots-transcript")
_NATIONAL = ("stb", "experts")
NEEDED = {
    "core": ("group", "core", *_NATIONAL),
    "joint": ("group", "technology", "broker", *_NATIONAL),
    "tutored": ("gz_group", "gz_company", "gz_broker", *_NATIONAL),
}
"""The projects, and who of the cast takes part in each."""


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 the story went as told, 1 it did not (said where)."""
    parser = argparse.ArgumentParser(prog="python -m samples.pilots.demo")
    parser.add_argument("--only", choices=tuple(NEEDED), help="one of the three projects")
    parser.add_argument("--var", type=Path, default=VAR)
    parser.add_argument("--out", type=Path, default=OUT)
    asked = parser.parse_args(arguments)
    os.chdir(ROOT)
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    stage = Stage(asked.out / "transcript.md", "make demo-pilots")
    stage.run(["./regseal", "down", "--var", str(asked.var)])
    shutil.rmtree(asked.var, ignore_errors=True)
    installation = Installation(asked.var, "--simulated-time")
    try:
        stage.tell("A sample installation of its own, with SIMULATED TIME: notices and terms pass when we say so")
        installation.start()
        _play(stage, Company(stage, asked.var), asked.only, asked.out, installation)
    except (DemoError, KeyboardInterrupt) as error:
        print(f"\nthe demonstration stopped: {error}", file=sys.stderr)
        return 1
    finally:
        installation.stop()
    print(f"\nThe demonstration is over. Transcript and dossiers: {asked.out}/")
    return 0


def _play(stage: Stage, company: Company, only: str | None, out: Path, installation: Installation) -> None:
    cast = assemble(company, set(NEEDED[only]) if only else {who for each in NEEDED.values() for who in each})
    dossiers: list[Path] = []
    for name, (play, supervisor) in _stories(cast).items():
        if only in (None, name):
            project = play(company, cast)
            dossiers += _dossiers(company, project, name, supervisor, out)
    stage.tell("The whole installation is derived anew and compared with chain and witness's mirror")
    stage.regseal("fsck", "--var", company.var, "--mirror", company.var / "parties" / "witness-regulator")
    pins = ApiClient(company.url).get_bytes("/v1/trust")
    (out / "trust.json").write_bytes(pins)  # in a real world each pin comes from its owner, not from the service
    _verify(stage, dossiers, out, installation)


def _stories(cast: Cast) -> dict[str, tuple[core.Play, tuple[Body, ...]]]:
    return {
        "core": (core.play, (cast.core, cast.group)),
        "tutored": (tutored.play, (cast.gz_company, cast.gz_group)),
        "joint": (joint.play, (cast.technology, cast.group)),
    }


def _dossiers(company: Company, project: str, name: str, readers: tuple[Body, ...], out: Path) -> list[Path]:
    """Sealed on the chain first; then each reader's own dossier."""
    company.stage.tell("The chain is told of the newest leaf; then each fetches the dossier that it may see")
    _seal(company, project, readers[-1])
    company.regseal("pilot", "timeline", project, "--party", readers[-1].home)
    files = [out / f"{name}-{reader.slug}.dossier.zip" for reader in readers]
    for reader, file in zip(readers, files, strict=True):
        company.regseal("pilot", "dossier", project, "--out", file, "--party", reader.home)
        company.stage.note(dossier=file, project=project)
    return files


def _seal(company: Company, project: str, reader: Body) -> None:
    """Asks until the chain counts every event: the newest leaf must stand under an anchored head first."""
    events = len(company.json("pilot", "timeline", project, "--party", reader.home))
    until = time.monotonic() + _PATIENCE
    while company.json("pilot", "status", project, "--chain", "--party", reader.home)["count"] < events:
        if time.monotonic() > until:
            raise DemoError(f"the chain was not told of all {events} events of {project}")
        company.regseal("pilot", "seal", project, "--party", reader.home)
        time.sleep(5)


def _verify(stage: Stage, dossiers: list[Path], out: Path, installation: Installation) -> None:
    stage.tell("The service is stopped. Dossiers are verified by the verifier's own Python, in an empty environment")
    installation.stop()
    python = ROOT / ".tools" / "verifier" / "bin" / "python"
    verifier = ["/usr/bin/env", "-i", f"PYTHONPATH={ROOT}", str(python), "-P", "-m", "cli", "verify"]
    for file in dossiers:
        stage.run([*verifier, file.name, "--trust", "trust.json"], cwd=out, environment={})


if __name__ == "__main__":
    sys.exit(main())
