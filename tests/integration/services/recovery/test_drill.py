"""The backup drill: an older database comes back, the log is put back from the mirror, and nothing is told twice."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from services.evidence.recovery.putting import Putter
from services.evidence.submission import Accepted
from services.identity import recovery as identity
from services.platform.errors import StartRefused
from tests.conftest import FULL
from tests.integration.services.identity.house import registration
from tests.integration.services.recovery.stage import REGISTER, Backup, Stage, fresh_start
from tests.integration.services.transactions.rig import REGIONAL, key_of

MANY = 20_000 if FULL else 300
SECOND = "market.example/second"


@dataclass
class Since:
    """What came after the backup, and how all stood at the end."""

    accepted: list[Accepted] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    sizes: dict[str, int] = field(default_factory=dict)
    told: list[tuple[int, int]] = field(default_factory=list)
    anchored: dict[str, list[int]] = field(default_factory=dict)
    nonce: int = 0


def outcomes(stage: Stage) -> list[tuple[int, int]]:
    """(type code, phase) of the service's own records, in the order of their logs."""
    query = "SELECT type_code, phase FROM records WHERE type_code >= 256 ORDER BY log_id, idx"
    return [(row[0], row[1]) for row in stage.sql(query)]


def grow(stage: Stage) -> Since:
    """Records, an upload, an institution with a key of its own, a new log, and a rotation that nobody signs."""
    newcomer = stage.house.services.identity.request_registration(
        stage.caller(), registration("新进机构(示例)", key=key_of("a newcomer"))
    ).result(60)
    stage.decide(newcomer, REGIONAL)
    house = stage.settings.house_origin
    since = Since([stage.submit(f"s{number % 17}", idempotency_key=f"key-{number}") for number in range(40)])
    since.accepted.append(stage.submit("own", origin=house, actor=str(newcomer.reference)))
    stage.decide(stage.evidence.request_log_opening(stage.host, SECOND).result(30))
    since.accepted.append(stage.submit("second", origin=SECOND))
    stage.upload(MANY)
    retention = stage.house.services.retention
    retention.erase(stage.caller(), since.accepted[1].record_id, reason="asked for", once=None).result(60)
    stage.evidence.request_rotation(stage.host, stage.log(house).id, reason="never signed").result(30)
    stage.settle()
    since.receipts = [stage.receipt(each) for each in (since.accepted[0], *since.accepted[-2:])]
    since.sizes, since.told = stage.sizes(), outcomes(stage)
    since.anchored, since.nonce = stage.anchored(), stage.nonce()
    return since


def test_an_older_database_is_brought_to_where_its_logs_were(stage: Stage, tmp_path: Path) -> None:
    old = stage.submit("before", idempotency_key="old-key")
    asked = stage.evidence.request_rotation(stage.host, stage.log(REGISTER).id, reason="yearly").result(30)
    stage.settle()
    old_receipt = stage.receipt(old)
    backup = Backup(stage.settings, tmp_path / "backup")
    stage.decide(asked)  # it waited for its signature when the backup was made
    since = grow(stage)
    stage.stop()

    backup.restore()
    stage.start()
    assert stage.states() == {"behind"}
    with pytest.raises(StartRefused):
        stage.recover()
    stage.stop()
    plan = stage.recover(dry_run=True)
    assert not plan.done
    assert {one.origin: (one.size, one.known) for one in plan.logs} == {o: (n, n) for o, n in since.sizes.items()}
    done = stage.recover(reason="the disk broke")
    assert done.operations == [asked.id], "it ended as the log tells"
    assert done.undecided == [f"log.rotation {stage.settings.house_origin}"], "nobody has its operation any more"

    with fresh_start(stage):
        nothing_is_told_or_sent_twice(stage, since)
        for receipt in (old_receipt, *since.receipts):
            assert stage.outcome(receipt) == "valid", "as it was handed out"
        for each in (old, *since.accepted[-2:], since.accepted[0]):
            stage.run(lambda each=each: stage.status(each) == "final")  # type: ignore[misc]
            assert stage.outcome(stage.receipt(each)) == "valid"
        assert stage.house.operation(asked.id).state == "final"
        restricted = stage.evidence.get_record(since.accepted[1].record_id).retention
        assert (restricted.state, restricted.rule, len(restricted.evidence)) == ("restricted", "RET-01", 2)
        a_repeated_request_is_still_the_same(stage, old, since)
        the_log_goes_on(stage, since)
    assert stage.fsck().data()["outcome"] == "clean"
    if FULL or stage.settings.url.startswith("sqlite"):  # which database it is, fsck does not ask
        each_tampering_is_still_found(stage, since)


def each_tampering_is_still_found(stage: Stage, since: Since) -> None:
    """With what was put back as with what was there."""
    record_id, index = since.accepted[7].record_id, since.accepted[7].index
    stage.reseal(record_id, units="999999")
    found = stage.fsck().findings
    assert [(one.kind, one.first) for one in found] == [("record-differs", index), ("field-differs", index)]
    assert (found[1].field, found[1].record_id) == ("/body/units", record_id)
    assert [one.kind for one in stage.fsck(mirror=False).findings] == ["record-differs"]
    stage.change("DELETE FROM leaves WHERE record_id = :id", id=since.accepted[9].record_id)
    kinds = {(one.kind, one.first) for one in stage.fsck().findings}
    assert ("leaf-missing", since.accepted[9].index) in kinds


def nothing_is_told_or_sent_twice(stage: Stage, since: Since) -> None:
    for _ in range(4):
        stage.step(jobs=("transactions.supervision.manage", "transactions.supervision.index"))
    assert stage.sizes() == since.sizes
    assert outcomes(stage) == since.told, "no outcome was told again"
    assert stage.nonce() == since.nonce, "nothing was sent again"


def a_repeated_request_is_still_the_same(stage: Stage, old: Accepted, since: Since) -> None:
    again = stage.submit("before", idempotency_key="old-key")
    assert (again.record_id, again.replayed) == (old.record_id, True)
    same = stage.submit("s5", idempotency_key="key-5")
    assert (same.record_id, same.replayed) == (since.accepted[5].record_id, True)
    assert same.acknowledgement == since.accepted[5].acknowledgement, "by the key that acknowledged it then"


def the_log_goes_on(stage: Stage, since: Since) -> None:
    more = stage.submit("after")
    assert more.index == since.sizes[REGISTER]
    stage.settle()
    assert stage.outcome(stage.receipt(more)) == "valid"
    for origin, heads in stage.anchored().items():
        assert heads == sorted(set(heads)), "none twice"
        assert heads[: len(since.anchored[origin])] == since.anchored[origin], "none other"
    assert outcomes(stage).count((0x0205, 0)) == len(since.sizes), "one leaf of the recovery for each log"
    house = stage.log(stage.settings.house_origin)
    stage.decide(stage.evidence.request_rotation(stage.host, house.id, reason="asked again").result(30))


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if FULL else ["sqlite"], indirect=True)
def test_a_recovery_that_is_interrupted_is_taken_up_where_it_stopped(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.submit("before")
    stage.settle()
    backup = Backup(stage.settings, tmp_path / "backup")
    since = grow(stage)
    stage.stop()
    backup.restore()
    for place, name in ((Putter, "heads"), (identity, "rebuild"), (Putter, "key_indexes")):
        with monkeypatch.context() as broken:
            broken.setattr(place, name, _power_cut)
            with pytest.raises(KeyboardInterrupt):
                stage.recover()
        stage.start()
        assert stage.states() == {"behind"}, f"the service does not go on from half of it, stopped at {name}"
        stage.stop()
    assert stage.recover().done
    with fresh_start(stage):
        nothing_is_told_or_sent_twice(stage, since)
        the_log_goes_on(stage, since)
    assert stage.fsck().data()["outcome"] == "clean"


def _power_cut(*_: object, **__: object) -> None:
    raise KeyboardInterrupt
