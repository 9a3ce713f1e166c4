"""The Python side: uv by hash, two environments (everything; the verifier alone), all from hash-pinned files.

uv does not read pip's configuration, so the index, mirror, certificate or proxy this machine gives pip are handed on.
"""

import ast
import os
import sys
from functools import cache
from pathlib import Path

from tools.bootstrap.step import ROOT, TOOLS, SetupError, ask, call

REQUIREMENTS = ROOT / "requirements"
VENV = ROOT / ".venv"
VERIFIER = TOOLS / "verifier"
UV = TOOLS / "uv" / "bin" / "uv"

# pip's setting -> uv's variable
_HANDED_ON = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
    "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}
_COMMA_SEPARATED = {"UV_FIND_LINKS"}


def install_uv() -> None:
    """uv from the package index, checked against the pinned hashes."""
    call([*_pip(), "install", "--disable-pip-version-check", "--root-user-action=ignore", "--no-deps",
          "--require-hashes", "--upgrade", "--target", TOOLS / "uv", "-r", REQUIREMENTS / "uv.txt"])  # fmt: skip


def make_environment(folder: Path, requirements: str) -> None:
    """Bring the virtual environment ``folder`` to exactly the pinned ``requirements`` file."""
    python = folder / "bin" / "python"
    if ask([python, "-c", "import sys; assert sys.version_info >= (3, 11) and sys.prefix != sys.base_prefix"]) is None:
        call([sys.executable, "-m", "venv", "--clear", "--without-pip", folder])
    call([UV, "pip", "sync", "--require-hashes", "--compile-bytecode", "--python", python,
          REQUIREMENTS / requirements], env=uv_environment())  # fmt: skip


def install_beside(folder: Path, requirements: str) -> None:
    """Unpack pinned packages into ``folder``, outside every environment."""
    call([UV, "pip", "install", "--require-hashes", "--python", sys.executable, "--target", folder,
          "-r", REQUIREMENTS / requirements], env=uv_environment())  # fmt: skip


@cache
def uv_environment() -> dict[str, str]:
    """Variables that make uv behave as this machine's pip does; what the user set for uv itself wins."""
    env = {"UV_PYTHON_DOWNLOADS": "never", "UV_SYSTEM_CERTS": "1", "UV_INDEX_STRATEGY": "unsafe-best-match"}
    for setting, value in _pip_settings().items():
        name = _HANDED_ON.get(setting)
        if name is not None:
            env[name] = ",".join(value.split()) if name in _COMMA_SEPARATED else value
    chosen_for_uv = {name: value for name, value in os.environ.items() if name in env}
    return env | chosen_for_uv


def _pip_settings() -> dict[str, str]:
    """pip's effective configuration, lines ``section.name='value'``: install beats global, the environment both."""
    order = {"global": 0, "install": 1, ":env:": 2}
    found: list[tuple[int, str, str]] = []
    for line in (ask([*_pip(), "config", "list"]) or "").splitlines():
        name, _, value = line.partition("=")
        section, _, setting = name.partition(".")
        if section in order and value:
            found.append((order[section], setting, str(ast.literal_eval(value))))
    return {setting: value for _, setting, value in sorted(found)}


@cache
def _pip() -> tuple[str | Path, ...]:
    """A pip to start from: this Python's own, else one from ensurepip in an environment of its own."""
    own = (sys.executable, "-m", "pip")
    if ask([*own, "--version"]) is not None:
        return own
    helper = TOOLS / "pip"
    python = helper / "bin" / "python"
    if ask([python, "-m", "pip", "--version"]) is None:
        try:
            call([sys.executable, "-m", "venv", "--clear", helper])
        except SetupError as error:
            raise SetupError(f"{error}\n  On Debian or Ubuntu:  sudo apt-get install python3-venv") from None
    return (python, "-m", "pip")
