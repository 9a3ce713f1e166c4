"""The process as a whole: what it refuses to start on, that there is one of it, and that it comes back after a kill."""

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services.container import build
from services.platform.errors import StartRefused, Unavailable
from services.platform.settings import ChainConfig, Settings
from tests.integration.services.identity.conftest import deployed  # noqa: F401 (a fixture)
from tests.integration.services.identity.house import make_home
from tests.integration.services.transactions.rig import Anvil
from tests.waiting import until

ROOT = Path(__file__).parents[3]
SERVE = "import sys, time; from services.container import build; from services.platform.settings import load_settings; "
SERVE += "s = build(load_settings()); s.start(); print('started', flush=True); time.sleep(600)"


@pytest.fixture
def settings(
    deployed: tuple[Anvil, Path],  # noqa: F811 (the fixture)
    tmp_path: Path,
    new_database: Callable[..., str],
) -> Settings:
    return make_home(*deployed, tmp_path / "home", new_database())


def _process(settings: Settings) -> subprocess.Popen[str]:
    """Another service process of the same home, started."""
    chain = settings.chains["supervision"]
    (settings.home / "settings.toml").write_text(
        f'database_url = "{settings.database_url}"\nlease_ttl_ms = {settings.lease_ttl_ms}\n'
        f'[chains.supervision]\nendpoints = ["{chain.endpoints[0]}"]\n'
        f'chain_id = {chain.chain_id}\ngenesis = "{chain.genesis}"\naddresses_file = "{chain.addresses_file}"\n'
    )
    environment = {**os.environ, "REGSEAL_HOME": str(settings.home)}
    started = subprocess.Popen(
        [sys.executable, "-c", SERVE],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "started\n"
    return started


def _end(process: subprocess.Popen[str], number: int) -> None:
    process.send_signal(number)
    process.wait(60)
    assert process.stdout is not None
    process.stdout.close()


def test_a_started_service_is_ready_and_a_stopped_one_starts_again(settings: Settings) -> None:
    for _ in range(2):
        services = build(settings)
        services.start()
        assert [check for check in services.health.ready() if not check.ok] == []
        services.stop()
        with pytest.raises(Unavailable):
            services.evidence.sequencer.submit(lambda _: None)


def test_jobs_run_once_started(settings: Settings) -> None:
    services = build(settings)
    services.start()
    wanted = {"evidence.seal", "evidence.anchor", "transactions.supervision.index", "transactions.supervision.manage"}
    try:
        until(lambda: all(services.jobs.states()[name].last_ok_ms for name in wanted), tell=services.jobs.states)
        failures = {name: state.last_error for name, state in services.jobs.states().items() if state.failures}
    finally:
        services.stop()
    assert failures == {}


def test_a_second_process_is_refused_on_sqlite_and_follows_on_postgresql(settings: Settings, backend: str) -> None:
    first = _process(settings)
    second = build(settings)
    try:
        if backend == "sqlite":
            with pytest.raises(StartRefused, match="Another service process"):
                second.start()
        else:
            second.start()
            assert second.follows
            assert [check for check in second.health.ready() if not check.ok] == []
            with pytest.raises(Unavailable, match="stopping"):
                second.evidence.sequencer.submit(lambda _: None)
        assert first.poll() is None
    finally:
        second.stop()
        _end(first, signal.SIGKILL)


def test_a_killed_process_is_followed_by_another(settings: Settings) -> None:
    short = settings.model_copy(update={"lease_ttl_ms": 2_000})
    _end(_process(short), signal.SIGKILL)
    services = build(short)
    services.start()  # on PostgreSQL it leads when the dead one's lease has run out
    until(lambda: not services.follows)
    assert services.lease.fence == 2
    assert [check for check in services.health.ready() if not check.ok] == []
    services.stop()


def test_a_write_that_did_not_look_at_the_lease_is_a_programming_error(settings: Settings) -> None:
    services = build(settings)
    services.start()
    with pytest.raises(RuntimeError, match="lease"), services.database.write():
        pass
    services.stop()


def test_a_foreign_chain_is_refused(settings: Settings, tmp_path: Path) -> None:
    known = settings.chains["supervision"]
    addresses = tmp_path / "addresses.json"
    addresses.write_text(known.addresses_file.read_text().replace(known.genesis, "0x" + "ab" * 32))
    foreign = ChainConfig(
        endpoints=known.endpoints, chain_id=known.chain_id, genesis="0x" + "ab" * 32, addresses_file=addresses
    )
    other = settings.model_copy(update={"chains": {"supervision": foreign}})
    with pytest.raises(StartRefused, match="not the pinned one"):
        build(other).start()


def test_contracts_with_other_code_are_refused(settings: Settings, tmp_path: Path) -> None:
    known = settings.chains["supervision"]
    addresses = tmp_path / "addresses.json"
    text = known.addresses_file.read_text()
    start = text.index('"code_hash"')
    digest = text[start : start + 100].split('"')[3]
    addresses.write_text(text.replace(digest, "0x" + "cd" * 32))
    changed = known.model_copy(update={"addresses_file": addresses})
    other = settings.model_copy(update={"chains": {"supervision": changed}})
    with pytest.raises(StartRefused, match="code of"):
        build(other).start()


def test_a_chain_that_is_away_does_not_stop_the_start(settings: Settings) -> None:
    away = settings.chains["supervision"].model_copy(update={"endpoints": ("http://127.0.0.1:9",)})
    services = build(settings.model_copy(update={"chains": {"supervision": away}}))
    services.start()
    (chain,) = (check for check in services.health.ready() if check.name == "chain supervision")
    services.stop()
    assert chain.ok
    assert "no endpoint answers" in chain.detail


def test_an_old_schema_is_refused(settings: Settings, new_database: Callable[..., str]) -> None:
    other = settings.model_copy(update={"database_url": new_database(empty=True)})
    with pytest.raises(StartRefused, match="schema"):
        build(other).start()


@pytest.mark.parametrize("missing", ["master.key", "keys/gateway.json", "passphrase"])
def test_a_missing_key_is_named(settings: Settings, missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REGSEAL_PASSPHRASE", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (settings.home / missing).unlink()
    with pytest.raises(StartRefused):
        build(settings)


def test_a_setting_without_a_supervision_chain_is_refused(settings: Settings) -> None:
    with pytest.raises(StartRefused, match="supervision"):
        build(settings.model_copy(update={"chains": {}}))
