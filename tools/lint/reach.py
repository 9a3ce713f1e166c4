"""reach: what an auditor must read stays small: chain.proof and chain.party import a short list, the former is pure."""

import sys
from collections.abc import Iterator

from tools.lint.source import Finding, Source

_LIBRARIES = {"cryptography", "Crypto", "rlp", "coincurve"}
_OWN = {"chain/proof": ("chain.proof",), "chain/party": ("chain.proof", "chain.party")}
_IMPURE = {
    "asyncio", "http", "io", "logging", "multiprocessing", "os", "pathlib", "random", "secrets", "shutil", "signal",
    "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib",
}  # fmt: skip
_IMPURE_CALLS = {"open", "print", "input", "exec", "eval", "__import__"}


def check(source: Source) -> Iterator[Finding]:
    """Imports beyond the list, and input or output in chain.proof."""
    for folder, own in _OWN.items():
        if not (source.python and source.under(folder)):
            continue
        for node, name in source.imports():
            top = name.split(".")[0]
            known = top in _LIBRARIES or top in sys.stdlib_module_names
            if not (known or any(name == mine or name.startswith(f"{mine}.") for mine in own)):
                yield source.finding("reach", node, f"{name} is not on the short list of {folder}")
    if source.python and source.under("chain/proof"):
        for node, name in source.imports():
            if name.split(".")[0] in _IMPURE:
                yield source.finding("reach", node, f"{name}: chain.proof is pure, no input or output")
        for call, name in source.calls():
            if name in _IMPURE_CALLS:
                yield source.finding("reach", call, f"{name}(): chain.proof is pure, no input or output")
