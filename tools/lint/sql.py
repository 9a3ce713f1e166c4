"""sql: statements are built and run in repository.py only (and in migrations and the database module's own pragmas)."""

import ast
import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source

_OWNERS = ("migrations", "services/platform/database.py")
_BUILDERS = {"select", "insert", "update", "delete", "text", "exists", "union", "union_all", "literal_column"}
_DIALECTS = ("sqlalchemy.dialects.sqlite.insert", "sqlalchemy.dialects.postgresql.insert")
_METHODS = {"execute", "executemany", "exec_driver_sql", "scalar", "scalars"}
_STATEMENT = re.compile(
    r"\s*(select|insert\s+into|update|delete\s+from|create\s+table|alter\s+table|drop|pragma|with)\s", re.IGNORECASE
)


def check(source: Source) -> Iterator[Finding]:
    """Imports of statement builders, and literal statements handed to a connection."""
    if not source.product or source.under(*_OWNERS) or source.name.endswith("repository.py"):
        return
    for node, name in source.imports():
        module, _, builder = name.rpartition(".")
        if name in _DIALECTS or (builder in _BUILDERS and module in {"sqlalchemy", "sqlalchemy.orm", "sqlalchemy.sql"}):
            yield source.finding("sql", node, f"{builder} belongs in repository.py")
    for call, name in source.calls():
        module, _, method = name.rpartition(".")
        if module in {"sqlalchemy", "sa"} and method in _BUILDERS:
            yield source.finding("sql", call, f"{name} belongs in repository.py")
        if method in _METHODS and call.args and _is_statement(call.args[0]):
            yield source.finding("sql", call, "a literal statement belongs in repository.py")


def _is_statement(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr) and node.values:
        node = node.values[0]
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(_STATEMENT.match(node.value))
