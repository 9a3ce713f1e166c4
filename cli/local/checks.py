"""What `regseal doctor` looks at: each check names the missing piece and the fix."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from chain.party.errors import PartyError
from chain.party.keystore import EvmKey, passphrase_for
from cli.local.layout import PROJECT, Layout, shown
from cli.local.ports import is_free

LEAST_DISK = 2_000_000_000
OLDEST_NODE = (22, 13)


class Level(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Check:
    """One finding; `fix` is a command or a sentence, empty when all is well."""

    name: str
    level: Level
    found: str
    fix: str = ""


def good(name: str, found: str) -> Check:
    """Nothing to do."""
    return Check(name, Level.OK, found)


def bad(name: str, found: str, fix: str) -> Check:
    """Something is missing or wrong."""
    return Check(name, Level.FAIL, found, fix)


def tools(_: Layout) -> Iterator[Check]:
    """Python and its environment, Node, compiler, node binary."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    in_venv = Path(sys.prefix).resolve() == (PROJECT / ".venv").resolve()
    yield good("python", f"{version} in .venv") if in_venv else bad("python", f"{version}, not ours", "make setup")
    yield _node()
    packages = PROJECT / "hardhat-devnet" / "node_modules"
    for name, path in (("compiler", packages / "solc" / "soljson.js"), ("anvil", packages / "@foundry-rs" / "anvil")):
        yield good(name, shown(path)) if path.exists() else bad(name, f"{shown(path)} is missing", "make setup")


def _node() -> Check:
    node = PROJECT / ".tools" / "node" / "bin" / "node"
    try:
        said = subprocess.run(
            [node, "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout.strip()
        version = tuple(int(part) for part in said.removeprefix("v").split(".")[:2])
    except (OSError, subprocess.SubprocessError, ValueError):
        return bad("node", f"{shown(node)} does not run", "make setup")
    return good("node", said) if version >= OLDEST_NODE else bad("node", f"{said} is too old", "make setup")


def disk(layout: Layout) -> Iterator[Check]:
    """Room for logs and chains."""
    place = next(folder for folder in (layout.var, *layout.var.parents) if folder.exists())
    free = shutil.disk_usage(place).free
    text = f"{free // 1_000_000:,} MB free at {shown(place)}"
    yield good("disk", text) if free > LEAST_DISK else bad("disk", text, "free at least 2 GB")


def secrets(layout: Layout) -> Iterator[Check]:
    """Nobody else may read a key, a passphrase or a token."""
    if not layout.gateway.exists():
        yield bad("installation", f"nothing at {shown(layout.gateway)}", "regseal init, or regseal up --sample")
        return
    yield good("installation", shown(layout.gateway))
    exposed = [path for path in _secret_files(layout) if stat.S_IMODE(path.stat().st_mode) & 0o077]
    for path in exposed:
        yield bad("file modes", f"{shown(path)} can be read by others", f"chmod 600 '{path}'")
    if not exposed:
        yield good("file modes", "keys, passphrases and tokens are their owners' alone")


def _secret_files(layout: Layout) -> Iterator[Path]:
    for home in (layout.gateway, *(layout.parties.glob("*") if layout.parties.exists() else ())):
        yield from (
            home / name for name in ("master.key", "passphrase", "token", "bootstrap") if (home / name).exists()
        )
        yield from (path for path in (home / "keys").glob("*") if path.is_file())


def keys(layout: Layout) -> Iterator[Check]:
    """The gateway's key opens, the master key and the heads are there."""
    from services.evidence.heads import read_heads
    from services.platform.atrest import Vault
    from services.platform.errors import StartRefused

    if not layout.settings_file.exists():
        return
    key, heads = layout.gateway / "keys" / "gateway.json", layout.gateway / "heads"
    try:
        EvmKey.load(key, passphrase_for(key, {}))
        Vault(layout.gateway / "master.key")
        read_heads(heads)  # missing ones are the gate's to judge
    except PartyError as error:
        yield bad("keys", str(error), "put keys/ and passphrase back from the safe (docs/operations.md)")
    except StartRefused as error:
        yield bad("keys", error.detail, "put master.key or heads/ back as they were (docs/operations.md)")
    else:
        yield good("keys", "the gateway's key and the master key open")


def ports(layout: Layout) -> Iterator[Check]:
    """Only while nothing runs: who runs holds them."""
    from cli.local.up import PREFERRED, read_state, supervised

    state = read_state(layout)
    if state.get("url"):
        if supervised(layout):
            yield good("ports", f"running at {state['url']} (pid {state.get('pid')})")
        else:
            found = f"regseal up (pid {state.get('pid')}) was killed; nobody restarts what it left running"
            yield bad("up", found, "regseal up (it ends what was left over first), or regseal down")
        return
    for name, port in PREFERRED.items():
        free = is_free(port)
        fix = "" if free else "nothing to do: the next free port is taken, and said"
        yield Check(
            "ports", Level.OK if free else Level.WARN, f"{port} for {name} is {'free' if free else 'busy'}", fix
        )


def settings(layout: Layout) -> Iterator[Check]:
    """The settings file parses and names what is needed."""
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    if not layout.settings_file.exists():
        return
    try:
        loaded = load_settings(layout.gateway)
    except StartRefused as error:
        yield bad("settings", error.detail, f"edit {shown(layout.settings_file)}")
        return
    yield good("settings", f"{len(loaded.chains)} chains, {len(loaded.witnesses)} witnesses")
    if loaded.supervision not in loaded.chains:
        fix = "regseal up adds embedded ones; regseal deploy NAME --endpoint URL --finality RULE adds your own"
        yield Check("chains", Level.WARN, f"no {loaded.supervision} chain yet", fix)
    if not loaded.witnesses or not any(loaded.witness_quorum.values()):
        fix = "a regulator runs `regseal witness init`; `witnesses` and `witness_quorum` in settings.toml name it"
        yield Check("witnesses", Level.WARN, "none needed: receipts rest on this service's word", fix)
    if loaded.market is not None and not loaded.market.checked:
        found = f"{loaded.market.name} is unchecked: whoever writes the database has the gateway sign acts for it"
        yield Check("market", Level.WARN, found, "fixed at deployment: found the next market without --unchecked")


def migrations(layout: Layout) -> Iterator[Check]:
    """The database has this version's tables."""
    from sqlalchemy.exc import SQLAlchemyError

    from cli.local.up import read_state
    from services.platform import migrate
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    if not layout.settings_file.exists() or read_state(layout):
        return  # a running service has refused any other schema
    try:
        settings = load_settings(layout.gateway)
    except StartRefused:  # reported by the check of the settings
        return
    if settings.missing_file is not None:
        fix = "put it back (docs/operations.md, Backup and restore); if there was none yet: regseal up"
        yield bad("database", f"{shown(settings.missing_file)} is missing", fix)
        return
    try:
        present, newest = migrate.current(settings.url), migrate.head()
    except StartRefused as error:
        yield bad("database", error.detail, "regseal down, or correct the settings")
    except SQLAlchemyError as error:
        yield bad("database", f"cannot be opened: {type(error).__name__}", "start it, or correct database_url")
    else:
        if present == newest:
            yield good("database", f"revision {present}")
        else:
            yield bad("database", f"revision {present or 'none'}, this version needs {newest}", "regseal migrate")


def umask_hint(_: Layout) -> Iterator[Check]:
    """The user whom all this belongs to."""
    if os.geteuid() == 0:
        yield Check("user", Level.WARN, "running as root", "a service of its own user is safer")


OFFLINE: tuple[Callable[[Layout], Iterator[Check]], ...] = (
    tools, disk, umask_hint, secrets, keys, settings, migrations, ports,
)  # fmt: skip


def examine(layout: Layout) -> list[Check]:
    """All checks; a check that cannot run is a finding, never a traceback."""
    from cli.local.checks_pieces import pieces
    from cli.local.checks_running import RUNNING

    found: list[Check] = []
    for check in (*OFFLINE, pieces, *RUNNING):
        try:
            found.extend(check(layout))
        except Exception as error:  # noqa: BLE001 - the point of a doctor is to survive what it finds
            found.append(
                bad(check.__name__, f"{type(error).__name__}: {error}", "report this together with the line above")
            )
    return found
