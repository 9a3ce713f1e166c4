"""A party acting from its own folder: its own command line processes, its own token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.party.durable import private_folder, write_json, write_private
from chain.party.http import ApiClient
from chain.party.keystore import EvmKey, NoteKey, new_passphrase_file, passphrase_for
from cli.local.errors import LocalError
from cli.local.gateway import address_of_key
from cli.local.layout import PROJECT
from cli.local.sample.parties import WITNESS, WITNESS_NAME, Party, readme
from cli.sign import BATCH

_WORK = 1 << 12
"""scrypt's N for the sample's keys: their passphrases are random and lie beside them; more work protects nothing."""


@dataclass(frozen=True)
class Actor:
    """A party and its folder."""

    party: Party
    home: Path

    @property
    def authority(self) -> Path:
        """The file of its authority key."""
        return self.home / "keys" / "authority.json"

    @property
    def submitter(self) -> Path:
        """The file of the key that signs its records."""
        return self.home / "keys" / "submitter.pem"

    @property
    def witness(self) -> Path:
        """The file of a witness' key."""
        return self.home / "keys" / "witness.pem"

    @property
    def address(self) -> str:
        """The address of its authority key."""
        return address_of_key(self.authority)

    def prepare(self) -> None:
        """Folder, passphrase, keys, README; what exists stays."""
        private_folder(self.home / "keys")
        if not (self.home / "passphrase").exists():
            new_passphrase_file(self.home)
        if self.party.signs and not self.authority.exists():
            EvmKey.generate().save(self.authority, passphrase_for(self.authority, {}), work=_WORK)
        if self.party.origin is not None:
            self._keep_note_key(self.submitter, self.party.slug)
        if self.party.slug == WITNESS:
            self._keep_note_key(self.witness, WITNESS_NAME)
        write_private(self.home / "README.txt", readme(self.party).encode())

    def command(self, *arguments: str) -> Any:
        """Runs `regseal … --json` in this party's folder, with nothing of ours in its environment."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "cli", *arguments, "--json"],
            cwd=self.home, env={**environment, "PYTHONPATH": str(PROJECT)}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise LocalError(f"{self.party.slug}: regseal {' '.join(arguments)}\n{done.stderr.strip()}")
        return json.loads(done.stdout)

    def sign(self, operations: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
        """Carries the operations into the party's folder, has them signed there, brings the authorisations back."""
        inbox = private_folder(self.home / "inbox") / f"{operations[0]['id']}.json"
        write_json(inbox, {"format": BATCH, "operations": list(operations)})
        done = self.command("sign", str(inbox), "--key", str(self.authority), "--yes")
        return list(done["authorisations"])

    def api(self, url: str) -> ApiClient:
        """Speaks with this party's token, if it has one."""
        token = self.home / "token"
        return ApiClient(url, token.read_text("ascii").strip() if token.exists() else None, timeout=75)

    def remember(self, **facts: str) -> None:
        """Adds to api.json, which the command line reads."""
        file = self.home / "api.json"
        known = json.loads(file.read_text("utf-8")) if file.exists() else {}
        write_json(file, known | facts)

    def keep_token(self, secret: str) -> None:
        """The token by which it speaks from now on."""
        write_private(self.home / "token", f"{secret}\n".encode("ascii"))

    def note_key(self, file: Path) -> NoteKey:
        """Opened with the passphrase in its own folder."""
        return NoteKey.load(file, passphrase_for(file, {}))

    def _keep_note_key(self, file: Path, name: str) -> None:
        if not file.exists():
            NoteKey.generate(name).save(file, passphrase_for(file, {}))
