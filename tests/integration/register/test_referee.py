"""Two referees: the same random acts, legal and illegal, to the model in Python and to the contract on a real node.

Same verdict, same error with the same arguments; and after an act that both allow, the same events and the same book.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from chain.proof.hashing import keccak256
from services.calendar.rules import count
from services.calendar.sources import from_library
from services.register.names import CHECKER, LIAISON, OPERATOR, REGULATOR
from services.register.rules.acts import Act
from services.register.rules.days import Clock, day_of
from services.register.rules.referee import Outcome, apply
from services.register.rules.refusal import Refused
from services.register.rules.turn import At, Event, Register, Signed
from services.register.rules.values import Id, Lockup, Market
from tests.conftest import FULL
from tests.integration.register.onchain import FIRST_DAY, ROLES, YEARS, RegisterChain, Told, node
from tests.unit.services.register.rules.making import INVESTORS, KEYS, REGION, UNKNOWN, Maker, beginning

EXAMPLES, STEPS = (60, 60) if FULL else (5, 25)
"""For each of the two markets."""

CHOICE = 100 if FULL else 12
"""Acts of which one is taken."""
PUBLISHED = {found.year.year: found.year for year in YEARS if (found := from_library(year))}
SIGNER_OF = {CHECKER: "checker", REGULATOR: "regulator", LIAISON: "liaison"}
NAME_OF = {key.address: name for name, key in KEYS.items()}
ROLE_OF_DIGEST = {keccak256(role.encode()): role for role in (OPERATOR, CHECKER, REGULATOR, LIAISON)}


class Calendar:
    """The trading days that the chain was told."""

    def trading_days_after(self, since: int, until: int) -> int | None:
        return count(PUBLISHED, since, until, trading=True)


class Duel:
    """One register, on both sides."""

    def __init__(self, chain: RegisterChain) -> None:
        roles = {role: frozenset({KEYS[name].address}) for name, role in ROLES.items()}
        self.chain = chain
        self.register = Register(Market(REGION, chain.checked), Clock(FIRST_DAY), roles)
        self.verdicts: Counter[str] = Counter()
        self.kinds: Counter[type[Act]] = Counter()

    def act(self, act: Act, *, lacking: str = "", sender: str = "operator", evidenced: bool = True) -> bool:
        """Both decide, and must not differ; whether they allow it. Everybody signs who must, but the one lacking."""
        signers = tuple(name for name in self._signers(act) if name != lacking)
        signed = Signed(KEYS[sender].address, tuple(KEYS[name].address for name in signers))
        at = At(self.chain.now + 1, signed, evidenced=evidenced)
        data = self.chain.calldata_of(act, signers, evidenced=evidenced)
        outcome = self.judged(act, at)
        if isinstance(outcome, Refused):
            self.verdicts[outcome.error] += 1
            refused = self.chain.refusal(data, KEYS[sender].address)
            assert refused is not None, f"the chain allows {act}, which Python refuses: {outcome}"
            assert (refused.name, plain(refused.args_by_name)) == (outcome.error, plain(outcome.arguments)), act
            return False
        self.verdicts["allowed"] += 1
        self.kinds[type(act)] += 1
        told = self.chain.send(data, KEYS[sender].address)
        assert told is not None, f"the chain refuses {act}: {self.chain.refusal(data, KEYS[sender].address)}"
        self.register = outcome.register
        self._compare(act, outcome, told)
        return True

    def judged(self, act: Act, at: At) -> Outcome | Refused:
        try:
            return apply(self.register, act, at=at, calendar=Calendar())
        except Refused as refused:
            return refused

    def _signers(self, act: Act) -> tuple[str, ...]:
        """Who must sign, as the model says when nothing but signatures can lack."""
        outcome = self.judged(act, At(self.chain.now + 1))
        needs = outcome.needs if isinstance(outcome, Outcome) else tuple(SIGNER_OF)
        return tuple(dict.fromkeys(SIGNER_OF.get(need) or NAME_OF[need] for need in needs))

    def _compare(self, act: Act, outcome: Outcome, told: list[Told]) -> None:
        assert [event.name for event in told] == [event.name for event in outcome.events], act
        for found, expected in zip(told, outcome.events, strict=True):
            relevant = {name: found.arguments[name] for name in expected.arguments}
            assert plain(relevant) == plain(expected.arguments), f"{found.name} of {act}"
        for security, investor in touched(outcome.events):
            self.compare_position(security, investor)
        for event in outcome.events:
            number, what = event.arguments.get("number"), event.arguments.get("security")
            if isinstance(number, int) and isinstance(what, bytes):
                self.compare_lien(what, number)
        for what in {event.arguments.get("security") for event in outcome.events}:
            if isinstance(what, bytes):
                self.compare_security(what)

    def compare_position(self, security: Id, investor: Id) -> None:
        """What the contract keeps of a position is what the model keeps."""
        position = self.register.position(security, investor)
        found = self.chain.read("positionOf", security, investor)
        assert found == (
            position.units, position.encumbered, position.last_buy, position.last_sell, position.seq, position.addend,
            position.officer, position.unconfirmed, position.lots,
        )  # fmt: skip
        free = self.register.available(security, investor, day_of(self.chain.now))
        assert self.chain.read("availableOf", security, investor) == free
        lots = self.register.lots.get((security, investor), ())
        assert self.chain.read("lotsOf", security, investor) == tuple(lot.word for lot in lots)
        lockup = self.register.lockups.get((security, investor), Lockup())
        kept = self.chain.read("lockupOf", security, investor)
        assert kept == (lockup.base, lockup.sold, lockup.year, lockup.locked_until)

    def compare_lien(self, security: Id, number: int) -> None:
        """And of a lien."""
        lien = self.register.liens[security, number]
        kind, since, until, units, secured = self.chain.read("lienOf", security, number)
        assert (kind, since, until, units) == (lien.kind, lien.since, lien.until, lien.units)
        assert secured.lower() == lien.secured.lower()

    def compare_security(self, security: Id) -> None:
        """And of a security."""
        kept = self.register.securities[security]
        state, issuer, issued, holders, liens, terms = self.chain.read("securityOf", security)
        assert (state, issuer, issued, holders) == (kept.state, kept.issuer, kept.issued, kept.count)
        assert liens == kept.liens
        expected = kept.terms
        assert terms == (
            expected.form, expected.kinds, expected.cap, expected.grandfathered, expected.interval,
            expected.subscription_counts, expected.basis,
        )  # fmt: skip

    def compare_all(self) -> None:
        """Every position and every security."""
        for security in self.register.securities:
            self.compare_security(security)
            for investor in (*INVESTORS, UNKNOWN):
                self.compare_position(security, investor)


def touched(events: tuple[Event, ...]) -> set[tuple[Id, Id]]:
    """Positions that changed."""
    found = ((event.arguments.get("security"), event.arguments.get("investor")) for event in events)
    return {(what, who) for what, who in found if isinstance(what, bytes) and isinstance(who, bytes)}


def plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of an error or event: roles by name, addresses in one spelling."""
    return {name: _plain(value) for name, value in arguments.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return ROLE_OF_DIGEST.get(value, value)
    if isinstance(value, list | tuple):
        return tuple(value)
    return value.lower() if isinstance(value, str) else int(value)


@pytest.fixture(scope="module", params=[True, False], ids=["checked", "plain"])
def chain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegisterChain]:
    anvil = node()
    try:
        yield RegisterChain(anvil, tmp_path_factory.mktemp("register"), checked=request.param)
    finally:
        anvil.stop()


class Both(RuleBasedStateMachine):
    """A register under random acts; a subclass names the chain."""

    chain: ClassVar[RegisterChain]
    begun: ClassVar[Register]
    verdicts: ClassVar[Counter[str]]
    kinds: ClassVar[Counter[type[Act]]]

    def __init__(self) -> None:
        super().__init__()
        self.undone = self.chain.anew()
        self.undone.__enter__()
        self.duel = Duel(self.chain)
        self.duel.register = self.begun

    @initialize(seed=st.integers(0, 2**32), acts=st.integers(0, 12))
    def begin_somewhere(self, seed: int, acts: int) -> None:
        """A book up to some point."""
        for one in range(acts):
            self._go_on(self._random(seed + one))

    @rule(seed=st.integers(0, 2**32))
    def go_on(self, seed: int) -> None:
        """An act that is allowed."""
        self._go_on(self._random(seed))

    @rule(seed=st.integers(0, 2**32))
    def try_in_vain(self, seed: int) -> None:
        """An act that is refused although everybody agrees, for a reason that was seen least so far."""
        found = [(act, one) for act, one in self._judged(self._random(seed)) if isinstance(one, Refused)]
        if found:
            assert not self.duel.act(min(found, key=lambda one: self.duel.verdicts[one[1].error])[0])

    @rule(
        seed=st.integers(0, 2**32),
        lacking=st.sampled_from(["", "", "", "checker", "regulator", "liaison"]),
        sender=st.sampled_from(["operator"] * 15 + ["stranger", "checker"]),
        evidenced=st.sampled_from([True] * 15 + [False]),
    )
    def try_anything(self, seed: int, **how: Any) -> None:
        """Any act, often wrong."""
        self.duel.act(self._maker(self._random(seed)).act(evenly=True), **how)

    @rule(seconds=st.sampled_from([60, 3_600, 3_600, 86_400, 86_400, 3 * 86_400, 8 * 86_400, 40 * 86_400]))
    def wait(self, seconds: int) -> None:
        """Time passes, perhaps into a year that is not published."""
        self.chain.wait(seconds)

    def _random(self, seed: int) -> Random:
        """Another one at each step, however often hypothesis likes the same seed."""
        return Random(f"{seed} {self.duel.verdicts.total()}")

    def _maker(self, random: Random) -> Maker:
        return Maker(random, self.duel.register, self.chain.now + 1)

    def _go_on(self, random: Random) -> None:
        """One of several acts that are allowed: the first, or of the kind that was allowed least so far."""
        found = [act for act, one in self._judged(random) if isinstance(one, Outcome)]
        if found:
            rarest = min(found, key=lambda act: self.duel.kinds[type(act)])
            assert self.duel.act(random.choice((found[0], rarest)))

    def _judged(self, random: Random) -> list[tuple[Act, Outcome | Refused]]:
        """Some acts by chance, and what Python says if nothing but the act can be wrong."""
        maker = self._maker(random)
        acts = [maker.act(evenly=maker.one_in(2)) for _ in range(CHOICE)]
        return [(act, self.duel.judged(act, At(self.chain.now + 1))) for act in acts]

    def teardown(self) -> None:
        """The book as a whole, then back to the beginning."""
        try:
            self.chain.tick()
            self.duel.compare_all()
        finally:
            self.undone.__exit__(None, None, None)
        self.verdicts.update(self.duel.verdicts)
        self.kinds.update(self.duel.kinds)


@pytest.mark.timeout(1_800)
def test_they_never_disagree(chain: RegisterChain) -> None:
    class Machine(Both):
        """Against this chain."""

    size = settings(
        max_examples=EXAMPLES,
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # shrinking takes as long again for each act left out
    )
    with chain.anew():
        duel = Duel(chain)
        assert all(duel.act(act) for act in beginning())
        Machine.chain, Machine.begun, Machine.verdicts, Machine.kinds = chain, duel.register, Counter(), Counter()
        run_state_machine_as_test(Machine, settings=size)
    assert Machine.verdicts["allowed"], "nothing was tried"
    if FULL:
        assert len(Machine.verdicts) > 25, "all but the rarest refusals"
        assert len(Machine.kinds) > 20, "all but the rarest acts"
        assert sum(Machine.verdicts.values()) > 2_000, "thousands of acts in all"
