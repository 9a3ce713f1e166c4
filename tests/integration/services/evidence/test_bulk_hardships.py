"""Uploads that meet what nobody hopes for: one broken line among a great many, and a disk that is full."""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.platform.errors import Unavailable
from tests.conftest import FULL
from tests.integration.services.evidence.bulkhouse import (
    acknowledged,
    begin,
    body,
    bulk_of,
    check_acknowledgements,
    line,
    send,
)
from tests.integration.services.evidence.house import OPERATOR, House

LINES, BAD = (1_000_000, 734_211) if FULL else (10_000, 7_342)
BATCH = 50_000

pytestmark = pytest.mark.timeout(1_800 if FULL else 300)


def pieces() -> Iterator[bytes]:
    """All lines, of which one is cut off in the middle."""
    for start in range(1, LINES + 1, BATCH):
        numbers = range(start, min(start + BATCH, LINES + 1))
        yield body(line(number) if number != BAD else line(number)[:40] for number in numbers)


def test_one_broken_line_among_many_is_rejected_alone_with_its_number_and_byte(house: House) -> None:
    before = sum(len(line(number)) + 1 for number in range(1, BAD))
    with bulk_of(house) as bulk:
        upload = begin(bulk, house)
        with bulk.receiving(OPERATOR, upload.id, 0) as intake:
            for piece in pieces():
                intake.feed(piece)
            intake.finish()
        done = bulk.get(OPERATOR, upload.id)
        assert (done.lines, done.accepted, done.rejected) == (LINES, LINES - 1, 1)
        (bad,) = bulk.outcomes(OPERATOR, upload.id, after=0, limit=10, only_rejected=True)
        assert (bad.line, bad.start, bad.record_id) == (BAD, before, None)
        assert check_acknowledgements(house, acknowledged(bulk, upload)) == LINES - 1


@contextmanager
def no_room_beyond(size: int) -> Iterator[None]:
    """No file of this process grows beyond so many bytes; what would is refused as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_disk_that_is_full_costs_nothing_that_was_acknowledged_and_the_upload_goes_on(
    backend: str, new_house: Callable[..., House], house: House, database_url: str
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    data = body(line(number, subject="x" * 150 + str(number)) for number in range(6_000))
    with bulk_of(house) as bulk:
        upload = begin(bulk, house)
        with no_room_beyond(file.stat().st_size + 1_500_000), pytest.raises(Unavailable) as refused:
            send(bulk, upload, data)
        assert refused.value.slug == "not-durable"
        stands = bulk.get(OPERATOR, upload.id)
        assert 0 < stands.accepted < 6_000, "some chunks had gone in before"
        assert stands.accepted == len(house.leaves()) == check_acknowledgements(house, acknowledged(bulk, upload))
        done = send(bulk, stands, data[stands.position :], stands.position)
        assert (done.lines, done.accepted) == (6_000, 6_000)
        assert check_acknowledgements(house, acknowledged(bulk, upload)) == len(house.leaves()) == 6_000
    house.close()
    again = new_house()
    again.log_id = house.log_id
    again.submit()
    assert len(again.leaves()) == 6_001
