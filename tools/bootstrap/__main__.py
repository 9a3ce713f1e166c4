"""`python -m tools.bootstrap`: run the steps that are not done yet."""

import fcntl
import os
import sys
import time
from functools import partial
from pathlib import Path
from typing import IO

from tools.bootstrap import node, python
from tools.bootstrap.step import ROOT, TOOLS, SetupError, Step, call, digest, fail, say

NPM_FOLDERS = {"hardhat-devnet": 45, "console": 20}  # folder -> download in MB


def steps() -> list[Step]:
    """Everything set-up does, in order; sizes are of the downloads on Linux x86-64."""
    pins = python.REQUIREMENTS
    here = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    return [
        Step("uv", "uv, the package installer (17 MB)", digest(pins / "uv.txt"), python.UV, python.install_uv),
        Step("python", "Python packages (about 110 MB)", digest(pins / "dev.txt", here), python.VENV / "bin" / "python",
             partial(python.make_environment, python.VENV, "dev.txt")),
        Step("verifier", "the offline verifier's own environment", digest(pins / "base.txt", here),
             python.VERIFIER / "bin" / "python", partial(python.make_environment, python.VERIFIER, "base.txt")),
        Step("node", "Node.js (61 MB unless the system's is new enough)", digest(pins / "node.txt"), node.NODE,
             node.install_node),
        *(_npm_step(ROOT / name, size) for name, size in NPM_FOLDERS.items()
          if (ROOT / name / "package-lock.json").exists()),
        _contracts_step(),
        _second_verifier_step(),
    ]  # fmt: skip


def _npm_step(folder: Path, size: int) -> Step:
    key = digest(folder / "package.json", folder / "package-lock.json")
    title = f"npm packages of {folder.name} (about {size} MB)"
    return Step(f"npm-{folder.name}", title, key, folder / "node_modules", partial(node.install_packages, folder))


def _contracts_step() -> Step:
    sources = sorted((ROOT / "contracts").rglob("*"))
    key = digest(*sources, ROOT / "hardhat-devnet" / "package-lock.json", *sorted((ROOT / "chain").glob("*.py")))
    command: list[str | Path] = [
        python.VENV / "bin" / "python",
        "-c",
        "from chain.artifacts import compile_contracts as c; c()",
    ]
    run = partial(call, command, env={"PYTHONPATH": str(ROOT)})
    return Step("contracts", "compile the contracts", key, TOOLS / "artifacts", run)


def _second_verifier_step() -> Step:
    folder = ROOT / "console"
    sources = sorted([*folder.glob("*.ts"), *folder.glob("*.json"), *folder.glob("verifier/**/*.ts")])
    build = partial(call, [node.NODE, folder / "node_modules" / "typescript" / "bin" / "tsc", "--build", folder])
    return Step("console", "build the second verifier", digest(*sources), folder / "dist" / "cli.js", build)


def main() -> int:
    """Exit status: 0 ready, 1 a step failed (said why), 130 interrupted."""
    os.chdir(ROOT)
    TOOLS.mkdir(exist_ok=True)
    try:
        with (TOOLS / "setup.lock").open("w") as lock:
            _take(lock)
            return _run_all()
    except SetupError as error:
        fail(str(error))
        return 1
    except KeyboardInterrupt:
        fail("interrupted; the next make goes on from here.")
        return 130


def _take(lock: IO[str]) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("regseal set-up: another set-up is running here, waiting for it …")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _run_all() -> int:
    plan = steps()
    began = time.monotonic()
    todo = [(number, step) for number, step in enumerate(plan, 1) if not step.done()]
    for number, step in todo:
        say(f"[{number}/{len(plan)}] {step.title}")
        step.complete()
    if todo:
        say(f"regseal set-up is complete after {time.monotonic() - began:.0f} s; from now on no network is needed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
