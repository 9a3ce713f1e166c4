"""Uploads: good lines in, bad lines out by number, byte and reason, each byte once."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chain.proof.ed25519 import SigningKey
from chain.proof.record import submission_message
from services.evidence.bulk.intake import MAX_ATOMIC_LINES
from services.evidence.bulk.lines import MAX_LINE
from services.evidence.bulk.service import BulkService
from services.evidence.bulk.views import Outcome
from services.platform.errors import Conflict, IdempotencyKeyReused, Invalid, NotFound, TooLarge, Unavailable
from services.platform.idempotency import Once
from tests.integration.services.evidence.bulkhouse import (
    MANY,
    acknowledged,
    begin,
    body,
    bulk_of,
    check_acknowledgements,
    line,
    send,
)
from tests.integration.services.evidence.house import OPERATOR, OTHER, House, record


@pytest.fixture
def bulk(house: House) -> Iterator[BulkService]:
    with bulk_of(house) as made:
        yield made


def outcomes(bulk: BulkService, upload_id: str, *, rejected: bool = False) -> list[Outcome]:
    return bulk.outcomes(OPERATOR, upload_id, after=0, limit=MANY, only_rejected=rejected)


def test_a_bad_line_is_rejected_alone_with_number_byte_and_reason(house: House, bulk: BulkService) -> None:
    good = [line(number) for number in range(1_500)]
    lines = [*good[:734], b'{"record": {', *good[734:]]
    upload = send(bulk, begin(bulk, house), body(lines))
    assert (upload.lines, upload.accepted, upload.rejected) == (1_501, 1_500, 1)
    assert upload.position == len(body(lines))
    (bad,) = outcomes(bulk, upload.id, rejected=True)
    assert (bad.line, bad.start, bad.slug) == (735, len(body(good[:734])), "malformed")
    assert "not JSON" in str(bad.reason)
    everything = outcomes(bulk, upload.id)
    assert [each.line for each in everything] == list(range(1, 1_502))
    assert [each.index for each in everything if each.slug is None] == list(range(1_500))
    for each in (everything[0], everything[733], everything[735], everything[-1]):
        document = house.service.get_record(str(each.record_id)).document
        assert document == json.loads(lines[each.line - 1])["record"]
    assert check_acknowledgements(house, acknowledged(bulk, upload)) == 1_500


BAD_LINES: dict[str, tuple[bytes, str]] = {
    "duplicate key": (b'{"record": {"type": "x", "type": "y"}}', "duplicate key"),
    "fraction": (line(0).replace(b'"0"', b"1.5"), "fraction"),
    "NaN": (line(0).replace(b'"0"', b"NaN"), "NaN"),
    "huge number": (line(0).replace(b'"0"', b"1" + b"0" * 400), "2^53"),
    "lone surrogate": (line(0).replace(b'"0"', b'"\\ud800"'), "surrogate"),
    "no UTF-8": (line(0).replace(b'"0"', b'"\xff"'), "UTF-8"),
    "depth 10^5": (b'{"record": ' + b"[" * 100_000, "nested too deep"),
    "empty": (b"", "empty"),
    "white space": (b"  \t", "empty"),
    "bare record": (json.dumps(record()).encode(), "{record, signature?}"),
    "array": (b"[]", "{record, signature?}"),
    "unknown member": (line(0)[:-1] + b', "log": "x"}', "unknown member"),
    "service's own type": (line(0, type="log.opening"), "alone"),
    "manifest": (line(0, type="material.manifest"), "A manifest is submitted alone"),
    "another's actor": (line(0, actor=OTHER), "actor"),
    "no signature": (line(0)[:-1] + b', "signature": "0xzz"}', "hexadecimal"),
    "nobody's signature": (line(0)[:-1] + b', "signature": "0x' + b"00" * 64 + b'"}', "No registered"),
    "too long": (b'{"record": "' + b"x" * MAX_LINE + b'"}', "longer than"),
}


def test_each_kind_of_bad_line_is_refused_and_its_neighbours_stand(house: House, bulk: BulkService) -> None:
    lines = [part for bad, _ in BAD_LINES.values() for part in (line(1), bad, line(2))]
    upload = send(bulk, begin(bulk, house), body(lines), piece=1_000)
    assert (upload.accepted, upload.rejected) == (2 * len(BAD_LINES), len(BAD_LINES))
    at = 0
    starts = [at := at + len(each) + 1 for each in (b"", *lines)]
    rejected = outcomes(bulk, upload.id, rejected=True)
    for place, (outcome, (name, (_, reason))) in enumerate(zip(rejected, BAD_LINES.items(), strict=True)):
        assert outcome.line == 3 * place + 2, name
        assert outcome.start == starts[outcome.line - 1] - 1, name
        assert reason in f"{outcome.reason}", (name, outcome)
    assert check_acknowledgements(house, acknowledged(bulk, upload)) == upload.accepted


def test_a_single_submission_refuses_for_the_same_reasons(house: House, bulk: BulkService) -> None:
    with pytest.raises(Invalid) as single:
        house.submit(record("x" * 201))
    upload = send(bulk, begin(bulk, house), body([line(0, subject="x" * 201)]))
    (bad,) = outcomes(bulk, upload.id)
    assert (bad.slug, bad.field, bad.reason) == (single.value.slug, single.value.field, single.value.detail)


def test_the_last_line_needs_no_end_and_a_carriage_return_is_white_space(house: House, bulk: BulkService) -> None:
    data = line(1) + b"\r\n" + line(2) + b"\r\n" + line(3)
    upload = send(bulk, begin(bulk, house), data, piece=7)
    assert (upload.lines, upload.accepted, upload.position) == (3, 3, len(data))
    assert send(bulk, upload, line(4), offset=len(data)).lines == 4


def test_an_empty_upload_is_complete_with_nothing(house: House, bulk: BulkService) -> None:
    upload = send(bulk, begin(bulk, house), b"")
    assert (upload.lines, upload.position) == (0, 0)
    assert bulk.end(OPERATOR, upload.id, "complete").status == "complete"
    assert bulk.end(OPERATOR, upload.id, "complete").status == "complete"
    assert acknowledged(bulk, upload) == []
    with pytest.raises(Conflict, match="no longer"):
        bulk.end(OPERATOR, upload.id, "aborted")
    with pytest.raises(Conflict, match="no longer"):
        send(bulk, upload, line(1))


def test_a_line_of_200_megabytes_is_refused_without_being_held(house: House, bulk: BulkService) -> None:
    upload, block = begin(bulk, house), b"x" * (1 << 20)
    with bulk.receiving(OPERATOR, upload.id, 0) as intake:
        intake.feed(line(1) + b"\n")
        for _ in range(200):
            intake.feed(block)
            assert len(intake._splitter._tail) == 0 or len(intake._splitter._tail) <= MAX_LINE
        intake.feed(b"\n" + line(2))
        intake.finish()
    done = bulk.get(OPERATOR, upload.id)
    assert (done.lines, done.accepted, done.rejected) == (3, 2, 1)
    (bad,) = outcomes(bulk, upload.id, rejected=True)
    assert (bad.line, bad.slug, bad.start) == (2, "too-large", len(line(1)) + 1)


def test_the_same_bytes_again_add_nothing_and_other_bytes_are_refused(house: House, bulk: BulkService) -> None:
    lines = [line(number) for number in range(2_500)]
    upload = send(bulk, begin(bulk, house), body(lines[:2_200]))
    again = send(bulk, upload, body(lines), piece=50_000)
    assert (again.accepted, len(house.leaves())) == (2_500, 2_500)
    boundary = acknowledged(bulk, upload)[1].start
    assert send(bulk, upload, body(lines)[boundary:], offset=boundary).accepted == 2_500
    changed = body([*lines[:1_999], line(4_711), *lines[2_000:]])
    with pytest.raises(Conflict) as differs:
        send(bulk, upload, changed)
    assert differs.value.slug == "upload-differs"
    assert differs.value.extra == {"position": boundary, "line": 1_001}
    for data, offset in ((body(lines)[:1_000], 0), (body(lines)[5:], 5), (b"", upload.position + 10_000_000)):
        with pytest.raises(Conflict):
            send(bulk, upload, data, offset=offset)
    assert len(house.leaves()) == 2_500


def test_a_request_that_breaks_off_is_taken_as_far_as_its_full_chunks(house: House, bulk: BulkService) -> None:
    data = body(line(number) for number in range(3_456))
    upload = begin(bulk, house)
    with bulk.receiving(OPERATOR, upload.id, 0) as intake:
        intake.feed(data[: len(data) * 2 // 3])  # and no finish: the connection was cut
    cut = bulk.get(OPERATOR, upload.id)
    assert cut.lines % 1_000 == 0
    done = send(bulk, cut, data[cut.position :], offset=cut.position)
    assert (done.lines, done.accepted, done.position) == (3_456, 3_456, len(data))
    assert check_acknowledgements(house, acknowledged(bulk, done)) == len(house.leaves()) == 3_456
    for number in (1, 1_000, 3_456):
        (one,) = bulk.outcomes(OPERATOR, done.id, after=number - 1, limit=1, only_rejected=False)
        assert house.service.get_record(str(one.record_id)).document["body"] == {"no": str(number - 1)}  # type: ignore[index]


def test_of_two_requests_at_one_offset_one_is_told_that_the_upload_moved(house: House, bulk: BulkService) -> None:
    upload = begin(bulk, house)
    with bulk.receiving(OPERATOR, upload.id, 0) as slow:
        slow.feed(body([line(1)]))
        assert send(bulk, upload, body([line(2)])).lines == 1
        with pytest.raises(Conflict) as moved:
            slow.finish()
    assert moved.value.slug == "upload-moved"
    assert len(house.leaves()) == 1


def test_atomic_is_all(house: House, bulk: BulkService) -> None:
    data = body(line(number) for number in range(MAX_ATOMIC_LINES))
    upload = send(bulk, begin(bulk, house, atomic=True), data)
    assert (upload.status, upload.accepted) == ("complete", MAX_ATOMIC_LINES)
    (chunk,) = acknowledged(bulk, upload)
    assert check_acknowledgements(house, [chunk]) == MAX_ATOMIC_LINES
    assert send(bulk, upload, data).accepted == MAX_ATOMIC_LINES == len(house.leaves())


def test_atomic_is_nothing_and_says_which_lines_were_bad(house: House, bulk: BulkService) -> None:
    upload = begin(bulk, house, atomic=True)
    with pytest.raises(Invalid, match="at most 10000 lines"):
        send(bulk, upload, b"{}\n" * (MAX_ATOMIC_LINES + 1))
    assert bulk.get(OPERATOR, upload.id).status == "open"
    done = send(bulk, upload, body([line(1), b"{", line(3), b""]))
    assert (done.status, done.accepted, done.rejected, done.position) == ("aborted", 0, 2, 0)
    assert [each.line for each in outcomes(bulk, done.id)] == [2, 4]
    assert house.leaves() == []
    assert acknowledged(bulk, done) == []
    with pytest.raises(Conflict):
        send(bulk, done, body([line(1)]))


def test_signatures_of_registered_keys_go_into_the_record(new_house: Callable[..., House]) -> None:
    key = SigningKey(b"s" * 32)
    house = new_house(submitters=[key.public])
    house.bootstrap(OPERATOR)
    house.force_open(house.log_id)
    signature = "0x" + key.sign(submission_message(house.origin, record("signed"))).hex()
    lines = [json.dumps({"record": record(subject), "signature": signature}).encode() for subject in ("signed", "not")]
    with bulk_of(house) as bulk:
        upload = send(bulk, begin(bulk, house), body(lines))
        good, bad = outcomes(bulk, upload.id)
    assert bad.field == "/signature"
    house.service.sealer.run()
    assert b'"submitter"' in house.service.receipt(str(good.record_id), private=True)


def test_what_is_not_the_institutions_does_not_exist(house: House, bulk: BulkService) -> None:
    upload = send(bulk, begin(bulk, house), body([line(1)]))
    for act in (
        lambda: bulk.get(OTHER, upload.id),
        lambda: bulk.end(OTHER, upload.id, "aborted"),
        lambda: bulk.outcomes(OTHER, upload.id, after=0, limit=9, only_rejected=False),
        lambda: bulk.acknowledgements(OTHER, upload.id, after=0, limit=9),
        lambda: bulk.receiving(OTHER, upload.id, 0).__enter__(),
        lambda: bulk.create(OPERATOR, "log_" + "0" * 32, atomic=False),
    ):
        with pytest.raises(NotFound):
            act()
    assert bulk.page(OTHER, after=None, limit=9) == []
    assert [each.id for each in bulk.page(OPERATOR, after=None, limit=9)] == [upload.id]


def test_a_foreign_log_and_a_frozen_one_take_no_upload(house: House, bulk: BulkService) -> None:
    upload = begin(bulk, house)
    house.service.sequencer.run(lambda group: group.change_state(house.log_id, "frozen"))
    with pytest.raises(Conflict) as closed:
        begin(bulk, house)
    assert closed.value.slug == "log-closed"
    with pytest.raises(Conflict) as closed:
        send(bulk, upload, body([line(1)]))
    assert closed.value.slug == "log-closed"
    assert bulk.get(OPERATOR, upload.id).lines == 0


def test_one_idempotency_key_makes_one_upload(house: House, bulk: BulkService) -> None:
    once = Once("upload-1", b"d" * 32)
    first = bulk.create(OPERATOR, house.log_id, atomic=False, once=once)
    assert bulk.create(OPERATOR, house.log_id, atomic=False, once=once).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        bulk.create(OPERATOR, house.log_id, atomic=True, once=Once("upload-1", b"e" * 32))


def test_more_than_the_setting_allows_is_not_taken(house: House) -> None:
    with bulk_of(house, max_upload_bytes=1_000) as bulk, pytest.raises(TooLarge):
        send(bulk, begin(bulk, house), b"x" * 1_001)


def test_a_worker_that_dies_is_replaced(house: House, bulk: BulkService) -> None:
    upload = send(bulk, begin(bulk, house), body([line(1)]))
    (process,) = bulk._workers._processes
    process.kill()
    process.wait()
    assert send(bulk, upload, body([line(2)]), offset=upload.position).accepted == 2


def test_no_more_requests_at_once_than_there_is_room_for(house: House, bulk: BulkService) -> None:
    from contextlib import ExitStack

    upload = begin(bulk, house)
    with ExitStack() as stack:
        for _ in range(8):
            stack.enter_context(bulk.receiving(OPERATOR, upload.id, 0))
        with pytest.raises(Unavailable):
            stack.enter_context(bulk.receiving(OPERATOR, upload.id, 0))
    assert send(bulk, upload, body([line(1)])).accepted == 1


def test_reasons_are_not_stored_in_the_clear(house: House, bulk: BulkService) -> None:
    from sqlalchemy import select

    from services.evidence.bulk.models import RejectionRow

    bad = b'{"record": {"CANARY-KEY": 1, "CANARY-KEY": 2}}'
    upload = send(bulk, begin(bulk, house), body([bad]))
    with house.database.read() as session:
        row: Any = session.scalars(select(RejectionRow)).one()
    assert b"CANARY" not in row.ciphertext
    assert "CANARY-KEY" in str(outcomes(bulk, upload.id)[0].reason)
