"""cursor: event cursors move in exactly one module, so that an event is handled once and none is passed over."""

import ast
from collections.abc import Iterator

from tools.lint.source import Finding, Source

OWNER = "services/transactions/cursor.py"
COLUMNS = {"handled_block", "handled_hash", "scanned_block"}


def check(source: Source) -> Iterator[Finding]:
    """Writes of a cursor's columns: attribute assignment, keyword or mapping in a call, setattr."""
    if not source.product or source.path == OWNER or source.under("migrations"):
        return
    for node in source.nodes:
        for column in _written(node):
            yield source.finding("cursor", node, f"{column} moves only in {OWNER}")


def _written(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr in COLUMNS:
        yield node.attr
    elif isinstance(node, ast.keyword) and node.arg in COLUMNS:
        yield node.arg
    elif isinstance(node, ast.Dict):
        yield from (key.value for key in node.keys if isinstance(key, ast.Constant) and key.value in COLUMNS)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr":
        names = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        yield from (name for name in names if name in COLUMNS)
