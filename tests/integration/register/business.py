"""A business chain (地方业务链) whose register stands, with roles and calendars; acts on it without any service."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from eth_account import Account

from chain.addresses import Market, Role
from chain.client import ChainClient
from chain.deploy import deploy_all
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.hashing import keccak256
from services.days import number
from services.transactions.encoding import calldata
from services.transactions.typed import STRUCTS, Domain, document, new_nonce
from tests.integration.pilots.onchain import Calendar
from tests.integration.services.transactions.rig import DEPLOYER, GATEWAY, REGION, REGIONAL, Anvil, client_of, key_of
from tests.waiting import until

CHECKER, REGULATOR, LIAISON = (key_of(f"register {name}") for name in ("checker", "regulator", "liaison"))
ROLES = {
    "register.operator": GATEWAY,
    "register.checker": CHECKER,
    "register.regulator": REGULATOR,
    "register.court-liaison": LIAISON,
}
FIRST_DAY = date(2030, 12, 2)
"""A Monday: the day on which every world begins. The register is deployed on the day before."""
YEARS = (2030, 2031)
INSTITUTION = b"\x01" * 16
FOREVER = 4_000_000_000
_ANOTHER_CHAIN = ("--chain-id", "31338")


def seconds_of(day: date, hour: int = 10) -> int:
    """Unix seconds of an hour of that day in Shanghai."""
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp()) - 8 * 3600


@dataclass(frozen=True)
class FoundedBusiness:
    """Its state in a file, and the address file of its contracts. Nodes on it share nothing but the past."""

    state: Path
    addresses: Path

    @contextmanager
    def running(self) -> Iterator[Anvil]:
        """A node of one's own, on FIRST_DAY at ten."""
        node = Anvil(*_ANOTHER_CHAIN, "--load-state", str(self.state)).start()
        try:
            go_to(node, seconds_of(FIRST_DAY))
            yield node
        finally:
            node.stop()

    def acting(self, node: Anvil) -> "Acting":
        """Everybody who acts on it."""
        return Acting(client_of(node.url, self.addresses, node.settle))


def go_to(node: Anvil, seconds: int) -> None:
    """A block of that time or later; from then on the node's time goes on from there."""
    node.rpc.call("evm_setTime", hex(seconds))
    node.mine()


def found(folder: Path, *, checked: bool) -> FoundedBusiness:
    """Deploys, grants the roles of ``ROLES``, publishes Mondays to Fridays of ``YEARS``."""
    node = Anvil(*_ANOTHER_CHAIN).start()
    try:
        node.fund(DEPLOYER, GATEWAY)
        go_to(node, seconds_of(date.fromordinal(FIRST_DAY.toordinal() - 1)))
        made = FoundedBusiness(folder / "business.json", folder / "addresses.json")
        authorities, market = {REGION: REGIONAL.address}, Market(REGION, checked)
        deploy_all(
            node.url, DEPLOYER.secret, key_of("root").address, authorities, 3600, made.addresses,
            role=Role.BUSINESS, market=market,
        )  # fmt: skip
        _settle(made.acting(node))
        made.state.write_bytes(node.state())
    finally:
        node.stop()
    return made


def _settle(acting: "Acting") -> None:
    kind_of_operator = 1
    whose = {"institution": INSTITUTION, "kind": kind_of_operator, "region": REGION, "authority": REGIONAL.address}
    acting.act("RegisterInstitution", whose, REGIONAL)
    for role, key in ROLES.items():
        held = {"institution": INSTITUTION, "account": key.address, "role": keccak256(role.encode()), "region": REGION}
        acting.act("GrantRole", {**held, "expiresAt": FOREVER}, REGIONAL)
    for year in YEARS:
        words = [str(word) for word in Calendar.words(year)]
        acting.act(
            "PublishCalendarYear", {"region": REGION, "year": year, "working": words, "trading": words}, REGIONAL
        )


class Acting:
    """The gateway sends, others sign; every act is simulated first, so that a refusal is a RevertError.

    Not for while a service sends with the same key: both count its nonces.
    """

    def __init__(self, chain: ChainClient) -> None:
        self.chain = chain
        self._count = 0

    def act(self, struct: str, message: Mapping[str, Any], *signers: EvmKey) -> dict[str, Any]:
        """Signs ``struct`` as each of ``signers`` and sends it; its evidence. ``message`` is named as in the struct.

        Without a ``commitment`` and a ``leaf`` it gets new ones. RevertError tells the contract's reason.
        """
        known = STRUCTS[struct]
        said = {**self.evidence(), **message}
        auths = self.authorisations(struct, said, *signers)
        several = known.contract == "EquityRegister"
        self.send(known.contract, known.function, said | ({"auths": auths} if several else {"auth": auths[0]}))
        return said

    def authorisations(self, struct: str, message: Mapping[str, Any], *signers: EvmKey) -> list[dict[str, Any]]:
        """One document, signed by each; nonces are counted for each signer alone."""
        contract, nonce = STRUCTS[struct].contract, new_nonce()
        domain = Domain(contract, self.chain.chain_id, self.chain.address(contract))
        fields = {field: message[field] for _, field in STRUCTS[struct].fields[:-2]}
        doc = document(struct, fields, domain, nonce=nonce, deadline=FOREVER)
        return [
            {"signer": key.address, "nonce": nonce, "deadline": FOREVER, "signature": sign_typed_data(doc, key)}
            for key in signers
        ]

    def send(self, contract: str, function: str, args: Mapping[str, Any]) -> None:
        """By the gateway; returns when it is mined."""
        data, to = calldata(self.chain.abi(contract), function, args), self.chain.address(contract)
        gas, nonce = self.chain.gas(GATEWAY.address, to, data), self.chain.nonce(GATEWAY.address)
        fees = self.chain.market()
        call = {"type": 2, "chainId": self.chain.chain_id, "nonce": nonce, "to": to, "value": 0, "data": data}
        paid = {"gas": gas * 2, "maxFeePerGas": fees.maximum, "maxPriorityFeePerGas": fees.priority}
        made = Account.from_key(GATEWAY.secret).sign_transaction(call | paid)
        assert self.chain.send([bytes(made.raw_transaction)]) == [None]
        until(lambda: self.chain.nonce(GATEWAY.address) > nonce)

    def read(self, view: str, *arguments: Any) -> dict[str, Any]:
        """A struct that a view of the register answers with, by its members (``positionOf``, ``securityOf`` …)."""
        entry = next(one for one in self.chain.abi("EquityRegister") if one.get("name") == view)
        found = self.chain.read("EquityRegister", view, *arguments)
        return dict(zip((part["name"] for part in entry["outputs"][0]["components"]), found, strict=True))

    def evidence(self) -> dict[str, Any]:
        """Of an act whose record is of no interest."""
        self._count += 1
        return {"commitment": keccak256(b"c%d" % self._count), "leaf": keccak256(b"l%d" % self._count)}

    def today(self) -> int:
        """The chain's day in Shanghai, as a number from 1970-01-01."""
        block = self.chain.block(self.chain.head())
        assert block is not None
        return number(date.fromordinal(datetime.fromtimestamp(block.timestamp + 8 * 3600, UTC).date().toordinal()))
