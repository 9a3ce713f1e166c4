from pathlib import Path

import pytest
from pydantic import ValidationError

from chain.proof.note import SignatureType, VerifierKey
from services.platform.errors import StartRefused
from services.platform.settings import ChainConfig, Settings, load_settings

CHAIN = """
[chains.supervision]
endpoints = ["http://127.0.0.1:8545"]
chain_id = 31
genesis = "0x{genesis}"
addresses_file = "addresses.json"
finality = "{finality}"
"""


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REGSEAL_HOME", "REGSEAL_DATABASE_URL", "REGSEAL_CHAINS"):
        monkeypatch.delenv(name, raising=False)


def _write(home: Path, text: str) -> Path:
    (home / "settings.toml").write_text(text)
    return home


def test_a_home_without_a_file_has_the_defaults(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    assert settings.url == f"sqlite:///{tmp_path / 'regseal.sqlite'}"
    assert (settings.checkpoint_interval_ms, settings.anchor_interval_ms, settings.anchor_leaves) == (
        1_000,
        15_000,
        10_000,
    )
    assert settings.master_key_file == tmp_path / "master.key"


def test_the_environment_overrides_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _write(tmp_path, 'public_url = "http://file"\nlog_level = "error"\n')
    monkeypatch.setenv("REGSEAL_HOME", str(tmp_path))
    monkeypatch.setenv("REGSEAL_PUBLIC_URL", "http://environment")
    settings = load_settings()
    assert (settings.public_url, settings.log_level) == ("http://environment", "error")


def test_chains_and_witnesses_come_from_the_file(tmp_path: Path) -> None:
    vkey = VerifierKey("w.example", SignatureType.COSIGNATURE, bytes(32)).format()
    text = f'witness_quorum = {{ regulator = 1 }}\nwitnesses = [{{ vkey = "{vkey}", role = "regulator" }}]\n'
    _write(tmp_path, text + CHAIN.format(genesis="ab" * 32, finality="confirmations:12"))
    settings = load_settings(tmp_path)
    assert settings.chains["supervision"].finality == "confirmations:12"
    assert settings.witnesses[0].role == "regulator"
    assert settings.witness_quorum == {"regulator": 1}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('colour = "red"\n', "colour"),
        ("anchor_leaves = 0\n", "anchor_leaves"),
        (CHAIN.format(genesis="AB" * 32, finality="immediate"), "genesis"),
        (CHAIN.format(genesis="ab" * 32, finality="soon"), "finality"),
        (CHAIN.format(genesis="ab" * 32, finality="immediate") + "speed = 1\n", "speed"),
    ],
)
def test_a_wrong_or_unknown_key_refuses_the_start_and_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(StartRefused, match=named):
        load_settings(_write(tmp_path, text))


def test_without_a_home_there_is_no_start() -> None:
    with pytest.raises(StartRefused, match="REGSEAL_HOME"):
        load_settings()


def test_several_workers_need_postgresql(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="several processes need PostgreSQL"):
        load_settings(_write(tmp_path, "workers = 2"))
    shared = 'workers = 2\ndatabase_url = "postgresql://example/regseal"'
    assert load_settings(_write(tmp_path, shared)).workers == 2


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = load_settings(tmp_path)
    with pytest.raises(ValidationError, match="frozen"):
        settings.public_url = "http://other"


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url="postgresql://regseal:hidden@db/regseal")
    assert "hidden" not in str(settings.redacted())
    assert settings.redacted()["database_url"] == "postgresql://***@db/regseal"


def test_an_endpoints_key_is_not_shown(tmp_path: Path) -> None:
    chain = ChainConfig(
        endpoints=("https://user:hidden@node.example:8545/v2/hidden?key=hidden",),
        chain_id=1,
        genesis="0x" + "11" * 32,
        addresses_file=tmp_path / "addresses.json",
    )
    shown = Settings(home=tmp_path, chains={"supervision": chain}).redacted()
    assert "hidden" not in str(shown)
    assert shown["chains"]["supervision"]["endpoints"] == ["node.example:8545"]
