"""Set-up: stamps, resumption, and what is handed from pip to uv."""

from pathlib import Path

import pytest

from tools.bootstrap import python, step
from tools.bootstrap.step import SetupError, Step, digest


@pytest.fixture(autouse=True)
def own_stamps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "STAMPS", tmp_path / "stamps")


def make(tmp_path: Path, key: str, log: list[str], *, fails: bool = False) -> Step:
    product = tmp_path / "product"

    def run() -> None:
        log.append(key)
        product.touch()
        if fails:
            raise SetupError("network")

    return Step("probe", "a probe", key, product, run)


def test_step_is_done_once_for_one_content(tmp_path: Path) -> None:
    log: list[str] = []
    probe = make(tmp_path, "a", log)
    assert not probe.done()
    probe.complete()
    assert probe.done()
    assert not make(tmp_path, "b", log).done()


def test_interrupted_step_is_not_done(tmp_path: Path) -> None:
    log: list[str] = []
    with pytest.raises(SetupError):
        make(tmp_path, "a", log, fails=True).complete()
    assert (tmp_path / "product").exists()
    assert not make(tmp_path, "a", log).done()


def test_failed_repetition_takes_the_old_stamp_away(tmp_path: Path) -> None:
    log: list[str] = []
    make(tmp_path, "a", log).complete()
    with pytest.raises(SetupError):
        make(tmp_path, "a", log, fails=True).complete()
    assert not make(tmp_path, "a", log).done()


def test_removed_product_is_made_again(tmp_path: Path) -> None:
    log: list[str] = []
    probe = make(tmp_path, "a", log)
    probe.complete()
    (tmp_path / "product").unlink()
    assert not probe.done()


def test_digest_tells_pieces_apart(tmp_path: Path) -> None:
    (tmp_path / "f").write_text("ab")
    assert digest("ab", "c") != digest("a", "bc")
    assert digest(tmp_path / "f") == digest("ab")
    assert digest(tmp_path / "absent") == digest("")


def test_failing_command_names_itself_and_its_status() -> None:
    with pytest.raises(SetupError, match="status 3"):
        step.call(["/bin/sh", "-c", "exit 3"])


def test_pip_settings_reach_uv_and_the_users_own_win(monkeypatch: pytest.MonkeyPatch) -> None:
    listing = """
global.index-url='https://mirror.example/simple'
global.trusted-host='mirror.example'
global.find-links='/a /b'
install.index-url='https://inner.example/simple'
:env:.cert='/etc/own.pem'
freeze.timeout='9'
"""
    monkeypatch.setattr(python, "ask", lambda _command: listing)
    monkeypatch.setattr(python, "_pip", lambda: ("pip",))
    monkeypatch.setenv("UV_INSECURE_HOST", "mine.example")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    python.uv_environment.cache_clear()
    try:
        env = python.uv_environment()
    finally:
        python.uv_environment.cache_clear()
    assert env["UV_DEFAULT_INDEX"] == "https://inner.example/simple"
    assert env["UV_FIND_LINKS"] == "/a,/b"
    assert env["SSL_CERT_FILE"] == "/etc/own.pem"
    assert env["UV_INSECURE_HOST"] == "mine.example"
    assert env["UV_PYTHON_DOWNLOADS"] == "never"
    assert "UV_HTTP_TIMEOUT" not in env
