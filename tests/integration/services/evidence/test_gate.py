"""A database that lost what was acknowledged is refused, whoever is left to contradict it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from chain.proof.merkle import empty_root
from services.evidence.heads import HeadFile
from services.platform.errors import Conflict, Forbidden, NotFound, StartRefused, Unavailable
from tests.integration.services.evidence.house import OPERATOR, OTHER, House, TestWitness, away, record

WITNESS = TestWitness("witness-regulator")
Open = Callable[..., House]


def backup(url: str, home: Path, to: Path) -> str:
    """A copy of the database, as a nightly backup makes it; its URL."""
    if url.startswith("sqlite"):
        target = to / "yesterday.sqlite"
        shutil.copyfile(url.removeprefix("sqlite:///"), target)
        return f"sqlite:///{target}"
    name = make_url(url).database
    server = url.replace("postgresql+psycopg", "postgresql").replace(f"/{name}", "/postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS y_{name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE y_{name} TEMPLATE {name} STRATEGY FILE_COPY")
    return url.replace(str(name), f"y_{name}")


def state(house: House) -> str:
    return house.service.gate.states()[house.log_id].state


class Story:
    """Yesterday: 3 records, a backup. Today: 5 records, all sealed, known to a chain and to a witness."""

    def __init__(self, new_house: Open, url: str, home: Path, tmp_path: Path) -> None:
        self.new_house, self.home, self.tmp_path = new_house, home, tmp_path
        house = self.started(at=home)
        self.log_id = house.log_id
        for number in range(3):
            house.submit(record(f"s{number}"))
        house.service.sealer.run()
        self.yesterday = house.head()
        house.close()
        self.old_url = backup(url, home, tmp_path)
        self.old_heads = (home / "heads" / "heads").read_bytes()
        house = new_house(at=home)
        house.log_id = self.log_id
        for number in range(5):
            house.submit(record(f"s{number}"))
        house.service.sealer.run()
        self.today = house.head()
        house.close()

    def started(self, at: Path) -> House:
        house = self.new_house(at=at)
        house.bootstrap(OPERATOR)
        house.force_open(house.log_id)
        return house

    def restored(self, **options: object) -> House:
        house = self.new_house(at=self.home, url=self.old_url, **options)
        house.log_id = self.log_id
        return house

    def restore_heads(self) -> None:
        (self.home / "heads" / "heads").write_bytes(self.old_heads)


@pytest.fixture
def story(new_house: Open, database_url: str, home: Path, tmp_path: Path) -> Story:
    return Story(new_house, database_url, home, tmp_path)


def refused(house: House) -> str:
    with pytest.raises(Unavailable) as error:
        house.submit()
    assert len(house.leaves()) == 3, "nothing was given an index a second time"
    return error.value.slug


def test_yesterdays_database_is_refused_by_the_head_file_with_the_chain_away(story: Story) -> None:
    assert refused(story.restored(chain_head=away)) == "log-behind-anchor"


def test_with_the_head_file_restored_too_the_chain_refuses_it(story: Story) -> None:
    story.restore_heads()
    assert refused(story.restored(chain_head=lambda _: story.today)) == "log-behind-anchor"


def test_with_the_chain_away_too_it_stays_unchecked(story: Story) -> None:
    story.restore_heads()
    assert refused(story.restored(chain_head=away)) == "log-unchecked"


def test_with_the_chain_behind_a_witness_refuses_it(story: Story) -> None:
    story.restore_heads()
    options = {"witnesses": [WITNESS], "quorum": {"regulator": 1}}
    house = story.restored(chain_head=lambda _: story.yesterday, **options)
    assert refused(house) == "log-unchecked", "no witness has answered"
    WITNESS.states(house, *story.today)
    assert refused(house) == "log-behind-anchor"


def test_a_lost_head_file_leaves_a_log_with_leaves_unchecked(story: Story) -> None:
    (story.home / "heads" / "heads").unlink()
    assert refused(story.restored()) == "log-unchecked"


def test_the_true_database_passes_and_goes_on_while_the_chain_is_away(story: Story, database_url: str) -> None:
    answers = [story.today]

    def chain(origin: str) -> tuple[int, bytes]:
        return answers[0] if answers else away(origin)  # type: ignore[return-value]

    house = story.new_house(at=story.home, chain_head=chain, witnesses=[WITNESS], quorum={"regulator": 1})
    house.log_id = story.log_id
    with pytest.raises(Unavailable, match="log-unchecked"):
        house.submit()
    WITNESS.states(house, *story.today)
    assert state(house) == "checked"
    answers.clear()
    assert house.submit().index == 8
    house.service.sealer.run()
    assert house.head()[0] == 9


def test_another_tree_of_the_same_size_is_refused(story: Story) -> None:
    other = (8, b"\x07" * 32)
    house = story.new_house(at=story.home, chain_head=lambda _: other)
    with pytest.raises(Unavailable, match="log-behind-anchor"):
        house.submit()


def test_a_statement_for_another_start_proves_nothing(story: Story) -> None:
    house = story.new_house(at=story.home, witnesses=[WITNESS], quorum={"regulator": 1})
    house.log_id = story.log_id
    with pytest.raises(Forbidden):
        WITNESS.states(house, *story.today, nonce="00" * 32)
    with pytest.raises(Forbidden):
        TestWitness("stranger").states(house, *story.today)
    assert state(house) == "unchecked"


def test_a_new_installation_passes_when_chain_and_every_witness_say_empty(new_house: Open) -> None:
    second = TestWitness("witness-auditor", "auditor")
    house = new_house(witnesses=[WITNESS, second], quorum={"regulator": 1})
    house.bootstrap(OPERATOR)
    assert state(house) == "unchecked"
    WITNESS.states(house, 0, empty_root())
    assert state(house) == "unchecked", "an empty log is what a lost database looks like: all must say so"
    second.states(house, 0, empty_root())
    assert state(house) == "checked"


def test_an_empty_database_under_a_chain_that_knows_the_log_is_refused(new_house: Open) -> None:
    house = new_house(chain_head=lambda _: (5, b"\x01" * 32))
    house.bootstrap(OPERATOR)
    assert state(house) == "behind"


def test_a_witness_that_knows_a_log_which_the_database_does_not_closes_the_gate(house: House, new_house: Open) -> None:
    house.close()
    again = new_house(witnesses=[WITNESS], quorum={"regulator": 1})
    with pytest.raises(NotFound):
        WITNESS.states(again, 7, b"\x01" * 32, origin="regseal.example/lost")
    assert not again.service.gate.ready()


def test_an_origin_in_the_head_file_never_restarts(house: House) -> None:
    from services.evidence.heads import Head

    house.service.heads.write([Head("regseal.example/gone", 4, b"\x02" * 32)])
    with pytest.raises(Conflict) as taken:
        house.service.request_log_opening(OPERATOR, "regseal.example/gone").result(60)
    assert taken.value.slug == "origin-taken"


def test_an_institution_cannot_ask_for_logs_without_end(house: House) -> None:
    def ask(owner: str, number: int) -> str:
        make = house.service._book.create
        origin = f"regseal.example/{owner[4:6]}/{number}"
        return house.service.sequencer.run(lambda group: make(group, origin=origin, owner_id=owner)[0].id)

    for number in range(16):
        ask(OTHER, number)
    with pytest.raises(Conflict) as refused:
        ask(OTHER, 16)
    assert refused.value.slug == "too-many-logs"
    assert ask(OPERATOR, 0)


def test_before_a_seal_the_head_file_is_looked_at_again(house: House) -> None:
    from services.evidence.heads import Head

    house.submit()
    house.service.heads.write([Head(house.origin, 9, b"\x02" * 32)])
    with pytest.raises(Unavailable, match="log-behind-anchor"):
        house.service.sealer.seal(house.log_id)
    with pytest.raises(NotFound):
        house.head()


def test_leaves_changed_in_the_database_are_noticed_at_the_start(house: House, new_house: Open) -> None:
    from sqlalchemy import text

    for number in range(5):
        house.submit(record(f"s{number}"))
    with house.database.write() as session:
        session.execute(text("UPDATE leaves SET leaf_hash = :h WHERE idx = 2"), {"h": b"\x09" * 32})
    house.close()
    again = new_house()
    again.log_id = house.log_id
    assert state(again) == "behind"


def test_a_damaged_head_file_refuses_the_start(house: House) -> None:
    for _ in range(3):
        house.submit()
    house.close()
    path = house.home / "heads" / "heads"
    data = bytearray(path.read_bytes())
    for position in range(20, len(data), 256):
        data[position] ^= 1
    path.write_bytes(data)
    with pytest.raises(StartRefused, match="damaged"):
        HeadFile.open(house.home / "heads")
