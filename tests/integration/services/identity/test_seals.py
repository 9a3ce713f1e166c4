"""Rows that somebody else than the service wrote: no token, no one-time token, whatever they say."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text

from chain.proof.hashing import sha256
from cli.local.migrate import SEALED, migrate_home
from services.identity import repository, tokens
from services.identity.bootstrap import new_bootstrap_secret, require_secret
from services.identity.models import InstitutionRow
from services.identity.tokens import Tokens
from services.identity.views import IssuedToken, TokenRequest
from services.platform import metrics
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.errors import Forbidden, Unauthenticated
from services.platform.settings import Settings
from tests.databases import MIGRATIONS

pytestmark = pytest.mark.one_database
OURS, OTHER = "ins_" + "0" * 32, "ins_" + "1" * 32


@pytest.fixture
def desk(database: Database, vault: Vault, clock: FixedClock) -> Tokens:
    with database.write() as session:
        for place, name in enumerate((OURS, OTHER)):
            row = InstitutionRow(id=name, name="甲", kind=1, region=440300, status="active", authority="0x")
            row.host, row.created_at, row.updated_at = not place, clock.ms(), clock.ms()
            repository.add(session, row)
    return Tokens(database, vault, clock)


@pytest.fixture
def issued(desk: Tokens, database: Database) -> IssuedToken:
    return _issue(desk, database, OURS, "tok_1")


def _issue(desk: Tokens, database: Database, owner_id: str, token_id: str) -> IssuedToken:
    with database.write() as session:
        owner = repository.institution(session, owner_id)
        assert owner is not None
        return desk.issue(session, owner, TokenRequest(name="a", roles=("administrator",), days=1), token_id=token_id)


def _write(database: Database, statement: str, **values: object) -> None:
    with database.write() as session:
        assert session.execute(text(statement), values).rowcount > 0  # type: ignore[attr-defined]


def _forged() -> float:
    return float(metrics.FORGED_ROWS.labels("tokens")._value.get())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tokens SET expires_at = expires_at + 1",
        """UPDATE tokens SET roles = '["administrator","system"]'""",
        "UPDATE tokens SET roles = 'null'",
        "UPDATE tokens SET institution_id = :other",
        "UPDATE tokens SET seal = NULL",
        "UPDATE tokens SET seal = (SELECT t.seal FROM tokens t WHERE t.id = 'tok_2') WHERE id = 'tok_1'",
        "UPDATE institutions SET kind = 2 WHERE id <> :other",
        "UPDATE institutions SET region = 0 WHERE id <> :other",
        "UPDATE institutions SET host = NOT host",
    ],
)
def test_a_row_that_was_changed_is_nobodys(
    desk: Tokens, database: Database, issued: IssuedToken, statement: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _issue(desk, database, OURS, "tok_2")
    secret, before = str(issued.secret), _forged()
    _write(database, statement, **({"other": OTHER} if ":other" in statement else {}))
    with pytest.raises(Unauthenticated):
        desk.authenticate(secret)
    with pytest.raises(Unauthenticated):
        desk.holder_of("tok_1")
    assert _forged() == before + 2
    assert secret not in "".join(capsys.readouterr())


def test_a_row_with_the_hash_of_a_token_of_ones_own_opens_nothing(
    desk: Tokens, database: Database, issued: IssuedToken
) -> None:
    made = "rgs_abcdefgh_" + "A" * 43
    copied = "SELECT 'tok_9', institution_id, person_id, name, 'rgs_abcdefgh', :hash, roles, created_at, expires_at"
    _write(
        database,
        "INSERT INTO tokens (id, institution_id, person_id, name, prefix, hash, roles, created_at, expires_at, seal) "
        f"{copied}, seal FROM tokens WHERE id = 'tok_1'",
        hash=sha256(made.encode()),
    )
    with pytest.raises(Unauthenticated):
        desk.authenticate(made)
    assert desk.authenticate(str(issued.secret)).token_id == "tok_1"


def test_a_revocation_is_not_taken_back_by_a_row(desk: Tokens, database: Database, issued: IssuedToken) -> None:
    with database.write() as session:
        row = repository.token(session, "tok_1")
        assert row is not None
        assert desk.revoke(session, row).revoked_at is not None
    _write(database, "UPDATE tokens SET revoked_at = NULL")
    with pytest.raises(Unauthenticated):
        desk.authenticate(str(issued.secret))


def test_to_revoke_a_forged_token_does_not_vouch_for_it(desk: Tokens, database: Database, issued: IssuedToken) -> None:
    _write(database, "UPDATE tokens SET expires_at = expires_at + 1")
    with database.write() as session:
        row = repository.token(session, "tok_1")
        assert row is not None
        desk.revoke(session, row)
        assert row.seal is None


def test_what_is_remembered_is_believed_for_a_short_time_only(
    desk: Tokens, database: Database, issued: IssuedToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.authenticate(str(issued.secret))
    _write(database, "UPDATE institutions SET kind = 2")
    later = time.monotonic() + tokens.REMEMBERED_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(Unauthenticated):
        desk.authenticate(str(issued.secret))


def test_a_forged_administrator_does_not_stand_in_the_way_of_the_first(
    desk: Tokens, database: Database, issued: IssuedToken
) -> None:
    with database.read() as session:
        assert desk.has_administrator(session, OURS)
        assert not desk.has_administrator(session, OTHER)
    _write(database, "UPDATE tokens SET institution_id = :other", other=OTHER)
    with database.read() as session:
        assert not desk.has_administrator(session, OTHER)


def test_only_a_one_time_token_that_was_printed_serves(database: Database, vault: Vault, clock: FixedClock) -> None:
    secret = new_bootstrap_secret(database, clock, vault)
    with database.read() as session:
        require_secret(session, vault, secret, clock.ms())
    _write(database, "UPDATE bootstrap_secrets SET hash = :hash", hash=sha256(b"mine"))
    with database.read() as session, pytest.raises(Forbidden):
        require_secret(session, vault, "mine", clock.ms())


def _old_database(url: str, digest: bytes) -> None:
    """As a version without seals left it: an institution and its token."""
    database = Database(url)
    with database.writer.begin() as connection:
        config = Config(attributes={"connection": connection})
        config.set_main_option("script_location", str(MIGRATIONS))
        before = ScriptDirectory.from_config(config).get_revision("0050").down_revision
        command.upgrade(config, str(before))
        connection.execute(
            text(
                "INSERT INTO institutions (id, name, kind, region, status, authority, host, created_at, updated_at) "
                "VALUES (:id, '甲', 1, 440300, 'active', '0x', true, 1, 1)"
            ),
            {"id": OURS},
        )
        connection.execute(
            text(
                "INSERT INTO tokens (id, institution_id, name, prefix, hash, roles, created_at, expires_at) "
                "VALUES ('tok_1', :id, 'a', 'rgs_abcdefgh', :hash, '[\"reader\"]', 1, 9000000000000)"
            ),
            {"id": OURS, "hash": digest},
        )
    database.close()


@pytest.mark.parametrize("before", ["", "it was done before"])
def test_tokens_are_vouched_for_once(
    before: str, tmp_path: Path, new_database: Callable[..., str], clock: FixedClock
) -> None:
    secret, home, url = "rgs_abcdefgh_" + "A" * 43, tmp_path / "home", new_database(empty=True)
    home.mkdir()
    (home / "settings.toml").write_text(f'database_url = "{url}"\n')
    vault = Vault.create(home / "master.key")
    _old_database(url, sha256(secret.encode()))
    if before:
        (home / SEALED).write_text(before)
    migrate_home(home, print)
    assert (home / SEALED).exists()
    assert Settings(home=home).url == url
    database = Database(url)
    try:
        if not before:
            assert Tokens(database, vault, clock).authenticate(secret).institution_id == OURS
        else:
            with pytest.raises(Unauthenticated):
                Tokens(database, vault, clock).authenticate(secret)
    finally:
        database.close()
