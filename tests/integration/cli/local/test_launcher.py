"""`./regseal` and the base install: usable from anywhere, and a verifier without the service's packages."""

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[4]
VERIFIER = ROOT / ".tools" / "verifier" / "bin" / "python"


def run(command: list[str | Path], cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {"PATH": os.defpath, "LANG": "C.UTF-8", **environment}
    return subprocess.run(command, cwd=cwd, env=base, capture_output=True, text=True, check=False)


def test_launcher_works_from_a_folder_with_a_cli_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "cli").mkdir()
    (tmp_path / "cli" / "__init__.py").write_text("raise SystemExit('the wrong cli')")
    done = run([ROOT / "regseal", "--help"], tmp_path)
    assert done.returncode == 0, done.stderr
    assert "verify" in done.stdout


def test_launcher_works_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "rs"
    link.symlink_to(ROOT / "regseal")
    assert run([link, "verify", "--help"], tmp_path).returncode == 0


def test_base_environment_holds_no_package_of_the_service() -> None:
    code = (
        "import importlib.util as u; print([n for n in ('web3', 'sqlalchemy', 'fastapi', 'httpx') if u.find_spec(n)])"
    )
    assert run([VERIFIER, "-c", code], ROOT).stdout.strip() == "[]"


def test_base_environment_runs_the_verifier(tmp_path: Path) -> None:
    done = run([VERIFIER, "-P", "-m", "cli", "verify", "--help"], tmp_path, PYTHONPATH=str(ROOT))
    assert done.returncode == 0, done.stderr
    assert "--trust" in done.stdout


def test_base_environment_signs_and_makes_keys(tmp_path: Path) -> None:
    environment = {"PYTHONPATH": str(ROOT), "REGSEAL_PASSPHRASE": "correct horse"}
    command: list[str | Path] = [VERIFIER, "-P", "-m", "cli", "keys", "new", "note", "k.pem", "--name", "x.example"]
    done = run([*command, "--json"], tmp_path, **environment)
    assert done.returncode == 0, done.stderr
    assert '"vkey"' in done.stdout
