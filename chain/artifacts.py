"""Compiled contracts, cached under the hash of everything that went into them.

A cache folder appears whole or not at all, so an interrupted compilation is simply made again.
"""

import contextlib
import fcntl
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.compile import PROJECT, compile_input, find_compiler, standard_input
from chain.errors import CompileError
from chain.proof.canonical import canonical
from chain.proof.hashing import sha256

__all__ = ["Artifact", "compile_contracts", "load", "load_all"]

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract. ``creation`` is what a deployment sends before its encoded arguments.

    ``runtime`` has zeros where immutables go (``immutables``: offset and length of each), so a deployed contract's
    code hash is that of what the chain stores, not of these bytes.
    """

    name: str
    source: str
    abi: tuple[dict[str, Any], ...]
    creation: bytes
    runtime: bytes
    immutables: tuple[tuple[int, int], ...]


def load(name: str, project: Path = PROJECT) -> Artifact:
    """The contract of this name, compiled if need be. Raises CompileError."""
    file = compile_contracts(project) / f"{name}.json"
    try:
        return _parse(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise CompileError(f"there is no contract {name}") from error


def load_all(project: Path = PROJECT) -> dict[str, Artifact]:
    """All own contracts and interfaces by name."""
    files = sorted(compile_contracts(project).glob("*.json"))
    return {file.stem: _parse(file.read_text("utf-8")) for file in files}


def compile_contracts(project: Path = PROJECT) -> Path:
    """The folder with one JSON file per contract; compiles (about 5 s) when the sources or the compiler are new."""
    standard = standard_input(project)
    compiler = find_compiler(project)
    key = sha256(canonical([_FORMAT, compiler.version, standard])).hex()
    folder = project / ".tools" / "artifacts" / key
    if folder.is_dir():
        return folder
    with _only_one(folder.parent):
        if not folder.is_dir():
            _publish(folder, compile_input(compiler, standard))
    return folder


@contextlib.contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two processes that start together compile once."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for abandoned in folder.glob(".new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        yield


def _publish(folder: Path, output: dict[str, Any]) -> None:
    temporary = folder.with_name(f".new-{secrets.token_hex(8)}")
    temporary.mkdir()
    for unit, contracts in output["contracts"].items():
        for name, compiled in contracts.items():
            file = temporary / f"{name}.json"
            if file.exists():
                raise CompileError(f"two contracts are called {name}")
            file.write_text(json.dumps(_record(unit, name, compiled), indent=1), "utf-8")
    temporary.rename(folder)


def _record(unit: str, name: str, compiled: dict[str, Any]) -> dict[str, Any]:
    deployed = compiled["evm"]["deployedBytecode"]
    places = [place for places in deployed.get("immutableReferences", {}).values() for place in places]
    return {
        "name": name,
        "source": unit.removeprefix("project/"),
        "abi": compiled["abi"],
        "creation": compiled["evm"]["bytecode"]["object"],
        "runtime": deployed["object"],
        "immutables": sorted([place["start"], place["length"]] for place in places),
    }


def _parse(text: str) -> Artifact:
    value = json.loads(text)
    return Artifact(
        name=value["name"],
        source=value["source"],
        abi=tuple(value["abi"]),
        creation=bytes.fromhex(value["creation"]),
        runtime=bytes.fromhex(value["runtime"]),
        immutables=tuple((start, length) for start, length in value["immutables"]),
    )
