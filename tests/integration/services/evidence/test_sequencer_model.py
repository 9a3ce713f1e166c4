"""The sequencer against a list: random units, good and bad, with and without SQL, restarts between."""

import shutil
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import Frontier, root_of
from chain.proof.types import Phase
from services.evidence import repository
from services.evidence.group import Group, LeafDraft
from services.platform.clock import FixedClock
from services.platform.database import Database
from tests.integration.services.evidence.house import OPERATOR, House, open_house

Step = tuple[str, str, bytes]  # what the unit does, the stream, the commitment
STEPS = st.tuples(
    st.sampled_from(["append", "sql", "fail", "duplicate"]), st.sampled_from("abc"), st.binary(min_size=32, max_size=32)
)
UNITS = st.lists(st.lists(STEPS, min_size=1, max_size=3), min_size=1, max_size=6)


class Failed(Exception):
    """What a bad unit raises."""


def unit_of(log_id: str, steps: list[Step]) -> Callable[[Group], None]:
    def unit(group: Group) -> None:
        for act, stream, commitment in steps:
            if act == "fail":
                raise Failed
            if act == "sql":
                group.session.execute(text("SELECT 1"))
            leaf = group.append(log_id, LeafDraft(stream, 0x0001, Phase.EVENT, commitment))
            if act == "duplicate":
                group.insert(repository.LEAVES, repository.leaf_row(log_id, leaf.index, b"", b"", None))

    return unit


def is_good(steps: list[Step]) -> bool:
    return not any(act in ("fail", "duplicate") for act, _, _ in steps)


class SequencerAgainstAList(RuleBasedStateMachine):
    """One house, restarted now and then, and the list its log must be. ``fresh`` makes the database to begin with."""

    fresh: Callable[..., str]
    house: House

    @initialize()
    def begin(self) -> None:
        self.url, self.home = type(self).fresh(), Path(tempfile.mkdtemp(prefix="regseal-model-"))
        self.clock = FixedClock()
        self.leaves: list[tuple[str, bytes]] = []
        self.house = self.opened()
        self.house.bootstrap(OPERATOR)
        self.log_id = self.house.log_id

    def opened(self) -> House:
        house = open_house(self.home, Database(self.url, pool_size=2), self.clock)
        house.log_id = getattr(self, "log_id", "")
        return house

    @rule(units=UNITS)
    def one_group(self, units: list[list[Step]]) -> None:
        gate = threading.Event()
        blocker = self.house.service.sequencer.submit(lambda _: gate.wait(60))
        futures = [self.house.service.sequencer.submit(unit_of(self.log_id, steps)) for steps in units]
        gate.set()
        assert blocker.result(60)
        for steps, future in zip(units, futures, strict=True):
            assert (future.exception(60) is None) == is_good(steps)
            if is_good(steps):
                self.leaves += [(stream, commitment) for _, stream, commitment in steps]

    @rule()
    def restart(self) -> None:
        self.house.close()
        self.house = self.opened()
        assert self.house.service.gate.ready()

    @precondition(lambda self: self.leaves)
    @rule()
    def seal(self) -> None:
        self.house.service.sealer.run()
        hashes = [Leaf.decode(leaf).hash() for _, leaf in self.house.leaves()]
        assert self.house.head() == (len(self.leaves), root_of(hashes))

    @invariant()
    def the_log_is_the_list(self) -> None:
        if not hasattr(self, "house"):
            return
        rows = self.house.leaves()
        assert [index for index, _ in rows] == list(range(len(self.leaves)))
        decoded = [Leaf.decode(leaf) for _, leaf in rows]
        assert [leaf.commitment for leaf in decoded] == [commitment for _, commitment in self.leaves]
        last: dict[str, Leaf] = {}
        for (stream, _), leaf in zip(self.leaves, decoded, strict=True):
            before = last.get(stream)
            assert leaf.seq == (before.seq + 1 if before else 0)
            assert leaf.previous == (before.hash() if before else NO_LEAF)
            assert before is None or leaf.stream == before.stream
            last[stream] = leaf
        assert self.stored_frontier() == Frontier().extend([leaf.hash() for leaf in decoded])

    def stored_frontier(self) -> Frontier:
        with self.house.database.read() as session:
            row = repository.log_by_id(session, self.log_id)
            assert row is not None
            return Frontier.decode(row.frontier)

    def teardown(self) -> None:
        if hasattr(self, "house"):
            self.house.close()
            shutil.rmtree(self.home, ignore_errors=True)


@pytest.mark.timeout(600)
def test_the_sequencer_behaves_like_a_list(new_database: Callable[..., str]) -> None:
    from hypothesis import settings

    few: dict[str, Any] = {"max_examples": max(5, settings().max_examples // 10), "stateful_step_count": 12}
    machine = type("Machine", (SequencerAgainstAList,), {"fresh": staticmethod(new_database)})
    run_state_machine_as_test(machine, settings=settings(**few))
