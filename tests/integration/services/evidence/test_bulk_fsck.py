"""What a bulk upload's rows say of lines, leaves and acknowledgements is held against the log."""

from typing import Any

import pytest
from sqlalchemy import text

from services.evidence.fsck.findings import Finding
from services.evidence.fsck.uploads import check_uploads
from services.evidence.keys import LogKeys
from tests.integration.services.evidence.bulkhouse import begin, body, bulk_of, line, send
from tests.integration.services.evidence.house import House


def found(house: House) -> list[Finding]:
    with house.database.read() as session:
        return list(check_uploads(session, LogKeys(house.vault)))


def do(house: House, statement: str, **values: Any) -> None:
    with house.database.write() as session:
        session.execute(text(statement), values)


@pytest.fixture
def filled(house: House) -> House:
    """A whole upload with bad lines, one that was refused whole, one that was begun."""
    lines = [line(number) for number in range(2_100)]
    lines[7] = lines[1_500] = b"{"
    with bulk_of(house) as bulk:
        send(bulk, begin(bulk, house), body(lines))
        send(bulk, begin(bulk, house, atomic=True), body([line(1), b"{"]))
        begin(bulk, house)
    assert found(house) == []
    return house


CHUNK = "WHERE first_line = 1001"
CASES = {
    "a chunk is gone": (f"DELETE FROM upload_chunks {CHUNK}", "a chunk is missing or moved"),
    "other lines": (f"UPDATE upload_chunks SET lines = lines + 1 {CHUNK}", "are not"),
    "other leaves": (f"UPDATE upload_chunks SET first_index = first_index + 1 {CHUNK}", "its acknowledgement others"),
    "no acknowledgement": (f"UPDATE upload_chunks SET acknowledgement = NULL {CHUNK}", "cannot be read"),
    "another's acknowledgement": (
        "UPDATE upload_chunks SET acknowledgement = (SELECT acknowledgement FROM upload_chunks WHERE first_line = 1) "
        + CHUNK,
        "its acknowledgement others",
    ),
    "a leaf of it": ("UPDATE leaves SET leaf = (SELECT leaf FROM leaves WHERE idx = 0) WHERE idx = 1200", "the leaves"),
    "another's records": ("UPDATE records SET institution_id = 'ins_x' WHERE idx = 1200", "not the institution's"),
    "a rejection is gone": ("DELETE FROM upload_rejections WHERE line = 1501", "0 rejected are not"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_chunk_that_contradicts_the_log_is_named_with_its_lines(filled: House, case: str) -> None:
    statement, words = CASES[case]
    do(filled, statement)
    findings = found(filled)
    assert any(words in each.detail for each in findings), findings
    assert all(each.kind in ("upload-chunk", "upload-row") for each in findings)
    assert any("1001" in each.detail or "line 1000" in each.detail for each in findings)


def test_an_uploads_row_is_held_against_its_chunks(filled: House) -> None:
    do(filled, "UPDATE uploads SET accepted = accepted + 1 WHERE accepted > 0")
    assert [each.kind for each in found(filled)] == ["upload-row"]
