"""The master key replaced under a whole installation: everything that it wraps, at once, and never half."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
from typer.testing import CliRunner

from cli.app import build as command_line
from cli.local.gateway import quoted
from services import masterkey
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.errors import StartRefused, Unavailable
from services.platform.leases import Lease
from services.platform.settings import Settings
from tests.integration.services.evidence.house import OPERATOR, House, open_house, record


class Home:
    """An installation at a folder, with one record in its log; opened as another process would."""

    def __init__(self, home: Path, url: str, clock: FixedClock) -> None:
        self.path, self.url, self.clock = home, url, clock
        self.settings = Settings(home=home, database_url=url)
        house = self.opened()
        house.bootstrap(OPERATOR)
        house.force_open(house.log_id)
        self.record_id = house.submit(record()).record_id
        self.acknowledgement = house.submit(record(), idempotency_key="k").acknowledgement
        house.close()

    def opened(self) -> House:
        house = open_house(self.path, Database(self.url), self.clock)
        house.log_id = getattr(self, "log_id", house.log_id)
        return house

    def wrapped_by(self, master_id: str) -> list[str]:
        """Every column of the database in which something starts with the mark of this master key."""
        database = Database(self.url)
        mark, found = b"\x01" + bytes.fromhex(master_id), []
        with database.read() as session:
            for table in inspect(database.reader).get_table_names():
                for row in session.execute(text(f"SELECT * FROM {table}")).mappings():
                    found += [
                        f"{table}.{name}"
                        for name, value in row.items()
                        if isinstance(value, bytes | memoryview) and bytes(value).startswith(mark)
                    ]
        database.close()
        return found

    def serves(self) -> None:
        """What was stored opens, what was signed is signed alike, and it goes on."""
        house = self.opened()
        assert house.service.get_record(self.record_id).document == record()
        assert house.submit(record(), idempotency_key="k").acknowledgement == self.acknowledgement
        house.submit(record("after"))
        house.service.sealer.run()
        house.close()


@pytest.fixture
def home(tmp_path: Path, new_database: Callable[..., str], clock: FixedClock) -> Home:
    url = new_database()
    return Home(tmp_path / "gateway", url, clock)


@pytest.fixture
def command(home: Home, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """`regseal master-key ...` on this installation: exit code and everything it said."""
    (home.path / "settings.toml").write_text(f"database_url = {quoted(home.url)}\n")
    monkeypatch.delenv("REGSEAL_HOME", raising=False)

    def run(*arguments: str) -> tuple[int, str]:
        done = CliRunner().invoke(command_line(), ["master-key", *arguments, "--var", str(home.path.parent)])
        return done.exit_code, done.output

    return run


def test_whoever_wraps_with_the_master_key_is_known_to_its_rotation() -> None:
    """A new place that wraps belongs into ``masterkey.HOLDERS``, and then into this list.

    A one-time token's seal is left out: without its key an unused one does not hold, and another is printed.
    """
    root = Path(masterkey.__file__).parent
    wraps = {str(path.relative_to(root)) for path in root.rglob("*.py") if "vault.wrap(" in path.read_text("utf-8")}
    assert wraps - {"identity/seals.py"} == {"evidence/keys.py", "evidence/logs.py"}


def test_everything_is_wrapped_anew_and_nothing_needs_the_old_key(home: Home) -> None:
    old = Vault(home.settings.master_key_file).master_id
    before = sorted(home.wrapped_by(old))
    assert set(before) == {"data_keys.wrapped", "log_keys.wrapped", "logs.stream_key"}
    done = masterkey.rotate(home.settings)
    assert (done.old_ids, done.rewrapped) == ((old,), len(before))
    assert home.wrapped_by(old) == []
    assert sorted(home.wrapped_by(done.master_id)) == before
    home.serves()
    assert masterkey.drop_old(home.settings) == 1
    assert old not in home.settings.master_key_file.read_text()
    home.serves()


def test_an_old_key_is_not_dropped_while_a_log_key_needs_it(home: Home) -> None:
    Vault(home.settings.master_key_file).renew_master()
    file = home.settings.master_key_file.read_text()
    database = Database(home.url)
    vault = Vault(home.settings.master_key_file)
    with database.write() as session:
        vault.rewrap_all(session)  # the data keys alone
    database.close()
    with pytest.raises(StartRefused, match="2 keys are still wrapped"):
        masterkey.drop_old(home.settings)
    assert home.settings.master_key_file.read_text() == file
    home.serves()


def test_a_rotation_that_fails_halfway_changes_nothing_and_may_be_repeated(home: Home) -> None:
    old = Vault(home.settings.master_key_file).master_id
    before = sorted(home.wrapped_by(old))
    database = Database(home.url)
    with database.write() as session:
        stream_key = session.execute(text("SELECT stream_key FROM logs")).scalar_one()
        session.execute(text("UPDATE logs SET stream_key = :k"), {"k": bytes(stream_key)[:-1] + b"\0"})
    with pytest.raises(Unavailable, match="cannot be decrypted"):
        masterkey.rotate(home.settings)
    assert sorted(home.wrapped_by(old)) == before
    with database.write() as session:
        session.execute(text("UPDATE logs SET stream_key = :k"), {"k": bytes(stream_key)})
    database.close()
    home.serves()
    assert len(masterkey.rotate(home.settings).old_ids) == 2
    assert masterkey.drop_old(home.settings) == 2
    home.serves()


def test_a_running_service_is_not_pulled_its_keys_from_under_it(home: Home) -> None:
    before = home.settings.master_key_file.read_text()
    database = Database(home.url)
    database.claim()
    lease = Lease(database)
    lease.acquire(alone=True)
    for act in (masterkey.rotate, masterkey.drop_old):
        with pytest.raises(StartRefused, match="Another"):
            act(home.settings)
    lease.release()
    database.close()
    assert home.settings.master_key_file.read_text() == before


def test_the_command_says_what_it_did_and_what_comes_next(home: Home, command: Callable[..., tuple[int, str]]) -> None:
    old = Vault(home.settings.master_key_file).master_id
    code, said = command("rotate")
    assert code == 0, said
    assert old in said
    assert "regseal master-key drop-old" in said
    code, said = command("drop-old")
    assert (code, "dropped        1 old master key\n" in said) == (0, True), said
    home.serves()


def test_the_command_refuses_in_words_while_the_service_runs(
    home: Home, command: Callable[..., tuple[int, str]]
) -> None:
    database = Database(home.url)
    database.claim()
    lease = Lease(database)
    lease.acquire(alone=True)
    code, said = command("rotate")
    lease.release()
    database.close()
    assert code == 1
    assert "Another" in said
    assert "fix: stop the service" in said
