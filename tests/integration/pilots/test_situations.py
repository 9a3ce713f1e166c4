"""The hand-written tables of situations against the contract, on a real node: the chain gives the verdict of the row.

The tables speak of 2026 to 2028. The node is eight years further, where every day has the same place in its year: its
calendar is told the days of 2026 as those of 2034.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from chain.errors import RevertError
from chain.proof.hashing import keccak256
from services.days import number
from services.pilots.rulebook.machine import Step, advance
from services.pilots.rulebook.model import Transition
from services.transactions.encoding import calldata
from tests.integration.pilots.onchain import AUTHORITIES, PilotChain, deployed
from tests.integration.services.transactions.rig import Anvil, Client
from tests.unit.services.pilots.rulebook.cases import table
from tests.unit.services.pilots.situations.playing import CALENDAR, REGIONS, Play, Row, rows

YEARS = 8
LATER = number(date(2026 + YEARS, 1, 1)) - number(date(2026, 1, 1))
PROJECT = keccak256(b"a situation")[:16]
EVIDENCE = {"commitment": b"\x05" * 32, "leaf": b"\x06" * 32}


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Client]]:
    anvil, client = deployed(tmp_path_factory.mktemp("situations"))
    yield anvil, client
    anvil.stop()


class Situations:
    """Rows that begin alike are brought there together: what they share happens once."""

    def __init__(self, chain: PilotChain) -> None:
        self.chain = chain
        self.wrong: list[str] = []
        self.tried = 0

    def play(self, plays: list[tuple[Play, list[str]]]) -> None:
        """Tries the rows whose situation this is, then goes on with the others, each from here."""
        for play, _ in [one for one in plays if not one[1]]:
            with self.undone():
                self.attempt(play)
        for token in dict.fromkeys(tokens[0] for _, tokens in plays if tokens):
            onward = [(play, tokens[1:]) for play, tokens in plays if tokens and tokens[0] == token]
            with self.undone():
                self.take(token, [play for play, _ in onward])
                self.play(onward)

    def take(self, token: str, plays: list[Play]) -> None:
        """A date or a step that leads on, which the chain must allow."""
        step = None if token.startswith("@") else plays[0].step(token)
        if step is not None:
            refused = self.send(plays[0], step)
            assert refused is None, f"{plays[0].row.id}: {token}: {refused}"
        for play in plays:
            if step is None:
                play.today = number(date.fromisoformat(token[1:]))
            else:
                play.standing = advance(play.table, play.standing, step, CALENDAR)
        if step is None:
            self.chain.go_to(plays[0].today + LATER)

    def attempt(self, play: Play) -> None:
        """The steps that a row tries; the last decides."""
        actions, refused = play.row.tried(), None
        for action in actions:
            step = play.step(action, said=play.row.said if action == actions[-1] else {})
            refused = self.send(play, step)
            if refused is not None:
                break
            play.standing = advance(play.table, play.standing, step, CALENDAR)
        self.tried += 1
        if (refused is None) != play.row.allowed:
            self.wrong.append(f"{play.row.id} {play.row.said['zh']}: {refused or 'the chain allows it'}")

    def send(self, play: Play, step: Step) -> RevertError | None:
        """A step of the row's days, moved to the chain's; why the chain refuses it, if it does."""
        row = play.known(step.action)
        moved = Step(step.action, step.body, step.today, step.seq, self.value(row, step), step.evidence, step.proven)
        if row is not None and row.gate and step.proven:
            self.chain.anchor(PROJECT, moved)
        data, sender = self.chain.call_of(PROJECT, row, moved, standing=play.standing)
        refused = self.chain.refusal("PilotLifecycle", data, sender)
        if refused is None:
            self.chain.send("PilotLifecycle", data, sender)
        return refused

    def value(self, row: Transition | None, step: Step) -> int:
        """Days are later on the chain; the numbers of items are not."""
        return step.value + LATER if step.value and row is not None and row.kind_a is None else step.value

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens is undone, the leaves included."""
        snapshot, leaves = self.chain.anvil.rpc.call("evm_snapshot"), len(self.chain.log.leaves)
        try:
            yield
        finally:
            assert self.chain.anvil.rpc.call("evm_revert", snapshot)
            del self.chain.log.leaves[leaves:]


def publish(chain: PilotChain) -> None:
    """The years of the tables, as years of the chain."""
    for year in (2026, 2027, 2028):
        words = CALENDAR.words(year)
        said: dict[str, Any] = {"region": chain.table.book.region, "year": year + YEARS, "working": words}
        said |= {"trading": words, **EVIDENCE}
        key = AUTHORITIES[chain.table.book.region]
        auth = chain.authorisation("Calendar", "PublishCalendarYear", said, key)
        chain.send("Calendar", calldata(chain.client.abi("Calendar"), "publishYear", said, auth))


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("region", REGIONS)
def test_the_chain_says_what_the_source_says(node: tuple[Anvil, Client], region: str) -> None:
    chosen: list[Row] = [row for row in rows(region) if row.on_chain]
    anvil, client = node
    snapshot = anvil.rpc.call("evm_snapshot")
    situations = Situations(PilotChain(anvil, client, table(chosen[0].rulebook)))
    publish(situations.chain)
    situations.chain.go_to(Play.of(chosen[0]).today + LATER)
    situations.play([(Play.of(row), row.before()) for row in chosen])
    assert anvil.rpc.call("evm_revert", snapshot)
    assert not situations.wrong, "\n".join(situations.wrong)
    assert situations.tried == len(chosen)
