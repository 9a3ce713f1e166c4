"""The examination of a service that goes on taking records: whatever comes meanwhile is no finding."""

import threading

from services.fsck import Scope, fsck
from tests.integration.services.evidence.fsck.store import Copy, record
from tests.integration.services.identity.house import House, start
from tests.waiting import LIMIT


def test_a_service_that_takes_records_meanwhile_gives_no_finding(copy: Copy) -> None:
    settings = copy.settings.model_copy(update={"witnesses": (), "witness_quorum": {}})
    house = start(settings)
    taken, stop = threading.Event(), threading.Event()
    worker = threading.Thread(target=_work, args=(house, taken, stop))
    try:
        for job in ("evidence.check", "evidence.regrade"):
            house.services.jobs.run(job)
        worker.start()
        reports = [fsck(settings, Scope(), mirror=copy.store.witness) for _ in range(3)]
        assert taken.wait(LIMIT)
        reports.append(fsck(settings, Scope(), mirror=copy.store.witness))
    finally:
        stop.set()
        worker.join(LIMIT)
        house.services.stop()
    assert [one.findings for one in reports] == [[], [], [], []]
    sizes = [one.counts["leaves"] for one in reports]
    assert sizes == sorted(sizes)
    assert sizes[-1] > copy.store.size, "it did take records meanwhile"


def _work(house: House, taken: threading.Event, stop: threading.Event) -> None:
    """Records, checkpoints, anchors, as fast as they go."""
    evidence, number = house.services.evidence, 0
    (log,) = evidence.public.logs()
    while not stop.is_set():
        number += 1
        evidence.submit_record(log.owner_id, record(log.owner_id, number), log_id=log.id).result(60)
        taken.set()
        if number % 5 == 0:
            for job in ("evidence.seal", "evidence.anchor", *_CHAIN):
                house.services.jobs.run(job)


_CHAIN = ("transactions.supervision.manage", "transactions.supervision.index", "evidence.proofs")
