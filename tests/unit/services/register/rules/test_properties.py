"""What holds after any acts, by chance: the sums, the ranks, the count, and the past as the events tell it."""

from collections import defaultdict
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.register.rules.days import Clock, day_start
from services.register.rules.lots import MOST_LIENS, MOST_LOTS, Lot
from services.register.rules.positions import Position
from services.register.rules.referee import Outcome, apply
from services.register.rules.refusal import Refused
from services.register.rules.turn import At, Event, Register
from services.register.rules.values import Id, LienKind, Market
from services.register.sources import as_refusal
from tests.conftest import FULL
from tests.unit.services.register.rules.making import REGION, Maker, beginning
from tests.unit.services.register.rules.market import Days

FIRST_DAY = 20_515
"""2 March 2026."""


class Life:
    """A register under acts by chance: its events with their times, and the register after each act."""

    def __init__(self, seed: int, acts: int) -> None:
        self.random = Random(seed)
        self.now = day_start(FIRST_DAY) + 10 * 3600
        self.register = Register(Market(REGION, checked=False), Clock(FIRST_DAY))
        self.events: list[tuple[int, Event]] = []
        self.past: list[tuple[int, Register]] = []
        self.refusals: list[Refused] = []
        for act in beginning():
            self.take(apply(self.register, act, at=At(self.now), calendar=Days()))
        for _ in range(acts):
            self.now += self.random.choice((1, 60, 3_600, 86_400, 3 * 86_400))
            self.step()

    def step(self) -> None:
        """An act, if it is allowed."""
        act = Maker(self.random, self.register, self.now).act()
        try:
            self.take(apply(self.register, act, at=At(self.now), calendar=Days()))
        except Refused as refused:
            self.refusals.append(refused)

    def take(self, outcome: Outcome) -> None:
        self.register = outcome.register
        self.events += [(self.now, event) for event in outcome.events]
        self.past.append((self.now, self.register))


lives = st.builds(Life, st.integers(0, 2**32), st.integers(0, 200 if FULL else 60))


@given(lives)
def test_positions_are_the_issued_units_and_the_count_is_that_of_the_holders(life: Life) -> None:
    for name, security in life.register.securities.items():
        positions = [one for (what, _), one in life.register.positions.items() if what == name]
        assert sum(one.units for one in positions) == security.issued
        assert sum(one.weight for one in positions) == security.count
        assert all(0 <= one.encumbered <= one.units for one in positions)


@given(lives)
def test_lots_are_the_encumbered_units_and_what_liens_cover(life: Life) -> None:
    covers: dict[tuple[Id, int], int] = defaultdict(int)
    for (security, investor), lots in life.register.lots.items():
        position = life.register.position(security, investor)
        assert (sum(lot.units for lot in lots), len(lots)) == (position.encumbered, position.lots)
        assert len(lots) <= MOST_LOTS
        assert len({lot.liens for lot in lots}) == len(lots), "no two lots with the same liens"
        for lot in lots:
            assert lot.units
            assert 0 < len(set(lot.liens)) == len(lot.liens) <= MOST_LIENS
            for number in lot.liens:
                covers[security, number] += lot.units
    assert covers == {key: lien.units for key, lien in life.register.liens.items() if lien.units}


@given(lives)
def test_liens_stand_in_the_order_of_their_rank(life: Life) -> None:
    for (security, _), lots in life.register.lots.items():
        for lot in lots:
            liens = [(number, life.register.liens[security, number]) for number in lot.liens]
            locks = [one.kind is LienKind.LOCK for _, one in liens]
            ranks = [(lock, 0 if lock else one.since, at) for lock, (at, one) in zip(locks, liens, strict=True)]
            assert ranks == sorted(ranks)


@given(lives, st.data())
def test_the_events_tell_any_past_moment(life: Life, data: st.DataObject) -> None:
    """The newest event of a position at or before a moment is the position then; the seqs have no gap."""
    at, _ = data.draw(st.sampled_from(life.past))
    then = [register for moment, register in life.past if moment <= at][-1]
    told: dict[tuple[object, object], list[Position]] = defaultdict(list)
    lots: dict[tuple[object, object], tuple[Lot, ...]] = {}
    for moment, event in life.events:
        key = event.arguments.get("security"), event.arguments.get("investor")
        if moment <= at and event.name == "PositionChanged":
            word = event.arguments["position"]
            assert isinstance(word, int)
            told[key].append(Position.of(word))
        if moment <= at and event.name == "LotsChanged":
            words = event.arguments["lots"]
            assert isinstance(words, tuple)
            lots[key] = tuple(Lot.of(word) for word in words)
    assert {key: positions[-1] for key, positions in told.items()} == then.positions
    assert all([one.seq for one in every] == list(range(1, len(every) + 1)) for every in told.values())
    assert {key: every for key, every in lots.items() if every} == {key: one for key, one in then.lots.items() if one}


@given(lives)
def test_what_is_refused_changes_nothing_and_what_is_allowed_is_a_new_register(life: Life) -> None:
    before = life.register
    copied = (dict(before.positions), dict(before.lots), dict(before.liens), dict(before.securities))
    life.step()
    assert (before.positions, before.lots, before.liens, before.securities) == copied


@given(lives)
def test_every_refusal_has_its_rule_its_source_and_its_words(life: Life) -> None:
    for refused in life.refusals:
        problem = as_refusal(refused)
        assert problem is not None
        assert problem.rule
        assert problem.source
        assert "{" not in problem.detail + problem.extra["detail_zh"]
