"""A record from the bytes that came in to the bytes that are stored. Pure but for the randomness of secrets."""

import secrets
from dataclasses import dataclass
from typing import Self

from chain.proof.canonical import JsonObject, parse_json, write_checked
from chain.proof.errors import FormatError
from chain.proof.hashing import Suite
from chain.proof.receipt import Submitter
from chain.proof.record import SECRET_BYTES, check_record, commit
from services.platform.errors import Invalid

__all__ = ["Prepared", "StoredRecord", "command_record", "prepare", "read_record", "stream_name"]

_VERSION = b"\x01"
_SIGNED = b"\x01"
_UNSIGNED = b"\x00"


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """What is encrypted at rest: canonical bytes, 32-byte secret, and the submitter's signature if there was one."""

    content: bytes
    secret: bytes
    submitter: Submitter | None = None

    def pack(self) -> bytes:
        """0x01 ‖ secret ‖ (0x00, or 0x01 ‖ public key ‖ signature) ‖ canonical bytes."""
        signed = _UNSIGNED
        if self.submitter is not None:
            signed = _SIGNED + self.submitter.public_key + self.submitter.signature
        return _VERSION + self.secret + signed + self.content

    @classmethod
    def unpack(cls, data: bytes) -> Self:
        """Of :meth:`pack`. ValueError for anything else."""
        if data[:1] != _VERSION or data[33:34] not in (_SIGNED, _UNSIGNED):
            raise ValueError("not a stored record")
        if data[33:34] == _UNSIGNED:
            return cls(data[34:], data[1:33])
        return cls(data[130:], data[1:33], Submitter(data[34:66], data[66:130]))

    def document(self) -> JsonObject:
        """The record itself."""
        value = parse_json(self.content)
        if not isinstance(value, dict):
            raise TypeError("a stored record is an object")
        return value


@dataclass(frozen=True, slots=True)
class Prepared:
    """A record ready for the log: all that is costly is done before the sequencer sees it."""

    record: JsonObject
    content: bytes
    secret: bytes
    commitment: bytes


def read_record(given: bytes | JsonObject) -> JsonObject:
    """The record of a request's bytes, parsed strictly, or parsed already. Invalid names the path of what offends."""
    try:
        return check_record(parse_json(given) if isinstance(given, bytes) else given)
    except FormatError as error:
        raise Invalid(f"record{error.field}", error.reason) from error


def prepare(record: JsonObject, suite: Suite = Suite.INTL_V1) -> Prepared:
    """Secret, canonical bytes and commitment of a checked record."""
    secret = secrets.token_bytes(SECRET_BYTES)
    return Prepared(record, write_checked(record), secret, commit(record, secret, suite))


def command_record(*, type_name: str, subject: str, actor: str, occurred_at: str, body: JsonObject) -> JsonObject:
    """A record that the service itself makes. Invalid when what it was made of cannot stand in a record."""
    record: JsonObject = {"type": type_name, "subject": subject, "actor": actor}
    record |= {"occurred_at": occurred_at, "body": body}
    try:
        return check_record(record)
    except FormatError as error:
        raise Invalid(f"record{error.field}", error.reason) from error


def stream_name(institution_id: str, subject: str) -> str:
    """The stream of an institution's records about a subject. Neither part can contain the separator."""
    return f"{institution_id}\n{subject}"
