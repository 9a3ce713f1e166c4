"""What the sequencer promises, on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from sqlalchemy import text

from chain.proof.canonical import canonical
from chain.proof.checkpoint import Acknowledgement
from chain.proof.leaf import NO_LEAF, Leaf, leaf_hash
from chain.proof.merkle import Frontier, root_of
from chain.proof.note import VerifierKey, parse_note, verify_note
from chain.proof.types import Phase
from services.evidence import repository
from services.evidence.group import Group, LeafDraft, SequencedLeaf
from services.platform.errors import Conflict, Forbidden, IdempotencyKeyReused, Invalid, NotFound, Unavailable
from services.platform.ids import new_id
from tests.integration.services.evidence.house import OPERATOR, OTHER, House, count_units, record

DRAFT = LeafDraft("stream", 0x0001, Phase.EVENT, b"\x01" * 32)


def test_a_record_is_durable_and_acknowledged_by_the_logs_key(house: House) -> None:
    accepted = house.submit()
    assert house.leaves() == [(0, accepted.leaf)]
    key = VerifierKey.parse(house.service.public.log(house.log_id).keys[0].vkey)
    note = parse_note(accepted.acknowledgement)
    assert [each.key for each in verify_note(note, [key])] == [key]
    promise = Acknowledgement.parse(note.text)
    assert (promise.first, promise.count, promise.root) == (0, 1, leaf_hash(accepted.leaf))
    assert house.service.heads.heads()[house.origin].root == accepted.leaf_hash


def test_an_institutions_subject_is_one_chained_stream(house: House) -> None:
    subjects = ["深圳·项目一", "\u00e9", "e\u0301", "深圳·项目一"]
    leaves = [Leaf.decode(house.submit(record(subject)).leaf) for subject in subjects]
    assert leaves[3].stream == leaves[0].stream
    assert (leaves[3].seq, leaves[3].previous) == (1, leaves[0].hash())
    assert len({leaf.stream for leaf in leaves}) == 3, "two spellings are two texts"
    assert leaves[1].previous == NO_LEAF


def test_two_institutions_never_share_a_stream(house: House) -> None:
    one, other = house.submit(), house.submit(record(actor=OTHER))
    assert Leaf.decode(one.leaf).stream != Leaf.decode(other.leaf).stream


def test_many_units_get_contiguous_indexes_in_one_tree(house: House) -> None:
    def make(number: int) -> Callable[[Group], SequencedLeaf]:
        draft = LeafDraft(f"s{number % 7}", 0x0001, Phase.EVENT, number.to_bytes(32))
        return lambda group: group.append(house.log_id, draft)

    results = count_units(house, 600, make)
    assert sorted(leaf.index for leaf in results) == list(range(600))
    rows = house.leaves()
    assert [index for index, _ in rows] == list(range(600))
    with house.database.read() as session:
        row = repository.log_by_id(session, house.log_id)
        assert row is not None
        assert Frontier.decode(row.frontier).root() == root_of([leaf_hash(leaf) for _, leaf in rows])


@pytest.mark.parametrize("with_sql", [False, True], ids=["staged only", "with its own SQL"])
def test_a_bad_unit_rolls_back_alone(house: House, *, with_sql: bool) -> None:
    gate = threading.Event()

    def good(group: Group) -> SequencedLeaf:
        return group.append(house.log_id, DRAFT)

    def bad(group: Group) -> None:
        group.append(house.log_id, DRAFT)
        if with_sql:
            group.session.execute(text("UPDATE logs SET owner_id = 'spoilt'"))
        group.append(house.log_id, DRAFT)
        raise Invalid("field", "no")

    blocker = house.service.sequencer.submit(lambda _: gate.wait(60))
    futures: list[Future[Any]] = [house.service.sequencer.submit(unit) for unit in (good, bad, good, bad, good)]
    gate.set()
    assert blocker.result(60)
    for bad_future in futures[1::2]:
        with pytest.raises(Invalid):
            bad_future.result(60)
    leaves = [future.result(60) for future in futures[::2]]
    assert [leaf.index for leaf in leaves] == [0, 1, 2]
    assert [leaf.seq for leaf in leaves] == [0, 1, 2]
    assert [Leaf.decode(leaf.leaf).previous for leaf in leaves] == [NO_LEAF, leaves[0].leaf_hash, leaves[1].leaf_hash]
    assert house.service.public.log(house.log_id).owner_id == OPERATOR


def test_a_submission_to_no_log_fails_alone(house: House) -> None:
    gate = threading.Event()
    blocker = house.service.sequencer.submit(lambda _: gate.wait(60))
    futures = [
        house.service.submit_record(OTHER, canonical(record("stray", actor=OTHER)), log_id=new_id("log")),
        house.service.submit_record(OPERATOR, canonical(record()), log_id=house.log_id),
    ]
    gate.set()
    assert blocker.result(60)
    with pytest.raises(NotFound):
        futures[0].result(60)
    assert futures[1].result(60).index == 0


@pytest.mark.parametrize("with_sql", [False, True], ids=["staged only", "with its own SQL"])
def test_a_unit_whose_rows_the_database_refuses_rolls_back_alone(house: House, *, with_sql: bool) -> None:
    gate = threading.Event()

    def leaf_twice(group: Group) -> None:
        leaf = group.append(house.log_id, DRAFT)
        if with_sql:
            assert group.session.execute(text("SELECT 1")).scalar() == 1
        group.insert(repository.LEAVES, repository.leaf_row(house.log_id, leaf.index, b"", b"", None))

    blocker = house.service.sequencer.submit(lambda _: gate.wait(60))
    units = (
        lambda group: group.append(house.log_id, DRAFT),
        leaf_twice,
        lambda group: group.append(house.log_id, DRAFT),
    )
    futures = [house.service.sequencer.submit(unit) for unit in units]
    gate.set()
    assert blocker.result(60)
    assert futures[0].result(60).index == 0
    assert futures[1].exception(60) is not None
    assert futures[2].result(60).index == 1
    assert len(house.leaves()) == 2


def test_a_failed_commit_fails_every_unit_and_the_next_group_goes_on(house: House) -> None:
    house.submit()
    original = house.service.heads.write

    def full_disk(heads: object) -> None:
        raise OSError("no space left")

    house.service.heads.write = full_disk  # type: ignore[method-assign]
    with pytest.raises(Unavailable) as refused:
        house.submit(idempotency_key="k-1")
    assert refused.value.slug == "not-durable"
    house.service.heads.write = original  # type: ignore[method-assign]
    again = house.submit(idempotency_key="k-1")
    assert (again.index, again.replayed) == (1, True), "committed, but never confirmed: the repetition confirms it"
    assert house.service.heads.heads()[house.origin].size == 2


def test_the_lost_lease_stops_every_write(house: House) -> None:
    def lost(session: object) -> None:
        raise Unavailable("lease-lost")

    house.service.sequencer._fence = lost
    with pytest.raises(Unavailable, match="lease-lost"):
        house.submit()
    assert house.leaves() == []


def test_a_repeated_request_gets_the_same_acknowledgement(new_house: Callable[..., House], house: House) -> None:
    first = house.submit(idempotency_key="k-1")
    house.submit(record("another"))
    again = house.submit(idempotency_key="k-1")
    assert again.acknowledgement == first.acknowledgement
    assert (again.replayed, again.record_id) == (True, first.record_id)
    house.close()
    later = new_house().submit(idempotency_key="k-1")
    assert later.acknowledgement == first.acknowledgement
    assert len(house_leaves(later.log_id, new_house)) == 2


def house_leaves(log_id: str, new_house: Callable[..., House]) -> list[tuple[int, bytes]]:
    return new_house(start=False).leaves(log_id)


def test_the_same_key_with_another_record_is_refused(house: House) -> None:
    house.submit(idempotency_key="k-1")
    with pytest.raises(IdempotencyKeyReused):
        house.submit(record("another"), idempotency_key="k-1")
    assert len(house.leaves()) == 1
    house.submit(record(actor=OTHER), idempotency_key="k-1")
    assert len(house.leaves()) == 2, "a key is the institution's own"


def test_a_key_sent_many_times_at_once_makes_one_record(house: House) -> None:
    content = record()
    futures = [house.service.submit_record(OPERATOR, content, idempotency_key="k") for _ in range(50)]
    results = [future.result(60) for future in futures]
    assert len({accepted.acknowledgement for accepted in results}) == 1
    assert len(house.leaves()) == 1


def test_submissions_are_checked_before_they_reach_the_log(house: House) -> None:
    with pytest.raises(Forbidden):
        house.service.submit_record(OTHER, record())
    with pytest.raises(Invalid) as refused:
        house.service.submit_record(OPERATOR, record() | {"type": "log.opening"})
    assert refused.value.field == "/type"
    with pytest.raises(Invalid):
        house.service.submit_record(OPERATOR, b'{"type":1.5}')
    with pytest.raises(NotFound):
        house.submit(log_id="log_" + "00" * 16)
    assert house.leaves() == []


def test_a_log_that_is_not_open_refuses_institutions_but_takes_the_services_own_leaves(
    new_house: Callable[..., House],
) -> None:
    house = new_house()
    house.bootstrap(OPERATOR)
    with pytest.raises(Conflict) as refused:
        house.submit()
    assert refused.value.slug == "log-closed"
    written = house.service.sequencer.run(
        lambda group: house.service.write_command(
            group,
            type_name="institution.registration",
            phase=Phase.REQUESTED,
            subject=OTHER,
            actor=OPERATOR,
            body={"name": "示例"},
        )
    )
    assert Leaf.decode(written.leaf.leaf).commitment == written.commitment
    assert house.service.get_record(written.record_id).document is not None


def test_a_stopped_sequencer_takes_nothing(house: House) -> None:
    house.service.sequencer.stop()
    with pytest.raises(Unavailable):
        house.service.submit_record(OPERATOR, record())
