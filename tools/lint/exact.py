"""exact: units, money and ratios are integers or Decimal, never float.

By name everywhere, and without looking at names where such values live: rules, models, schemas.
"""

import ast
import re
from collections.abc import Iterator

from tools.lint.source import Finding, Source

_MODULES = ("rules.py", "models.py", "schemas.py")
_QUANTITY = re.compile(
    r"(^|_)(units?|shares?|holdings?|holders?|price|amount|money|yuan|fen|capital|ratio|percent(age)?|balance|quantity"
    r"|gas|fees?|wei|encumbered|pledged|frozen)(_|$)"
)


def check(source: Source) -> Iterator[Finding]:
    """Annotations, conversions, literals and true division."""
    if not source.product:
        return
    strict = source.name in _MODULES
    for node in source.nodes:
        complaint = _complaint(node, strict=strict)
        if complaint is not None:
            yield source.finding("exact", node, complaint)
    for node, imported in source.imports():
        if strict and imported in {"sqlalchemy.Float", "sqlalchemy.REAL", "sqlalchemy.Double"}:
            yield source.finding("exact", node, "no float columns")


def _complaint(node: ast.AST, *, strict: bool) -> str | None:
    """What is inexact about one node; ``strict`` needs no telling name."""
    name = _annotated_float(node)
    if name is not None and (strict or _QUANTITY.search(name)):
        return f"`{name}` is a float; use int or Decimal"
    match node:
        case ast.Call(func=ast.Name(id="float"), args=arguments) if strict or any(map(_names_quantity, arguments)):
            return "float() loses digits here; use int or Decimal"
        case ast.BinOp(left=left, op=ast.Div(), right=right) if _names_quantity(left) or _names_quantity(right):
            return "true division makes a float; use //, divmod or Decimal"
        case ast.Constant(value=float() as value) if strict:
            return f"{value} is a float; use int or Decimal"
    return None


def _annotated_float(node: ast.AST) -> str | None:
    """The name that this node declares to be a float."""
    if isinstance(node, ast.arg):
        name, annotation = node.arg, node.annotation
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name | ast.Attribute):
        name = node.target.id if isinstance(node.target, ast.Name) else node.target.attr
        annotation = node.annotation
    elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        name, annotation = node.name, node.returns
    else:
        return None
    mentioned = {part.id for part in ast.walk(annotation) if isinstance(part, ast.Name)} if annotation else set()
    return name if "float" in mentioned else None


def _names_quantity(node: ast.AST) -> bool:
    """Whether the expression itself is called like a quantity: a name, an attribute, a call of one."""
    if isinstance(node, ast.Call):
        return _names_quantity(node.func)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return bool(_QUANTITY.search(name))
