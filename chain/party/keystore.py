"""A party's keys on its own disk: encrypted, readable by their owner alone, replaced atomically.

`EvmKey` (secp256k1: authorisations, transactions) is kept as web3 secret storage version 3 with scrypt, which every EVM
tool reads; `NoteKey` (Ed25519: logs, witnesses, submitters) as encrypted PKCS #8 PEM with its name on the line before.
"""

from __future__ import annotations

import getpass
import hmac
import json
import os
import re
import secrets
import stat
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

from coincurve import PrivateKey
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from chain.party.durable import write_private
from chain.party.errors import Exposed, KeystoreError, WrongKind, WrongPassphrase
from chain.party.evm import ORDER, address_of, checksummed, sign_digest
from chain.proof.hashing import keccak256

PASSPHRASE_VARIABLE = "REGSEAL_PASSPHRASE"  # noqa: S105 - a name, no secret
PASSPHRASE_FILE = "passphrase"  # noqa: S105 - a name, no secret
SCRYPT_WORK = 1 << 17
"""scrypt's N for new key files: 128 MiB and about 0.4 s a guess."""
_SCRYPT_LIMIT = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")
_NAME_LINE = re.compile(rb"regseal-key-name: (\S+)\n")
_PEM = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----\n.*?-----END ENCRYPTED PRIVATE KEY-----\n?", re.DOTALL)


@dataclass(frozen=True)
class EvmKey:
    """A secp256k1 key."""

    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A new random key."""
        return cls(PrivateKey().secret)

    def __post_init__(self) -> None:
        if len(self.secret) != 32 or not 0 < int.from_bytes(self.secret, "big") < ORDER:
            raise ValueError("a secp256k1 key is a number of 32 bytes below the order")

    @property
    def address(self) -> str:
        """EIP-55 address."""
        return checksummed(address_of(PrivateKey(self.secret).public_key))

    def sign(self, digest: bytes) -> bytes:
        """65-byte signature over a 32-byte digest."""
        return sign_digest(self.secret, digest)

    def save(self, path: Path, passphrase: str, *, work: int = SCRYPT_WORK) -> None:
        """Writes the key file (0600); never over an existing one. `work` is scrypt's N."""
        _refuse_existing(path)
        salt, iv = secrets.token_bytes(32), secrets.token_bytes(16)
        derived = _scrypt(passphrase, salt, work, 8, 1)
        ciphertext = _aes_ctr(derived[:16], iv, self.secret)
        document = {
            "address": self.address[2:].lower(),
            "crypto": {
                "cipher": "aes-128-ctr",
                "cipherparams": {"iv": iv.hex()},
                "ciphertext": ciphertext.hex(),
                "kdf": "scrypt",
                "kdfparams": {"dklen": 32, "n": work, "p": 1, "r": 8, "salt": salt.hex()},
                "mac": keccak256(derived[16:32] + ciphertext).hex(),
            },
            "id": str(uuid.UUID(bytes=secrets.token_bytes(16), version=4)),
            "version": 3,
        }
        write_private(path, (json.dumps(document, indent=2) + "\n").encode())

    @classmethod
    def load(cls, path: Path, passphrase: str) -> Self:
        """Opens a key file. Raises WrongPassphrase, WrongKind, Exposed, KeystoreError."""
        document = _v3_document(path, _read_private(path))
        try:
            crypto = document["crypto"]
            parameters = crypto["kdfparams"]
            if crypto["cipher"] != "aes-128-ctr" or crypto["kdf"] != "scrypt" or parameters["dklen"] != 32:
                raise KeystoreError(path, "only aes-128-ctr with scrypt is supported")
            work, block, lanes = (int(parameters[name]) for name in ("n", "r", "p"))
            if not (1 < work <= _SCRYPT_LIMIT and work & (work - 1) == 0 and 0 < block <= 16 and 0 < lanes <= 16):
                raise KeystoreError(path, "scrypt parameters out of bounds")
            ciphertext = bytes.fromhex(crypto["ciphertext"])
            derived = _scrypt(passphrase, bytes.fromhex(parameters["salt"]), work, block, lanes)
            iv, mac = bytes.fromhex(crypto["cipherparams"]["iv"]), bytes.fromhex(crypto["mac"])
            if not hmac.compare_digest(keccak256(derived[16:32] + ciphertext), mac):
                raise WrongPassphrase(path, "the passphrase does not open this key")
            key = cls(_aes_ctr(derived[:16], iv, ciphertext))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise KeystoreError(path, "not a web3 secret storage file of version 3") from error
        if str(document.get("address", key.address[2:])).lower().removeprefix("0x") != key.address[2:].lower():
            raise KeystoreError(path, "the address written in the file is not that of its key")
        return key


@dataclass(frozen=True)
class NoteKey:
    """An Ed25519 key with the name under which it signs notes (C2SP signed-note)."""

    name: str
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new random key."""
        return cls(name, secrets.token_bytes(32))

    def __post_init__(self) -> None:
        if len(self.secret) != 32:
            raise ValueError("an Ed25519 seed has 32 bytes")
        if not _NAME.fullmatch(self.name):
            raise ValueError("a key's name is made of letters, digits and . _ / -")

    @property
    def public(self) -> bytes:
        """The 32-byte public key."""
        key = Ed25519PrivateKey.from_private_bytes(self.secret)
        return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(self, message: bytes) -> bytes:
        """64-byte Ed25519 signature."""
        return Ed25519PrivateKey.from_private_bytes(self.secret).sign(message)

    def save(self, path: Path, passphrase: str) -> None:
        """Writes the key file (0600); never over an existing one."""
        _refuse_existing(path)
        pem = Ed25519PrivateKey.from_private_bytes(self.secret).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase.encode())
        )
        write_private(path, f"regseal-key-name: {self.name}\n".encode() + pem)

    @classmethod
    def load(cls, path: Path, passphrase: str) -> Self:
        """Opens a key file. Raises WrongPassphrase, WrongKind, Exposed, KeystoreError."""
        data = _read_private(path)
        if data.lstrip().startswith(b"{"):
            raise WrongKind(path, "this is an EVM key; a note key (Ed25519) is needed")
        name, pem = _NAME_LINE.match(data), _PEM.search(data)
        if name is None or pem is None:
            raise KeystoreError(path, "not an encrypted note key")
        try:
            key = load_pem_private_key(pem.group(), passphrase.encode())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise WrongPassphrase(path, "the passphrase does not open this key") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise WrongKind(path, "the file holds a key that is not Ed25519")
        return cls(name.group(1).decode("ascii", "replace"), key.private_bytes_raw())


def kind_of(path: Path) -> Literal["evm", "note"]:
    """Which kind of key a file holds, without opening it. Raises KeystoreError."""
    data = _read_private(path)
    if data.lstrip().startswith(b"{"):
        _v3_document(path, data)
        return "evm"
    if _NAME_LINE.match(data) is None:
        raise KeystoreError(path, "neither an EVM key nor a note key")
    return "note"


def passphrase_for(path: Path, environment: Mapping[str, str] | None = None, *, confirm: bool = False) -> str:
    """The passphrase of the key at `path`.

    Looked for in this order: `$REGSEAL_PASSPHRASE`; a file `passphrase` (0600) in the key's folder or the one above;
    the terminal.

    Args:
        confirm: ask twice, for a new key.
    Raises:
        WrongPassphrase: there is none to be had, or an empty one.
    """
    value = (os.environ if environment is None else environment).get(PASSPHRASE_VARIABLE)
    if value is None:
        folder = path.absolute().parent
        candidates = [folder / PASSPHRASE_FILE, folder.parent / PASSPHRASE_FILE]
        found = next((one for one in candidates if one.is_file()), None)
        value = _read_private(found).decode().rstrip("\r\n") if found else _ask(path, confirm=confirm)
    if not value:
        raise WrongPassphrase(path, "the passphrase is empty")
    return value


def new_passphrase_file(folder: Path) -> Path:
    """Writes a random passphrase for keys of a process that must start unattended; never over an existing one."""
    path = folder / PASSPHRASE_FILE
    _refuse_existing(path)
    write_private(path, (secrets.token_urlsafe(32) + "\n").encode())
    return path


def _ask(path: Path, *, confirm: bool) -> str:
    if not sys.stdin.isatty():
        hint = f"set ${PASSPHRASE_VARIABLE} or write it to {path.absolute().parent / PASSPHRASE_FILE} (0600)"
        raise WrongPassphrase(path, f"no passphrase given: {hint}")
    value = getpass.getpass(f"Passphrase of {path.name}: ")
    if confirm and getpass.getpass("Once more: ") != value:
        raise WrongPassphrase(path, "the two passphrases differ")
    return value


def _read_private(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise Exposed(path, f"others may read or change it; run: chmod 600 '{path}'")
            return file.read(65536)
    except FileNotFoundError as error:
        raise KeystoreError(path, "there is no such file") from error
    except OSError as error:
        raise KeystoreError(path, error.strerror or "cannot be read") from error


def _v3_document(path: Path, data: bytes) -> Mapping[str, Any]:
    if data.startswith((b"-----BEGIN", b"regseal-key-name:")):
        raise WrongKind(path, "this is a note key (Ed25519); an EVM key is needed")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise KeystoreError(path, "not a key file") from error
    if not isinstance(document, dict) or document.get("version") != 3:
        raise KeystoreError(path, "not a web3 secret storage file of version 3")
    return document


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise KeystoreError(path, "exists already; a key is never overwritten")


def _scrypt(passphrase: str, salt: bytes, work: int, block: int, lanes: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=work, r=block, p=lanes).derive(passphrase.encode())


def _aes_ctr(key: bytes, iv: bytes, data: bytes) -> bytes:
    encryptor = Cipher(algorithms.AES128(key), modes.CTR(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()
