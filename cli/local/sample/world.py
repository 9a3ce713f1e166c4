"""Brings the sample world about: every step goes through the public API and is repeatable under one Idempotency-Key.

So an interrupted run is simply run again: what was done answers with what it was.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from chain.addresses import Market
from chain.party.durable import write_json, write_private
from chain.party.errors import ApiProblem
from chain.party.http import ApiClient
from chain.proof.note import SignatureType, VerifierKey
from cli.local import gateway
from cli.local.chains import Running
from cli.local.errors import LocalError
from cli.local.layout import Layout
from cli.local.sample import market
from cli.local.sample.actor import Actor
from cli.local.sample.parties import (
    AUDITOR,
    HOST,
    HOUSE_ORIGIN,
    INSTITUTIONS,
    MARKET_NAME,
    MARKET_REGION,
    PARTIES,
    ROOT,
    WITNESS,
    WITNESS_ROLE,
)  # fmt: skip

Say = Callable[[str], None]
PATIENCE = 120.0
"""Seconds for one operation to become final."""
COMPLETE = "complete.json"
FAILED = ("refused", "expired", "cancelled")
Asked = tuple[ApiClient, Mapping[str, Any]]
"""An operation, and by whom it is looked at."""
MARKET = gateway.MarketName(MARKET_NAME, Market(MARKET_REGION, checked=True), confirmation=9_000)


def actors(layout: Layout) -> dict[str, Actor]:
    """All parties, by slug."""
    return {party.slug: Actor(party, layout.party(party.slug)) for party in PARTIES}


def prepare(layout: Layout, say: Say, *, simulated: bool = False, database_url: str = "") -> None:
    """Before the first start: the parties' own keys, then a service that names them."""
    if layout.settings_file.exists():
        if simulated and gateway.simulated_time(layout) is None:
            raise LocalError("this sample runs by the machine's clock", "another folder: --var")
        if database_url and database_url != gateway.stated_database(layout):
            raise LocalError("this sample has another database", "without --database-url; or another folder: --var")
        if gateway.name_market(layout, MARKET) and complete(layout):  # a sample of an earlier version
            write_json(layout.parties / COMPLETE, {"complete": True, "market": False})
        for actor in actors(layout).values():
            actor.prepare()
        return
    from cli.local.install import create

    say("sample parties: folders and keys")
    everyone = actors(layout)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Actor.prepare, everyone.values()))
    authorities = {
        actor.party.region: actor.address for slug, actor in everyone.items() if slug.startswith("authority-")
    }
    witness = everyone[WITNESS].note_key(everyone[WITNESS].witness)
    vkey = VerifierKey(witness.name, SignatureType.COSIGNATURE, witness.public).format()
    create(
        layout,
        gateway.Deployment(everyone[ROOT].address, authorities),
        house_origin=HOUSE_ORIGIN,
        public_url=f"http://127.0.0.1:{gateway.PORT}",
        database_url=database_url,
        witnesses=(gateway.Witness(vkey, WITNESS_ROLE),),
        market=MARKET,
        fast=True,
        simulated=simulated,
    )


def keep_bootstrap_token(layout: Layout) -> None:
    """Hands the host its one-time token, as the operator of a real installation does with what `init` prints."""
    home = layout.party(HOST)
    if not (home / "bootstrap").exists() and not (home / "token").exists():
        from cli.local.install import new_bootstrap_token

        write_private(home / "bootstrap", new_bootstrap_token(layout).encode("ascii"))


def configure_witness(layout: Layout, url: str, chain: Running) -> None:
    """What the regulator tells its witness at each start: addresses may have moved, pins may not.

    Another chain in the place of a lost one is none of the service's to tell: `regseal witness epoch add`.
    """
    from chain.party.evm import parse_address
    from chain.party.witness.config import FILE, ChainPin, WitnessConfig, load
    from chain.proof.encoding import from_hex
    from cli.local.sample.parties import WITNESS_NAME

    home = layout.party(WITNESS)
    if (home / FILE).exists():
        known = load(home)
        replace(known, api=url, chain=replace(known.chain, rpc=(chain.url,))).write(home)
        return
    deployed = json.loads(layout.addresses(chain.name).read_text("utf-8"))
    pin = ChainPin(
        name=chain.name,
        rpc=(chain.url,),
        chain_id=chain.chain_id,
        genesis=from_hex(chain.genesis, "genesis", 32),
        contract=parse_address(deployed["contracts"]["EvidenceLog"]["address"]),
    )
    config = WitnessConfig(name=WITNESS_NAME, role=WITNESS_ROLE, api=url, chain=pin)
    config.write(home)


def complete(layout: Layout) -> bool:
    """Whether the world has been brought about, if only as an earlier version knew it."""
    return (layout.parties / COMPLETE).exists()


def lacks_market(layout: Layout) -> bool:
    """Whether it was brought about by a version that had no market, which is not founded yet."""
    return json.loads((layout.parties / COMPLETE).read_text("utf-8")).get("market") is False


def point_to(layout: Layout, url: str) -> None:
    """The service's address may differ from the last start's."""
    for actor in actors(layout).values():
        if actor.party.kind is not None:
            actor.remember(url=url)


@dataclass
class World:
    """One run of the steps."""

    layout: Layout
    url: str
    say: Say
    everyone: Mapping[str, Actor] = field(init=False)

    def __post_init__(self) -> None:
        self.everyone = actors(self.layout)

    def build(self) -> None:
        """All steps in order. LocalError when one is refused."""
        point_to(self.layout, self.url)
        self._introduce_host()
        self._register_others()
        self._let_witness_mirror()
        self.settle([*self._ask_for_logs(), *market.ask(self)])
        self._name_logs()
        self._finish()

    def found_market(self) -> None:
        """What a sample of an earlier version lacks, and nothing of what its user has done since."""
        point_to(self.layout, self.url)
        self.settle(market.ask(self))
        self._finish()

    def _finish(self) -> None:
        market.repeat(self)
        self._hand_out_trust()
        write_json(self.layout.parties / COMPLETE, {"complete": True})

    def _introduce_host(self) -> None:
        """The first institution introduces itself with the one-time token; its region's authority signs."""
        host = self.everyone[HOST]
        self.say(f"{host.party.name} introduces itself; {self._authority(host).party.name} signs")
        if not (host.home / "token").exists():
            self._bootstrap(host)
        with suppress(FileNotFoundError):
            (host.home / "bootstrap").unlink()
        api = host.api(self.url)
        self.settle([(api, operation) for operation in api.items("/v1/operations")])
        self._widen_token(host)

    def _bootstrap(self, host: Actor) -> None:
        body = self._registration(host) | {"secret": (host.home / "bootstrap").read_text("ascii")}
        answer = self.post(host, "/v1/bootstrap", body, key="bootstrap")
        secret = answer["token"]["secret"]
        if secret is None:
            raise LocalError(
                "the sample was interrupted in the one moment that cannot be repeated", "rm -r var, then again"
            )
        host.remember(institution=answer["institution"]["id"])
        host.keep_token(secret)

    def _widen_token(self, host: Actor) -> None:
        """Beside the administrator's token one for the daily work."""
        if (host.home / "token.admin").exists():
            return
        answer = self.post(host, "/v1/tokens", {"name": "daily work", "roles": list(host.party.roles)}, key="token")
        write_private(host.home / "token.admin", (host.home / "token").read_bytes())
        host.keep_token(_secret(answer))

    def _register_others(self) -> None:
        host = self.everyone[HOST]
        system = ApiClient(self.url, (host.home / "token.admin").read_text("ascii").strip(), timeout=75)
        self.say(f"{len(INSTITUTIONS)} more institutions are registered, each signed by its region's authority")
        operations = {}
        for party in INSTITUTIONS:
            actor = self.everyone[party.slug]
            body = self._registration(actor)
            operations[party.slug] = _post(system, "/v1/institutions", body, key=f"register-{party.slug}")
        self.settle([(system, operation) for operation in operations.values()])
        for slug, operation in operations.items():
            self._first_token(system, self.everyone[slug], str(operation["reference"]))

    def _first_token(self, system: ApiClient, actor: Actor, institution: str) -> None:
        actor.remember(institution=institution)
        if (actor.home / "token").exists():
            return
        body = {"name": "first", "roles": list(actor.party.roles), "institution_id": institution}
        actor.keep_token(_secret(_post(system, "/v1/tokens", body, key=f"token-{actor.party.slug}")))

    def _let_witness_mirror(self) -> None:
        """The regulator gives its witness an auditor's token: then it mirrors the entries of the region's logs."""
        witness, regulator = self.everyone[WITNESS], self.everyone[f"authority-{HOST.rpartition('-')[2]}"]
        if not (witness.home / "token").exists():
            body = {"name": "witness", "roles": ["auditor"]}
            witness.keep_token(_secret(self.post(regulator, "/v1/tokens", body, key="token-witness")))

    def _ask_for_logs(self) -> Iterator[Asked]:
        for actor in self._submitters():
            origin = actor.party.origin
            self.say(f"log {origin}: opened by {actor.party.name}, signed with its own key")
            yield self.ask(actor, "/v1/logs", {"origin": origin}, key=f"log-{actor.party.slug}")

    def _name_logs(self) -> None:
        """Each submitter knows its log, and its institution the key that signs its records."""
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self._register_submitter_key, self._submitters()))
        for actor in self._submitters():
            actor.remember(log=str(actor.party.origin))

    def _register_submitter_key(self, actor: Actor) -> None:
        institution = json.loads((actor.home / "api.json").read_text("utf-8"))["institution"]
        shown = actor.command("keys", "prove", str(actor.submitter), "--institution", institution)
        body = {name: shown[name] for name in ("public_key", "possession")}
        self.post(actor, f"/v1/institutions/{institution}/submitter-keys", body, key="submitter-key")

    def _submitters(self) -> list[Actor]:
        return [actor for actor in self.everyone.values() if actor.party.origin is not None]

    def _hand_out_trust(self) -> None:
        """In a real world each party gets these pins from the others themselves, not from the service."""
        trust = ApiClient(self.url).get("/v1/trust")
        for slug, actor in self.everyone.items():
            if actor.party.kind is not None or slug in (AUDITOR, WITNESS):
                write_json(actor.home / "trust.json", trust)

    def _registration(self, actor: Actor) -> dict[str, object]:
        party = actor.party
        return {"name": party.name, "kind": party.kind, "region": party.region, "authority": actor.address}

    def _authority(self, actor: Actor) -> Actor:
        return self.everyone[f"authority-{actor.party.region}"]

    def post(self, actor: Actor, path: str, body: object, *, key: str) -> dict[str, Any]:
        """One step by a party, the same again when it is repeated."""
        return _post(actor.api(self.url), path, body, key=key)

    def ask(self, actor: Actor, path: str, body: object, *, key: str) -> Asked:
        """The same for what makes an operation."""
        return actor.api(self.url), self.post(actor, path, body, key=key)

    def settle(self, asked: Iterable[Asked]) -> None:
        """Has each operation signed by whom it waits for, all signers at once, and waits until all are final."""
        waiting = {str(operation["id"]): client for client, operation in asked}
        until = time.monotonic() + PATIENCE
        while waiting:
            unsigned: dict[str, list[dict[str, Any]]] = {}
            for identifier, client in list(waiting.items()):
                operation = _object(client.get(f"/v1/operations/{identifier}"))
                if operation["state"] == "needs_authorisation":
                    unsigned.setdefault(self._signer(operation), []).append(operation)
                elif operation["state"] == "final":
                    del waiting[identifier]
                elif operation["state"] in FAILED:
                    raise LocalError(f"operation {identifier} ({operation['kind']}) was refused: {operation['reason']}")
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda one: self._authorise(waiting, *one), unsigned.items()))
            if waiting and time.monotonic() > until:
                raise LocalError(
                    f"operations {', '.join(waiting)} are not final after {PATIENCE:.0f} s", "regseal status"
                )
            time.sleep(0.1 if waiting else 0)

    def _authorise(self, clients: Mapping[str, ApiClient], signer: str, operations: list[dict[str, Any]]) -> None:
        for signed in self.everyone[signer].sign(operations):
            identifier, brought = signed["operation"], {name: signed[name] for name in ("signer", "signature")}
            try:
                _post(clients[identifier], f"/v1/operations/{identifier}/authorisations", brought, key=identifier)
            except ApiProblem as problem:
                if problem.status != 409:  # an earlier, interrupted run brought it: the state says the rest
                    raise

    def _signer(self, operation: Mapping[str, Any]) -> str:
        """Who is asked to sign. Nobody is named before the service has read who has authority over the region."""
        named = {address.lower() for address in operation["signers"]}
        region = operation["typed_data"]["message"].get("region")
        for slug, one in self.everyone.items():
            competent = slug == f"authority-{region}" if not named else one.address.lower() in named
            if one.party.signs and competent:
                return slug
        raise LocalError(f"operation {operation['id']} waits for {sorted(named)}, whom this sample does not know")


def _post(client: ApiClient, path: str, body: object, *, key: str) -> dict[str, Any]:
    """Repeats while the service checks a new log against chain and witness: until then it takes nothing (503)."""
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return _object(client.post(path, body, idempotency_key=f"sample-{key}")[1])
        except ApiProblem as problem:
            if problem.status != 503 or time.monotonic() > until:
                raise
        time.sleep(0.2)


def _secret(token: object) -> str:
    """The secret of an issued token, which is shown once: a run that was killed before it kept one cannot go on."""
    secret = _object(token)["secret"]
    if not isinstance(secret, str):
        raise LocalError(
            "the first start was killed at the moment a token was handed out", "rm -r var, then start again"
        )
    return secret


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise LocalError("the service answered something that is no object")
    return value
