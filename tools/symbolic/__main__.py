"""`python -m tools.symbolic [halmos options]`: set halmos and forge up, once, and prove hardhat-devnet/symbolic."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from tools.bootstrap import node, python
from tools.bootstrap.step import ROOT, TOOLS, SetupError, Step, digest, fail, say

HERE = Path(__file__).parent
VENV = TOOLS / "symbolic"
PROJECT = ROOT / "hardhat-devnet"
BUILD = TOOLS / "symbolic-build" / "out"
# loops over data are unrolled so far; more than any lot, list or tree of these tests has
UNROLLED = 64


def steps() -> list[Step]:
    """halmos from its own pinned file, forge from its own lock: what the service needs stays as it is without them."""
    pins = python.REQUIREMENTS / "symbolic.txt"
    lock = digest(HERE / "package.json", HERE / "package-lock.json")
    return [
        Step("symbolic", "halmos (about 60 MB)", digest(pins), VENV / "bin" / "halmos",
             partial(python.make_environment, VENV, pins.name)),
        Step("npm-symbolic", "forge (about 25 MB)", lock, HERE / "node_modules", partial(node.install_packages, HERE)),
    ]  # fmt: skip


def main(options: list[str]) -> int:
    """Exit status of halmos: 0 when every property holds."""
    for step in steps():
        if step.done():
            continue
        say(step.title)
        try:
            step.complete()
        except SetupError as error:
            fail(str(error))
            return 1
    forge = next((HERE / "node_modules" / "@foundry-rs").glob("forge-*/bin"), None)
    if forge is None:
        fail("npm has no forge for this machine: symbolic tests run on Linux, macOS and Windows, x86-64 or ARM.")
        return 1
    command = [VENV / "bin" / "halmos", "--root", PROJECT, "--forge-build-out", os.path.relpath(BUILD, PROJECT)]
    path = f"{forge}{os.pathsep}{VENV / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    arguments = [*map(str, command), "--loop", str(UNROLLED), *options]
    return subprocess.run(arguments, cwd=PROJECT, env={**os.environ, "PATH": path}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
