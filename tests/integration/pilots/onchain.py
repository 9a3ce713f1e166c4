"""The contracts of the pilots on a real node, and everybody who signs: the chain's verdict on a step, its standing."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chain.deploy import deploy_all
from chain.errors import RevertError
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.hashing import Suite, keccak256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import consistency_proof, inclusion_proof, levels
from chain.proof.types import Phase
from services.days import number, on
from services.pilots.rulebook.compile import Table
from services.pilots.rulebook.machine import Standing, Step, WorkingDays, needs_proof
from services.pilots.rulebook.model import ItemKind, Transition
from services.transactions.encoding import calldata
from services.transactions.typed import Domain, document
from tests.integration.services.transactions.rig import DEPLOYER, GATEWAY, Anvil, Client, client_of, key_of
from tests.waiting import until

ALWAYS = 2**40  # Unix seconds
FIRST_DAY = number(date(2030, 12, 2))
"""The Monday on which every project is opened; the calendars end with the next year."""
YEARS = (2030, 2031)
STEP_CODE = 0x0301
REGIONS = {440300: "Shenzhen", 440100: "Guangzhou", 110000: "Beijing", 0: "the nation"}
AUTHORITIES = {region: key_of(f"authority of {name}") for region, name in REGIONS.items()}
STRANGER = "stranger"
"""A working group, but of another region."""


class Calendar(WorkingDays):
    """Monday to Friday, in the published years: what the chain is told, too."""

    def working_days_after(self, since: int, until: int) -> int | None:
        if not {on(day).year for day in (since, until)} <= set(YEARS):
            return None
        return sum(on(day).weekday() < 5 for day in range(since + 1, until + 1))

    @staticmethod
    def words(year: int) -> list[int]:
        """The bitmap of a year as the contract takes it."""
        first = date(year, 1, 1)
        length = (date(year + 1, 1, 1) - first).days
        bits = sum(1 << day for day in range(length) if (first + timedelta(days=day)).weekday() < 5)
        return [bits & (1 << 256) - 1, bits >> 256]


@dataclass
class Log:
    """The region's pilot log: the leaves that gates are proven with."""

    id: bytes
    leaves: list[bytes]


def deployed(folder: Path) -> tuple[Anvil, Client]:
    """A node with the contracts; it takes transactions of everybody without their keys."""
    anvil = Anvil().start()
    anvil.fund(DEPLOYER, GATEWAY)
    regions = {region: key.address for region, key in AUTHORITIES.items()}
    addresses = folder / "addresses.json"
    deploy_all(anvil.url, DEPLOYER.secret, key_of("root").address, regions, 3600, addresses)
    anvil.rpc.call("anvil_autoImpersonateAccount", True)
    return anvil, client_of(anvil.url, addresses)


class PilotChain:
    """On such a node one region's institutions, its calendar, and its rulebook in force."""

    def __init__(self, anvil: Anvil, client: Client, table: Table) -> None:
        self.table = table
        self.anvil = anvil
        self.client = client
        self.nonce = 0
        self.keys = {code: key_of(f"{code} of a region") for code in (*table.book.bodies, STRANGER)}
        self.lead = b"\x01" * 16
        self.log = Log(keccak256(b"regseal.example/pilots"), [])
        self.rulebook = table.id(self.log.id)
        self.go_to(FIRST_DAY - 1)
        self._settle_region()

    # --- acting

    def authorisation(self, contract: str, struct: str, message: Mapping[str, Any], key: EvmKey) -> dict[str, Any]:
        """A signature over a message, as the contracts take it."""
        self.nonce += 1
        domain = Domain(contract, self.client.chain_id, self.client.address(contract))
        typed = document(struct, message, domain, nonce=self.nonce, deadline=ALWAYS)
        signature = sign_typed_data(typed, key)
        return {"signer": key.address, "nonce": self.nonce, "deadline": ALWAYS, "signature": signature}

    def send(self, contract: str, data: bytes, sender: str = GATEWAY.address) -> None:
        """A transaction that must succeed."""
        call = {"from": sender, "to": self.client.address(contract), "data": "0x" + data.hex(), "gas": hex(15_000_000)}
        digest = self.anvil.rpc.call("eth_sendTransaction", call)
        receipt = until(lambda: self.anvil.rpc.call("eth_getTransactionReceipt", digest))
        assert receipt["status"] == "0x1", self.refusal(contract, data, sender)

    def refusal(self, contract: str, data: bytes, sender: str = GATEWAY.address) -> RevertError | None:
        """Why the call would be refused now, if it would."""
        try:
            self.client.call(self.client.address(contract), data, sender=sender)
        except RevertError as refused:
            return refused
        return None

    def go_to(self, day: int) -> None:
        """Noon of a day, in Shanghai: the seconds that a test takes do not make another day of it."""
        self.anvil.rpc.call("evm_setNextBlockTimestamp", hex(day * 86_400 + 4 * 3600))
        self.anvil.mine()

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Whatever happens is undone, the time that passes included."""
        snapshot, leaves = self.anvil.rpc.call("evm_snapshot"), len(self.log.leaves)
        self.go_to(FIRST_DAY)
        try:
            yield
        finally:
            assert self.anvil.rpc.call("evm_revert", snapshot)
            del self.log.leaves[leaves:]

    # --- steps

    def call_of(self, project: bytes, row: Transition | None, step: Step, *, standing: Standing) -> tuple[bytes, str]:
        """Call data and sender of a step; `row` is what the table has for it, to know how it is signed and proven."""
        opening = standing.state is None and row is not None
        digest = keccak256(project + step.seq.to_bytes(8, "big") + step.action.encode())
        leaf = self._leaf(project, step, digest)
        evidence = {"commitment": digest, "leaf": leaf.hash()} if step.evidence else _NOTHING
        said = {"project": project, "action": step.action, "seq": step.seq, **evidence}
        key = self.keys[step.body]
        if opening:
            said |= {"rulebook": self.rulebook, "lead": self.lead, "stream": project}
            auth = self.authorisation("PilotLifecycle", "OpenPilot", said, key)
            return self._calldata("open", said, auth), GATEWAY.address
        said["value"] = step.value
        by_sender = row is not None and self.table.book.bodies[row.body].by_sender
        auth = self.authorisation("PilotLifecycle", "PilotStep", said, key)
        sender = key.address if by_sender else GATEWAY.address
        if row is not None and step.proven and needs_proof(self.table, standing, row, step.seq):
            return self._calldata("gate", {**said, **self._inclusion(leaf)}, auth), sender
        return self._calldata("step", said, auth), sender

    def anchor(self, project: bytes, step: Step) -> None:
        """Appends the step's leaf to the region's log, and the head to the chain."""
        digest = keccak256(project + step.seq.to_bytes(8, "big") + step.action.encode())
        old = len(self.log.leaves)
        self.log.leaves.append(self._leaf(project, step, digest).hash())
        rows = levels(self.log.leaves)
        proof = consistency_proof(old, old + 1, lambda level, index: rows[level][index])
        head = {"log": self.log.id, "size": old + 1, "root": rows[-1][0], "proof": proof}
        self.send("EvidenceLog", calldata(self.client.abi("EvidenceLog"), "append", head))

    def standing(self, project: bytes) -> dict[str, Any]:
        """What the chain says about a project."""
        found = self._project(project)
        names = {"state": "state", "flags": "flags", "open": "open", "notice": "noticeFrom", "end": "endsOn"}
        names |= {"count": "stepCount", "proven": "provenCount"}
        return {ours: found[theirs] for ours, theirs in names.items()}

    def expected(self, standing: Standing) -> dict[str, Any]:
        """What the chain must say of a standing of Python's."""
        return {
            "state": self.table.state_number(standing.state),
            "flags": self.table.flag_mask(standing.flags),
            "open": tuple(len(standing.open_of(kind)) for kind in ItemKind),
            "notice": standing.notice_from,
            "end": standing.ends_on,
            "count": standing.count,
            "proven": standing.proven_count,
        }

    def _project(self, project: bytes) -> dict[str, Any]:
        found = self.client.read("PilotLifecycle", "project", project)
        entry = next(one for one in self.client.abi("PilotLifecycle") if one.get("name") == "project")
        return dict(zip((part["name"] for part in entry["outputs"][0]["components"]), found, strict=True))

    def _calldata(self, function: str, said: Mapping[str, Any], auth: Mapping[str, Any]) -> bytes:
        return calldata(self.client.abi("PilotLifecycle"), function, said, auth)

    @staticmethod
    def _leaf(project: bytes, step: Step, commitment: bytes) -> Leaf:
        previous = NO_LEAF if step.seq == 0 else b"\x07" * 32
        return Leaf(
            suite=Suite.INTL_V1, type_code=STEP_CODE, phase=Phase.REQUESTED, seq=step.seq, stream=project,
            previous=previous, commitment=commitment, accepted_at=1,
        )  # fmt: skip

    def _inclusion(self, leaf: Leaf) -> dict[str, Any]:
        """The proof under the newest head; one that proves nothing for a leaf that is not in the log."""
        if leaf.hash() not in self.log.leaves:
            return {"inclusion": {"log": self.log.id, "leaf": leaf.encode(), "index": 0, "proof": []}}
        index, rows = self.log.leaves.index(leaf.hash()), levels(self.log.leaves)
        proof = inclusion_proof(index, len(self.log.leaves), lambda level, at: rows[level][at])
        return {"inclusion": {"log": self.log.id, "leaf": leaf.encode(), "index": index, "proof": proof}}

    # --- setting up

    def _settle_region(self) -> None:
        region = self.table.book.region
        other = next(one for one in REGIONS if one not in {0, region})
        self._register(self.lead, 5, region, self.keys["lead"])
        for place, code in enumerate((*self.table.book.bodies, STRANGER), start=2):
            if code == "lead":
                continue
            body = self.table.book.bodies.get(code, self.table.book.bodies["working_group"])
            assert body.role is not None
            where = 0 if body.national else other if code == STRANGER else region
            self._register(bytes([place]) * 16, 3, where, key_of(f"institution of {code}"))
            self._grant(bytes([place]) * 16, self.keys[code].address, body.role, where)
        opening = {
            "origin": "regseal.example/pilots",
            "owner": self.lead,
            "anchor": GATEWAY.address,
            "keyId": b"\1" * 32,
        }
        self._signed("EvidenceLog", "OpenLog", "open", opening, self.keys["lead"])
        for year in YEARS:
            said = {"region": region, "year": year, "working": Calendar.words(year), "trading": Calendar.words(year)}
            self._signed("Calendar", "PublishCalendarYear", "publishYear", said, AUTHORITIES[region])
        self._activate(region)
        for key in self.keys.values():
            self.anvil.fund(key)

    def _activate(self, region: int) -> None:
        table = self.table
        said = {
            "rulebook": self.rulebook, "region": region, "version": table.book.id, "log": self.log.id,
            "document": table.document, **_EVIDENCE,
        }  # fmt: skip
        auth = self.authorisation("RulebookRegistry", "ActivateRulebook", said, AUTHORITIES[region])
        entries = [{"from": one.state, "action": one.action_hash, "rule": one.packed} for one in table.entries]
        whole = {**said, "bodies": [keccak256(role.encode()) for role in table.bodies], "table": entries}
        self.send("RulebookRegistry", calldata(self.client.abi("RulebookRegistry"), "activate", whole, auth))

    def _register(self, institution: bytes, kind: int, region: int, authority: EvmKey) -> None:
        said = {"institution": institution, "kind": kind, "region": region, "authority": authority.address}
        self._signed("InstitutionRegistry", "RegisterInstitution", "register", said, AUTHORITIES[region])

    def _grant(self, institution: bytes, account: str, role: str, region: int) -> None:
        said = {
            "institution": institution, "account": account, "role": keccak256(role.encode()), "region": region,
            "expiresAt": ALWAYS,
        }  # fmt: skip
        self._signed("InstitutionRegistry", "GrantRole", "grantRole", said, AUTHORITIES[region])

    def _signed(self, contract: str, struct: str, function: str, said: Mapping[str, Any], key: EvmKey) -> None:
        whole = {**said, **_EVIDENCE}
        auth = self.authorisation(contract, struct, whole, key)
        self.send(contract, calldata(self.client.abi(contract), function, whole, auth))


_EVIDENCE = {"commitment": b"\x05" * 32, "leaf": b"\x06" * 32}
_NOTHING = {"commitment": bytes(32), "leaf": bytes(32)}
