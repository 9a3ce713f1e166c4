"""Erasure on each database: refused before the term, done by the job after it, evidenced, and gone from the disk."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.proof.leaf import Leaf
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.types import BY_NAME, Phase
from chain.proof.verify import Status, verify
from services.evidence import repository
from services.evidence.materials.store import FileStore
from services.evidence.materials.uses import Files
from services.evidence.retention import repository as rows
from services.evidence.retention.evidence import erasure_fault
from services.evidence.retention.service import Retention
from services.platform.clock import FixedClock
from services.platform.errors import IdempotencyKeyReused, NotFound, RegsealError, RuleRefused, StartRefused
from services.platform.idempotency import Once
from services.platform.settings import RetentionTerm, Settings
from tests.integration.services.evidence.house import OPERATOR, House, record

CANARY = "canary-张三-440301199001011234"
YEARS_20 = 20 * 366 * 86_400
CODE = BY_NAME["record.erasure"].code


def retention_of(house: House, **terms: RetentionTerm) -> Retention:
    settings = Settings(home=house.home, database_url=house.database.url, retention=terms)
    files = Files(house.database, house.clock, store=FileStore(house.home / "objects"), fence=lambda _: None)
    return Retention(settings, house.database, house.clock, evidence=house.service, files=files, fence=lambda _: None)


@pytest.fixture
def retention(house: House) -> Retention:
    return retention_of(house)


def phases(house: House) -> list[Phase]:
    leaves = [Leaf.decode(leaf) for _, leaf in house.leaves()]
    return [leaf.phase for leaf in leaves if leaf.type_code == CODE]


def canary(house: House, number: int = 0) -> str:
    return house.submit(record(f"holder-{number}", holder=CANARY, note="x" * 6_000)).record_id


def ciphertext(house: House, record_id: str) -> bytes:
    with house.database.read() as session:
        row = repository.record(session, record_id)
        assert row is not None
        return row.ciphertext


def ask(retention: Retention, record_id: str, **options: Any) -> Any:
    given = {"reason": "consent withdrawn", "token_id": "tok_1", **options}
    return retention.request(record_id, **given).result(60)


def refused(house: House, record_id: str) -> RegsealError:
    with pytest.raises(RegsealError) as caught:
        house.service.receipt(record_id, private=True)
    return caught.value


def test_before_the_term_is_over_a_record_is_restricted_and_only_its_proof_is_read(
    house: House, retention: Retention
) -> None:
    record_id = canary(house)
    house.service.sealer.run()
    stored = ciphertext(house, record_id)
    held = ask(retention, record_id)
    assert (held.state, held.rule, held.retention_class, held.erased_at) == ("restricted", "RET-01", "register", None)
    assert phases(house) == [Phase.REQUESTED, Phase.REFUSED]
    assert ciphertext(house, record_id) == stored
    error = refused(house, record_id)
    assert (error.slug, error.status, error.rule) == ("record-restricted", 409, "RET-01")
    shown = house.service.get_record(record_id)
    assert shown.document is None
    assert shown.retention == held
    listed = {each.id: each for each in house.service.list_records(OPERATOR)}
    assert listed[record_id].retention == held
    assert house.service.receipt(record_id, private=False)
    retention.run()
    assert ciphertext(house, record_id) == stored


def test_the_job_erases_when_the_term_is_over_and_every_proof_still_verifies(
    house: House, retention: Retention, clock: FixedClock
) -> None:
    first, second = canary(house, 1), canary(house, 2)
    house.service.sealer.run()
    before = house.service.receipt(first, private=False)
    ask(retention, first)
    clock.advance(seconds=YEARS_20)
    retention.run()
    assert phases(house) == [Phase.REQUESTED, Phase.REFUSED, Phase.REGISTERED]
    assert ciphertext(house, first) == b""
    held = house.service.get_record(first).retention
    assert held is not None
    assert (held.state, held.erased_at) == ("erased", clock.ms())
    assert (refused(house, first).slug, refused(house, first).status) == ("record-erased", 410)
    house.service.sealer.run()
    trust = parse_trust(house.service.trust.file())
    for receipt in (before, house.service.receipt(first, private=False), house.service.receipt(second, private=True)):
        verdict = verify(parse_receipt(receipt), trust)
        assert verdict.stages["inclusion"].status is Status.PASS
        assert verdict.stages["checkpoint"].status is Status.PASS
    retention.run()
    assert phases(house) == [Phase.REQUESTED, Phase.REFUSED, Phase.REGISTERED]


def test_after_the_term_a_request_erases_at_once_and_the_evidence_says_who_and_why(
    house: House, retention: Retention, clock: FixedClock
) -> None:
    record_id = canary(house)
    clock.advance(seconds=YEARS_20)
    held = ask(retention, record_id, token_id="tok_of_chen")
    assert (held.state, held.rule) == ("erased", None)
    requested, registered = (house.service.get_record(each) for each in held.evidence)
    assert (requested.phase, registered.phase) == (Phase.REQUESTED, Phase.REGISTERED)
    assert requested.document is not None
    assert requested.document["subject"] == record_id
    assert requested.document["actor"] == OPERATOR
    body = requested.document["body"]
    assert isinstance(body, dict)
    assert (body["reason"], body["token"], body["index"]) == ("consent withdrawn", "tok_of_chen", 0)
    assert CANARY not in str(requested.document) + str(registered.document)


def test_asking_again_writes_nothing_and_a_key_is_one_request(house: House, retention: Retention) -> None:
    record_id = canary(house)
    once = Once("key-1", b"\x01" * 32)
    held = ask(retention, record_id, once=once)
    assert ask(retention, record_id, once=once) == held
    assert ask(retention, record_id, reason="another reason") == held
    assert phases(house) == [Phase.REQUESTED, Phase.REFUSED]
    with pytest.raises(IdempotencyKeyReused):
        ask(retention, canary(house, 1), once=Once("key-1", b"\x02" * 32))


def test_what_is_not_there_and_what_is_the_services_own_is_not_erased(house: House, retention: Retention) -> None:
    with pytest.raises(NotFound):
        ask(retention, "rec_" + "0" * 32)
    held = ask(retention, canary(house))
    with pytest.raises(RuleRefused) as caught:
        ask(retention, held.evidence[0])
    assert caught.value.rule == "RET-03"
    assert len(phases(house)) == 2


def test_a_record_of_a_class_without_a_term_waits_for_one(
    house: House, retention: Retention, clock: FixedClock
) -> None:
    record_id = house.submit(record() | {"type": "pilot.event"}).record_id
    assert (ask(retention, record_id).rule, ask(retention, record_id).erasable_at) == ("RET-02", None)
    clock.advance(seconds=YEARS_20)
    retention.run()
    assert ciphertext(house, record_id)
    retention_of(house, pilot=RetentionTerm(months=60, source="WG decision 2026-3")).run()
    assert ciphertext(house, record_id) == b""


def test_a_term_shorter_than_the_laws_refuses_the_start(house: House) -> None:
    with pytest.raises(StartRefused, match="less than the 240"):
        retention_of(house, register=RetentionTerm(months=12, source="wish"))


def fault(house: House, record_id: str) -> str:
    with house.database.read() as session:
        return erasure_fault(session, house.vault, record_id) or ""


def test_a_record_without_content_needs_a_leaf_that_says_it_was_erased(
    house: House, retention: Retention, clock: FixedClock
) -> None:
    erased, restricted, untouched = (canary(house, number) for number in range(3))
    ask(retention, restricted)
    clock.advance(seconds=YEARS_20)
    ask(retention, erased)
    assert fault(house, erased) == ""
    assert "nothing says" in fault(house, untouched)
    assert "nothing says" in fault(house, restricted)
    with house.database.write() as session:
        held = rows.erasure(session, restricted)
        assert held is not None
        rows.change(session, restricted, state="erased")
    assert "is not the evidence" in fault(house, restricted), "a refusal is no outcome that erases"
    with house.database.write() as session:
        held = rows.erasure(session, erased)
        assert held is not None
        rows.change(session, restricted, outcome_id=held.evidence[-1])
    assert "is not the evidence" in fault(house, restricted), "another record's erasure"
    with house.database.write() as session:
        rows.change(session, restricted, outcome_id="rec_" + "0" * 32)
    assert "too" in fault(house, restricted)


def files_of(house: House) -> Iterator[tuple[Path, bytes]]:
    folders = {house.home}
    if house.database.path is not None:
        folders.add(house.database.path.parent)
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


def holders(house: House, bytes_: bytes) -> set[str]:
    return {path.name for path, data in files_of(house) if bytes_ in data}


def test_nothing_of_an_erased_record_is_left_in_any_file(
    house: House, retention: Retention, clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    records = [canary(house, number) for number in range(40)]
    stored = {record_id: ciphertext(house, record_id) for record_id in records}
    gone, kept = records[::3], [each for number, each in enumerate(records) if number % 3]
    for record_id in gone[1:]:
        ask(retention, record_id)
    clock.advance(seconds=YEARS_20)
    assert ask(retention, gone[0]).state == "erased"
    retention.run()
    for record_id in gone:
        for start in (0, 1_000, len(stored[record_id]) - 48):  # a page, an overflow page, the tag
            assert holders(house, stored[record_id][start : start + 48]) == set(), start
    assert holders(house, CANARY.encode()) == set()
    if house.database.is_sqlite:
        assert all(holders(house, stored[record_id][:48]) for record_id in kept), "the search would find them"
    assert all(house.service.get_record(record_id).document for record_id in kept)
    said = capfd.readouterr()
    assert CANARY not in said.out + said.err


def test_a_reader_that_holds_an_old_snapshot_only_delays_the_scrubbing(
    house: House, retention: Retention, clock: FixedClock
) -> None:
    record_id = canary(house)
    stored = ciphertext(house, record_id)
    clock.advance(seconds=YEARS_20)
    with house.database.read() as session:
        assert repository.record(session, record_id) is not None
        ask(retention, record_id)
        retention.run()
        if house.database.is_sqlite:
            assert not house.database.scrub()
    retention.run()
    assert holders(house, stored[:48]) == set()


def test_an_erased_record_stays_erased_for_the_next_process(new_house: Callable[..., House], clock: FixedClock) -> None:
    first = new_house()
    first.bootstrap(OPERATOR)
    first.force_open(first.log_id)
    record_id = canary(first)
    clock.advance(seconds=YEARS_20)
    ask(retention_of(first), record_id)
    log_id = first.log_id
    first.close()
    second = new_house()
    second.log_id = log_id
    assert refused_without_checkpoint(second, record_id) == "record-erased"
    assert phases(second) == [Phase.REQUESTED, Phase.REGISTERED]


def refused_without_checkpoint(house: House, record_id: str) -> str:
    house.service.sealer.run()
    held = house.service.get_record(record_id).retention
    return f"record-{held.state}" if held else ""
