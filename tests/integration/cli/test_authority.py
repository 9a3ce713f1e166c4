"""`regseal authority`: what the root and signers bring to the chain themselves."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.party.keystore import EvmKey
from cli.app import build
from tests.integration.founded import Founded
from tests.integration.services.transactions.rig import REGION, REGIONAL, Anvil, key_of

ROOT, PAYER, NEXT = key_of("root"), key_of("payer"), key_of("the next authority")
NOTHING_DONE = 1


@dataclass
class Desk:
    """A party's folder, and its commands at one node."""

    home: Path
    anvil: Anvil
    deployment: Path

    def run(self, *arguments: object, code: int = 0) -> Any:
        """What the command says, in JSON."""
        asked = [str(one) for one in arguments]
        place = ["--deployment", str(self.deployment), "--rpc", self.anvil.url, "--json"]
        done = CliRunner().invoke(build("authority"), ["authority", *asked, *place])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    def key(self, key: EvmKey) -> Path:
        """The key's file."""
        file = self.home / f"{key.address}.json"
        if not file.exists():
            key.save(file, "p", work=1 << 10)
        return file

    def proposal(self, name: str) -> Path:
        """What the root is to sign."""
        file = self.home / f"{name}.json"
        self.run("propose", "--region", REGION, "--address", NEXT.address, "--out", file)
        return file

    def signed(self, proposal: Path, key: EvmKey) -> Path:
        """What somebody signed."""
        out = proposal.with_suffix(f".{key.address}.signed")
        asked = ["sign", str(proposal), "--key", str(self.key(key)), "--out", str(out), "--yes"]
        done = CliRunner().invoke(build("sign"), asked)
        assert done.exit_code == 0, done.output
        assert "propose a regional authority" in done.output
        assert "Shenzhen" in done.output
        return out

    def send(self, proposal: Path, signed: Path, code: int = 0) -> Any:
        """Brought to the chain by somebody without any right."""
        return self.run("send", proposal, signed, "--payer", self.key(PAYER), code=code)

    def activate(self, code: int = 0) -> Any:
        """Likewise."""
        return self.run("activate", "--region", REGION, "--payer", self.key(PAYER), code=code)


@pytest.fixture
def desk(founded: Founded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "p")
    with founded.running() as anvil:
        anvil.fund(PAYER, ROOT)
        yield Desk(tmp_path, anvil, founded.addresses)


def _refused(answer: Any) -> str:
    return json.dumps(answer, ensure_ascii=False)


def test_a_region_gets_another_authority_after_the_delay(desk: Desk) -> None:
    proposal = desk.proposal("p")
    assert "nothing is proposed" in _refused(desk.activate(code=NOTHING_DONE))
    assert "root's signature" in _refused(desk.send(proposal, desk.signed(proposal, PAYER), code=NOTHING_DONE))
    signed = desk.signed(proposal, ROOT)
    shown = desk.send(proposal, signed)
    assert (shown["authority"], shown["proposed"], shown["delay_seconds"]) == (REGIONAL.address, NEXT.address, 3600)
    assert "used before" in _refused(desk.send(proposal, signed, code=NOTHING_DONE))
    assert "not over" in _refused(desk.activate(code=NOTHING_DONE))
    desk.anvil.rpc.call("evm_increaseTime", 3_601)
    desk.anvil.mine()
    assert desk.activate()["authority"] == NEXT.address
    shown = desk.run("show", "--region", REGION)
    assert (shown["authority"], shown["proposed"], shown["root"]) == (NEXT.address, None, ROOT.address)


def test_a_signature_that_was_cancelled_is_worth_nothing(desk: Desk) -> None:
    proposal = desk.proposal("p")
    signed = desk.signed(proposal, ROOT)
    done = desk.run("cancel", proposal, "--key", desk.key(ROOT), "--yes")
    assert done["signer"] == ROOT.address
    assert "cancelled" in _refused(desk.send(proposal, signed, code=NOTHING_DONE))
    assert "already" in _refused(desk.run("cancel", proposal, "--key", desk.key(ROOT), "--yes", code=NOTHING_DONE))
    other = desk.proposal("q")  # another nonce: not touched
    assert desk.send(other, desk.signed(other, ROOT))["proposed"] == NEXT.address


def test_what_was_signed_for_another_chain_or_contract_is_not_sent(desk: Desk) -> None:
    proposal = desk.proposal("p")
    signed, text = desk.signed(proposal, ROOT), desk.deployment.read_text()
    desk.deployment = desk.home / "other.json"
    for old, new, code in (
        (json.loads(text)["genesis"], "0x" + "11" * 32, 1),
        (json.loads(text)["contracts"]["InstitutionRegistry"]["address"], NEXT.address, 2),
    ):
        desk.deployment.write_text(text.replace(old, new))
        answer = desk.run("send", proposal, signed, "--payer", desk.key(PAYER), code=code)
        assert "another chain" in _refused(answer)
