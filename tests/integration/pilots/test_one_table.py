"""One table, two enforcers: the same random steps, legal and illegal, to Python's machine and to the contract.

Same verdict, same reason, same numbers; and after a step that both allow, the same standing.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from chain.errors import RevertError
from chain.proof.hashing import keccak256
from services.days import add_months
from services.pilots.rulebook.loader import BOOKS
from services.pilots.rulebook.machine import ABSENT, REACH, Refused, Standing, Step, advance, needs_proof
from services.pilots.rulebook.model import Effect, Transition
from tests.conftest import FULL
from tests.integration.pilots.lives import LIVES
from tests.integration.pilots.onchain import FIRST_DAY, STRANGER, Calendar, PilotChain, deployed
from tests.integration.services.transactions.rig import Anvil, Client
from tests.unit.services.pilots.rulebook.cases import table

EXAMPLES, STEPS = (220, 25) if FULL else (7, 12)
"""For each of the three rulebooks, after some 8 steps to begin with."""

BODIES = ["lead", "working_group", "stb", "evaluation_group", "gateway", STRANGER]

NUMBERS: Mapping[str, Callable[[Mapping[str, Any], PilotChain], tuple[Any, ...]]] = {
    "PilotUnknown": lambda _, __: (),
    "PilotNoRule": lambda n, chain: (chain.table.state_number(n["state"] or None), n["action"]),
    "PilotNotBody": lambda n, chain: (chain.keys[n["body"]].address.lower(),),
    "PilotZero": lambda _, __: (),
    "PilotStale": lambda n, _: (n["seq"], n["count"]),
    "PilotAhead": lambda n, _: (n["seq"], n["limit"]),
    "PilotFlagsMissing": lambda n, _: (n["flags"],),
    "PilotFlagsForbidden": lambda n, _: (n["flags"],),
    "PilotItemsOpen": lambda n, _: (n["kind"], n["count"]),
    "PilotNoItemOpen": lambda n, _: (n["kinds"],),
    "PilotNoticeNotRunning": lambda n, _: (n["since"], n["days"], n["counted"]),
    "PilotNoticeRunning": lambda n, _: (n["since"], n["days"], n["counted"], bool(n["known"])),
    "PilotNotEnded": lambda n, _: (n["ends_on"], n["today"]),
    "PilotEnded": lambda n, _: (n["ends_on"], n["today"]),
    "PilotValue": lambda n, _: (n["value"],),
    "PilotTerm": lambda n, _: (n["value"], n["limit"]),
    "PilotItem": lambda n, _: (n["kind"], n["id"]),
    "PilotNeedsProof": lambda _, __: (),
}
"""What the contract's errors carry, from the numbers of Python's refusals."""


class Duel:
    """A project, on both sides."""

    def __init__(self, chain: PilotChain, project: bytes) -> None:
        self.chain = chain
        self.project = project
        self.standing: Standing = ABSENT
        self.today = FIRST_DAY
        self.verdicts: Counter[str] = Counter()

    def rows(self) -> list[Transition]:
        return list(self.chain.table.book.actions_in(self.standing.state))

    def step(self, action: str, body: str, value: int = 0, **more: int) -> bool:
        """Both decide; whether they allow it. AssertionError when they differ."""
        seq = max(self.standing.count + more.get("seq", 0), 0)
        evidence, proven = bool(more.get("evidence", 1)), bool(more.get("proven", 1))
        step = self._step(action, body, seq, value=value, evidence=evidence, proven=proven)
        row = self.chain.table.rows.get((self.standing.state, action))
        after, refused = self._decide(step)
        self.verdicts[refused.guard if refused else "allowed"] += 1
        if refused is not None:
            assert self._chain_says(row, step) == self._python_says(refused)
            return False
        if row is not None and needs_proof(self.chain.table, self.standing, row, step.seq):
            self.chain.anchor(self.project, step)
        data, sender = self._call(row, step)
        assert self.chain.refusal("PilotLifecycle", data, sender) is None
        self.chain.send("PilotLifecycle", data, sender)
        self.standing = after
        assert self.chain.standing(self.project) == self.chain.expected(after)
        return True

    def wait(self, days: int) -> None:
        self.today += days
        self.chain.go_to(self.today)

    def values(self) -> list[int]:
        """Days and item numbers that are near some limit."""
        terms = [add_months(start, row.months) for row in self.rows() for start in self._starts(row)]
        edges = [self.today, self.standing.ends_on, self.standing.ends_on + 200, *terms]
        near = {max(edge + by, 0) for edge in edges for by in (0, 1)}
        return sorted({0, 1, 2, 3, 2**24 - 1, 2**24, 2**64 - 1} | near)

    def legal(self) -> list[tuple[Transition, int]]:
        """Steps that Python allows now, with a value."""
        found = []
        for row in self.rows():
            value = self.fitting(row)
            if not self.refuses(row, value):
                found.append((row, value))
        return found

    def refuses(self, row: Transition, value: int) -> bool:
        """Whether Python refuses a row of the state with this value and nothing else wrong."""
        return self._decide(self._step(row.action, row.body, self.standing.count, value=value))[1] is not None

    def leads_nowhere(self, row: Transition) -> bool:
        """Whether a life before its launch ends with it."""
        final = row.to is not None and self.chain.table.book.states[row.to].terminal
        return final and self.standing.ends_on == 0

    def _step(self, action: str, body: str, seq: int, *, proven: bool = True, **more: Any) -> Step:
        """A step of today; a log of a few leaves proves none that is further ahead than it is long."""
        return Step(action, body, self.today, seq, proven=proven and seq < REACH, **more)

    def _decide(self, step: Step) -> tuple[Standing, Refused | None]:
        try:
            return advance(self.chain.table, self.standing, step, Calendar()), None
        except Refused as refused:
            return self.standing, refused

    def _starts(self, row: Transition) -> list[int]:
        if not row.months:
            return []
        return [self.standing.ends_on or self.today] if row.effect is Effect.EXTEND else [self.today]

    def fitting(self, row: Transition) -> int:
        if row.effect in (Effect.SET_END, Effect.EXTEND):
            return (self.today if row.effect is Effect.SET_END else self.standing.ends_on) + 60
        if row.kind_a is None:
            return 0
        if row.effect is Effect.OPEN_ITEM:
            used = {number for _, number in self.standing.opened | self.standing.closed}
            return next(number for number in itertools.count(1) if number not in used)
        return min(self.standing.open_of(row.kind_a), default=0)

    def _call(self, row: Transition | None, step: Step) -> tuple[bytes, str]:
        return self.chain.call_of(self.project, row, step, standing=self.standing)

    def _chain_says(self, row: Transition | None, step: Step) -> tuple[str, tuple[Any, ...]]:
        refused = self.chain.refusal("PilotLifecycle", *self._call(row, step))
        assert refused is not None, f"the chain allows what Python refuses: {step}"
        return refused.name, _plain(refused)

    def _python_says(self, refused: Refused) -> tuple[str, tuple[Any, ...]]:
        return refused.guard, NUMBERS[refused.guard](refused.numbers, self.chain)


def _plain(refused: RevertError) -> tuple[Any, ...]:
    """The numbers of the contract's error; the project's id is not compared."""
    values = refused.args_by_name.values() if refused.name != "PilotUnknown" else ()
    return tuple(value.lower() if isinstance(value, str) and value.startswith("0x") else value for value in values)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Client]]:
    anvil, client = deployed(tmp_path_factory.mktemp("pilots"))
    yield anvil, client
    anvil.stop()


@pytest.fixture(scope="module", params=BOOKS)
def chain(request: pytest.FixtureRequest, node: tuple[Anvil, Client]) -> Iterator[PilotChain]:
    anvil, client = node
    snapshot = anvil.rpc.call("evm_snapshot")
    yield PilotChain(anvil, client, table(request.param))
    assert anvil.rpc.call("evm_revert", snapshot)


class Both(RuleBasedStateMachine):
    """A project under random steps; a subclass names the chain."""

    chain: ClassVar[PilotChain]
    verdicts: ClassVar[Counter[str]]
    projects: ClassVar[Iterator[int]] = iter(range(1, 1_000_000))

    def __init__(self) -> None:
        super().__init__()
        self.undone = self.chain.anew()
        self.undone.__enter__()
        self.duel = Duel(self.chain, keccak256(b"project" + next(self.projects).to_bytes(8, "big"))[:16])

    @initialize(steps=st.integers(0, 24), random=st.randoms(use_true_random=False))
    def begin_somewhere(self, steps: int, random: Random) -> None:
        """A life up to some point."""
        for _ in range(steps):
            onward = [one for one in self.duel.legal() if not self.duel.leads_nowhere(one[0])]
            if not onward:
                self.duel.wait(8)
                continue
            moving = [one for one in onward if one[0].to is not None]
            row, value = random.choice(moving if moving and random.random() < 0.7 else onward)
            assert self.duel.step(row.action, row.body, value)

    @precondition(lambda self: self.duel.legal())
    @rule(pick=st.integers(0, 10**6), seq=st.sampled_from([0, 0, 0, 1, 7, REACH // 2]))
    def go_on(self, pick: int, seq: int) -> None:
        """A step that is allowed."""
        legal = self.duel.legal()
        row, value = legal[pick % len(legal)]
        if row.state is None or self.duel.standing.count + seq >= REACH:
            seq = min(seq, 7)
        assert self.duel.step(row.action, row.body, value, seq=seq)

    @precondition(lambda self: self.duel.rows())
    @rule(
        pick=st.integers(0, 10**6),
        value=st.integers(0, 10**6),
        body=st.sampled_from([""] * 12 + BODIES),
        seq=st.sampled_from([0] * 8 + [-1, 3, REACH // 2 - 1, REACH // 2, REACH - 1, REACH]),
        evidence=st.sampled_from([1] * 9 + [0]),
        proven=st.sampled_from([1, 1, 1, 0]),
    )
    def try_what_the_state_knows(self, pick: int, value: int, body: str, **more: int) -> None:
        """A row of the state, often wrong in one way or another."""
        row = self.duel.rows()[pick % len(self.duel.rows())]
        values = self.duel.values()
        chosen = self.duel.fitting(row) if value % 2 else values[value % len(values)]
        if self.duel.standing.state is None:
            chosen = 0  # an opening has no value
        self.duel.step(row.action, body or row.body, chosen, **more)

    @rule(pick=st.integers(0, 10**6), body=st.sampled_from(BODIES), value=st.sampled_from([0, 0, 1]))
    def try_anything(self, pick: int, body: str, value: int) -> None:
        """Any action of the table, and one that is in none."""
        new = self.duel.standing.state is None
        actions = sorted({row.action for row in self.chain.table.book.transitions}) + ([] if new else ["fly"])
        self.duel.step(actions[pick % len(actions)], body, 0 if new else value)

    @rule(days=st.sampled_from([1, 1, 3, 8, 30, 400]))
    def wait(self, days: int) -> None:
        """Time passes, perhaps into a year that is not published."""
        self.duel.wait(days)

    def teardown(self) -> None:
        """The next project begins on the first day again."""
        self.undone.__exit__(None, None, None)
        self.verdicts.update(self.duel.verdicts)


@pytest.mark.timeout(1_800)
def test_they_never_disagree(chain: PilotChain) -> None:
    class Machine(Both):
        """Against this chain."""

    Machine.chain, Machine.verdicts = chain, Counter()
    size = settings(
        max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, suppress_health_check=list(HealthCheck)
    )
    run_state_machine_as_test(Machine, settings=size)
    assert Machine.verdicts["allowed"], "nothing was tried"
    assert not FULL or sum(Machine.verdicts.values()) > 3_400, "ten thousand steps in all"


EVERYWHERE = {
    "allowed", "PilotNoRule", "PilotNotBody", "PilotZero", "PilotStale", "PilotAhead", "PilotItemsOpen",
    "PilotNoItemOpen", "PilotNoticeRunning", "PilotNoticeNotRunning", "PilotValue", "PilotTerm", "PilotItem",
    "PilotNeedsProof",
}  # fmt: skip
SOMEWHERE = {
    "SZ-2023.11": {"PilotFlagsMissing", "PilotFlagsForbidden"},
    "GZ-2022.03": {"PilotFlagsMissing", "PilotFlagsForbidden", "PilotNotEnded"},
    "BJ-2022.09": {"PilotFlagsMissing"},
}


def test_every_action_in_every_state_of_whole_lives(chain: PilotChain) -> None:
    """Along whole lives every action of the table is tried in vain in every state, each in every way there is."""
    seen: set[str | None] = set()
    verdicts: Counter[str] = Counter()
    for number, life in enumerate(LIVES[chain.table.book.id]):
        with chain.anew():
            duel = Duel(chain, keccak256(b"life" + bytes([number]))[:16])
            for action in life.split():
                _live(duel, action, seen)
        state = duel.standing.state
        assert state is not None
        assert chain.table.book.states[state].terminal
        verdicts.update(duel.verdicts)
    assert EVERYWHERE | SOMEWHERE[chain.table.book.id] <= set(verdicts)


def _live(duel: Duel, action: str, seen: set[str | None]) -> None:
    """The life's next step (`+8`: days pass, `?`: in vain); in a new state, what the state refuses comes first."""
    if action.startswith("+"):
        duel.wait(int(action))
        return
    if action.startswith("?"):
        _try_in_vain(duel, action[1:])
        return
    if duel.standing.state not in {None, *seen}:
        seen.add(duel.standing.state)
        for other in sorted({row.action for row in duel.chain.table.book.transitions}):
            _try_in_vain(duel, other)
    row = duel.chain.table.rows[duel.standing.state, action]
    assert duel.step(action, row.body, duel.fitting(row)), action


def _try_in_vain(duel: Duel, action: str) -> None:
    """An action in every way that the state refuses."""
    row = duel.chain.table.rows.get((duel.standing.state, action))
    if row is None:
        assert not duel.step(action, "lead")
        return
    fitting = duel.fitting(row)
    assert not duel.step(action, STRANGER, fitting)
    assert not duel.step(action, row.body, fitting, evidence=0)
    assert not duel.step(action, row.body, fitting, seq=-1)
    assert not duel.step(action, row.body, fitting, seq=REACH, proven=0)
    assert not duel.step(action, row.body, fitting, seq=2**32)
    if row.gate:
        assert not duel.step(action, row.body, fitting, proven=0)
    if row.effect is not Effect.OPEN_ITEM:
        assert not duel.step(action, row.body, 2**64 - 1)
    for value in duel.values() if row.effect in (Effect.SET_END, Effect.EXTEND) else (fitting,):
        if duel.refuses(row, value):
            assert not duel.step(action, row.body, value)
