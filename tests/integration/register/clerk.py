"""The operator's clerk asks for acts through the API, lets those sign who must, and waits for the chain to decide."""

from dataclasses import dataclass, field
from typing import Any

from starlette.testclient import TestClient

from chain.party.keystore import EvmKey
from services.platform.ids import random_id
from tests.integration.register.business import CHECKER, LIAISON, REGULATOR
from tests.integration.register.world import MarketWorld

SIGNERS = {"register.checker": CHECKER, "register.regulator": REGULATOR, "register.court-liaison": LIAISON}
SHARE = {
    "form": "share", "kinds": ["person", "company", "partnership"], "cap": 200, "basis": "REM-04", "interval": 5,
    "subscription_counts": False,
}  # fmt: skip


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

    def get(self, act: dict[str, Any]) -> dict[str, Any]:
        """As it is now."""
        found: dict[str, Any] = self.client.get(f"/v1/register/acts/{act['id']}").json()
        return found

    def said(self, record_id: str) -> dict[str, Any]:
        """A record's document."""
        found: dict[str, Any] = self.client.get(f"/v1/records/{record_id}").json()["record"]
        return found

    # --- what most tests begin with

    def investor(self, kind: str = "person", *, until: str = "2031-12-31") -> str:
        """A new account that the chain knows."""
        account = random_id("acc")
        self.registered("open-investor", account=account, kind=kind, suitable_until=until)
        return account

    def security(self, holders: dict[str, int], **terms: Any) -> str:
        """In custody, with these holders."""
        security = self.registering(**terms)
        entries = [{"account": account, "units": str(units)} for account, units in holders.items()]
        rests = self.documents("holder-list")
        self.registered("issue", security=security, entries=entries, documents=rests)
        capital, rests = str(sum(holders.values())), self.documents("capital-verification")
        self.registered("admit", security=security, capital=capital, documents=rests)
        return security

    def registering(self, **terms: Any) -> str:
        """A new one, whose first registration has begun."""
        security = random_id("sec")
        rests = self.documents("custody-agreement", "articles")
        self.registered(
            "open-security", security=security, issuer=random_id("cmp"), issuer_region=440300,
            terms={**SHARE, **terms}, documents=rests,
        )  # fmt: skip
        return security

    def agreed(self, security: str, giver: str, taker: str, units: int, **more: Any) -> dict[str, Any]:
        """What an agreed transfer is asked with."""
        said = {"security": security, "giver": giver, "taker": taker, "units": str(units), "payment": "P-1"}
        return {**said, "documents": self.documents("transfer-agreement"), **more}

    def held(self, security: str, account: str) -> int:
        """Units, as the contract says."""
        found = self.world.acting.read("positionOf", bytes.fromhex(security[4:]), bytes.fromhex(account[4:]))
        return int(found["units"])
