"""hosts: no file names a package registry, so that any mirror serves; installers ask the machine's own settings."""

from collections.abc import Iterator

from tools.lint.source import Finding, Source

# in pieces, or this file would find itself
_HOSTS = tuple(
    ".".join(pieces)
    for pieces in (
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"), ("yarnpkg", "com"),
        ("proxy", "golang", "org"), ("crates", "io"), ("npmmirror", "com"), ("binaries", "soliditylang", "org"),
    )
)  # fmt: skip


def check(source: Source) -> Iterator[Finding]:
    """Any mention, in locks and documents too."""
    for number, line in enumerate(source.lines, 1):
        for host in _HOSTS:
            if host in line:
                yield source.finding("hosts", number, f"names the registry {host}")
