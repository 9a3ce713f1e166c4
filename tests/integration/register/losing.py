"""A market whose witness mirrors entries: its database can be lost and put back from the mirror."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from chain.addresses import load_addresses
from chain.party.witness.config import ChainPin, WitnessConfig
from chain.party.witness.run import Witness
from services.evidence.recovery.source import mirrored_logs
from services.fsck import Report, Scope, fsck
from services.identity.views import TokenRequest
from services.platform.errors import Invalid
from services.recovery import Recovered, Wanted, recover
from tests.integration.register.world import MarketWorld
from tests.integration.services.identity.house import registration, start
from tests.integration.services.recovery.stage import KEY, Backup
from tests.integration.services.transactions.rig import REGIONAL, key_of
from tests.serving import serving
from tests.waiting import until


@dataclass
class Mirrored:
    """The market, the witness's home, and a backup from before anything happened in the register."""

    world: MarketWorld
    home: Path
    backup: Backup

    def mirror(self) -> None:
        """Until everything is anchored, and the witness has all of it."""
        with serving(self.world.client().app) as port:
            witness = self._witness(f"http://127.0.0.1:{port}")

            def whole() -> bool:
                self.world.step()
                witness.round()
                logs = self.world.services.evidence.public.logs()
                return all(each.anchored == each.size for each in logs) and self._has(
                    {each.origin: each.size for each in logs if each.size}
                )

            until(whole)

    def lose(self) -> Recovered:
        """The database is what it was at the beginning; then it is recovered, and the service starts again."""
        self.world.house.services.stop()
        self.backup.restore()
        done = recover(self.world.house.services.settings, Wanted(mirrors=(self.home,), reason="the disk broke"))
        house = start(self.world.settings, self.world.clock)
        self.world.house, self.world.host = house, house.services.identity.authenticate(self.world.secret)
        until(self._ready)
        return done

    def fsck(self, *, business: str = "") -> Report:
        """``business``: another endpoint of the business chain."""
        settings = self.world.settings
        if business:
            away = settings.chains["business"].model_copy(update={"endpoints": (business,)})
            settings = settings.model_copy(update={"chains": {**settings.chains, "business": away}})
        return fsck(settings, Scope(), mirror=self.home)

    def _ready(self) -> bool:
        self.world.services.jobs.run("evidence.check")
        return bool(self.world.services.evidence.gate.ready())

    def _has(self, sizes: dict[str, int]) -> bool:
        try:
            return {each.origin: each.head.size for each in mirrored_logs(self.home)} == sizes
        except Invalid:
            return False

    def _witness(self, api: str) -> Witness:
        chain = self.world.settings.chains["supervision"]
        found = load_addresses(chain.addresses_file)
        assert found is not None
        pin = ChainPin(
            name="supervision",
            rpc=tuple(chain.endpoints),
            chain_id=found.chain_id,
            genesis=bytes.fromhex(chain.genesis[2:]),
            contract=bytes.fromhex(found.contracts["EvidenceLog"].address[2:]),
        )
        return Witness(self.home, WitnessConfig(name=KEY.name, role="regulator", api=api, chain=pin), KEY)


@contextmanager
def mirrored(world: MarketWorld, folder: Path) -> Iterator[Mirrored]:
    """An auditor's witness beside the market, and the backup."""
    auditor = registration("监管(示例)", kind="regulator", key=key_of("the auditor"))
    identity = world.services.identity
    asked = identity.request_registration(world.host, auditor).result(60)
    assert world.sign(asked, REGIONAL) == "final"
    wanted = TokenRequest(name="witness", roles=("administrator", "auditor"), institution_id=asked.reference)
    home = folder / "witness"
    home.mkdir()
    (home / "token").write_text(str(identity.issue_token(world.host, wanted).secret))
    world.settle()
    yield Mirrored(world, home, Backup(world.settings, folder / "backup"))


LATER = {"at", "block", "as_of", "heads", "history", "updated_at"}
"""What says how far the service has come, not what the register is."""


def views(client: TestClient, paths: list[str]) -> dict[str, Any]:
    """What these addresses say, without what is told of the service itself."""
    found = {}
    for path in paths:
        answer = client.get(f"/v1/register/{path}")
        assert answer.status_code == 200, f"{path}: {answer.text}"
        said = answer.json()
        found[path] = {name: each for name, each in said.items() if name not in LATER} if "heads" in said else said
    return found


def differing(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Every field that is another, by its path."""
    return [line for path in before for line in _differing(path, before[path], after[path])]


def _differing(path: str, before: Any, after: Any) -> Iterator[str]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in sorted({*before, *after}):
            yield from _differing(f"{path} {name}", before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, pair in enumerate(zip(before, after, strict=True)):
            yield from _differing(f"{path}[{place}]", *pair)
    elif before != after:
        yield f"{path}: {json.dumps(before, ensure_ascii=False)} != {json.dumps(after, ensure_ascii=False)}"
