"""Files as the lints see them."""

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

PRODUCT = ("api", "chain", "cli", "migrations", "services")


@dataclass(frozen=True)
class Finding:
    """What a lint has to say about one line."""

    path: str
    line: int
    lint: str
    message: str

    def __str__(self) -> str:
        """The form editors and terminals make clickable."""
        return f"{self.path}:{self.line}: {self.lint}: {self.message}"


@dataclass(frozen=True)
class Source:
    """One file: its path relative to the project with forward slashes, and its text."""

    path: str
    text: str

    @property
    def python(self) -> bool:
        """Whether it is Python."""
        return self.path.endswith(".py")

    @property
    def product(self) -> bool:
        """Whether it is Python of the product (not of tests, tools, samples or benchmarks)."""
        return self.python and self.path.split("/")[0] in PRODUCT

    @property
    def name(self) -> str:
        """The file's name without its folders."""
        return PurePosixPath(self.path).name

    def under(self, *folders: str) -> bool:
        """Whether it lies in one of these folders, or is one of these files."""
        return any(self.path == folder or self.path.startswith(f"{folder}/") for folder in folders)

    @cached_property
    def lines(self) -> list[str]:
        """Its lines without line ends."""
        return self.text.splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax tree (Python only)."""
        return ast.parse(self.text, self.path)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        """Every node of the tree."""
        return list(ast.walk(self.tree))

    def finding(self, lint: str, node: ast.AST | int, message: str) -> Finding:
        """A finding at a node or a line number."""
        line = node if isinstance(node, int) else getattr(node, "lineno", 1)
        return Finding(self.path, line, lint, message)

    def imports(self) -> Iterator[tuple[ast.AST, str]]:
        """Absolute dotted names of everything imported: `from a import b` gives a.b."""
        for node in self.nodes:
            if isinstance(node, ast.Import):
                yield from ((node, alias.name) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield from ((node, f"{node.module}.{alias.name}") for alias in node.names)

    def calls(self) -> Iterator[tuple[ast.Call, str]]:
        """Every call with the dotted name of what is called."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield node, dotted(node.func)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of attributes; a part that is not a name becomes `()`."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "()"


def read_project(root: Path) -> Iterator[Source]:
    """Every text file that git tracks or would track, symbolic links aside."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode()
    for name in sorted(set(listing.split("\0")) - {""}):
        path = root / name
        if not path.is_file() or path.is_symlink() or path.resolve() != path.absolute():
            continue
        try:
            yield Source(name, path.read_text("utf-8"))
        except UnicodeDecodeError:
            continue
