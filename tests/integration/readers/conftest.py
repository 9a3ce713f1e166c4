import subprocess
from pathlib import Path

import pytest

from tests.integration.chain.conftest import new_anvil, new_client
from tests.waiting import alone

__all__ = ["new_anvil", "new_client", "node"]

ROOT = Path(__file__).parents[3]
NODE = ROOT / ".tools" / "node" / "bin" / "node"


@pytest.fixture(scope="session")
def node() -> Path:
    """The project's Node, with the second verifier built."""
    compiler = ROOT / "console" / "node_modules" / "typescript" / "bin" / "tsc"
    with alone("console"):
        subprocess.run([NODE, compiler, "--build", ROOT / "console"], check=True)
    return NODE
