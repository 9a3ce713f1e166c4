from dataclasses import replace

import pytest
from sqlalchemy import event, text

from chain.party.keystore import NoteKey
from chain.proof.possession import SUBMITTER, possession_message
from chain.proof.types import BY_NAME
from services.identity.views import SubmitterKeyRequest, TokenRequest
from services.platform.errors import Conflict, Forbidden, Invalid, LeaseLost, NotFound, RuleRefused, Unauthenticated
from services.platform.idempotency import Once
from tests.integration.services.identity.house import House, registration
from tests.integration.services.transactions.rig import key_of
from tests.waiting import until

DAY_MS = 86_400_000


def _wanted(key: NoteKey, owner: str, **more: int) -> SubmitterKeyRequest:
    """What the holder of the key asks for."""
    signature = key.sign(possession_message(SUBMITTER, owner, key.public))
    return SubmitterKeyRequest(institution_id=owner, public_key=key.public, possession=signature, **more)


def test_a_token_says_who_speaks(house: House) -> None:
    done = house.bootstrap()
    caller = house.caller(done.issued)
    issued = house.services.identity.issue_token(caller, TokenRequest(name="读", roles=("reader",), person="张三"))
    found = house.caller(issued)
    assert (found.institution_id, found.roles, found.kind, found.region) == (
        caller.institution_id,
        frozenset({"reader"}),
        "operator",
        440300,
    )
    assert found.person_id is not None


def test_the_database_holds_neither_a_token_nor_a_persons_name(house: House) -> None:
    caller = house.caller(house.bootstrap().issued)
    issued = house.services.identity.issue_token(caller, TokenRequest(name="读", roles=("reader",), person="张三"))
    with house.services.database.read() as session:
        rows = [list(row) for table in ("tokens", "people") for row in session.execute(text(f"SELECT * FROM {table}"))]
    assert issued.secret is not None
    assert issued.secret.rsplit("_", 1)[1] not in str(rows)
    assert "张三" not in str(rows)
    assert "张三".encode() not in b"".join(
        bytes(cell) for row in rows for cell in row if isinstance(cell, bytes | memoryview)
    )
    assert issued.token.prefix in str(rows)
    assert [each.person for each in house.services.identity.list_tokens(caller).items] == [None, "张三"]


def test_a_process_that_is_no_longer_the_writer_changes_no_token(house: House) -> None:
    done = house.bootstrap()
    caller = house.caller(done.issued)
    with house.services.database.write(fenced=False) as session:
        session.execute(text("UPDATE leases SET fence = fence + 1"))
    with pytest.raises(LeaseLost):
        house.services.identity.issue_token(caller, TokenRequest(name="late", roles=("reader",)))
    with pytest.raises(LeaseLost):
        house.services.identity.revoke_token(caller, done.issued.token.id)


def test_a_revoked_token_ends_at_once_although_it_was_remembered(house: House) -> None:
    identity = house.services.identity
    caller = house.caller(house.bootstrap().issued)
    issued = identity.issue_token(caller, TokenRequest(name="a", roles=("reader",)))
    assert house.caller(issued).token_id == issued.token.id
    assert identity.revoke_token(caller, issued.token.id).revoked_at is not None
    with pytest.raises(Unauthenticated):
        house.caller(issued)


def test_what_is_no_token_of_ours_is_nobody(house: House) -> None:
    issued = house.bootstrap().issued
    assert issued.secret is not None
    wrong = issued.secret[:-1] + ("A" if issued.secret[-1] != "A" else "B")
    for secret in ("", "x", wrong, issued.token.prefix, issued.secret + "A", "rgs_aaaaaaaa_" + "a" * 43, "rgs_é"):
        with pytest.raises(Unauthenticated):
            house.services.identity.authenticate(secret)


@pytest.mark.parametrize("days", [0, 367, -1])
def test_a_token_lives_a_year_at_most(house: House, days: int) -> None:
    caller = house.caller(house.bootstrap().issued)
    with pytest.raises(Invalid):
        house.services.identity.issue_token(caller, TokenRequest(name="a", roles=("reader",), days=days))


def test_a_token_is_issued_once_for_one_key_and_its_secret_shown_once(house: House) -> None:
    identity, once = house.services.identity, Once("k", b"d" * 32)
    caller = house.caller(house.bootstrap().issued)
    request = TokenRequest(name="a", roles=("reader",))
    first, again = (identity.issue_token(caller, request, once=once) for _ in range(2))
    assert first.token.id == again.token.id
    assert first.secret is not None
    assert again.secret is None


def test_no_token_has_a_role_that_is_not_for_its_kind(house: House) -> None:
    other = house.admit(house.open(), registration("甲", key=key_of("other")))
    for role in ("system", "registrar", "auditor"):
        with pytest.raises(RuleRefused):
            house.services.identity.issue_token(other, TokenRequest(name="a", roles=(role,)))


def test_the_host_gives_others_their_first_token_and_none_after(house: House) -> None:
    host = house.open()
    other = house.admit(host, registration("甲", key=key_of("other")))
    wanted = TokenRequest(name="x", roles=("administrator",), institution_id=other.institution_id)
    with pytest.raises(Forbidden):
        house.services.identity.issue_token(host, wanted)
    with pytest.raises(Forbidden):
        house.services.identity.issue_token(
            other, TokenRequest(name="x", roles=("reader",), institution_id=host.institution_id)
        )


def test_tokens_of_others_are_neither_seen_nor_revoked(house: House) -> None:
    host = house.open()
    other = house.admit(host, registration("甲", key=key_of("other")))
    assert {each.institution_id for each in house.services.identity.list_tokens(other).items} == {other.institution_id}
    with pytest.raises(NotFound):
        house.services.identity.revoke_token(other, host.token_id)


def test_a_submitter_key_begins_and_ends_with_its_leaves(house: House) -> None:
    identity, caller = house.services.identity, house.open()
    key = NoteKey.generate("k")
    public, request = key.public, _wanted(key, caller.institution_id)
    added = identity.add_submitter_key(caller, request).result(60)
    until(lambda: house.services.clock.ms() > added.valid_from)
    revoked = identity.revoke_submitter_key(caller, caller.institution_id, added.id).result(60)
    assert revoked.revoked_at is not None
    with house.services.database.read() as session:
        for at, valid in (
            (added.valid_from - 1, False),
            (added.valid_from, True),
            (revoked.revoked_at - 1, True),
            (revoked.revoked_at, False),
        ):
            assert identity.submitter_keys_for(session, caller.institution_id, at) == ([public] if valid else [])
        assert identity.trusted_submitters(session) == [
            (caller.institution_id, public, added.valid_from, revoked.revoked_at)
        ]
    codes = [leaf.type_code for leaf in house.leaves()]
    assert [code for code in codes if code >> 4 == 0x012] == [
        BY_NAME["submitter-key.registration"].code,
        BY_NAME["submitter-key.revocation"].code,
    ]


def test_a_submitter_key_ends_at_its_term(house: House) -> None:
    identity, caller = house.services.identity, house.open()
    key, end = NoteKey.generate("k"), house.services.clock.ms() + DAY_MS
    public, request = key.public, _wanted(key, caller.institution_id, valid_to=end)
    identity.add_submitter_key(caller, request).result(60)
    with house.services.database.read() as session:
        assert identity.submitter_keys_for(session, caller.institution_id, end - 1) == [public]
        assert identity.submitter_keys_for(session, caller.institution_id, end) == []


def test_a_submitter_key_belongs_to_one_institution_for_ever(house: House) -> None:
    identity, host = house.services.identity, house.open()
    other = house.admit(host, registration("甲", key=key_of("other")))
    key = NoteKey.generate("k")
    added = identity.add_submitter_key(host, _wanted(key, host.institution_id))
    key_id = added.result(60).id
    for caller in (host, other):
        with pytest.raises(Conflict):
            identity.add_submitter_key(caller, _wanted(key, caller.institution_id)).result(60)
    with pytest.raises(NotFound):
        identity.add_submitter_key(other, _wanted(NoteKey.generate("n"), host.institution_id))
    with pytest.raises(NotFound):
        identity.revoke_submitter_key(other, other.institution_id, key_id).result(60)


def test_nobody_registers_a_key_that_it_does_not_hold(house: House) -> None:
    """What another institution published with its own registration does not serve, nor a signature of another key."""
    identity, caller, key = house.services.identity, house.open(), NoteKey.generate("k")
    theirs = _wanted(key, "ins_" + "7" * 32)
    own, leaves = caller.institution_id, len(house.leaves())
    for wrong in (
        replace(theirs, institution_id=own),
        replace(_wanted(NoteKey.generate("mine"), own), public_key=key.public),
        replace(_wanted(key, own), possession=key.sign(key.public)),
        replace(_wanted(key, own), possession=b""),
    ):
        with pytest.raises(Invalid) as refused:
            identity.add_submitter_key(caller, wrong).result(60)
        assert refused.value.field == "possession"
    assert len(house.leaves()) == leaves
    assert identity.list_submitter_keys(caller, own) == ()


def test_authentication_of_a_remembered_token_takes_no_query(house: House) -> None:
    done = house.bootstrap()
    assert done.issued.secret is not None
    house.caller(done.issued)
    asked: list[str] = []
    for engine in (house.services.database.reader, house.services.database.writer):
        event.listen(engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    for _ in range(100):
        house.services.identity.authenticate(done.issued.secret)
    assert asked == []
    house.services.identity.list_tokens(house.caller(done.issued))
    assert asked, "queries are seen"
