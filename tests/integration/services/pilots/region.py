"""A region with everybody who acts in its pilots, each with a key, a token and documents of its own; time moves."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from starlette.testclient import TestClient
from typing_extensions import override

from api.app import create_app
from chain.deploy import deploy_all
from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.confirmation import confirmation_message
from chain.proof.ed25519 import SigningKey
from chain.proof.hashing import sha256
from services.evidence.group import Group
from services.identity.views import TokenRequest
from services.platform.clock import Clock, SystemClock, from_ms, rfc3339
from services.platform.settings import Settings
from services.transactions.views import OperationView
from tests.integration.services.identity.house import House, proven, registration, start
from tests.integration.services.transactions.rig import DEPLOYER, ENDED, GATEWAY, OWNER, REGIONAL, Anvil, key_of
from tests.waiting import until

SHENZHEN, GUANGZHOU, NATIONAL_REGION = 440300, 440100, 0
NATIONAL, GUANGZHOU_AUTHORITY = key_of("national authority"), key_of("guangzhou authority")
AUTHORITIES = {SHENZHEN: REGIONAL, GUANGZHOU: GUANGZHOU_AUTHORITY, NATIONAL_REGION: NATIONAL}
WORK = ("transactions.supervision.manage", "transactions.supervision.index", "evidence.seal", "evidence.anchor")
_EPOCH = date(1970, 1, 1)
_TODAY = from_ms(SystemClock().ms()).astimezone(ZoneInfo("Asia/Shanghai")).date()
YEARS = (_TODAY.year, _TODAY.year + 1)
"""Whose calendars these tests publish: the chain's time is the machine's."""


class MovedClock(Clock):
    """The machine's clock, some time ahead."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self.ahead_ms = 0

    @override
    def ms(self) -> int:
        return self._clock.ms() + self.ahead_ms

    @override
    def now(self) -> datetime:
        return from_ms(self.ms())


@dataclass
class Party:
    """An institution as its own client sees the service; ``account`` signs what a role is needed for."""

    name: str
    id: str
    client: TestClient
    authority: EvmKey
    account: EvmKey
    submitter: SigningKey
    log: str

    @property
    def submitter_seed(self) -> bytes:
        """What the submitter key is made of."""
        return sha256(self.name.encode())

    def get(self, path: str, **params: Any) -> Any:
        answer = self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Mapping[str, Any], status: int = 201, **headers: str) -> Any:
        answer = self.client.post(path, json=body, headers=headers)
        assert answer.status_code == status, (answer.status_code, answer.text)
        return answer.json()

    def document(self, title: str) -> str:
        """Evidence of the institution's own: a record, by its id."""
        record = {"type": "pilot.event", "subject": title, "actor": self.id, "occurred_at": "2026-11-20T09:30:00Z"}
        return str(self.post("/v1/records", {"log": self.log, "record": {**record, "body": {"title": title}}})["id"])

    def manifest(self, title: str) -> str:
        """A manifest of one file, by its record's id."""
        digest = {"size": 3, "sha256": "0x" + sha256(title.encode()).hex(), "sm3": "0x" + "22" * 32}
        files = [{"name": f"{title}.pdf", "media_type": "application/pdf", **digest}]
        record = {"type": "material.manifest", "subject": title, "actor": self.id}
        record |= {"occurred_at": "2026-11-20T09:30:00Z"}
        return str(self.post("/v1/records", {"log": self.log, "record": {**record, "body": {"files": files}}})["id"])

    def evidence(self, *codes: str) -> list[dict[str, str]]:
        return [{"code": code, "record": self.document(code)} for code in codes]


@dataclass
class Region:
    """The service, its node, and the parties by name."""

    house: House
    anvil: Anvil
    clock: MovedClock
    anyone: TestClient
    parties: dict[str, Party] = field(default_factory=dict)
    rulebook: str = ""
    log: str = ""

    def __getitem__(self, name: str) -> Party:
        return self.parties[name]

    def work(self, operation_id: str) -> str:
        """Lets the service send, read, seal and anchor until the operation has ended; its last state."""

        def ended() -> bool:
            for job in WORK:
                self.house.services.jobs.run(job)
            return self.house.operation(operation_id).state in ENDED

        until(ended, tell=lambda: self.house.operation(operation_id))
        return self.house.operation(operation_id).state

    def settle(self) -> None:
        """Lets everything that the gateway does by itself come to its end."""
        for _ in range(6):
            for job in WORK:
                self.house.services.jobs.run(job)

    def sign(self, party: Party, operation: Mapping[str, Any], key: EvmKey) -> str:
        """The key signs, the party brings the signature back; the operation's last state."""
        signature = "0x" + sign_typed_data(operation["typed_data"], key).hex()
        body = {"signer": key.address, "signature": signature}
        party.post(f"/v1/operations/{operation['id']}/authorisations", body, 202)
        return self.work(operation["id"])

    def step(self, party: Party, project: str, action: str, *codes: str, key: EvmKey | None = None, **more: Any) -> Any:
        """A step, signed and final; what the project is then."""
        body = {"action": action, "evidence": party.evidence(*codes), **more}
        operation = party.post(f"/v1/pilots/{project}/steps", body, 202)
        assert self.sign(party, operation, key or party.account) == "final", self.house.operation(
            operation["id"]
        ).reason
        return party.get(f"/v1/pilots/{project}")

    def pass_days(self, days: int) -> None:
        """Moves service and chain alike."""
        self.clock.ahead_ms += days * 86_400_000
        self.anvil.rpc.call("evm_increaseTime", hex(days * 86_400))
        self.anvil.mine()

    # --- setting up

    def admit(self, name: str, kind: str, region: int, *roles: str) -> Party:
        """Registers an institution and gives it a token, a submitter key, and an account of its own."""
        authority = key_of(f"authority of {name}")
        host = self.house.again(self.house.caller(next(iter(self.house.known.values()))))
        asked = self.house.services.identity.request_registration(
            host, registration(name, kind=kind, region=region, key=authority)
        ).result(60)
        self.house.sign(host, asked, AUTHORITIES[region])
        assert self.work(asked.id) == "final"
        held = ("administrator", "submitter", "reader", *roles)
        wanted = TokenRequest(name="first", roles=held, days=365, institution_id=asked.reference)
        issued = self.house.services.identity.issue_token(host, wanted)
        client = self._client(str(issued.secret))
        submitter = SigningKey(sha256(name.encode()))
        account, log = key_of(f"account of {name}"), self.house.services.evidence.house_log_id()
        party = Party(name, str(asked.reference), client, authority, account, submitter, log)
        party.post(f"/v1/institutions/{party.id}/submitter-keys", proven(submitter, party.id))
        self.parties[name] = party
        return party

    def grant(self, party: Party, role: str, region: int, account: EvmKey) -> None:
        """A role on the chain, signed by the region's authority."""
        until_when = rfc3339(self.clock.ms() + 300 * 86_400_000)
        body = {"account": account.address, "role": role, "region": region, "expires_at": until_when, "reason": "试点"}
        operation = party.post(f"/v1/institutions/{party.id}/roles", body, 202)
        assert self.sign(party, operation, AUTHORITIES[region]) == "final"

    def open_log(self, party: Party, origin: str) -> None:
        """The log of the region's pilots."""
        operation = party.post("/v1/logs", {"origin": origin}, 202)
        assert self.sign(party, operation, party.authority) == "final"
        self.log = operation["reference"]
        self.house.services.evidence.check.run()

    def publish_year(self, year: int, region: int = SHENZHEN) -> None:
        """A calendar whose working days are Monday to Friday."""
        first, days = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
        bits = sum(1 << day for day in range(days) if (first + timedelta(days=day)).weekday() < 5)
        words = [bits & (1 << 256) - 1, bits >> 256]
        message = {"region": region, "year": year, "working": words, "trading": words}
        message |= {"commitment": b"\1" * 32, "leaf": b"\2" * 32}
        transactions = self.house.services.transactions
        typed = transactions.typed_data(
            "PublishCalendarYear", message, "supervision", deadline=self.clock.ms() // 1000 + 600
        )
        units = self.house.services.evidence.sequencer

        def ask(group: Group) -> OperationView:
            return transactions.create_operation(
                group.session,
                kind="calendar.publication",
                chain="supervision",
                contract="Calendar",
                function="publishYear",
                args=message,
                queue="calendar",
                typed_data=typed,
                signer_hint=AUTHORITIES[region].address,
            )

        asked = units.submit(ask).result(60)
        signature = sign_typed_data(typed, AUTHORITIES[region])
        checked = transactions.check_signature(asked.id, signer=AUTHORITIES[region].address, signature=signature)
        units.submit(lambda group: transactions.authorise(group.session, checked)).result(60)
        assert self.work(asked.id) == "final"

    def activate(self, party: Party, settings: str, *, version: str = "SZ-2023.11", region: int = SHENZHEN) -> str:
        """The rulebook in force; its id."""
        body = {"version": version, "settings": {"name": "sz-test.yaml", "document": settings}, "log": self.log}
        operation = party.post("/v1/pilots/rulebooks", body, 202)
        assert self.sign(party, operation, AUTHORITIES[region]) == "final", self.house.operation(operation["id"]).reason
        self.rulebook = operation["reference"]
        return self.rulebook

    def confirm(self, party: Party, project: str) -> None:
        """The party signs the application as it is now."""
        digest = party.get(f"/v1/pilots/{project}/application")["digest"]
        signature = party.submitter.sign(confirmation_message(party.id, bytes.fromhex(digest[2:])))
        party.post(f"/v1/pilots/{project}/confirmations", {"digest": digest, "signature": "0x" + signature.hex()})

    def _client(self, secret: str) -> TestClient:
        headers = {"Authorization": f"Bearer {secret}"}
        return TestClient(self.anyone.app, headers=headers, raise_server_exceptions=False)


def deploy(anvil: Anvil, addresses: Path) -> None:
    """Funds the gateway and deploys the contracts, with a national authority."""
    anvil.fund(DEPLOYER, GATEWAY)
    regions = {region: key.address for region, key in AUTHORITIES.items()}
    deploy_all(anvil.url, DEPLOYER.secret, key_of("root").address, regions, 3600, addresses)


def open_region(anvil: Anvil, settings: Settings) -> Region:
    """A started service with nobody in it but its host."""
    clock = MovedClock()
    house = start(settings.model_copy(update={"anchor_interval_ms": 1, "anchor_grace_ms": 0}), clock)
    app = create_app(house.services)
    region = Region(house, anvil, clock, TestClient(app, raise_server_exceptions=False))
    host = house.open()
    opening = house.services.evidence.request_house_opening().result(60)
    house.sign(host, opening, OWNER)
    assert region.work(opening.id) == "final"
    secret = house.known[host.token_id].secret
    client = region._client(str(secret))
    region.parties["host"] = Party("host", host.institution_id, client, OWNER, GATEWAY, SigningKey(sha256(b"host")), "")
    return region


def day_number(day: str) -> int:
    return (date.fromisoformat(day) - _EPOCH).days


def dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def in_days(days: int) -> str:
    """The day so many days from now."""
    return (_TODAY + timedelta(days=days)).isoformat()
