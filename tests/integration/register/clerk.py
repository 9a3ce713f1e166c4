"""The operator's clerk asks for acts through the API, lets those sign who must, and waits for the chain to decide."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from chain.party.keystore import EvmKey
from services.platform.ids import bytes16, random_id
from services.register.book import repository as book
from services.register.rules.acts import OpenSecurity, message
from services.register.rules.values import Form, Kind, State, Terms
from tests.integration.register.business import CHECKER, LIAISON, REGULATOR
from tests.integration.register.world import MarketWorld
from tests.integration.services.transactions.rig import REGION
from tests.waiting import until

SIGNERS = {"register.checker": CHECKER, "register.regulator": REGULATOR, "register.court-liaison": LIAISON}
SHARE = Terms(Form.SHARE, 0xFE, 200, b"REM-04".ljust(16, b"\0"), interval=5)


@dataclass
class Clerk:
    """``pledgees``: keys of parties whom liens name, by address."""

    world: MarketWorld
    client: TestClient
    pledgees: dict[str, EvmKey] = field(default_factory=dict)
    _records: dict[str, str] = field(default_factory=dict)

    def documents(self, *codes: str) -> list[dict[str, str]]:
        """Each filed once as a record of the operator."""
        return [{"code": code, "record": self._filed(code)} for code in codes]

    def _filed(self, code: str) -> str:
        if code not in self._records:
            record = {
                "type": "business.event", "subject": f"document/{code}", "actor": self.world.host.institution_id,
                "occurred_at": "2030-12-02T01:00:00Z", "body": {"document": code},
            }  # fmt: skip
            log = self.world.services.evidence.house_log_id()
            answer = self.client.post("/v1/records", json={"log": log, "record": record})
            assert answer.status_code == 201, answer.text
            self._records[code] = answer.json()["id"]
        return self._records[code]

    def ask(self, act: str, *, key: str = "", **said: Any) -> Any:
        """The answer to a request, whatever it is."""
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post("/v1/register/acts", json={"act": act, **said}, headers=headers)

    def asked(self, act: str, **said: Any) -> dict[str, Any]:
        """The act, which waits for signatures."""
        answer = self.ask(act, **said)
        assert answer.status_code == 202, answer.text
        made: dict[str, Any] = answer.json()
        return made

    def refused(self, act: str, **said: Any) -> dict[str, Any]:
        """The problem: a rule says no before anything is done."""
        answer = self.ask(act, **said)
        assert answer.status_code == 409, answer.text
        problem: dict[str, Any] = answer.json()
        return problem

    def sign(self, act: dict[str, Any]) -> None:
        """Everybody who must."""
        operation = self.world.house.operation(act["operation"])
        for need in operation.needs:
            key = self.pledgees[need.any_of[0]] if need.any_of else SIGNERS[need.role]
            self.world.house.sign(self.world.host, operation, key)

    def done(self, act: str, **said: Any) -> dict[str, Any]:
        """Asked, signed and decided."""
        return self.decided(self.asked(act, **said))

    def decided(self, act: dict[str, Any]) -> dict[str, Any]:
        """Signed and decided."""
        self.sign(act)
        self.world.work(act["operation"])
        return self.get(act)

    def registered(self, act: str, **said: Any) -> dict[str, Any]:
        """As :meth:`done`; the chain must have taken it."""
        made = self.done(act, **said)
        assert made["state"] == "registered", made
        return made

    def entered(self, path: str, body: dict[str, Any], *, key: str = "") -> dict[str, Any]:
        """What ends off the chain, asked, signed by the checker and done; the operation when it has ended."""
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.client.post(f"/v1/register/{path}", json=body, headers=headers)
        assert answer.status_code == 202, answer.text
        return self.checked(answer.json())

    def checked(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Signed by the checker, and ended."""
        assert (asked["kind"], asked["state"]) == ("register.fact", "needs_authorisation"), asked
        self.world.house.sign(self.world.host, self.world.house.operation(asked["id"]), CHECKER)
        self.world.services.jobs.run("register.checked")  # and nothing is sent meanwhile
        found: dict[str, Any] = self.client.get(f"/v1/operations/{asked['id']}").json()
        return found

    def get(self, act: dict[str, Any]) -> dict[str, Any]:
        """As it is now."""
        found: dict[str, Any] = self.client.get(f"/v1/register/acts/{act['id']}").json()
        return found

    def said(self, record_id: str) -> dict[str, Any]:
        """A record's document."""
        found: dict[str, Any] = self.client.get(f"/v1/records/{record_id}").json()["record"]
        return found

    # --- what most tests begin with, told to the chain directly

    def investor(self, kind: Kind = Kind.PERSON) -> str:
        """A new account that the chain knows, suitable for long."""
        account = random_id("acc")
        until_day = self.world.acting.today() + 900
        said = {"investor": bytes16(account), "kind": kind, "suitableUntil": until_day, "addend": 0}
        self.world.acting.act("OpenInvestor", said, CHECKER)
        self._read(lambda session, chain: book.investor(session, chain, account) is not None)
        return account

    def investors(self, count: int) -> list[str]:
        """The same for many persons."""
        accounts = [random_id("acc") for _ in range(count)]
        until_day = self.world.acting.today() + 900
        for some in _hundreds(accounts):
            said = {"investors": [bytes16(each) for each in some], "kinds": [Kind.PERSON] * len(some)}
            rest = {"suitableUntil": [until_day] * len(some), "addends": [0] * len(some)}
            self.world.acting.act("OpenInvestors", {**said, **rest}, CHECKER)
        self._read(lambda session, chain: book.investor(session, chain, accounts[-1]) is not None)
        return accounts

    def security(self, holders: dict[str, int], **terms: Any) -> str:
        """In custody, with these holders; the service has read all of it."""
        security, act = random_id("sec"), self.world.acting.act
        opening = OpenSecurity(bytes16(security), bytes16(random_id("cmp")), REGION, replace(SHARE, **terms))
        act("OpenSecurity", message(opening), CHECKER)
        for some in _hundreds(list(holders)):
            who = {"investors": [bytes16(each) for each in some], "units": [holders[each] for each in some]}
            act("IssueUnits", {"security": bytes16(security), **who}, CHECKER)
        act("AdmitSecurity", {"security": bytes16(security), "capital": sum(holders.values())}, CHECKER)

        def custodied(session: Session, chain: str) -> bool:
            row = book.security(session, chain, security)
            return row is not None and row.state == State.CUSTODIED

        self._read(custodied)
        return security

    def _read(self, done: Callable[[Session, str], bool]) -> None:
        """The service reads the business chain until this is so."""
        services = self.world.services

        def read() -> bool:
            services.jobs.run("transactions.business.index")
            with services.database.read() as session:
                return done(session, services.register.parts.chain)

        until(read)

    def agreed(self, security: str, giver: str, taker: str, units: int, **more: Any) -> dict[str, Any]:
        """What an agreed transfer is asked with."""
        said = {"security": security, "giver": giver, "taker": taker, "units": str(units), "payment": "P-1"}
        return {**said, "documents": self.documents("transfer-agreement"), **more}

    def held(self, security: str, account: str) -> int:
        """Units, as the contract says."""
        found = self.world.acting.read("positionOf", bytes.fromhex(security[4:]), bytes.fromhex(account[4:]))
        return int(found["units"])


def _hundreds(accounts: list[str]) -> Iterator[list[str]]:
    """As many as fit into a block."""
    return (accounts[start : start + 100] for start in range(0, len(accounts), 100))
