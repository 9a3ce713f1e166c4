"""A chain that is lost and replaced, as `regseal chain replace` does it, in a world whose jobs are run by hand."""

import shutil
from collections.abc import Callable
from pathlib import Path

from chain.addresses import load_addresses
from chain.party.keystore import EvmKey
from chain.proof.canonical import JsonObject
from services.evidence.epochs.closing import write_closing
from services.evidence.submission import Accepted
from services.identity.policy import Principal
from services.platform.settings import ChainConfig, PastEpoch
from services.transactions.views import OperationView
from tests.integration.services.transactions.rig import OWNER, REGIONAL
from tests.integration.services.whole.world import EmbeddedNode, World, deploy_on
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

    def progress(self) -> tuple[int, int]:
        epochs = self.world.evidence.epochs
        with self.world.services.database.read() as session:
            found = epochs.progress(session)
        return found.done, found.total
