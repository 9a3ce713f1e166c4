import json
import os
import shutil
import stat
from pathlib import Path
from typing import Any

import pytest

from chain import artifacts
from chain.artifacts import compile_contracts, load
from chain.compile import find_compiler, find_node, standard_input
from chain.errors import CompileError
from chain.project import PROJECT

SOURCE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
/* import "./Nowhere.sol"; */
// import "./NowhereElse.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import "./sub/Base.sol";
contract Greeting is Base {
    function text(uint256 n) external pure returns (string memory) { return Strings.toString(n + BASE); }
}
"""
BASE = """// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;
contract Base { uint256 internal constant BASE = 7; }
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project in a folder with spaces and Chinese characters, sharing the installed packages."""
    root = tmp_path / "股权 登记's $HOME"
    (root / "contracts" / "sub").mkdir(parents=True)
    (root / "contracts" / "Greeting.sol").write_text(SOURCE, "utf-8")
    (root / "contracts" / "sub" / "Base.sol").write_text(BASE, "utf-8")
    shutil.copy(PROJECT / "contracts" / "compiler.json", root / "contracts")
    shutil.copytree(PROJECT / "chain" / "solc", root / "chain" / "solc")
    (root / "hardhat-devnet").mkdir()
    (root / "hardhat-devnet" / "node_modules").symlink_to(PROJECT / "hardhat-devnet" / "node_modules")
    return root


def test_sources_have_the_names_hardhat_gives_them(project: Path) -> None:
    made = standard_input(project)
    own = [unit for unit in made["sources"] if unit.startswith("project/")]
    assert own == ["project/contracts/Greeting.sol", "project/contracts/sub/Base.sol"]
    version = json.loads((PROJECT / "hardhat-devnet/node_modules/@openzeppelin/contracts/package.json").read_text())[
        "version"
    ]
    assert f"npm/@openzeppelin/contracts@{version}/utils/Strings.sol" in made["sources"]
    assert f"npm/@openzeppelin/contracts@{version}/utils/math/Math.sol" in made["sources"]
    assert made["settings"]["remappings"] == [
        f"project/:@openzeppelin/contracts/=npm/@openzeppelin/contracts@{version}/"
    ]
    assert str(project) not in json.dumps(made, ensure_ascii=False)


def test_a_path_with_spaces_and_chinese_compiles_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load("Greeting", project)
    assert first.creation
    assert [entry["name"] for entry in first.abi] == ["text"]

    def refuse(*_: Any) -> None:
        raise AssertionError("compiled again")

    with monkeypatch.context() as patched:
        patched.setattr(artifacts, "compile_input", refuse)
        assert load("Greeting", project) == first
    (project / "contracts" / "sub" / "Base.sol").write_text(BASE.replace("7", "8"), "utf-8")
    assert load("Greeting", project).creation != first.creation


def test_an_interrupted_compilation_leaves_nothing_and_is_made_again(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:

        def interrupt(*_: Any) -> None:
            raise KeyboardInterrupt

        patched.setattr(artifacts, "_record", interrupt)
        with pytest.raises(KeyboardInterrupt):
            compile_contracts(project)
    cache = project / ".tools" / "artifacts"
    assert [entry.name for entry in cache.iterdir() if not entry.name.startswith(".new-") and entry.is_dir()] == []
    folder = compile_contracts(project)
    assert [entry.name for entry in cache.iterdir() if entry.is_dir()] == [folder.name]


def test_what_the_compiler_says_is_told(project: Path) -> None:
    (project / "contracts" / "Greeting.sol").write_text(SOURCE.replace("returns (string", "returns (strin"), "utf-8")
    with pytest.raises(CompileError, match="DeclarationError"):
        compile_contracts(project)


def test_missing_things_are_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "contracts" / "sub" / "Base.sol").rename(project / "contracts" / "sub" / "Other.sol")
    with pytest.raises(CompileError, match=r"project/contracts/sub/Base\.sol is imported and missing"):
        standard_input(project)
    (project / "contracts" / "Greeting.sol").write_text('import "@nobody/nothing/A.sol";', "utf-8")
    with pytest.raises(CompileError, match="@nobody/nothing is not installed"):
        standard_input(project)
    (project / "hardhat-devnet" / "node_modules").unlink()
    with pytest.raises(CompileError, match="npm's solc is not in"):
        find_compiler(project)
    monkeypatch.setenv("REGSEAL_NODE", "/nowhere/node")
    with pytest.raises(CompileError, match="REGSEAL_NODE"):
        find_node(project)


def test_a_contract_that_is_not_there_is_named(project: Path) -> None:
    with pytest.raises(CompileError, match="there is no contract Nobody"):
        load("Nobody", project)


def native(folder: Path, body: str) -> str:
    """Some executable in the place of a native compiler."""
    file = folder / "native solc"
    file.write_text(f"#!/bin/sh\n{body}\n", "utf-8")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


def test_a_native_compiler_is_used_where_one_is_named(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    through_npm = load("Greeting", project)
    shim = find_compiler(project).binary
    log = tmp_path / "calls"
    monkeypatch.setenv("REGSEAL_SOLC", native(tmp_path, f'echo "$1" >> "{log}"\nexec "{_quoted(shim)}" "$@"'))
    shutil.rmtree(project / ".tools" / "artifacts")
    assert load("Greeting", project) == through_npm
    assert "--standard-json" in log.read_text()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("echo 'Version: 0.8.20+commit.a1b79de6.Linux.g++'", "pinned to solc"),
        ("echo hello", "does not run"),
        ("exit 3", "does not run"),
    ],
)
def test_another_or_a_broken_compiler_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str, words: str
) -> None:
    monkeypatch.setenv("REGSEAL_SOLC", native(tmp_path, body))
    with pytest.raises(CompileError, match=words):
        compile_contracts(project)


def test_node_is_looked_for_in_order(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = project / ".tools" / "node" / "bin" / "node"
    installed.parent.mkdir(parents=True)
    installed.symlink_to("/bin/true")
    assert find_node(project) == installed
    mine = tmp_path / "my node"
    mine.symlink_to("/bin/true")
    monkeypatch.setenv("REGSEAL_NODE", str(mine))
    assert find_node(project) == mine
    assert os.access(mine, os.X_OK)


def _quoted(path: Path) -> str:
    return str(path).replace("$", "\\$")
