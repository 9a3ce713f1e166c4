"""The command line of acts: asked for, signed in other folders, brought back, shown; files of many transfers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.party.keystore import EvmKey
from cli.app import build
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, FoundedBusiness
from tests.integration.register.clerk import Clerk
from tests.integration.register.test_lien_acts import BANK
from tests.integration.register.world import open_market
from tests.serving import serving

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def clerk(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Clerk]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("commands")) as world:
        yield Clerk(world, world.client())


@pytest.fixture
def run(clerk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    home = tmp_path / "host"
    home.mkdir()
    (home / "token").write_text(clerk.world.secret)
    (home / "token").chmod(0o600)
    monkeypatch.setenv("REGSEAL_PARTY", str(home))
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "quick")

    def invoke(*arguments: str, code: int = 0) -> Any:
        done = CliRunner().invoke(build(arguments[0]), [*arguments])
        assert done.exit_code == code, (arguments, done.output)
        return json.loads(done.stdout) if "--json" in arguments else done.output

    with serving(clerk.client.app) as port:
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}"}))
        yield invoke


def _rests(clerk: Clerk, *codes: str) -> list[str]:
    return [part for each in clerk.documents(*codes) for part in ("--document", f"{each['code']}={each['record']}")]


def _signed(clerk: Clerk, run: Run, file: Path, *keys: EvmKey) -> dict[str, Any]:
    """Each signs the operation's file in its own folder; the host brings it back, and the chain decides."""
    asked = json.loads(file.read_text())
    for place, key in enumerate(keys):
        folder = file.parent / f"{file.stem}-signer-{place}"
        folder.mkdir(exist_ok=True)
        key.save(folder / "key.json", "quick", work=1 << 10)
        run("sign", str(file), "--key", str(folder / "key.json"), "--yes", "--out", str(folder / "signed.json"))
        run("operation", "authorise", str(folder / "signed.json"))
    clerk.world.work(asked["id"])
    found: dict[str, Any] = asked
    return found


def test_a_pledge_and_its_release_from_the_command_line(clerk: Clerk, run: Run, tmp_path: Path) -> None:
    holder, other = clerk.investor(), clerk.investor()
    security = clerk.security({holder: 100, other: 100})
    pledge, release = tmp_path / "pledge.json", tmp_path / "release.json"
    who = ("--address", BANK.address, "--name", "示例银行", "--contract", "质字 17")
    rests = _rests(clerk, "joint-application", "pledge-contract")
    shown = run("register", "pledge", security, holder, "60", *who, *rests, "--out", str(pledge))
    assert "register.checker          missing: whoever holds the role in 440300" in shown
    assert "质押登记" in shown
    _signed(clerk, run, pledge, CHECKER)
    told = ("registered", "示例出质 0017", "2030-12-02T09:00:00+08:00")
    waits = run("register", "legal-status", security, "1", *told, "--json")
    assert waits["typed_data"]["message"]["act"] == "lien-legal-status"
    asked = tmp_path / "word.json"
    run("operation", "show", waits["id"], "--out", str(asked))
    _signed(clerk, run, asked, CHECKER)
    assert run("register", "liens", security, "--json")["liens"][0]["legal_reference"] == "示例出质 0017"
    rests = _rests(clerk, "release-application")
    shown = run("register", "release", security, holder, "1", "20", *rests, "--out", str(release))
    assert f"pledgee                   missing: {BANK.address}" in shown
    _signed(clerk, run, release, CHECKER, BANK)
    assert run("register", "liens", security, "--json")["liens"][0]["units"] == "40"
    assert "REG-06" in run("register", "transfer", security, holder, other, "61", "--payment", "P",
                           *_rests(clerk, "transfer-agreement"), code=1)  # fmt: skip
    listed = run("register", "acts", "--about", security, "--json")
    assert [each["act"] for each in listed][:2] == ["pledge-release", "pledge"]
    assert "registered" in run("register", "act", listed[0]["id"])


@pytest.mark.full
def test_a_file_of_transfers_whole_or_line_by_line(clerk: Clerk, run: Run, tmp_path: Path) -> None:
    holder, other = clerk.investor(), clerk.investor()
    security = clerk.security({holder: 100, other: 100})
    file, out = tmp_path / "deals.csv", tmp_path / "whole.json"
    file.write_text(f"giver,taker,units,payment\n{holder},{other},10,P-1\n{holder},{other},20,P-2\n")
    rests = _rests(clerk, "transfer-agreement")
    run("register", "batch", security, str(file), *rests, "--out", str(out))
    _signed(clerk, run, out, CHECKER)
    assert clerk.held(security, holder) == 70
    file.write_text(f"giver,taker,units,payment\n{holder},{other},5,P-3\n{holder},{other},500,P-4\n")
    shown = run("register", "batch", security, str(file), "--lines", *rests, code=1)
    assert "    2  refused: REG-06" in shown
    assert "act_" in shown
    file.write_text(f"giver,taker,units,price\n{holder},{other},5,1\n")
    assert "row 1: unknown column price" in run("register", "batch", security, str(file), *rests, code=2)
    file.write_text(f"giver,taker,units\n{holder},,5\n")
    assert "row 1: taker is missing" in run("register", "batch", security, str(file), *rests, code=2)
    resolved = _rests(clerk, "resolution")
    assert "expected a ratio" in run("register", "bonus", security, "3", *resolved, code=2)
    given, cancelled = tmp_path / "bonus.json", tmp_path / "cancelled.json"
    run("register", "bonus", security, "1/10", *resolved, "--out", str(given))
    _signed(clerk, run, given, CHECKER)
    assert clerk.held(security, holder) == 77
    file.write_text(f"account,units\n{holder},7\n")
    run("register", "cancel", security, str(file), *resolved, "--out", str(cancelled))
    _signed(clerk, run, cancelled, CHECKER)
    assert clerk.held(security, holder) == 70
