"""A whole service on a real chain and a real database, for tests of what the registry decides."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sqlalchemy import text

from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey, NoteKey
from chain.proof.ed25519 import SigningKey
from chain.proof.encoding import to_hex
from chain.proof.leaf import Leaf
from chain.proof.possession import SUBMITTER, possession_message
from services.container import Services, build
from services.identity.policy import Principal
from services.identity.views import Bootstrapped, IssuedToken, RegistrationRequest, TokenRequest
from services.platform import migrate
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.settings import ChainConfig, Settings
from services.transactions.views import OperationView
from tests.integration.services.transactions.rig import (
    ENDED,
    GATEWAY,
    OTHER_REGION,
    OTHER_REGIONAL,
    OWNER,
    REGION,
    REGIONAL,
)
from tests.waiting import until

__all__ = ["JOBS", "OTHER_REGION", "OTHER_REGIONAL", "REGION", "House", "make_home", "proven", "registration", "start"]

JOBS = ("transactions.supervision.manage", "transactions.supervision.index")


@dataclass
class House:
    """The service without its scheduler: ``run()`` lets sender and indexer work."""

    services: Services
    home: Path
    known: dict[str, IssuedToken] = field(default_factory=dict)

    def run(self, operation_id: str) -> str:
        """Works until the operation has ended; its last state."""

        def worked() -> str:
            for job in JOBS:
                self.services.jobs.run(job)
            state = self.operation(operation_id).state
            return state if state in ENDED else ""

        return until(worked, tell=self.services.jobs.states)

    def operation(self, operation_id: str) -> OperationView:
        with self.services.database.read() as session:
            return self.services.transactions.get_operation(session, operation_id)

    def sign(self, caller: Principal, operation: OperationView, key: EvmKey) -> None:
        """The party signs what the operation shows; the caller brings the signature back."""
        assert operation.typed_data is not None
        signature = sign_typed_data(operation.typed_data, key)
        self.services.operations.authorise(caller, operation.id, key.address, signature)

    def bootstrap(self) -> Bootstrapped:
        secret = self.services.identity.new_bootstrap_secret()
        return self.services.identity.bootstrap(secret, registration("鹏城登记(示例)")).result(60)

    def caller(self, issued: IssuedToken) -> Principal:
        assert issued.secret is not None
        self.known[issued.token.id] = issued
        return self.services.identity.authenticate(issued.secret)

    def again(self, caller: Principal) -> Principal:
        """The caller as the next request finds it."""
        return self.caller(self.known[caller.token_id])

    def leaves(self) -> list[Leaf]:
        """The leaves of the house log."""
        with self.services.database.read() as session:
            rows = session.execute(text("SELECT leaf FROM leaves ORDER BY idx"))
            return [Leaf.decode(bytes(row[0])) for row in rows]

    def open(self) -> Principal:
        """Bootstrapped and registered: the host's caller."""
        done = self.bootstrap()
        caller = self.caller(done.issued)
        self.sign(caller, done.operations[0], REGIONAL)
        assert self.run(done.operations[0].id) == "final"
        return self.caller(done.issued)

    def admit(self, host: Principal, request: RegistrationRequest, key: EvmKey = REGIONAL) -> Principal:
        """Registers another institution and gives it its first token, with every role its kind can have."""
        operation = self.services.identity.request_registration(host, request).result(60)
        self.sign(host, operation, key)
        assert self.run(operation.id) == "final"
        supervising = ("registrar", "auditor") if request.kind == "regulator" else ()
        roles = ("administrator", "submitter", "reader", *supervising)
        wanted = TokenRequest(name="first", roles=roles, institution_id=operation.reference)
        return self.caller(self.services.identity.issue_token(host, wanted))


def registration(
    name: str, *, kind: str = "operator", region: int = REGION, key: EvmKey = OWNER
) -> RegistrationRequest:
    return RegistrationRequest(name=name, kind=kind, region=region, authority=key.address)


def proven(key: SigningKey | NoteKey, institution_id: str) -> dict[str, str]:
    """What registers the key as the institution's submitter key, over HTTP."""
    signature = key.sign(possession_message(SUBMITTER, institution_id, key.public))
    return {"public_key": to_hex(key.public), "possession": to_hex(signature)}


class Answering(Protocol):
    """A node, of whatever kind."""

    url: str


def make_home(node: Answering, addresses: Path, home: Path, database_url: str) -> Settings:
    """Keys, tables and settings, as an installation has them."""
    home.mkdir()
    (home / "passphrase").write_text("correct horse\n")
    (home / "passphrase").chmod(0o600)
    (home / "keys").mkdir()
    GATEWAY.save(home / "keys" / "gateway.json", "correct horse", work=2)
    Vault.create(home / "master.key")
    migrate.upgrade(database_url)
    pins = json.loads(addresses.read_text())
    chain = ChainConfig(
        endpoints=(node.url,), chain_id=pins["chain_id"], genesis=pins["genesis"], addresses_file=addresses
    )
    # waits longer than any test has patience: so one that ends early is seen to
    return Settings(home=home, database_url=database_url, chains={"supervision": chain}, max_wait_seconds=600)


def start(settings: Settings, clock: Clock | None = None) -> House:
    """Everything but the scheduler."""
    services = build(settings, clock)
    migrate.require_head(services.database)
    services.database.claim()
    services.lease.acquire(alone=True)
    services.chains.require_pins()
    services.evidence.start()
    return House(services, settings.home)
