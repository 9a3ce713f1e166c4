"""Gates (闸口) get their proof when they are signed: for the head they meet, and never while that moves."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from chain.party.keystore import EvmKey
from services.platform.database import Database
from services.platform.errors import Invalid
from services.transactions.desk import Policy
from services.transactions.models import AttemptRow, TransactionRow
from services.transactions.views import TxView
from tests.integration.chain.stage import BY_GROUP, PROJECT, Stage, entry
from tests.integration.services.transactions.rig import GATEWAY, REGIONAL, Anvil, Client, Rig, client_of, key_of

pytestmark = pytest.mark.one_database

GROUP = key_of("group")
KIND = "pilot.step"
IN_FLIGHT = ("signed", "sent", "mined")


@pytest.fixture
def stage(chain: Client, anvil: Anvil) -> Stage:
    """A project in front of a gate. The stage is set before the gateway's nonces belong to the manager."""
    setting = client_of(anvil.url, Path(str(chain.settings.addresses)), anvil.settle)
    stage = Stage(setting, gateway=GATEWAY, authority=REGIONAL, lead=key_of("lead"), group=GROUP)
    stage.found()
    stage.activate([entry(0, "submit", to=1), entry(1, "approve", body=BY_GROUP, gate=1, to=2)])
    stage.open()
    return stage


class Gatekeeper:
    """What a context gives at signing time: the proof under the head that it believes anchored."""

    def __init__(self, rig: Rig, stage: Stage) -> None:
        self.rig, self.stage = rig, stage
        self.size: int | None = None
        self.asked: list[str | None] = []
        self.given: list[Mapping[str, Any] | None] = []
        rig.service.on_prepare(KIND, self)
        rig.service.on_refused(KIND, lambda _group, transaction, reason: rig.refusals.append((transaction, reason)))

    def __call__(self, session: Any, transaction: TxView) -> Mapping[str, Any] | None:
        """None while an append is on its way, or the leaf is not anchored."""
        self.asked.append(transaction.operation_id)
        query = select(TransactionRow).where(TransactionRow.function == "append", TransactionRow.state.in_(IN_FLIGHT))
        size = self.stage.size() if self.size is None else self.size
        waits = session.scalars(query).first() is not None or not size
        self.given.append(None if waits else self.stage.inclusion(str(transaction.args["leaf"]), size=size))
        return self.given[-1]


def ask(rig: Rig, stage: Stage, *, key: EvmKey = GROUP) -> str:
    """An authorised gate, queued; its leaf is written and not anchored yet."""
    names = ("project", "action", "value", "seq", "commitment", "leaf")
    message = {"project": "0x" + PROJECT.hex(), "action": "approve", "value": 0, **stage.request()}
    deadline = rig.clock.ms() // 1000 + 86_400
    typed = rig.service.typed_data(
        "PilotStep", {name: message[name] for name in names}, "supervision", deadline=deadline
    )
    with rig.database.write() as session:
        operation = rig.service.create_operation(
            session,
            kind=KIND,
            chain="supervision",
            contract="PilotLifecycle",
            function="gate",
            args=message,
            queue="project",
            typed_data=typed,
            signer_hint=key.address,
        )
    rig.sign(operation.id, key)
    return operation.id


def append(rig: Rig, stage: Stage) -> str:
    """The gateway's own transaction with the head of all leaves, queued; its id."""
    with rig.database.write() as session:
        return rig.service.enqueue(
            session,
            chain="supervision",
            contract="EvidenceLog",
            function="append",
            args=stage.head(),
            purpose="anchor",
            queue="anchor:pilots",
        )


def state(rig: Rig, transaction_id: str) -> str:
    with rig.database.read() as session:
        found = rig.service.get_transaction(session, transaction_id)
    assert found is not None
    return found.state


def test_a_gate_waits_for_its_anchor_and_goes_with_the_proof_of_that_head(rig: Rig, stage: Stage) -> None:
    keeper = Gatekeeper(rig, stage)
    operation, used = ask(rig, stage), rig.nonces_used()
    rig.tick(3)
    assert rig.state(operation) == "queued"
    assert rig.actions(operation).count("waiting") == 1, "told once, however often it is asked"
    assert rig.nonces_used() == used
    append(rig, stage)
    rig.run(operation)
    assert rig.state(operation) == "final"
    assert stage.standing()["state"] == 2
    assert keeper.given[-1] is not None


def test_while_an_append_is_in_flight_the_gate_waits(rig: Rig, stage: Stage, anvil: Anvil) -> None:
    keeper = Gatekeeper(rig, stage)
    operation = ask(rig, stage)
    stage.anchor()
    stage.request()
    anvil.automine(on=False)
    moving = append(rig, stage)
    keeper.size = 1  # the head before the one on its way
    rig.tick()
    # asked first in the tick, it was signed before the append: with the proof of the head that it meets
    assert rig.state(operation) == "submitted"
    with rig.database.read() as session:
        order = select(TransactionRow.function).where(TransactionRow.nonce.is_not(None)).order_by(TransactionRow.nonce)
        assert list(session.scalars(order)) == ["gate", "append"]
    anvil.mine()
    anvil.automine(on=True)
    rig.run(operation)
    assert (rig.state(operation), stage.standing()["state"]) == ("final", 2)
    assert state(rig, moving) in {"mined", "final"}


def test_a_gate_asked_behind_an_append_meets_the_new_head(rig: Rig, stage: Stage, anvil: Anvil) -> None:
    stage.request()
    stage.anchor()
    keeper = Gatekeeper(rig, stage)
    anvil.automine(on=False)
    operation = ask(rig, stage)
    moving = append(rig, stage)
    with rig.database.write() as session:  # as if it had been asked after the append was signed
        session.get_one(TransactionRow, _position(session, operation)).queue = "anchor:pilots-first"
    keeper.size = 0
    rig.tick(2)
    assert (state(rig, moving), rig.state(operation)) == ("sent", "queued")
    keeper.size = None
    rig.tick(2)
    assert keeper.given[-1] is None, "in flight, it waits"
    anvil.mine()
    anvil.automine(on=True)
    rig.run(operation)
    assert (rig.state(operation), stage.standing()["state"]) == ("final", 2)


def _position(session: Any, operation_id: str) -> int:
    found: int = session.scalar(select(TransactionRow.position).where(TransactionRow.operation_id == operation_id))
    return found


def test_a_wrong_proof_is_never_sent_and_a_better_one_is(rig: Rig, stage: Stage) -> None:
    """The context is one head behind: the simulation says no, and by then it knows better."""
    keeper = Gatekeeper(rig, stage)
    operation = ask(rig, stage)
    stage.anchor()
    stage.request()
    keeper.size = 1
    stage.anchor()
    used = rig.nonces_used()

    def learning(session: Any, transaction: TxView) -> Mapping[str, Any] | None:
        answer = Gatekeeper.__call__(keeper, session, transaction)
        keeper.size = None
        return answer

    rig.service.handlers._preparations[KIND] = learning
    rig.tick()
    assert rig.state(operation) == "queued"
    assert rig.nonces_used() == used
    rig.run(operation)
    assert (rig.state(operation), stage.standing()["state"]) == ("final", 2)
    with rig.database.read() as session:
        assert len(list(session.scalars(select(AttemptRow)))) == 1


def test_a_no_that_no_other_proof_would_turn_is_final(rig: Rig, stage: Stage) -> None:
    keeper = Gatekeeper(rig, stage)
    operation = ask(rig, stage, key=REGIONAL)  # not the body
    stage.anchor()
    rig.run(operation)
    assert rig.state(operation) == "refused"
    assert rig.operation(operation).reason["error"] == "PilotNotBody"  # type: ignore[index]
    assert [reason.partition("(")[0] for _, reason in rig.refusals] == ["PilotNotBody"]
    assert len(keeper.asked) == 2, "once for the proof, once to see whether it is still the same"


def test_another_contexts_fault_stops_nobody_else(rig: Rig, stage: Stage) -> None:
    def broken(_session: Any, _transaction: TxView) -> Mapping[str, Any] | None:
        raise RuntimeError("broken")

    rig.service.on_prepare(KIND, broken)
    operation = ask(rig, stage)
    other = rig.register(5)
    rig.run(other)
    assert (rig.state(operation), rig.state(other)) == ("queued", "final")


def test_arguments_that_are_none_are_a_refusal(rig: Rig, stage: Stage) -> None:
    rig.service.on_prepare(KIND, lambda _session, _transaction: {"inclusion": {"log": "0x12"}})
    operation = ask(rig, stage)
    rig.run(operation)
    reason = rig.operation(operation).reason
    assert reason is not None
    assert (reason["error"], reason["stage"], reason["args"]["field"]) == ("Invalid", "preparation", "inclusion.log")


def test_many_that_wait_are_in_nobodys_way(rig: Rig, stage: Stage) -> None:
    small = Rig(rig.database, rig.chain, Policy(stale_ms=0, in_flight=2))
    small.service.on_prepare(KIND, lambda _session, _transaction: None)
    waiting = ask(small, stage)
    with small.database.write() as session:
        for number in range(4):
            small.service.enqueue(
                session,
                chain="supervision",
                contract="PilotLifecycle",
                function="seal",
                args={"id": "0x" + PROJECT.hex()},
                purpose=KIND,
                queue=f"seal:{number}",
            )
    other = small.register(6)
    small.run(other)
    assert small.state(waiting) == "queued"


def test_without_a_preparation_arguments_are_checked_when_they_are_queued(rig: Rig, stage: Stage) -> None:
    with pytest.raises(Invalid, match="missing"):
        ask(rig, stage)


def test_killed_between_preparation_and_sending_nothing_is_lost(
    rig: Rig, stage: Stage, anvil: Anvil, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored and not sent: the next process sends these very bytes, whose proof still fits."""
    Gatekeeper(rig, stage)
    operation = ask(rig, stage)
    stage.anchor()
    used = rig.nonces_used()

    class Killed(BaseException):
        pass

    def killed(_point: str) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr("services.transactions.manager.hit", killed)
        with pytest.raises(Killed):
            rig.tick()
    assert rig.nonces_used() == used
    assert rig.state(operation) == "submitted"
    stage.request()
    again = Rig(database, rig.chain, rig.policy)
    keeper = Gatekeeper(again, stage)
    moving = append(again, stage)
    again.run(operation)
    assert (again.state(operation), stage.standing()["state"]) == ("final", 2)
    assert keeper.asked == [], "it was prepared once"
    assert state(again, moving) in {"signed", "sent", "mined", "final"}
