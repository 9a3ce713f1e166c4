"""A party's key files."""

from __future__ import annotations

import io
import json
import os
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from eth_account import Account

from chain.party import keystore
from chain.party.errors import Exposed, KeystoreError, WrongKind, WrongPassphrase
from chain.party.keystore import EvmKey, NoteKey, kind_of, passphrase_for

FAST = 1 << 10  # scrypt's N, so that a test takes milliseconds


def test_eth_account_opens_what_we_wrote(tmp_path: Path) -> None:
    key = EvmKey.generate()
    key.save(tmp_path / "k.json", "秘密 passphrase", work=FAST)
    assert Account.decrypt((tmp_path / "k.json").read_text(), "秘密 passphrase") == key.secret
    assert Account.from_key(key.secret).address == key.address


def test_we_open_what_eth_account_wrote(tmp_path: Path) -> None:
    account = Account.create()
    path = tmp_path / "k.json"
    path.write_text(json.dumps(Account.encrypt(account.key, "p", kdf="scrypt", iterations=FAST)))
    path.chmod(0o600)
    assert EvmKey.load(path, "p").address == account.address


def test_note_key_comes_back_with_its_name(tmp_path: Path) -> None:
    key = NoteKey.generate("witness.example/regulator")
    key.save(tmp_path / "n.pem", "p")
    again = NoteKey.load(tmp_path / "n.pem", "p")
    assert again == key
    Ed25519PublicKey.from_public_bytes(again.public).verify(again.sign(b"m"), b"m")


def test_files_are_private_under_any_umask(tmp_path: Path) -> None:
    before = os.umask(0o000)
    try:
        NoteKey.generate("n").save(tmp_path / "keys" / "n.pem", "p")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "keys" / "n.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    assert [one.name for one in (tmp_path / "keys").iterdir()] == ["n.pem"]


def test_wrong_passphrase_is_named(tmp_path: Path) -> None:
    EvmKey.generate().save(tmp_path / "k.json", "right", work=FAST)
    NoteKey.generate("n").save(tmp_path / "n.pem", "right")
    with pytest.raises(WrongPassphrase):
        EvmKey.load(tmp_path / "k.json", "wrong")
    with pytest.raises(WrongPassphrase):
        NoteKey.load(tmp_path / "n.pem", "wrong")


def test_wrong_kind_is_named(tmp_path: Path) -> None:
    EvmKey.generate().save(tmp_path / "k.json", "p", work=FAST)
    NoteKey.generate("n").save(tmp_path / "n.pem", "p")
    assert (kind_of(tmp_path / "k.json"), kind_of(tmp_path / "n.pem")) == ("evm", "note")
    with pytest.raises(WrongKind):
        NoteKey.load(tmp_path / "k.json", "p")
    with pytest.raises(WrongKind):
        EvmKey.load(tmp_path / "n.pem", "p")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_file_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    NoteKey.generate("n").save(tmp_path / "n.pem", "p")
    (tmp_path / "n.pem").chmod(mode)
    with pytest.raises(Exposed, match="chmod 600"):
        NoteKey.load(tmp_path / "n.pem", "p")


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    NoteKey.generate("n").save(tmp_path / "n.pem", "p")
    before = (tmp_path / "n.pem").read_bytes()
    with pytest.raises(KeystoreError, match="exists"):
        NoteKey.generate("n").save(tmp_path / "n.pem", "p")
    assert (tmp_path / "n.pem").read_bytes() == before


@pytest.mark.parametrize(
    "change",
    [
        {"version": 1},
        {"crypto": {}},
        {"address": "00" * 20},
        {"crypto": {"kdf": "pbkdf2"}},
        {"crypto": {"kdfparams": {"n": 1 << 30}}},
        {"crypto": {"kdfparams": {"n": 1000}}},
    ],
)
def test_a_changed_key_file_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "k.json"
    EvmKey.generate().save(path, "p", work=FAST)
    document = json.loads(path.read_text())
    _merge(document, change)
    path.write_text(json.dumps(document))
    with pytest.raises(KeystoreError):
        EvmKey.load(path, "p")


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"regseal-key-name: n\n", b"\xff\xfe"])
def test_rubbish_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "k"
    path.write_bytes(data)
    path.chmod(0o600)
    for load in (EvmKey.load, NoteKey.load):
        with pytest.raises(KeystoreError):
            load(path, "p")


def test_an_unencrypted_pem_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "n.pem"
    path.write_bytes(b"regseal-key-name: n\n-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
    path.chmod(0o600)
    with pytest.raises(KeystoreError, match="encrypted"):
        NoteKey.load(path, "p")


def test_secrets_do_not_print() -> None:
    key, note = EvmKey.generate(), NoteKey.generate("n")
    assert repr(key.secret) not in repr(key)
    assert repr(note.secret) not in repr(note)


def test_passphrase_order_is_environment_then_file(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "k.json"
    keystore.new_passphrase_file(tmp_path)
    written = (tmp_path / "passphrase").read_text().strip()
    assert len(written) >= 40
    assert passphrase_for(key, {}) == written
    assert passphrase_for(key, {"REGSEAL_PASSPHRASE": "from outside"}) == "from outside"


def test_an_exposed_or_missing_passphrase_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(WrongPassphrase, match="REGSEAL_PASSPHRASE"):
        passphrase_for(tmp_path / "k.json", {})
    keystore.new_passphrase_file(tmp_path).chmod(0o644)
    with pytest.raises(Exposed):
        passphrase_for(tmp_path / "k.json", {})


def test_an_empty_passphrase_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongPassphrase, match="empty"):
        passphrase_for(tmp_path / "k.json", {"REGSEAL_PASSPHRASE": ""})


def _merge(target: dict[str, object], change: dict[str, object]) -> None:
    for name, value in change.items():
        inner = target.get(name)
        if isinstance(value, dict) and value and isinstance(inner, dict):
            _merge(inner, value)
        else:
            target[name] = value
