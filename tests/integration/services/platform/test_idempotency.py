import pytest
from sqlalchemy import text

from services.platform import idempotency
from services.platform.database import Database
from services.platform.errors import IdempotencyKeyReused, Invalid
from services.platform.idempotency import Existing, request_digest

FIRST = request_digest("POST", "/v1/tokens", b"{}")


def _begin(
    database: Database, key: str, digest: bytes = FIRST, *, institution: str = "ins_a", made: str = "tok_1"
) -> Existing | None:
    with database.write() as session:
        return idempotency.begin(
            session, institution, key, digest, resource_type="token", resource_id=made, now_ms=1_000
        )


def test_a_key_makes_one_resource(database: Database) -> None:
    assert _begin(database, "k") is None
    assert _begin(database, "k", made="tok_2") == Existing("token", "tok_1")


def test_another_request_under_the_same_key_is_refused(database: Database) -> None:
    _begin(database, "k")
    with pytest.raises(IdempotencyKeyReused):
        _begin(database, "k", request_digest("POST", "/v1/tokens", b"{ }"))


def test_keys_of_institutions_do_not_meet(database: Database) -> None:
    _begin(database, "k")
    assert _begin(database, "k", institution="ins_b", made="tok_2") is None


def _begin_and_fail(database: Database) -> None:
    with database.write() as session:
        idempotency.begin(session, "ins_a", "k", FIRST, resource_type="token", resource_id="tok_1", now_ms=1)
        raise KeyError


def test_a_request_that_failed_can_be_repeated(database: Database) -> None:
    with pytest.raises(KeyError):
        _begin_and_fail(database)
    assert _begin(database, "k", made="tok_2") is None


def test_old_keys_are_forgotten(database: Database) -> None:
    _begin(database, "k")
    with database.write() as session:
        assert idempotency.purge(session, 1_000) == 0
        assert idempotency.purge(session, 1_001) == 1
    assert _begin(database, "k", made="tok_2") is None


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 256, "a\n"])
def test_a_key_is_visible_ascii(key: str) -> None:
    with pytest.raises(Invalid):
        idempotency.check_key(key)


def test_the_digest_separates_its_parts() -> None:
    assert request_digest("POST", "/a", b"b") != request_digest("POST", "/ab", b"")


def test_neither_the_key_nor_the_requests_digest_is_stored(database: Database) -> None:
    with database.write() as session:
        idempotency.begin(
            session, "ins_a", "holder-440300199001011234", FIRST, resource_type="token", resource_id="tok_1", now_ms=1
        )
        (row,) = session.execute(text("SELECT key, request_digest FROM idempotency_keys")).all()
    assert "440300199001011234" not in row[0]
    assert bytes(row[1]) != FIRST
    with database.read() as session:
        assert idempotency.find(session, "ins_a", "holder-440300199001011234", FIRST) is not None
        assert idempotency.find(session, "ins_b", "holder-440300199001011234", FIRST) is None
