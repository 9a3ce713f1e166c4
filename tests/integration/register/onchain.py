"""The register on a real node, and everybody who signs: the chain's verdict on an act, what it told, what it keeps."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from chain.addresses import Market, Role
from chain.deploy import deploy_all
from chain.errors import RevertError
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.hashing import keccak256
from services.calendar.sources import from_library
from services.days import number
from services.register.names import CHECKER, CONTRACT, LIAISON, OPERATOR, REGULATOR
from services.register.rules import acts
from services.register.rules.days import day_start
from services.transactions.encoding import EventDecoder, calldata
from services.transactions.typed import STRUCTS, Domain, document
from tests.integration.services.transactions.rig import DEPLOYER, GATEWAY, Anvil, Client, client_of, key_of
from tests.unit.services.register.rules.making import KEYS, REGION
from tests.waiting import until

ALWAYS = 2**40  # Unix seconds
AUTHORITY = key_of("authority of the market")
FIRST_DAY = number(date(2026, 9, 14))
"""The Monday on which the register is deployed: National Day is near, and the calendar's end not far."""
YEARS = (2026,)
ROLES = {"operator": OPERATOR, "checker": CHECKER, "regulator": REGULATOR, "liaison": LIAISON}
_EVIDENCE = {"commitment": b"\x05" * 32, "leaf": b"\x06" * 32}
_NOTHING = {"commitment": bytes(32), "leaf": bytes(32)}


@dataclass(frozen=True)
class Told:
    """An event of the register, without commitment and leaf."""

    name: str
    arguments: Mapping[str, Any]


class RegisterChain:
    """A register of its own on a node: its roles granted, its calendar published. `now`: the newest block's time."""

    def __init__(self, anvil: Anvil, folder: Path, *, checked: bool) -> None:
        self.anvil = anvil
        self.checked = checked
        self.nonce = 0
        self.now = self._latest()
        addresses = folder / f"addresses-{checked}.json"
        regions = {REGION: AUTHORITY.address}
        market = Market(REGION, checked)
        deploy_all(
            anvil.url, DEPLOYER.secret, key_of("root").address, regions, 3600, addresses,
            role=Role.BUSINESS, market=market,
        )  # fmt: skip
        self.client: Client = client_of(anvil.url, addresses)
        self._decoder = EventDecoder(self.client.abi(CONTRACT))
        self._settle()

    # --- acting

    def calldata_of(self, act: acts.Act, signers: Sequence[str], *, evidenced: bool = True) -> bytes:
        """Call data of an act with the authorisations of these parties."""
        if isinstance(act, acts.SweepPosition):
            return calldata(self.client.abi(CONTRACT), "sweep", acts.message(act))
        said = {**acts.message(act), **(_EVIDENCE if evidenced else _NOTHING)}
        struct = type(act).__name__
        auths = [self._authorisation(CONTRACT, struct, said, KEYS[name]) for name in signers]
        return calldata(self.client.abi(CONTRACT), STRUCTS[struct].function, {**said, "auths": auths})

    def refusal(self, data: bytes, sender: str) -> RevertError | None:
        """Why the call is refused a second from now, if it is."""
        self.tick()
        try:
            self.client.call(self.client.address(CONTRACT), data, sender=sender)
        except RevertError as refused:
            return refused
        return None

    def send(self, data: bytes, sender: str) -> list[Told] | None:
        """Acts a second from now; what the register told, None when the transaction failed."""
        self.now += 1
        self._next_block()
        receipt = self._sent(CONTRACT, data, sender)
        return self._told(receipt) if receipt["status"] == "0x1" else None

    def wait(self, seconds: int) -> None:
        """Time passes; the chain is told with the next block."""
        self.now += seconds

    def tick(self) -> None:
        """An empty block a second from now."""
        self.now += 1
        self._next_block()
        self.anvil.mine()

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Whatever happens is undone, the time that passes included."""
        snapshot, now = self.anvil.rpc.call("evm_snapshot"), self.now
        try:
            yield
        finally:
            assert self.anvil.rpc.call("evm_revert", snapshot)
            self.now = now

    def read(self, function: str, *arguments: Any) -> Any:
        """What a view of the register says."""
        return self.client.read(CONTRACT, function, *arguments)

    # --- inside

    def _latest(self) -> int:
        block = self.anvil.rpc.call("eth_getBlockByNumber", "latest", False)
        return int(block["timestamp"], 16)

    def _next_block(self) -> None:
        self.anvil.rpc.call("evm_setNextBlockTimestamp", hex(self.now))

    def _sent(self, contract: str, data: bytes, sender: str) -> dict[str, Any]:
        call = {"from": sender, "to": self.client.address(contract), "data": "0x" + data.hex(), "gas": hex(15_000_000)}
        digest = self.anvil.rpc.call("eth_sendTransaction", call)
        receipt: dict[str, Any] = until(lambda: self.anvil.rpc.call("eth_getTransactionReceipt", digest))
        return receipt

    def _told(self, receipt: Mapping[str, Any]) -> list[Told]:
        told = []
        for log in receipt["logs"]:
            topics = [bytes.fromhex(topic[2:]) for topic in log["topics"]]
            found = self._decoder.decode(topics, bytes.fromhex(log["data"][2:]))
            assert found is not None
            name, arguments = found
            if name != "Authorised":
                told.append(Told(name, {key: arguments[key] for key in arguments if key not in _EVIDENCE}))
        return told

    def _authorisation(self, contract: str, struct: str, said: Mapping[str, Any], key: EvmKey) -> dict[str, Any]:
        self.nonce += 1
        domain = Domain(contract, self.client.chain_id, self.client.address(contract))
        typed = document(struct, said, domain, nonce=self.nonce, deadline=ALWAYS)
        signature = sign_typed_data(typed, key)
        return {"signer": key.address, "nonce": self.nonce, "deadline": ALWAYS, "signature": signature}

    # --- setting up

    def _settle(self) -> None:
        for place, (name, role) in enumerate(ROLES.items(), start=1):
            said = {
                "institution": bytes([place]) * 16, "kind": 3, "region": REGION, "authority": key_of(name).address,
            }  # fmt: skip
            self._signed("InstitutionRegistry", "RegisterInstitution", said)
            granted = {
                "institution": bytes([place]) * 16, "account": KEYS[name].address,
                "role": keccak256(role.encode()), "region": REGION, "expiresAt": ALWAYS,
            }  # fmt: skip
            self._signed("InstitutionRegistry", "GrantRole", granted)
        for number_ in YEARS:
            announced = from_library(number_)
            assert announced is not None
            year = announced.year
            said = {"region": REGION, "year": number_, "working": year.words(), "trading": year.words(trading=True)}
            self._signed("Calendar", "PublishCalendarYear", said)
        self.anvil.fund(*KEYS.values())
        self.now = self._latest()

    def _signed(self, contract: str, struct: str, said: Mapping[str, Any]) -> None:
        whole = {**said, **_EVIDENCE}
        auth = self._authorisation(contract, struct, whole, AUTHORITY)
        data = calldata(self.client.abi(contract), STRUCTS[struct].function, whole, auth)
        assert self._sent(contract, data, GATEWAY.address)["status"] == "0x1"


def node() -> Anvil:
    """A node that takes transactions of everybody without their keys; it is the first day's morning."""
    anvil = Anvil("--timestamp", str(day_start(FIRST_DAY) + 10 * 3600)).start()
    anvil.fund(DEPLOYER, GATEWAY)
    anvil.rpc.call("anvil_autoImpersonateAccount", True)
    return anvil
