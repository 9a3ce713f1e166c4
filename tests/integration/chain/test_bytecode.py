"""py-solc-x, which we deploy with, and Hardhat, which the Solidity tests run on, must make the same bytecode."""

import json
import os
import subprocess
from pathlib import Path

from chain.artifacts import load_all
from chain.compile import PROJECT, find_node


def hardhat_bytecode(project: Path) -> dict[str, str]:
    """Creation bytecode by contract, as Hardhat compiles it."""
    finished = subprocess.run(
        [find_node(project), "scripts/bytecode.js"],
        cwd=project / "hardhat-devnet",
        env={**os.environ, "HARDHAT_DISABLE_TELEMETRY": "true"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert finished.returncode == 0, finished.stderr
    bytecode: dict[str, str] = json.loads(finished.stdout)
    return bytecode


def test_both_compilers_make_the_same_creation_bytecode() -> None:
    ours = {name: "0x" + artifact.creation.hex() for name, artifact in load_all().items() if artifact.creation}
    theirs = hardhat_bytecode(PROJECT)
    assert {"InstitutionRegistry", "EvidenceLog"} <= ours.keys()
    assert {name: len(code) for name, code in ours.items()} == {name: len(code) for name, code in theirs.items()}
    assert ours == theirs
