"""The machine under random steps: what must hold of every project, whatever was tried."""

from random import Random
from typing import ClassVar, NamedTuple

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from services.days import add_months
from services.pilots.rulebook.loader import BOOKS
from services.pilots.rulebook.machine import ABSENT, Refused, Standing, Step, advance
from services.pilots.rulebook.model import Effect, ItemKind, Transition
from tests.unit.services.pilots.rulebook.cases import TODAY, EveryDay, book, table

GENTLE = {"NORMALISED", "ENDED"}
NOWHERE = (".fail", ".decline")


class Taken(NamedTuple):
    """A step that was allowed."""

    before: Standing
    row: Transition
    after: Standing
    today: int


class Life(RuleBasedStateMachine):
    """A project of one rulebook, and what was allowed so far."""

    name: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.standing: Standing = ABSENT
        self.today = TODAY
        self.taken: list[Taken] = []

    @initialize(steps=st.integers(0, 40), random=st.randoms(use_true_random=False))
    def begin_somewhere(self, steps: int, random: Random) -> None:
        for _ in range(steps):
            rows = [row for row in self.rows() if row.action != "withdraw" and not row.action.endswith(NOWHERE)]
            row = random.choice(rows) if rows else None
            if row is None or not self.attempt(row, self.fitting(row)):
                self.today += 2

    @rule(pick=st.integers(0, 10**6), value=st.integers(0, 40), fitting=st.booleans(), proven=st.booleans())
    def act(self, pick: int, value: int, *, fitting: bool, proven: bool) -> None:
        rows = self.rows()
        if rows:
            row = rows[pick % len(rows)]
            near = [0, 1, 2, self.today, self.standing.ends_on + value, self.today + value * 30]
            self.attempt(row, self.fitting(row) if fitting else near[value % len(near)], proven=proven)

    @rule(days=st.integers(1, 200))
    def wait(self, days: int) -> None:
        self.today += days

    def rows(self) -> list[Transition]:
        return list(book(self.name).actions_in(self.standing.state))

    def fitting(self, row: Transition) -> int:
        if row.effect in (Effect.SET_END, Effect.EXTEND):
            return (self.today if row.effect is Effect.SET_END else self.standing.ends_on) + 30
        if row.kind_a is None:
            return 0
        if row.effect is Effect.OPEN_ITEM:
            return len(self.standing.opened | self.standing.closed) + 1
        return min(self.standing.open_of(row.kind_a), default=0)

    def attempt(self, row: Transition, value: int, *, proven: bool = True) -> bool:
        step = Step(row.action, row.body, self.today, self.standing.count, value=value, proven=proven)
        after, refused = self.decide(step)
        if refused is not None:
            assert refused.rule_id is not None
            assert refused.source == book(self.name).rule(refused.rule_id).cited
            return False
        assert proven or not row.gate
        self.taken.append(Taken(self.standing, row, after, self.today))
        self.standing = after
        return True

    def decide(self, step: Step) -> tuple[Standing, Refused | None]:
        try:
            return advance(table(self.name), self.standing, step, EveryDay()), None
        except Refused as refused:
            return self.standing, refused

    @invariant()
    def nothing_leaves_a_terminal_state(self) -> None:
        ended = [book(self.name).states[before.state].terminal for before, _, _, _ in self.taken if before.state]
        assert not any(ended)

    @invariant()
    def the_count_grows_with_each_step_and_items_are_never_both_open_and_closed(self) -> None:
        assert all(before.count < after.count for before, _, after, _ in self.taken)
        assert not self.standing.opened & self.standing.closed

    @invariant()
    def a_project_is_extended_once_and_by_a_year_at_most(self) -> None:
        extensions = [(before, after) for before, row, after, _ in self.taken if row.effect is Effect.EXTEND]
        assert len(extensions) <= 1
        for before, after in extensions:
            assert before.ends_on < after.ends_on
            assert "over_12_consent" in before.flags or after.ends_on <= add_months(before.ends_on, 12)

    @invariant()
    def nothing_is_launched_early_or_with_items_open(self) -> None:
        for before, row, _, today in self.taken:
            if row.action == "launch.approve":
                assert not before.open_of(ItemKind.COMMENT)
                assert not before.open_of(ItemKind.DANGER)
                assert "approval_pending" not in before.flags
                assert today - before.notice_from > 5

    @invariant()
    def nobody_leaves_gently_while_a_ground_stands_or_by_force_without_one(self) -> None:
        for before, _, after, _ in self.taken:
            ground = bool(before.open_of(ItemKind.GROUND))
            assert not (after.state in GENTLE and ground)
            assert ground or after.state not in {"FORCED_OUT", "STOPPED"}

    @invariant()
    def the_stages_of_an_exit_come_in_order(self) -> None:
        stages = ["EXIT_INITIATED", "EXIT_ASSESSED", "EXIT_REVIEWED", "EXIT_CONSULTED"]
        known = [stage for stage in stages if stage in book(self.name).states]
        for before, _, after, _ in self.taken:
            if after.state in known[1:] and after.state != before.state:
                assert before.state == known[known.index(after.state) - 1]
            if after.state in GENTLE and len(known) > 1:
                assert before.state == known[-1]


@pytest.mark.parametrize("name", BOOKS)
def test_what_must_hold_of_every_project(name: str) -> None:
    lives: list[int] = []

    class OfThisRegion(Life):
        def teardown(self) -> None:
            lives.append(len(self.taken))

    OfThisRegion.name = name
    run_state_machine_as_test(OfThisRegion)
    assert any(lives), "nothing was allowed"
