from pathlib import Path

import pytest

from services.platform import repository
from services.platform.atrest import Vault, Wrapping, aad
from services.platform.clock import FixedClock
from services.platform.database import Database, WriteSession
from services.platform.errors import StartRefused, Unavailable

PLACE = aad("record", "rec_1")


def _encrypt(database: Database, vault: Vault, institution: str, plaintext: bytes) -> bytes:
    with database.write() as session:
        return vault.encrypt(session, institution, plaintext, PLACE)


def _decrypt(database: Database, vault: Vault, institution: str, blob: bytes, place: bytes = PLACE) -> bytes:
    with database.read() as session:
        return vault.decrypt(session, institution, blob, place)


def test_what_was_encrypted_opens_again_also_in_another_process(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    blob = _encrypt(database, vault, "ins_a", "记录".encode())
    assert _decrypt(database, vault, "ins_a", blob) == "记录".encode()
    assert _decrypt(database, Vault(tmp_path / "master.key"), "ins_a", blob) == "记录".encode()


def test_many_are_encrypted_at_once_each_bound_to_its_own_place(database: Database, vault: Vault) -> None:
    told = [(f"record {number}".encode(), aad("record", f"rec_{number}")) for number in range(20)]
    with database.write() as session:
        blobs = vault.encrypt_all(session, "ins_a", told)
    assert [_decrypt(database, vault, "ins_a", blob, place) for blob, (_, place) in zip(blobs, told, strict=True)] == [
        plaintext for plaintext, _ in told
    ]
    assert len({blob[5:17] for blob in blobs}) == len(blobs)
    with pytest.raises(Unavailable):
        _decrypt(database, vault, "ins_a", blobs[0], told[1][1])


def test_the_database_holds_neither_plaintext_nor_data_key(database: Database, vault: Vault) -> None:
    blob = _encrypt(database, vault, "ins_a", b"plain words")
    assert b"plain words" not in blob
    with database.read() as session:
        ((_, _, master_id, wrapped),) = repository.data_keys(session)
    assert master_id == vault.master_id
    assert len(wrapped) == 1 + 8 + 12 + 32 + 16


@pytest.mark.parametrize("change", ["row", "institution", "purpose", "byte", "version", "form"])
def test_a_ciphertext_opens_only_where_it_belongs(database: Database, vault: Vault, change: str) -> None:
    blob = _encrypt(database, vault, "ins_a", b"plain")
    _encrypt(database, vault, "ins_b", b"other")
    institution = "ins_b" if change == "institution" else "ins_a"
    place = {"row": aad("record", "rec_2"), "purpose": aad("person-name", "rec_1")}.get(change, PLACE)
    if change == "byte":
        blob = blob[:-1] + bytes([blob[-1] ^ 1])
    if change == "version":
        blob = blob[:1] + (7).to_bytes(4, "big") + blob[5:]
    if change == "form":
        blob = b"\x02" + blob[1:]
    with pytest.raises(Unavailable) as refused:
        _decrypt(database, vault, institution, blob, place)
    assert refused.value.slug == "atrest-unreadable"


def test_another_master_key_opens_nothing(database: Database, vault: Vault, tmp_path: Path) -> None:
    blob = _encrypt(database, vault, "ins_a", b"plain")
    with pytest.raises(Unavailable):
        _decrypt(database, Vault.create(tmp_path / "other.key"), "ins_a", blob)


def _make_key_and_fail(session: WriteSession, vault: Vault) -> None:
    with session.begin_nested():
        vault.encrypt(session, "ins_a", b"lost", PLACE)
        raise KeyError


def test_a_data_key_of_a_rolled_back_savepoint_is_never_used_again(database: Database, vault: Vault) -> None:
    with database.write() as session:
        with pytest.raises(KeyError):
            _make_key_and_fail(session, vault)
        blob = vault.encrypt(session, "ins_a", b"kept", PLACE)
    assert _decrypt(database, vault, "ins_a", blob) == b"kept"


def _encrypt_and_fail(database: Database, vault: Vault) -> None:
    with database.write() as session:
        vault.encrypt(session, "ins_a", b"lost", PLACE)
        raise KeyError


def test_a_data_key_of_a_rolled_back_transaction_is_never_used_again(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    with pytest.raises(KeyError):
        _encrypt_and_fail(database, vault)
    blob = _encrypt(database, vault, "ins_a", b"kept")
    assert _decrypt(database, Vault(tmp_path / "master.key"), "ins_a", blob) == b"kept"


def test_a_new_data_key_serves_from_now_on_and_the_old_one_still_opens(database: Database, vault: Vault) -> None:
    old = _encrypt(database, vault, "ins_a", b"old")
    with database.write() as session:
        assert vault.renew_data_key(session, "ins_a") == 2
    new = _encrypt(database, vault, "ins_a", b"new")
    assert (old[1:5], new[1:5]) == (b"\0\0\0\x01", b"\0\0\0\x02")
    assert _decrypt(database, vault, "ins_a", old) == b"old"
    assert _decrypt(database, vault, "ins_a", new) == b"new"


def test_the_master_key_is_replaced_without_touching_a_ciphertext(
    database: Database, vault: Vault, tmp_path: Path
) -> None:
    file = tmp_path / "master.key"
    blob, key = _encrypt(database, vault, "ins_a", b"plain"), vault.wrap(b"log key", b"log")
    held = {"key": key}

    def holder(_session: object) -> list[Wrapping]:
        return [Wrapping(held["key"], b"log", lambda wrapped: held.update(key=wrapped))]

    old = file.read_text()
    vault.renew_master()
    with database.write() as session:
        assert vault.rewrap_all(session) == 1
    with database.read() as reading, pytest.raises(StartRefused, match="1 keys are still wrapped"):
        vault.drop_old_masters(reading, holder)
    with database.write() as session:
        assert vault.rewrap_all(session, holder) == 1
    with database.read() as reading:
        assert vault.drop_old_masters(reading, holder) == 1
    assert old not in file.read_text()
    fresh = Vault(file)
    assert _decrypt(database, fresh, "ins_a", blob) == b"plain"
    assert fresh.unwrap(held["key"], b"log") == b"log key"


def test_a_master_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "master.key"
    Vault.create(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o640)
    with pytest.raises(StartRefused, match="chmod 600"):
        Vault(file)


def test_a_master_key_file_is_never_overwritten(tmp_path: Path) -> None:
    Vault.create(tmp_path / "master.key")
    with pytest.raises(StartRefused, match="exists"):
        Vault.create(tmp_path / "master.key")


@pytest.mark.parametrize("text", ["", "zz\n", "0011223344556677 00\n", "short " + "00" * 32 + "\n"])
def test_a_damaged_master_key_file_is_refused(tmp_path: Path, text: str, clock: FixedClock) -> None:
    file = tmp_path / "master.key"
    file.write_text(text)
    file.chmod(0o600)
    with pytest.raises(StartRefused, match="damaged"):
        Vault(file, clock)
