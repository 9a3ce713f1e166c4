"""clock: one clock, injected. Nobody else asks the machine for the time (intervals by time.monotonic are fine)."""

import ast
from collections.abc import Iterator

from tools.lint.source import Finding, Source, dotted

OWNERS = ("services/platform/clock.py", "chain/party/clock.py")
_ASKING = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.ctime",
}  # fmt: skip
_ASKING_WITHOUT_ARGUMENT = {"time.gmtime", "time.localtime"}
_ADVICE = "{} is the machine's clock; take a Clock (or `now`) as a parameter"
_IMPORTED = {f"time.{name}" for name in ("time", "time_ns", "ctime")}


def check(source: Source) -> Iterator[Finding]:
    """Calls and references such as `datetime.now`, however the module was imported."""
    if not source.python or source.under(*OWNERS):
        return
    for node, name in source.imports():
        if name in _IMPORTED:
            yield source.finding("clock", node, _ADVICE.format(name))
    for line, name in _references(source):
        yield source.finding("clock", line, _ADVICE.format(name))


def _references(source: Source) -> Iterator[tuple[int, str]]:
    for node in source.nodes:
        if isinstance(node, ast.Attribute):
            name = ".".join(dotted(node).split(".")[-2:])
            if name in _ASKING:
                yield node.lineno, name
        elif isinstance(node, ast.Call) and not node.args and not node.keywords:
            name = dotted(node.func)
            if name in _ASKING_WITHOUT_ARGUMENT:
                yield node.lineno, name
