"""The intake between two processes: what is asked is answered once, by whoever leads, and cannot be read on the way."""

from collections.abc import Iterator
from concurrent.futures import Future

import pytest
from sqlalchemy import text

from services.masterkey import rotate
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.errors import LeaseLost, StartRefused, Unavailable
from services.platform.leases import Lease
from services.platform.settings import Settings
from services.workers import repository
from services.workers.forms import Answer, Question
from services.workers.inbox import Inbox
from services.workers.outbox import KEY_OWNER, Outbox, question_aad
from services.workers.team import Team, seen
from tests.waiting import until

SECRET = b"a name that nobody else may read"


@pytest.fixture
def backend() -> str:
    return "postgresql"


@pytest.fixture
def lease(database: Database) -> Lease:
    lease = Lease(database)
    lease.acquire()
    return lease


@pytest.fixture
def outbox(database: Database, clock: FixedClock, vault: Vault) -> Iterator[Outbox]:
    made = Outbox(database, clock, vault, worker="wrk_1")
    made.start()
    yield made
    for asked in list(made._open.values()):  # it would look for answers for ever, in a database that is gone
        asked.cancel()
    made.stop(60)


class Leader:
    """An inbox that answers with what it was asked, and counts."""

    def __init__(
        self, database: Database, clock: FixedClock, vault: Vault, lease: Lease, *, ends: bool = False
    ) -> None:
        self.asked: list[bytes] = []
        self._ends = ends
        self.inbox = Inbox(database, clock, vault, fence=lease.check, performs={"http": self._perform})
        self.inbox.start()

    def _perform(self, question: Question) -> "Future[Answer | None]":
        self.asked.append(question.body)
        done: Future[Answer | None] = Future()
        answer = Answer(status=201, headers=(("location", question.path),), route="/r", body=question.body)
        done.set_result(None if self._ends else answer)
        return done

    def stop(self) -> None:
        self.inbox.stop(30)


def _count(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(text("SELECT count(*) FROM intake")).scalar_one())


def test_every_question_is_answered_once_and_leaves_nothing(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease, outbox: Outbox
) -> None:
    before = [outbox.ask(Question(path=f"/{number}", body=b"%d" % number)) for number in range(40)]
    until(lambda: _count(database) == 40)  # nobody leads yet
    leader = Leader(database, clock, vault, lease)
    after = [outbox.ask(Question(path=f"/{number}", body=b"%d" % number)) for number in range(40, 90)]
    answers = [future.result(60) for future in before + after]
    leader.stop()
    assert [answer.body for answer in answers] == [b"%d" % number for number in range(90)]
    assert answers[7] == Answer(status=201, headers=(("location", "/7"),), route="/r", body=b"7")
    assert sorted(leader.asked) == sorted(b"%d" % number for number in range(90))
    assert _count(database) == 0


def test_what_a_falling_leader_leaves_the_next_one_answers(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease, outbox: Outbox
) -> None:
    falling = Leader(database, clock, vault, lease, ends=True)
    asked = outbox.ask(Question(body=b"x"))
    until(lambda: falling.asked)
    falling.stop()
    following = Leader(database, clock, vault, lease)
    assert asked.result(60).body == b"x"
    following.stop()


def test_a_leader_without_its_lease_answers_nothing(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease, outbox: Outbox
) -> None:
    lease.release()
    other = Lease(database, holder="other")
    other.acquire()
    stale = Leader(database, clock, vault, lease)
    asked = outbox.ask(Question(body=b"x"))
    until(lambda: stale.asked)
    until(lease.lost.is_set)
    stale.stop()
    assert not asked.done()
    following = Leader(database, clock, vault, other)
    assert asked.result(60).body == b"x"
    following.stop()


def test_nothing_can_be_read_and_nothing_can_be_forged(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease, outbox: Outbox
) -> None:
    asked = outbox.ask(Question(path="/secret", token_id="tok_1", body=SECRET))
    until(lambda: _count(database) == 1)
    with database.write() as session:
        row_id, _, blob = repository.waiting(session, (), 10)[0]
        assert SECRET not in blob
        assert b"secret" not in blob
        forged = Question(path="/forged", body=b"forged").pack()
        moved = vault.encrypt(session, KEY_OWNER, forged, question_aad("ask_of_another_row"))
        rows = [
            {"id": f"ask_{n}", "worker": "wrk_1", "asked_at": 1, "question": q}
            for n, q in enumerate((forged, blob, moved))
        ]
        repository.ask(session, rows)
    leader = Leader(database, clock, vault, lease)
    assert asked.result(60).body == SECRET
    until(lambda: _count(database) == 3)
    leader.stop()
    assert leader.asked == [SECRET]
    assert row_id.startswith("ask_")


def test_answers_that_nobody_fetches_go_with_their_worker(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease
) -> None:
    team = Team(database, clock, vault, lease=lease, forget=lambda: None)
    team.tell()
    with database.write() as session:
        repository.ask(session, [{"id": "ask_1", "worker": "wrk_gone", "asked_at": 2**50, "question": b""}])
        repository.answer(session, [("ask_1", "wrk_gone", b"")], 2**50)
    team.sweep()
    assert _count(database) == 0
    with database.read() as session:
        (one,) = seen(session, lease.ttl_ms)
    assert one.leads
    lease.release()
    with pytest.raises(LeaseLost):
        team.sweep()


def test_the_master_key_is_not_replaced_under_a_follower(
    database: Database, clock: FixedClock, vault: Vault, tmp_path: object
) -> None:
    settings = Settings(home=vault._file.parent, database_url=database.url)
    follower = Team(database, clock, vault, lease=Lease(database, holder="machine:7"), forget=lambda: None)
    follower.tell()
    with pytest.raises(StartRefused, match=r"machine:7"):
        rotate(settings)


def test_a_transaction_that_says_nothing_gives_the_lease_back(database: Database) -> None:
    """As of a process that was stopped in the middle of a write."""
    stopped = Database(database.url, idle_ms=2_000)
    ours = Lease(stopped, ttl_ms=1)
    until(ours.offer)  # a slow machine may be silent for as long by itself
    theirs = Lease(database, holder="next")
    session_block = stopped.write()
    session = session_block.__enter__()
    ours.check(session)
    until(theirs.offer)
    with pytest.raises(Exception, match=r"terminat|closed|connection"):
        session_block.__exit__(None, None, None)
    stopped.close()


def test_what_nobody_can_read_holds_up_nothing_else(
    database: Database, clock: FixedClock, vault: Vault, lease: Lease, outbox: Outbox
) -> None:
    """A row of another version of the software, or one that somebody changed, in either direction."""
    strange = b"\x00\x00\x00\x02{}"
    first = outbox.ask(Question(body=b"never answered readably"))
    until(lambda: _count(database) == 1)
    with database.write() as session:
        (row_id, _, _), *_ = repository.waiting(session, (), 10)
        repository.answer(session, [(row_id, "wrk_1", b"\x01 garbage")], 1)
        sealed = vault.encrypt(session, KEY_OWNER, strange, question_aad("ask_0"))
        repository.ask(session, [{"id": "ask_0", "worker": "wrk_1", "asked_at": 1, "question": sealed}])
    leader = Leader(database, clock, vault, lease)
    assert outbox.ask(Question(body=b"x")).result(60).body == b"x"
    leader.stop()
    assert not first.done()
    assert first.cancel()
    assert leader.asked == [b"x"]


def test_who_gives_up_waiting_takes_no_room(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.workers.outbox._MOST", 1)
    given_up = outbox.ask(Question(body=b"x"))
    with pytest.raises(Unavailable):
        outbox.ask(Question(body=b"y"))
    assert given_up.cancel()
    assert not outbox.ask(Question(body=b"y")).done()
