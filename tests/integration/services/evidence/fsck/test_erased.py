"""A record without content, when nobody erased it."""

from tests.integration.services.evidence.fsck.store import Copy


def test_content_that_is_gone_without_an_erasure_is_reported(copy: Copy) -> None:
    index = copy.store.index
    record_id = str(copy.one("SELECT record_id FROM leaves WHERE log_id = :log AND idx = :at", at=index)[0])
    copy.do("UPDATE records SET ciphertext = :nothing WHERE id = :id", nothing=b"", id=record_id)
    (found,) = copy.fsck().findings
    assert (found.kind, found.first, found.record_id) == ("record-unreadable", index, record_id)
    assert "nothing says that it was erased" in found.detail
