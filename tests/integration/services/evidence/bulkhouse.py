"""Uploads of the evidence service of a test."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from chain.proof.checkpoint import Acknowledgement
from chain.proof.leaf import leaf_hash
from chain.proof.merkle import root_of
from chain.proof.note import VerifierKey, parse_note, verify_note
from services.evidence.bulk.service import BulkService
from services.evidence.bulk.views import AcknowledgedChunk, UploadView
from tests.integration.services.evidence.house import OPERATOR, House, record

MANY = 1_000_000


@contextmanager
def bulk_of(house: House, **limits: Any) -> Iterator[BulkService]:
    """The uploads of this house."""
    service = house.service
    made = BulkService(
        service._settings.model_copy(update={"bulk_workers": 1, **limits}),
        house.database,
        house.clock,
        vault=house.vault,
        ports=service._ports,
        units=service.sequencer,
    )
    try:
        yield made
    finally:
        made.stop()


def line(number: int, **changes: Any) -> bytes:
    """A good line; ``changes`` go into its record."""
    made = {**record(f"subject-{number % 7}", no=str(number)), **changes}
    return json.dumps({"record": made}, ensure_ascii=False).encode()


def body(lines: Iterable[bytes]) -> bytes:
    """Each line with its end."""
    return b"".join(each + b"\n" for each in lines)


def begin(bulk: BulkService, house: House, *, atomic: bool = False) -> UploadView:
    return bulk.create(OPERATOR, house.log_id, atomic=atomic)


def send(bulk: BulkService, upload: UploadView, data: bytes, offset: int = 0, *, piece: int = 1 << 18) -> UploadView:
    """One request, whole."""
    with bulk.receiving(OPERATOR, upload.id, offset) as intake:
        for start in range(0, len(data), piece):
            intake.feed(data[start : start + piece])
        intake.finish()
    return bulk.get(OPERATOR, upload.id)


def acknowledged(bulk: BulkService, upload: UploadView) -> list[AcknowledgedChunk]:
    return bulk.acknowledgements(OPERATOR, upload.id, after=0, limit=MANY)


def check_acknowledgements(house: House, chunks: Iterable[AcknowledgedChunk]) -> int:
    """Each is signed by the log, and its root is that of the leaves at its indexes; how many leaves they cover."""
    vkey = VerifierKey.parse(house.service.public.log(house.log_id).keys[0].vkey)
    leaves = dict(house.leaves())
    covered = 0
    for chunk in chunks:
        if chunk.acknowledgement is None:
            assert chunk.accepted == 0
            continue
        note = parse_note(chunk.acknowledgement)
        assert verify_note(note, [vkey])
        promise = Acknowledgement.parse(note.text)
        assert (promise.origin, promise.first, promise.count) == (house.origin, chunk.first_index, chunk.accepted)
        places = range(promise.first, promise.first + promise.count)
        assert root_of([leaf_hash(leaves[place]) for place in places]) == promise.root
        covered += promise.count
    return covered
