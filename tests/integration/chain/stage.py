"""A region's pilots on a real chain, played without a service: bodies, calendar, rulebook, a log with its proofs."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from eth_account import Account

from chain.client import ChainClient
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.ethereum import log_id
from chain.proof.hashing import Suite, keccak256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import consistency_proof, inclusion_proof, leaf_hash, levels
from chain.proof.types import BY_NAME, Phase
from services.transactions.encoding import calldata
from services.transactions.typed import STRUCTS, Domain, document, new_nonce
from tests.waiting import until

REGION = 440300
ORIGIN = "regseal.example/440300/pilots"
LEAD, PROJECT, STREAM = bytes(15) + b"\x63", b"\x61" * 16, b"\x62" * 16
GROUP_ROLE, GATEWAY_ROLE = "pilot.working-group", "pilot.gateway"
BY_LEAD, BY_GROUP, BY_GATEWAY = 0, 1, 2
FOREVER = 4_000_000_000
_CHINA = timezone(timedelta(hours=8))
_EPOCH = date(1970, 1, 1)
_SHIFTS = {
    "to": 0, "body": 8, "national": 16, "by_sender": 17, "gate": 18, "effect": 24, "kind_a": 32, "kind_b": 40,
    "notice": 48, "months": 64, "guards": 80, "none_open": 88, "required": 96, "forbidden": 128, "set": 160,
    "cleared": 192, "lift": 224, "some_open": 232,
}  # fmt: skip


def rule(**parts: int) -> str:
    """A packed rule (docs/spec/pilot.md) as decimal text."""
    return str(1 << 255 | sum(value << _SHIFTS[name] for name, value in parts.items()))


def entry(state: int, action: str, **parts: int) -> dict[str, Any]:
    """A row of a table."""
    return {"from": state, "action": _hex(keccak256(action.encode())), "rule": rule(**parts)}


class Stage:
    """Acts on the chain; each act is simulated first, so that a refusal is a RevertError."""

    def __init__(self, chain: ChainClient, *, gateway: EvmKey, authority: EvmKey, lead: EvmKey, group: EvmKey) -> None:
        self.chain = chain
        self.gateway, self.authority, self.lead, self.group = gateway, authority, lead, group
        self.leaves: list[bytes] = []
        self.anchored = 0
        self.rulebook = ""
        self._count = 0

    def now(self) -> int:
        """The newest block's time, in Unix seconds."""
        block = self.chain.block(self.chain.head())
        assert block is not None
        return block.timestamp

    def today(self) -> int:
        """The day's number on the chain."""
        return (self.date() - _EPOCH).days

    def date(self) -> date:
        """The date in Shanghai on the chain."""
        return datetime.fromtimestamp(self.now(), UTC).astimezone(_CHINA).date()

    # --- acts

    def send(
        self, contract: str, function: str, args: Mapping[str, Any], auth: Mapping[str, Any] | None = None
    ) -> None:
        """By the gateway; returns when it is mined. RevertError."""
        data = calldata(self.chain.abi(contract), function, args, auth)
        to = self.chain.address(contract)
        gas = self.chain.gas(self.gateway.address, to, data)
        nonce = self.chain.nonce(self.gateway.address)
        fees = self.chain.market()
        made = Account.from_key(self.gateway.secret).sign_transaction(
            {
                "type": 2,
                "chainId": self.chain.chain_id,
                "nonce": nonce,
                "to": to,
                "value": 0,
                "data": data,
                "gas": gas * 2,
                "maxFeePerGas": fees.maximum,
                "maxPriorityFeePerGas": fees.priority,
            }
        )
        assert self.chain.send([bytes(made.raw_transaction)]) == [None]
        until(lambda: self.chain.nonce(self.gateway.address) > nonce)

    def sign(self, struct: str, message: Mapping[str, Any], key: EvmKey) -> dict[str, Any]:
        """The contract's Authorisation by ``key``; superfluous members of ``message`` are left out."""
        contract = STRUCTS[struct].contract
        fields = {field: message[field] for _, field in STRUCTS[struct].fields[:-2]}
        domain = Domain(contract, self.chain.chain_id, self.chain.address(contract))
        nonce = new_nonce()
        signature = sign_typed_data(document(struct, fields, domain, nonce=nonce, deadline=FOREVER), key)
        return {"signer": key.address, "nonce": nonce, "deadline": FOREVER, "signature": signature}

    def act(self, struct: str, message: Mapping[str, Any], key: EvmKey, function: str = "") -> None:
        """Signs and sends."""
        known = STRUCTS[struct]
        self.send(known.contract, function or known.function, message, self.sign(struct, message, key))

    # --- the stage

    def found(self) -> None:
        """The lead, its log, the roles."""
        self.act(
            "RegisterInstitution",
            {"institution": LEAD, "kind": 5, "region": REGION, "authority": self.lead.address, **self.evidence()},
            self.authority,
        )
        opening = {"origin": ORIGIN, "owner": _hex(LEAD), "anchor": self.gateway.address, "keyId": b"\x05" * 32}
        self.act("OpenLog", opening | self.evidence(), self.lead)
        for role, key in ((GROUP_ROLE, self.group), (GATEWAY_ROLE, self.gateway)):
            grant = {"institution": LEAD, "account": key.address, "role": keccak256(role.encode()), "region": REGION}
            self.act("GrantRole", {**grant, "expiresAt": FOREVER, **self.evidence()}, self.authority)

    def publish(self, year: int) -> None:
        """Mondays to Fridays."""
        first = date(year, 1, 1)
        bits = sum(1 << place for place in range(366) if _works(first + timedelta(place), year))
        words = [str(bits % 2**256), str(bits >> 256)]
        message = {"region": REGION, "year": year, "working": words, "trading": words, **self.evidence()}
        self.act("PublishCalendarYear", message, self.authority)

    def activate(self, table: Sequence[Mapping[str, Any]]) -> None:
        """Makes the table the rulebook of what follows."""
        bodies = [_hex(keccak256(role.encode())) for role in (GROUP_ROLE, GATEWAY_ROLE)]
        book = {"region": REGION, "log": _hex(log_id(ORIGIN)), "version": "T-1", "document": "0x" + "0d" * 32}
        book |= {"bodies": bodies, "table": list(table)}
        data = calldata(self.chain.abi("RulebookRegistry"), "idOf", {"book": book})
        self.rulebook = _hex(self.chain.call(self.chain.address("RulebookRegistry"), data))
        message = {"book": book, **book, "rulebook": self.rulebook, **self.evidence()}
        self.act("ActivateRulebook", message, self.authority)

    def open(self, action: str = "submit") -> None:
        """The lead submits PROJECT with the leaf of seq 0."""
        self.act("OpenPilot", self.opening(action), self.lead)

    def opening(self, action: str = "submit") -> dict[str, Any]:
        """The arguments of ``open``."""
        names = {"project": PROJECT, "rulebook": self.rulebook, "lead": LEAD, "stream": STREAM}
        return {**names, "action": action, "seq": 0, **self.evidence()}

    def step(self, action: str, key: EvmKey, *, value: int = 0) -> None:
        """A step whose leaf is written and not anchored."""
        self.act("PilotStep", self.message(action, value=value), key)

    def message(self, action: str, *, value: int = 0) -> dict[str, Any]:
        """The arguments of a step, with a new leaf in the log as its evidence."""
        return {"project": PROJECT, "action": action, "value": value, **self.request()}

    def request(self) -> dict[str, Any]:
        """Writes a requested leaf at the end of log and stream: its seq and evidence."""
        seq = self.standing()["stepCount"]
        kind = BY_NAME["pilot.step"].code
        previous = NO_LEAF if not seq else keccak256(b"before")
        commitment = keccak256(len(self.leaves).to_bytes(4, "big"))
        leaf = Leaf(Suite.INTL_V1, kind, Phase.REQUESTED, seq, STREAM, previous, commitment, 1_800_000_000_000)
        self.leaves.append(leaf.encode())
        return {"seq": seq, "commitment": _hex(commitment), "leaf": _hex(leaf.hash())}

    def anchor(self) -> None:
        """Appends the head of all leaves."""
        self.send("EvidenceLog", "append", self.head())

    def head(self) -> dict[str, Any]:
        """The arguments of the next append; from then on it counts as anchored."""
        tree = levels([leaf_hash(each) for each in self.leaves])
        size = len(self.leaves)
        proof = consistency_proof(self.anchored, size, lambda level, index: tree[level][index])
        self.anchored = size
        args = {"log": _hex(log_id(ORIGIN)), "size": size, "root": _hex(tree[-1][0])}
        return args | {"proof": [_hex(each) for each in proof]}

    def size(self) -> int:
        """Of the head that the chain has."""
        return int(self.chain.read("EvidenceLog", "logOf", log_id(ORIGIN))[2])

    def inclusion(self, leaf: str, *, size: int | None = None) -> dict[str, Any]:
        """The argument of a gate: this leaf (by its hash) under the anchored head, or under that of ``size`` leaves."""
        hashes = [leaf_hash(each) for each in self.leaves]
        index = hashes.index(bytes.fromhex(leaf[2:]))
        end = size or self.anchored
        tree = levels(hashes[:end])
        proof = inclusion_proof(index, end, lambda level, place: tree[level][place])
        content = {"leaf": _hex(self.leaves[index]), "index": index, "proof": [_hex(each) for each in proof]}
        return {"inclusion": {"log": _hex(log_id(ORIGIN)), **content}}

    def standing(self) -> dict[str, Any]:
        """The project as the chain has it."""
        entry = next(one for one in self.chain.abi("PilotLifecycle") if one.get("name") == "project")
        names = [part["name"] for part in entry["outputs"][0]["components"]]
        return dict(zip(names, self.chain.read("PilotLifecycle", "project", PROJECT), strict=True))

    def evidence(self) -> dict[str, Any]:
        """Of an act whose record is of no interest here."""
        self._count += 1
        return {"commitment": keccak256(b"c%d" % self._count), "leaf": keccak256(b"l%d" % self._count)}


def _works(day: date, year: int) -> bool:
    return day.year == year and day.weekday() < 5


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
