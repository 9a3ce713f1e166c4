"""`python -m tools.lint.run`: every static check, all of them even when one fails, with the time each took."""

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("api", "benchmarks", "chain", "cli", "migrations", "samples", "services", "tests", "tools")
_IMPORT_LINTER = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"


def checks() -> dict[str, list[str]]:
    """Name of each check and the Python arguments that run it."""
    folders = [name for name in CODE if (ROOT / name).is_dir()]
    return {
        "style": ["-m", "ruff", "check", "--no-fix", "."],
        "format": ["-m", "ruff", "format", "--check", "."],
        "types": ["-m", "mypy", *folders],
        "import contracts": ["-c", _IMPORT_LINTER],
        "house rules": ["-m", "tools.lint"],
    }


def main() -> int:
    """Exit status: 0 all clean, 1 something was found."""
    failed = []
    for name, arguments in checks().items():
        began = time.monotonic()
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )
        verdict = "ok" if done.returncode == 0 else "FAILED"
        print(f"lint: {name:<17} {verdict:<7} {time.monotonic() - began:5.1f} s", flush=True)
        if done.returncode:
            failed.append(name)
            print(done.stdout, flush=True)
    if failed:
        print(f"lint failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
