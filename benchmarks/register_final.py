"""A list of holders from its check to the last position in the book, on a real chain, each act signed by a checker."""

from __future__ import annotations

import os
import resource
import secrets
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from eth_account import Account

from benchmarks import register_import as lists
from benchmarks.market import EMBEDDED, PLAIN, Stall, opened
from benchmarks.measure import Figure, compared
from chain.errors import RevertError
from chain.party.eip712 import sign_typed_data
from services.days import number
from services.platform.clock import SystemClock
from services.platform.ids import bytes16, random_id
from services.register.imports.grouping import SIZE
from services.register.rules.values import Kind
from services.transactions.encoding import calldata
from tests.integration.register import office
from tests.integration.register.business import CHECKER, Acting
from tests.integration.services.transactions.rig import GATEWAY, REGION

FULL = os.environ.get("REGSEAL_TEST_SIZE") == "full"
SIZES = {EMBEDDED: 20_000 if FULL else 2_000, PLAIN: 100_000 if FULL else 2_000}
_GAS = {"openInvestors": 32_000, "issue": 34_000}
_PATIENCE_S = 1_800


def run() -> Iterator[Figure]:
    """Positions a second, beside the same acts sent to the same node without the service."""
    for kind, holders in SIZES.items():
        with tempfile.TemporaryDirectory() as folder, opened(kind, Path(folder)) as stall:
            yield from _measured(kind, stall, holders)


def _measured(kind: str, stall: Stall, holders: int) -> Iterator[Figure]:
    done = _Import(stall, holders)
    checked, carried = done.check(), done.carry_out()
    done.finish()
    raw = Figure(f"the same acts without a service, {kind}", _rate(holders, _raw(stall, holders)), "/s")
    yield raw
    whole = Figure(
        f"list of {holders:,} to final, {kind}", _rate(holders, checked.wall + carried.wall), "/s",
        target=Decimal(1_500), at_most=False,
    )  # fmt: skip
    yield compared(whole, raw)
    yield Figure(f"its check, {kind}", _rate(holders, checked.wall), "/s")
    for name, taken in (("check", checked.own), ("execution", carried.own), ("nodes", carried.nodes)):
        per_position = Decimal(taken) * 1_000 / holders
        yield Figure(f"processor time a position: {name}, {kind}", per_position.quantize(Decimal("0.001")), "ms")
    yield Figure(f"memory that it took, {kind}", Decimal(done.memory_mb), "MB")
    yield Figure(f"signatures of the checker, {kind}", Decimal(done.signed), "")


@dataclass(frozen=True)
class _Taken:
    """Seconds: that passed, of the service's processor, of the nodes'."""

    wall: float
    own: float
    nodes: float


class _Import:
    """One company's list."""

    def __init__(self, stall: Stall, holders: int) -> None:
        self._stall, self._office, self._holders = stall, stall.office, holders
        self._services = stall.office.world.services
        lists.LINES = holders
        self._company = self._office.apply(1, holders * lists.UNITS)
        self._company = self._office.step(self._company, "take-up")
        material = self._office.stored(lists.workbook().getvalue())
        self._said = {"company": self._company["id"], "files": [{"material": material, "name": "名册.xlsx"}]}
        self._began_mb = _memory_mb()
        self._made: Any = None
        self._security = ""
        self.signed = 0

    def check(self) -> _Taken:
        """Read and checked, its groups stored."""
        began = self._now()
        self._made = self._office.post("imports", self._said, 202)
        self._services.holders.imports.run()
        taken = self._since(began)
        found = self._office.seen(f"imports/{self._made['id']}")
        assert found["state"] == "checked", found
        return taken

    def carry_out(self) -> _Taken:
        """From the request to the last position in the book; the checker signs what waits as it comes."""
        self._office.step(self._company, "verify", "verification-report")
        office.SHARE["grandfathered"] = self._holders
        self._security = self._office.empty_security(self._company)
        said = self._office.execution(self._security)
        self._services.jobs.start()
        began, signing = self._now(), 0.0
        self._office.post(f"imports/{self._made['id']}/execution", said, 202)
        end = time.monotonic() + _PATIENCE_S
        while (state := self._state()) == "running" and time.monotonic() < end:
            signing += self._sign()
            time.sleep(0.2)
        taken = self._since(began)
        assert state == "done", self._services.holders.imports.get(self._office.world.host, self._made["id"])
        return _Taken(taken.wall, taken.own - signing, taken.nodes)

    def finish(self) -> None:
        """Nothing differs from the contract's storage, and the rules that were on in this build bite."""
        self.memory_mb = _memory_mb() - self._began_mb
        self._services.jobs.stop()
        differences = self._services.register.book.reconciler.run().differences
        assert not differences, differences[:3]
        issued = self._stall.acting.read("securityOf", bytes16(self._security))
        assert (issued["count"], issued["issued"]) == (self._holders, self._holders * lists.UNITS), issued
        _bites(self._stall, self._security, self._holders * lists.UNITS)

    def _state(self) -> str:
        return self._services.holders.imports.get(self._office.world.host, self._made["id"]).state

    def _sign(self) -> float:
        """Seconds of the processor."""
        began, desk, host = time.thread_time(), self._services.operations, self._office.world.host
        waiting = desk.list(host, state="needs_authorisation", limit=200).items
        for each in reversed(waiting):
            desk.authorise(host, each.id, CHECKER.address, sign_typed_data(each.typed_data, CHECKER))
        self.signed += len(waiting)
        return time.thread_time() - began

    def _now(self) -> _Taken:
        return _Taken(time.perf_counter(), time.process_time(), self._stall.nodes_s())

    def _since(self, began: _Taken) -> _Taken:
        now = self._now()
        return _Taken(now.wall - began.wall, now.own - began.own, now.nodes - began.nodes)


def _bites(stall: Stall, security: str, units: int) -> None:
    """A person again, a capital that is not the issued one, a holder too many; in custody, a kind not permitted."""
    acting, raw = stall.acting, bytes16(security)
    known, product = (bytes16(random_id("acc")) for _ in range(2))
    new: Mapping[str, Any] = {"investor": known, "kind": Kind.PERSON, "suitableUntil": 0, "addend": 0}
    acting.act("OpenInvestor", new, CHECKER)
    acting.act("OpenInvestor", {**new, "investor": product, "kind": Kind.PRODUCT}, CHECKER)
    one: Mapping[str, Any] = {"security": raw, "units": [1]}
    admitted: Mapping[str, Any] = {"security": raw, "capital": units}
    for error, struct, message in (
        ("RegisterInvestorExists", "OpenInvestor", new),
        ("RegisterCapital", "AdmitSecurity", {**admitted, "capital": units + 1}),
        ("RegisterCap", "IssueUnits", {**one, "investors": [known]}),
        ("", "AdmitSecurity", admitted),
        ("RegisterKind", "IssueUnits", {**one, "investors": [product]}),
    ):
        found = _refusal(acting, struct, message)
        assert found == error, (struct, found)


def _refusal(acting: Acting, struct: str, message: Mapping[str, Any]) -> str:
    """The contract's error, empty when it takes the act."""
    try:
        acting.act(struct, message, CHECKER)
    except RevertError as refused:
        return refused.name
    return ""


def _raw(stall: Stall, holders: int) -> float:
    """Seconds for as many holders with new accounts in another security, encoded, signed and sent by one account."""
    acting, security = stall.acting, bytes16(random_id("sec"))
    basis = b"REM-04".ljust(16, b"\0")
    opening = {"security": security, "issuer": bytes16(random_id("cmp")), "issuerRegion": REGION}
    terms = {"form": 1, "kinds": 0xFE, "cap": 200, "grandfathered": holders, "interval": 5}
    acting.act("OpenSecurity", {**opening, **terms, "subscriptionCounts": False, "basis": basis}, CHECKER)
    began = time.perf_counter()
    nonce, fees = acting.chain.nonce(GATEWAY.address), acting.chain.market()
    raws: list[bytes] = []
    for start in range(0, holders, SIZE):
        accounts = [secrets.token_bytes(16) for _ in range(min(SIZE, holders - start))]
        for struct, message in _acts(security, accounts):
            raws.append(_signed(stall, (struct, message), nonce + len(raws), fees))
    for start in range(0, len(raws), 20):
        answers = acting.chain.send(raws[start : start + 20])
        assert not any(answers), answers
    while acting.chain.nonce(GATEWAY.address) < nonce + len(raws):
        time.sleep(0.05)
    taken = time.perf_counter() - began
    assert acting.read("securityOf", security)["count"] == holders
    return taken


def _acts(security: bytes, accounts: Sequence[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    many = len(accounts)
    until = number(SystemClock().now().date()) + 300
    told = {"kinds": [int(Kind.PERSON)] * many, "suitableUntil": [until] * many, "addends": [0] * many}
    yield "OpenInvestors", {"investors": list(accounts), **told}
    yield "IssueUnits", {"security": security, "investors": list(accounts), "units": [lists.UNITS] * many}


def _signed(stall: Stall, act: tuple[str, Mapping[str, Any]], nonce: int, fees: Any) -> bytes:
    struct, message = act
    acting, function = stall.acting, "openInvestors" if struct == "OpenInvestors" else "issue"
    said = {**acting.evidence(), **message}
    auths = acting.authorisations(struct, said, CHECKER)
    data = calldata(acting.chain.abi("EquityRegister"), function, said | {"auths": auths})
    call = {"type": 2, "chainId": acting.chain.chain_id, "nonce": nonce, "value": 0, "data": data}
    call |= {"to": acting.chain.address("EquityRegister"), "gas": 200_000 + _GAS[function] * len(message["investors"])}
    paid = {"maxFeePerGas": 10 * fees.maximum, "maxPriorityFeePerGas": fees.priority}
    return bytes(Account.from_key(GATEWAY.secret).sign_transaction(call | paid).raw_transaction)


def _rate(holders: int, seconds: float) -> Decimal:
    return Decimal(round(holders / seconds))


def _memory_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
