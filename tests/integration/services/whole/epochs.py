"""A chain that is lost and replaced, as `regseal chain replace` does it, in a world whose jobs are run by hand.

As a program (`python -m … SETTINGS`) it is a service that anchors the lost chain's heads again until it is killed.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from chain.addresses import load_addresses
from chain.party.keystore import EvmKey
from chain.proof.canonical import JsonObject
from chain.proof.epoch import AnchoredHead, ChainEpoch, EpochStatement, heads_tree
from chain.proof.ethereum import log_id
from services.evidence.epochs.closing import write_closing
from services.evidence.submission import Accepted
from services.identity.policy import Principal
from services.platform.settings import ChainConfig, PastEpoch, Settings
from services.transactions.views import OperationView
from tests.integration.services.transactions.rig import OWNER, REGIONAL
from tests.integration.services.whole.world import ROOT, EmbeddedNode, Witness, World, deploy_on
from tests.waiting import until

EPOCH_JOBS = ("transactions.retire", "identity.reestablish", "evidence.reopen")
MARKET = "market.example/events"


class Land:
    """Two logs on one chain, and the parties that sign for them."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.second = ""

    @property
    def chain(self) -> str:
        return self.world.settings.supervision_chain

    def caller(self) -> Principal:
        return self.world.services.identity.authenticate(self.world.token)

    def open_second(self) -> None:
        """A log of the operator's own beside the house log."""
        operation = self.world.evidence.request_log_opening(self.world.institution, MARKET).result(60)
        self.world.house.sign(self.caller(), operation, OWNER)
        self.run(lambda: self.world.operation(operation).state == "final")
        self.second = str(operation.reference)

    def submit(self, log_id: str, subject: str) -> Accepted:
        document: JsonObject = {
            "type": "business.event",
            "subject": subject,
            "actor": self.world.institution,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {"title": "股权变更"},
        }
        return self.world.evidence.submit_record(self.world.institution, document, log_id=log_id).result(60)

    def step(self, *, anchor: bool = True) -> None:
        """Every job of the present epoch once, and the witness."""
        world = self.world
        names = ["evidence.check", "evidence.seal", *EPOCH_JOBS, *(["evidence.anchor"] if anchor else [])]
        names += [f"transactions.{self.chain}.manage", f"transactions.{self.chain}.index"]
        for job in (*names, "evidence.proofs", "evidence.regrade"):
            world.services.jobs.run(job)
        if world.witness is not None and world.settings.witnesses and world.watched:
            pin = world.services.chains.pins[self.chain]
            world.witness.looks(world.evidence, pin.genesis, pin.chain_id)

    def run(self, done: Callable[[], bool]) -> None:
        """Steps until it is so."""

        def stepped() -> bool:
            if done():
                return True
            self.step()
            return False

        until(stepped, tell=self.world.services.jobs.states)

    def lose(self, node: EmbeddedNode) -> None:
        """The chain's machine and its disk are gone."""
        node.kill()
        shutil.rmtree(node.home)

    def replace(self, node: EmbeddedNode) -> None:
        """Another chain under the same name, and the service started with its pins."""
        world, name = self.world, "supervision"
        old = world.settings.chains[name]
        pin = world.services.chains.pins[self.chain]
        home: Path = world.settings.home
        closing, addresses = home / f"closing-{old.epoch}.json", home / f"addresses-{old.epoch + 1}.json"
        with world.services.database.read() as session:
            write_closing(session, closing)
        node.chain_id += 1  # what was signed for the lost chain must be worth nothing on this one
        node.start()
        deploy_on(node.url, addresses)
        deployed = load_addresses(addresses)
        assert deployed is not None
        past = PastEpoch(
            epoch=old.epoch,
            chain_id=pin.chain_id,
            genesis=pin.genesis,
            contract=str(pin.contract),
            closing=closing,
        )
        config = ChainConfig(
            endpoints=(node.url,),
            chain_id=deployed.chain_id,
            genesis=deployed.genesis,
            addresses_file=addresses,
            past=(*old.past, past),
        )
        world.restart(chains={name: config})

    def waiting(self) -> list[OperationView]:
        """The operations of this epoch that wait for a signature, in the order of their making."""
        with self.world.services.database.read() as session:
            found = self.world.services.transactions.list_operations(
                session, institution_id=None, states=("needs_authorisation",), limit=100
            )
        return sorted((each for each in found if each.chain == self.chain), key=lambda each: each.id)

    def sign_all(self) -> list[str]:
        """Every party signs what waits for it; the kinds, in order."""
        keys: dict[str, EvmKey] = {OWNER.address: OWNER, REGIONAL.address: REGIONAL}
        signed = []
        for operation in self.waiting():
            self.world.house.sign(self.caller(), operation, keys[operation.signers[0]])
            signed.append(operation.kind)
        return signed

    def statement(self, order: Sequence[int] | None = None) -> str:
        """What the world's witness says of the new chain's beginning; with the lost heads in another order, a lie."""
        world = self.world
        assert world.witness is not None
        lost, following = (world.services.chains.pins[name] for name in ("supervision", self.chain))
        found = world.evidence.epochs.heads("supervision", 1)
        heads = [AnchoredHead(log_id(head.origin), head.size, head.root) for head in found]
        tree = heads_tree(heads[place] for place in (order or range(len(heads))))
        pins = [
            ChainEpoch(pin.epoch, pin.chain_id, raw(pin.genesis), raw(str(pin.contract))) for pin in (lost, following)
        ]
        return world.witness.signs(EpochStatement(pins[0], pins[1], tree.size, tree.root()).text())

    def kill_at(self, failpoint: str) -> None:
        """A service of its own takes over and dies at this point."""
        world = self.world
        world.services.stop()
        command = [sys.executable, "-m", __name__, world.settings.model_dump_json(), world.node.url]
        environment = {**os.environ, "REGSEAL_FAILPOINT": failpoint}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == -9, (failpoint, done.stderr[-3000:])

    def progress(self) -> tuple[int, int]:
        epochs = self.world.evidence.epochs
        with self.world.services.database.read() as session:
            found = epochs.progress(session)
        return found.done, found.total


def raw(text: str) -> bytes:
    """Of 0x hex."""
    return bytes.fromhex(text[2:])


def main(settings: str, url: str) -> None:
    """Runs every job until the process is killed, or everything is done."""
    world = World(Settings.model_validate_json(settings), None, witness=Witness(url))
    land = Land(world)
    land.run(lambda: land.progress()[0] == land.progress()[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
