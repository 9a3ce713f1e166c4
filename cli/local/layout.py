"""Where an installation keeps what: `var/` in the project's folder, or `$REGSEAL_VAR`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SUPERVISION, BUSINESS = "supervision", "business"
CHAIN_IDS = {SUPERVISION: 861001, BUSINESS: 861002}
CHAIN_TERMS = {SUPERVISION: "监管链", BUSINESS: "地方业务链"}


@dataclass(frozen=True)
class Layout:
    """Folders of one installation. Nothing is created by asking for a path."""

    var: Path

    @property
    def gateway(self) -> Path:
        """The service's home ($REGSEAL_HOME)."""
        return self.var / "gateway"

    @property
    def settings_file(self) -> Path:
        """The service's settings; written once by `init`, its operator's afterwards."""
        return self.gateway / "settings.toml"

    @property
    def deployment_file(self) -> Path:
        """Whose addresses the contracts are deployed for (root, regional authorities, delay)."""
        return self.gateway / "deployment.json"

    @property
    def parties(self) -> Path:
        """The sample parties' own folders, one each; the gateway never reads them."""
        return self.var / "parties"

    @property
    def run(self) -> Path:
        """Pids, output and state of running processes; may be deleted while nothing runs."""
        return self.var / "run"

    @property
    def state_file(self) -> Path:
        """What `up` has started: pid, address, chain endpoints."""
        return self.run / "up.json"

    @property
    def lock_file(self) -> Path:
        """Held while `up` runs."""
        return self.run / "up.lock"

    def chain(self, name: str) -> Path:
        """Home of an embedded chain."""
        return self.var / "chains" / name

    def addresses(self, name: str) -> Path:
        """What the deployment on that chain wrote; of the last epoch, when it took a lost one's place."""
        first = self.gateway / "chains" / f"{name}.json"
        later = (int(path.stem.partition("@")[2]) for path in first.parent.glob(f"{name}@[0-9]*.json"))
        newest = max((epoch for epoch in later), default=1)
        return first if newest == 1 else first.with_name(f"{name}@{newest}.json")

    def party(self, slug: str) -> Path:
        """Home of a sample party."""
        return self.parties / slug


def default_layout() -> Layout:
    """`$REGSEAL_VAR`, else `var/` beside the code."""
    given = os.environ.get("REGSEAL_VAR")
    return Layout((Path(given) if given else PROJECT / "var").absolute())


def shown(path: Path) -> str:
    """A path as a user would type it: relative to where they stand when it lies below."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
