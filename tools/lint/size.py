"""size: files of at most 400 lines, functions of at most 60. A longer one says why: `# long: <reason>`."""

import ast
import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source

FILE_LINES = 400
FUNCTION_LINES = 60
_CODE = (".py", ".sol", ".ts", ".tsx", ".js", ".mjs", ".sh")
_REASON = re.compile(r"(#|//) long: \S+")


def check(source: Source) -> Iterator[Finding]:
    """A file's reason stands in its first ten lines, a function's in its head or on the line above it."""
    if not source.path.endswith(_CODE):
        return
    if len(source.lines) > FILE_LINES and not any(_REASON.search(line) for line in source.lines[:10]):
        yield source.finding("size", FILE_LINES + 1, f"{len(source.lines)} lines, at most {FILE_LINES}")
    if not source.python:
        return
    for node in source.nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.end_lineno is None:
            continue
        length = node.end_lineno - node.lineno + 1
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        head = source.lines[max(first - 2, 0) : node.body[0].lineno]
        if length > FUNCTION_LINES and not any(_REASON.search(line) for line in head):
            yield source.finding("size", node, f"{node.name} has {length} lines, at most {FUNCTION_LINES}")
