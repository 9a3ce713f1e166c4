"""How long the sample installation takes to start: first with everything to make, then again."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import Figure, compared
from samples.demo.stage import ROOT, own_environment


def run() -> Iterator[Figure]:
    """Seconds until the start-up says that it is ready; the target is the second start's."""
    with tempfile.TemporaryDirectory() as folder:
        var = Path(folder) / "var"
        first = Figure("first start, with sample parties", _start(var), "s")
        yield first
        again = Figure("second start", _start(var), "s", target=Decimal(10))
        yield compared(again, first)


def _start(var: Path) -> Decimal:
    began = time.monotonic()
    process = subprocess.Popen(
        ["./regseal", "up", "--sample", "--var", str(var)], cwd=ROOT, env=own_environment(), text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        for line in process.stdout or ():
            if line.startswith("ready after"):
                return Decimal(round(time.monotonic() - began, 2)).quantize(Decimal("0.01"))
    finally:
        process.terminate()
        process.wait(90)
    raise RuntimeError("the sample installation did not start; see regseal doctor")
