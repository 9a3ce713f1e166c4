"""An examination that is killed leaves no process behind that holds the database open."""

import os
import subprocess
import sys
from pathlib import Path

from tests.waiting import until

PROGRAM = """
import os, sys
from pathlib import Path
from services.evidence.fsck import pool
from services.platform.atrest import Vault

if __name__ == "__main__":
    home = Path(sys.argv[1])
    Vault.create(home / "master.key")
    with pool.workers((f"sqlite:///{home / 'regseal.sqlite'}", home / "master.key"), 1, apart=True) as made:
        made._others.submit(pool._ready).result()
        print(*made._others._processes, flush=True)
        os.kill(os.getpid(), 9)
"""


def ended(pid: int) -> bool:
    """Whether it is gone, or only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_the_others_end_with_who_started_them(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, "utf-8")
    told, root = tmp_path / "told", Path(__file__).parents[5]
    with told.open("wb") as out:
        environment = {**os.environ, "PYTHONPATH": str(root)}
        subprocess.run([sys.executable, program, tmp_path], stdout=out, env=environment, timeout=120, check=False)
    (pid,) = map(int, told.read_text("ascii").split())
    until(lambda: ended(pid))
