"""C2SP signed notes and `cosignature/v1` (docs/spec/log.md).

A note is text, a blank line and signature lines `— <name> <Base64(key id ‖ payload)>`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from chain.proof.ed25519 import KEY_BYTES, SIGNATURE_BYTES, SigningKey, signature_holds
from chain.proof.encoding import TIME_MAX, from_base64, to_base64
from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import sha256

MAX_BYTES = 65_536
MAX_SIGNATURES = 64
KEY_ID_BYTES = 4
_SECONDS_BYTES = 8
_PREFIX = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class SignatureType(IntEnum):
    """How a key signs: the text itself, or the text behind a time (C2SP signature types)."""

    ED25519 = 0x01
    COSIGNATURE = 0x04


def _check_name(name: str, field: str) -> None:
    if not name or "+" in name or _CONTROL.search(name) or any(each.isspace() for each in name):
        raise FormatError(field, "a key name is text without white space, control characters and plus signs")


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key under a name; `public` is 32 bytes of Ed25519. Raises FormatError when either is impossible."""

    name: str
    type: SignatureType
    public: bytes

    def __post_init__(self) -> None:
        _check_name(self.name, "vkey")
        if len(self.public) != KEY_BYTES:
            raise FormatError("vkey", f"the key must be {KEY_BYTES} bytes, not {len(self.public)}")

    @property
    def key_id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ 0x0A ‖ type ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + bytes((self.type,)) + self.public)[:KEY_ID_BYTES]

    def of_type(self, signature_type: SignatureType) -> "VerifierKey":
        """The same key, signing in another way."""
        return VerifierKey(self.name, signature_type, self.public)

    def format(self) -> str:
        """`<name>+<key id, 8 hex digits>+<Base64(type ‖ key)>`."""
        return f"{self.name}+{self.key_id.hex()}+{to_base64(bytes((self.type,)) + self.public)}"

    @classmethod
    def parse(cls, text: str, field: str = "vkey") -> "VerifierKey":
        """The key of its text. Raises FormatError, also when the key id is not that of the key."""
        # The Base64 may contain plus signs, the name and the key id may not.
        name, _, rest = text.partition("+")
        key_id, _, encoded = rest.partition("+")
        data = from_base64(encoded, field)
        if not data or data[0] not in tuple(SignatureType):
            raise FormatError(field, "has no known signature type")
        try:
            key = cls(name, SignatureType(data[0]), data[1:])
        except FormatError as error:
            raise FormatError(field, error.reason) from error
        if key.key_id.hex() != key_id:
            raise FormatError(field, "the key id is not that of the key")
        return key


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line: who it claims to be by, and the bytes behind the key id."""

    name: str
    key_id: bytes
    payload: bytes

    def line(self) -> str:
        """The line with its newline."""
        return f"{_PREFIX}{self.name} {to_base64(self.key_id + self.payload)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """Text, which ends in a newline, and its signatures, not yet verified."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def format(self) -> str:
        """The whole note."""
        return f"{self.text}\n{''.join(each.line() for each in self.signatures)}"


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that holds; `time` is that of a cosignature in seconds since 1970, else None."""

    key: VerifierKey
    time: int | None


class NoteSigner:
    """Signs notes with a raw 32-byte Ed25519 seed under a name, in the way of `kind`."""

    __slots__ = ("_id", "_key", "key")

    def __init__(self, name: str, kind: SignatureType, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.key = VerifierKey(name, kind, self._key.public)
        self._id = self.key.key_id

    def sign(self, text: str, *, seconds: int | None = None) -> NoteSignature:
        """A signature over the text. `seconds` since 1970 go with a cosignature and with nothing else."""
        if self.key.type is SignatureType.COSIGNATURE:
            if seconds is None or not 0 <= seconds <= TIME_MAX // 1000:
                raise FormatError("time", "a cosignature needs a time in the years 1970 to 9999")
            payload = seconds.to_bytes(_SECONDS_BYTES, "big") + self._key.sign(_cosigned(text, seconds))
        elif seconds is not None:
            raise FormatError("time", "a plain signature has no time")
        else:
            payload = self._key.sign(text.encode())
        return NoteSignature(self.key.name, self._id, payload)


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def sign_note(text: str, *signers: NoteSigner) -> str:
    """A note over the text with plain signatures. Raises FormatError for text that no note can carry."""
    note = Note(text, tuple(each.sign(text) for each in signers)).format()
    parse_note(note)
    return note


def parse_note(data: bytes | str) -> Note:
    """The parts of a note, nothing verified. Raises FormatError."""
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > MAX_BYTES:
        raise FormatError("note", f"longer than {MAX_BYTES} bytes")
    try:
        content = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormatError("note", f"not UTF-8 at byte {error.start}") from error
    if _CONTROL.search(content):
        raise FormatError("note", "control characters")
    text, separator, tail = content.rpartition("\n\n")
    if not separator or not tail.endswith("\n"):
        raise FormatError("note", "must be text, a blank line and signature lines")
    lines = tail[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise FormatError("note", f"more than {MAX_SIGNATURES} signatures")
    return Note(text + "\n", tuple(_parse_line(line) for line in lines))


def _parse_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_PREFIX).partition(" ")
    if not line.startswith(_PREFIX):
        raise FormatError("note", "a signature line starts with an em dash and a space")
    _check_name(name, "note")
    data = from_base64(encoded, "note")
    if len(data) <= KEY_ID_BYTES:
        raise FormatError("note", "a signature is shorter than its key id")
    return NoteSignature(name, data[:KEY_ID_BYTES], data[KEY_ID_BYTES:])


def verify_note(note: Note, keys: Iterable[VerifierKey]) -> list[VerifiedSignature]:
    """The signatures by the given keys, in the note's order.

    Those of other keys are skipped. Raises ProofError `signature-wrong` when one that claims to be by a given key does
    not hold.
    """
    known = {(key.name, key.key_id): key for key in keys}
    verified = []
    for signature in note.signatures:
        key = known.get((signature.name, signature.key_id))
        if key:
            verified.append(_verify(note.text, signature, key))
    return verified


def _verify(text: str, signature: NoteSignature, key: VerifierKey) -> VerifiedSignature:
    payload, seconds, message = signature.payload, None, text.encode()
    if key.type is SignatureType.COSIGNATURE:
        seconds = int.from_bytes(payload[:_SECONDS_BYTES], "big")
        payload, message = payload[_SECONDS_BYTES:], _cosigned(text, seconds)
        if seconds > TIME_MAX // 1000:
            raise ProofError("signature-wrong", f"the cosignature of {key.name} is beyond the year 9999")
    if len(payload) != SIGNATURE_BYTES or not signature_holds(key.public, message, payload):
        raise ProofError("signature-wrong", f"the signature of {key.name} does not hold")
    return VerifiedSignature(key, seconds)


def with_signatures(note: Note, signatures: Iterable[NoteSignature]) -> Note:
    """The note with more signatures, those it has already left out. Raises FormatError beyond 64."""
    merged = tuple(dict.fromkeys((*note.signatures, *signatures)))
    if len(merged) > MAX_SIGNATURES:
        raise FormatError("note", f"more than {MAX_SIGNATURES} signatures")
    return Note(note.text, merged)
