"""Asking for an act: a ``requested`` leaf in the security's stream, an operation that those who must agree sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence.group import Group
from services.platform.errors import Invalid, NotFound
from services.platform.ids import new_id
from services.register.acts import repository
from services.register.acts.models import ActRow
from services.register.acts.said import Document, Said, content
from services.register.names import ACT, CONTRACT
from services.register.parts import RegisterParts
from services.register.rules.acts import message
from services.register.stream import Entry
from services.transactions.encoding import json_safe
from services.transactions.needs import Need
from services.transactions.typed import STRUCTS
from services.transactions.views import OperationView

__all__ = ["Asking", "Ready", "beside_said", "need_of", "queue_of"]

_DAY_S = 86_400
_ADDRESS = "0x"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A request that has passed every check before the chain's.

    ``needs``: roles and addresses that must agree; ``rests_on``: its documents as they stand in the act's own record;
    ``queue``: the security or account whose queue it joins, its own unless given; ``lien``: of an act that opens one,
    what is known of it beside the chain.
    """

    said: Said
    needs: Sequence[str]
    rests_on: Sequence[JsonObject] = ()
    batch_id: str | None = None
    queue: str = ""
    lien: JsonObject | None = None


def beside_said(ready: Ready, ids: Mapping[str, str]) -> JsonObject:
    """What an act's record holds beside the request, so that a recovery makes the same rows of it again.

    ``ids``: those that others know the act by; ``needs``: who must agree; ``documents``: what it rests on.
    """
    named = {**ids, "batch": ready.batch_id, "lien": (ready.lien or {}).get("id")}
    found: JsonObject = {"ids": {name: each for name, each in named.items() if each}, "needs": [*ready.needs]}
    return {**found, "documents": [*ready.rests_on]} if ready.rests_on else found


def queue_of(about: str) -> str:
    """All acts about a security keep their order; those about an account, theirs."""
    return f"register/{about}"


class Asking:
    """In units of the sequencer."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts

    def ask(self, group: Group, host: str, ready: Ready) -> tuple[ActRow, OperationView]:
        """The act's row, and the operation that waits for those who must agree (or, for nobody, is queued)."""
        said, act = ready.said, ready.said.contract_act()
        ids = {"act": new_id("act", group.now_ms), "operation": new_id("op", group.now_ms)}
        body: JsonObject = {**content(said), "chain": self._parts.chain, **beside_said(ready, ids)}
        entry = Entry(name=said.name, about=said.about, actor=host, body=body)
        written = self._parts.stream.act(group, entry, Phase.REQUESTED)
        struct = STRUCTS[type(act).__name__]
        told = {**message(act), "commitment": to_hex(written.commitment), "leaf": to_hex(written.leaf.leaf_hash)}
        deadline = group.now_ms // 1000 + self._parts.days * _DAY_S
        operation = self._parts.transactions.create_operation(
            group.session,
            kind=ACT,
            chain=self._parts.chain,
            contract=CONTRACT,
            function=struct.function,
            args=told,
            queue=queue_of(ready.queue or said.about),
            typed_data=self._parts.transactions.typed_data(struct.name, told, self._parts.chain, deadline=deadline),
            needs=[need_of(each, self._parts.market.region) for each in ready.needs],
            institution_id=host,
            record_id=written.record_id,
            reference=said.about,
            operation_id=ids["operation"],
        )
        row = ActRow(id=ids["act"], chain=self._parts.chain, about=said.about, name=said.name)
        row.struct, row.message, row.state = struct.name, json_safe(message(act)), repository.REQUESTED
        row.actor_id, row.batch_id, row.lien, row.operation_id = host, ready.batch_id, ready.lien, operation.id
        row.log_id, row.record_id = written.leaf.log_id, written.record_id
        row.leaf_hash, row.leaf_index = written.leaf.leaf_hash, written.leaf.index
        row.outcome_record = row.tx_hash = row.block_number = row.reason = row.decided_at = None
        row.created_at = group.now_ms
        repository.add(group.session, row)
        return row, operation

    def rests_on(self, host: str, documents: Sequence[Document]) -> list[JsonObject]:
        """The documents with the hashes of their records' leaves. Invalid names one that is no record of the host."""
        found: list[JsonObject] = []
        for place, each in enumerate(documents):
            try:
                record = self._parts.evidence.get_record(each.record, with_document=False)
            except NotFound:
                record = None
            if record is None or record.institution_id != host:
                raise Invalid(f"/documents/{place}/record", "Expected a record that the operator has filed.")
            found.append({"code": each.code, "record": each.record, "leaf": to_hex(record.leaf_hash)})
        return found


def need_of(who: str, region: int) -> Need:
    """By a role of the registry in the market's region, or by the address that a lien names."""
    return Need("pledgee", any_of=(who,)) if who.startswith(_ADDRESS) else Need(who, region=region)
