"""At-rest encryption: a master key in a file outside the database wraps one data key per institution (AES-256-GCM).

A stolen database is unreadable without the file, a ciphertext moved to another row or institution does not open (the
associated data binds institution, purpose and id), and the master key is replaced without touching a single ciphertext.

    data key  = AES-256-GCM(master key, random key; "regseal/v1/data-key" ‖ institution ‖ version)
    blob      = 0x01 ‖ u32 key version ‖ 12-byte nonce ‖ AES-256-GCM(data key, plaintext; institution ‖ aad)
    wrapped   = 0x01 ‖ 8-byte master id ‖ 12-byte nonce ‖ AES-256-GCM(master key, plaintext; aad)

The master key file (0600) has one line per key, ``<id, 16 hex digits> <key, 64 hex digits>``; the last one wraps, all
unwrap.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import event
from sqlalchemy.orm import Session

from services.platform import repository
from services.platform.clock import Clock, SystemClock
from services.platform.errors import StartRefused, Unavailable

__all__ = ["DataKey", "Holder", "Vault", "Wrapping", "aad"]

_VERSION = b"\x01"
_NONCE = 12
_NEW_KEYS = "regseal.atrest.new-keys"


def aad(purpose: str, ref: str) -> bytes:
    """Associated data that binds a ciphertext to what it is for and to its row."""
    return f"regseal/v1/{purpose}".encode() + b"\x00" + ref.encode()


@dataclass(frozen=True)
class _DataKey:
    version: int
    cipher: AESGCM


@dataclass(frozen=True, slots=True)
class Wrapping:
    """Something wrapped by a master key, as it lies in a row: what binds it, and how to put other bytes there."""

    wrapped: bytes
    aad: bytes
    put: Callable[[bytes], None]

    @property
    def master_id(self) -> str:
        """Which master key wrapped it."""
        return _master_of(self.wrapped)


@dataclass(frozen=True, slots=True)
class DataKey:
    """An institution's data key as it is stored: under the master key ``master_id``. ``created_at`` in UTC ms."""

    institution_id: str
    version: int
    master_id: str
    wrapped: bytes
    created_at: int


Holder = Callable[[Session], Iterable[Wrapping]]


class Vault:
    """Opens with the master key file; thread-safe. Data keys are made at an institution's first use."""

    def __init__(self, master_key_file: Path, clock: Clock | None = None) -> None:
        self._file = master_key_file
        self._clock = clock or SystemClock()
        self._masters = _read_masters(master_key_file)
        self._known: dict[tuple[str, int], _DataKey] = {}
        self._current: dict[str, _DataKey] = {}

    @classmethod
    def create(cls, master_key_file: Path, clock: Clock | None = None) -> "Vault":
        """Makes a new master key file, 0600. StartRefused when it exists: it may be the only key to a database."""
        if master_key_file.exists():
            raise StartRefused(f"The master key file {master_key_file} exists already.")
        _write_masters(master_key_file, [_new_master()])
        return cls(master_key_file, clock)

    @property
    def master_id(self) -> str:
        """The id of the master key that wraps now."""
        return next(reversed(self._masters))

    def ensure_key(self, session: Session, institution_id: str) -> None:
        """Makes the institution's data key if it has none: afterwards a session that only reads can encrypt."""
        self._current_key(session, institution_id)

    def encrypt(self, session: Session, institution_id: str, plaintext: bytes, aad: bytes) -> bytes:
        """The blob of ``plaintext`` under the institution's data key (29 bytes and the tag longer than it)."""
        return self.encrypt_all(session, institution_id, [(plaintext, aad)])[0]

    def encrypt_all(self, session: Session, institution_id: str, told: Sequence[tuple[bytes, bytes]]) -> list[bytes]:
        """The blobs of many (plaintext, ``aad``): one look for the key, one question for nonces."""
        key, nonces = self._current_key(session, institution_id), os.urandom(_NONCE * len(told))
        head, bound = _VERSION + key.version.to_bytes(4, "big"), institution_id.encode() + b"\x00"
        blobs = []
        for place, (plaintext, aad) in enumerate(told):
            nonce = nonces[place * _NONCE : (place + 1) * _NONCE]
            blobs.append(head + nonce + key.cipher.encrypt(nonce, plaintext, bound + aad))
        return blobs

    def decrypt(self, session: Session, institution_id: str, blob: bytes, aad: bytes) -> bytes:
        """The plaintext. Unavailable(atrest-unreadable) when blob, institution or ``aad`` are not what they were."""
        if blob[:1] != _VERSION:
            raise _unreadable()
        key = self._key(session, institution_id, int.from_bytes(blob[1:5], "big"))
        return _open(key.cipher, blob[5:], institution_id.encode() + b"\x00" + aad)

    def wrap(self, plaintext: bytes, aad: bytes) -> bytes:
        """``plaintext`` under the master key itself: for keys, not for data."""
        nonce = os.urandom(12)
        sealed = self._masters[self.master_id].encrypt(nonce, plaintext, aad)
        return _VERSION + bytes.fromhex(self.master_id) + nonce + sealed

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """What was wrapped, under any master key of the file. Unavailable(atrest-unreadable) otherwise."""
        master = self._masters.get(_master_of(wrapped))
        if wrapped[:1] != _VERSION or master is None:
            raise _unreadable()
        return _open(master, wrapped[9:], aad)

    def rewrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The same plaintext under the present master key; the same bytes when it is already."""
        if _master_of(wrapped) == self.master_id:
            return wrapped
        return self.wrap(self.unwrap(wrapped, aad), aad)

    def renew_master(self) -> str:
        """Adds a master key, which wraps from now on. Then :meth:`rewrap_all`, commit, :meth:`drop_old_masters`."""
        masters = _read_lines(self._file)
        masters.append(_new_master())
        _write_masters(self._file, masters)
        self._masters = _read_masters(self._file)
        return self.master_id

    @property
    def old_masters(self) -> tuple[str, ...]:
        """Ids of the master keys that only unwrap."""
        return tuple(self._masters)[:-1]

    def stored(self, session: Session) -> tuple[DataKey, ...]:
        """Every institution's data keys as they lie in the database, wrapped."""
        return tuple(
            DataKey(row.institution_id, row.version, row.master_id, row.wrapped, row.created_at)
            for row in repository.data_key_rows(session)
        )

    def opener(self, keys: Iterable[DataKey]) -> Callable[[str, bytes, bytes], bytes]:
        """Opens ``(institution, blob, aad)`` with stored keys that this database need not have.

        Both it and what it gives raise Unavailable(atrest-unreadable).
        """
        places = {(key.institution_id, key.version): key.wrapped for key in keys}
        ciphers = {place: AESGCM(self.unwrap(wrapped, _key_aad(*place))) for place, wrapped in places.items()}

        def open_blob(institution_id: str, blob: bytes, aad: bytes) -> bytes:
            cipher = ciphers.get((institution_id, int.from_bytes(blob[1:5])))
            if blob[:1] != _VERSION or cipher is None:
                raise _unreadable()
            return _open(cipher, blob[5:], institution_id.encode() + b"\x00" + aad)

        return open_blob

    def restore(self, session: Session, key: DataKey) -> bool:
        """Puts a stored data key back; False when it is there. Unavailable unless a master key of the file opens it."""
        self.unwrap(key.wrapped, _key_aad(key.institution_id, key.version))
        return repository.add_data_key(session, **asdict(key))

    def rewrap_all(self, session: Session, *holders: Holder) -> int:
        """Puts everything wrapped under the present master key, in the caller's transaction; how much it was.

        Data keys are this module's own; ``holders`` tell of whatever else a master key wraps.
        """
        old = [each for each in self._wrappings(session, holders) if each.master_id != self.master_id]
        for each in old:
            each.put(self.rewrap(each.wrapped, each.aad))
        session.flush()
        return len(old)

    def drop_old_masters(self, session: Session, *holders: Holder) -> int:
        """Removes all master keys but the present one; their number. StartRefused while anything needs an old one."""
        needed = sum(each.master_id != self.master_id for each in self._wrappings(session, holders))
        if needed:
            raise StartRefused(f"{needed} keys are still wrapped by an old master key: rewrap them first.")
        dropped = len(self.old_masters)
        _write_masters(self._file, _read_lines(self._file)[-1:])
        self._masters = _read_masters(self._file)
        return dropped

    def _wrappings(self, session: Session, holders: Iterable[Holder]) -> list[Wrapping]:
        found = [
            Wrapping(wrapped, _key_aad(institution_id, version), partial(self._put, session, institution_id, version))
            for institution_id, version, _, wrapped in repository.data_keys(session)
        ]
        return [*found, *chain.from_iterable(holder(session) for holder in holders)]

    def _put(self, session: Session, institution_id: str, version: int, wrapped: bytes) -> None:
        master_id = _master_of(wrapped)
        repository.replace_wrapping(session, institution_id, version, master_id=master_id, wrapped=wrapped)

    def renew_data_key(self, session: Session, institution_id: str) -> int:
        """A new data key for what is encrypted from now on; older blobs stay readable. Its version."""
        found = repository.latest_data_key(session, institution_id)
        return self._create(session, institution_id, 1 if found is None else found[0] + 1).version

    # A data key made in a transaction that is rolled back must not outlive it in memory: what it encrypted would be
    # lost. So a session that made one keeps its keys to itself and forgets them at any rollback (of a savepoint too);
    # only keys read by other sessions, which see committed rows alone, are remembered.

    def _current_key(self, session: Session, institution_id: str) -> _DataKey:
        own = session.info.get(_NEW_KEYS)
        known = self._current.get(institution_id) if own is None else own.get(institution_id)
        if known is not None:
            return known
        found = repository.latest_data_key(session, institution_id)
        if found is None:
            return self._create(session, institution_id, 1)
        key = self._load(institution_id, found)
        (self._current if own is None else own)[institution_id] = key
        return key

    def _key(self, session: Session, institution_id: str, version: int) -> _DataKey:
        known = self._known.get((institution_id, version))
        if known is not None:
            return known
        found = repository.find_data_key(session, institution_id, version)
        if found is None:
            raise _unreadable()
        key = self._load(institution_id, found)
        if _NEW_KEYS not in session.info:
            self._known[institution_id, version] = key
        return key

    def _load(self, institution_id: str, row: tuple[int, str, bytes]) -> _DataKey:
        return _DataKey(row[0], AESGCM(self.unwrap(row[2], _key_aad(institution_id, row[0]))))

    def _create(self, session: Session, institution_id: str, version: int) -> _DataKey:
        raw = AESGCM.generate_key(256)
        fresh = repository.add_data_key(
            session,
            institution_id=institution_id,
            version=version,
            master_id=self.master_id,
            wrapped=self.wrap(raw, _key_aad(institution_id, version)),
            created_at=self._clock.ms(),
        )
        if not fresh:  # another transaction was faster and has committed
            return self._key(session, institution_id, version)
        if _NEW_KEYS not in session.info:
            session.info[_NEW_KEYS] = {}
            event.listen(session, "after_soft_rollback", _forget_new_keys)
            event.listen(session, "after_commit", self._forget_superseded)
        key = _DataKey(version, AESGCM(raw))
        session.info[_NEW_KEYS][institution_id] = key
        return key

    def _forget_superseded(self, session: Session) -> None:
        for institution_id in session.info[_NEW_KEYS]:
            self._current.pop(institution_id, None)


def _master_of(wrapped: bytes) -> str:
    return wrapped[1:9].hex()


def _forget_new_keys(session: Session, _transaction: Any) -> None:
    session.info[_NEW_KEYS].clear()


def _key_aad(institution_id: str, version: int) -> bytes:
    return aad("data-key", institution_id) + version.to_bytes(4, "big")


def _open(cipher: AESGCM, sealed: bytes, associated: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:12], sealed[12:], associated)
    except (InvalidTag, ValueError):
        raise _unreadable() from None


def _unreadable() -> Unavailable:
    return Unavailable(
        "atrest-unreadable", "Stored data cannot be decrypted: wrong master key, or the row was changed."
    )


def _new_master() -> tuple[str, bytes]:
    return secrets.token_hex(8), AESGCM.generate_key(256)


def _read_lines(file: Path) -> list[tuple[str, bytes]]:
    try:
        mode = file.stat().st_mode
        text = file.read_text("ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise StartRefused(f"The master key file {file} cannot be read: {error}.") from None
    if stat.S_IMODE(mode) & 0o077:
        raise StartRefused(f"The master key file {file} is readable by others: chmod 600 {file}")
    try:
        masters = [(name, bytes.fromhex(key)) for name, key in (line.split() for line in text.splitlines())]
    except ValueError:
        masters = []
    if not masters or any(len(name) != 16 or len(key) != 32 for name, key in masters):
        raise StartRefused(f"The master key file {file} is damaged.")
    return masters


def _read_masters(file: Path) -> dict[str, AESGCM]:
    return {name: AESGCM(key) for name, key in _read_lines(file)}


def _write_masters(file: Path, masters: list[tuple[str, bytes]]) -> None:
    """Atomically and durably: a crash leaves the old file or the new one."""
    temporary = file.with_name(file.name + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, "".join(f"{name} {key.hex()}\n" for name, key in masters).encode())
        os.fsync(handle)
    finally:
        os.close(handle)
    temporary.replace(file)
    folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
