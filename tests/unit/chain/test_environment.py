"""What the environment says of a way to a node: proxies, who needs none, and passwords."""

from pathlib import Path

import pytest

from chain.endpoints import _session


def test_the_environment_is_asked_once_and_heeded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine node.example login reader password secret\n", "ascii")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "near.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(netrc))
    far, near = _session("http://node.example:8545"), _session("http://near.example:8545")
    assert far.proxies["http"] == "http://proxy.example:3128"
    assert not near.proxies.get("http")
    assert (far.auth, near.auth) == (("reader", "secret"), None)
    assert far.verify == str(netrc)
    assert not far.trust_env
