"""Records, their commitments, the disclosure of single fields and the submitter's message (docs/spec/record.md)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chain.proof.canonical import (
    MAX_BYTES,
    JsonObject,
    JsonValue,
    canonical,
    check_json,
    fields,
    measure,
    write_checked,
)
from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import Suite
from chain.proof.merkle import Combine, levels, root_from_inclusion
from chain.proof.types import BY_NAME

MEMBERS = ("type", "subject", "actor", "occurred_at", "body")
MAX_FIELDS = 1_024
MAX_PATH = 1_024
"""Bytes. Every field's path is hashed; without a limit one long key above a thousand values would cost seconds."""
MAX_SUBJECT = 200
SECRET_BYTES = 32
SALT_BYTES = 32
_MEMBER_PATHS = frozenset(f"/{member}" for member in MEMBERS)
_INSTITUTION = re.compile(r"ins_[0-9a-f]{32}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}(?:\.[0-9]{3})?Z")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_BODY_PATH = re.compile(r"/body(?:/(?:[^~/\[]|~[012])*(?:\[(?:0|[1-9][0-9]*)\])*)+")
_SALT_DOMAIN = b"regseal/v1/field-salt\x00"
_FIELD_DOMAIN = b"\x00regseal/v1/field\x00"
_RECORD_DOMAIN = b"regseal/v1/record\x00"
_SUBMISSION_DOMAIN = b"regseal/v1/submission\x00"


def is_institution(value: object) -> bool:
    """Whether the value is the id of an institution: `ins_` and 32 lower-case hexadecimal digits."""
    return isinstance(value, str) and _INSTITUTION.fullmatch(value) is not None


def check_record(value: object) -> JsonObject:
    """The value itself when it is a record within all limits. Raises FormatError with the path of what offends."""
    if not isinstance(value, dict):
        raise FormatError("", "a record is a JSON object")
    for member in MEMBERS:
        if member not in value:
            raise FormatError(f"/{member}", "is missing")
    if len(value) != len(MEMBERS):
        raise FormatError("", f"unknown members: {sorted(map(str, value.keys() - set(MEMBERS)))}")
    check_json(value)
    for member in MEMBERS:
        _check_member(member, value[member])
    size = len(write_checked(value))
    if size > MAX_BYTES:
        raise FormatError("", f"{size} canonical bytes are more than {MAX_BYTES}")
    count = measure(value, MAX_PATH)
    if count > MAX_FIELDS:
        raise FormatError("", f"{count} fields are more than {MAX_FIELDS}")
    return value


def _check_member(member: str, value: JsonValue) -> None:
    path = f"/{member}"
    if member == "body":
        if not isinstance(value, dict) or not value:
            raise FormatError(path, "must be an object with at least one member")
    elif not isinstance(value, str):
        raise FormatError(path, "must be a string")
    elif member == "type" and value not in BY_NAME:
        raise FormatError(path, "is not a known type")
    elif member == "subject" and (not 1 <= len(value) <= MAX_SUBJECT or _CONTROL.search(value)):
        raise FormatError(path, f"must be 1 to {MAX_SUBJECT} characters without control characters")
    elif member == "actor" and not is_institution(value):
        raise FormatError(path, "must be ins_ and 32 lower-case hexadecimal digits")
    elif member == "occurred_at" and not _is_moment(value):
        raise FormatError(path, "must be a time like 2026-11-20T09:30:00Z or 2026-11-20T09:30:00.000Z")


def _is_moment(text: str) -> bool:
    if not _TIME.fullmatch(text):
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def field_paths(record: JsonObject) -> list[str]:
    """The paths of the fields, in the order of the commitment's leaves."""
    return [path for path, _ in fields(record)]


def commit(record: JsonObject, secret: bytes, suite: Suite = Suite.INTL_V1) -> bytes:
    """The 32-byte commitment to a checked record under its 32-byte secret."""
    leaves = _leaves(fields(record), secret, suite)
    return _commitment(len(leaves), levels(leaves, _combine(suite))[-1][0], suite)


def _leaves(found: list[tuple[str, JsonValue]], secret: bytes, suite: Suite) -> list[bytes]:
    if len(secret) != SECRET_BYTES:
        raise FormatError("secret", f"must be {SECRET_BYTES} bytes")
    leaves, salt, digest = [], suite.keyed(secret), suite.hasher()
    for path, value in found:
        name = path.encode()
        leaves.append(digest(_field(name, write_checked(value), salt(_SALT_DOMAIN + name))))
    return leaves


def _field(path: bytes, value: bytes, salt: bytes) -> bytes:
    """What a field's leaf is the hash of."""
    return b"".join((_FIELD_DOMAIN, salt, len(path).to_bytes(4, "big"), path, value))


def _combine(suite: Suite) -> Combine:
    digest = suite.hasher()
    return lambda left, right: digest(b"\x01" + left + right)


def _commitment(count: int, root: bytes, suite: Suite) -> bytes:
    return suite.hash(_RECORD_DOMAIN + bytes((suite,)) + count.to_bytes(4, "big") + root)


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One field shown alone: 32-byte `salt`, `index` among all fields, `proof` the hashes from leaf to root."""

    path: str
    value: JsonValue
    salt: bytes
    index: int
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Disclosures:
    """Some fields of a record with `count` fields, in the order of their indexes."""

    count: int
    items: tuple[Disclosure, ...]


def disclose(record: JsonObject, secret: bytes, paths: Iterable[str], suite: Suite = Suite.INTL_V1) -> Disclosures:
    """What shows the fields at `paths` and nothing else of the record.

    Raises FormatError for a path that is no field, or for none.
    """
    found = fields(record)
    places = {path: index for index, (path, _) in enumerate(found)}
    rows = levels(_leaves(found, secret, suite), _combine(suite))
    wanted = set(paths)
    if not wanted:
        raise FormatError("", "no field is named")
    for path in sorted(wanted):
        if path not in places:
            raise FormatError(path, "is not a field of the record")
    items = []
    for index, path in sorted((places[path], path) for path in wanted):
        salt = suite.hmac(secret, _SALT_DOMAIN + path.encode())
        items.append(Disclosure(path, found[index][1], salt, index, _siblings(rows, index)))
    return Disclosures(len(found), tuple(items))


def _siblings(rows: list[list[bytes]], index: int) -> tuple[bytes, ...]:
    proof = []
    for row in rows[:-1]:
        sibling = index ^ 1
        if sibling < len(row):
            proof.append(row[sibling])
        index >>= 1
    return tuple(proof)


def verify_disclosures(disclosures: Disclosures, commitment: bytes, suite: Suite = Suite.INTL_V1) -> None:
    """Raises ProofError unless every item is a well-formed field of the record behind the commitment."""
    if not 1 <= disclosures.count <= MAX_FIELDS or not disclosures.items:
        raise FormatError("disclosures", f"must show fields of 1 to {MAX_FIELDS}", code="disclosure-malformed")
    before: Disclosure | None = None
    for item in disclosures.items:
        _check_disclosed(item)
        if before and not (before.index < item.index and before.path < item.path):
            raise FormatError(item.path, "indexes and paths must both rise", code="disclosure-malformed")
        leaf = suite.hash(_field(item.path.encode(), write_checked(item.value), item.salt))
        root = root_from_inclusion(leaf, item.index, disclosures.count, item.proof, combine=_combine(suite))
        if _commitment(disclosures.count, root, suite) != commitment:
            raise ProofError("commitment-mismatch", f"{item.path} is not a field behind the commitment")
        before = item


def _check_disclosed(item: Disclosure) -> None:
    try:
        _check_field(item.path, item.value)
    except FormatError as error:
        raise FormatError(item.path, error.reason, code="disclosure-malformed") from error
    if len(item.salt) != SALT_BYTES:
        raise FormatError(item.path, f"salt must be {SALT_BYTES} bytes", code="disclosure-malformed")


def _check_field(path: str, value: JsonValue) -> None:
    check_json(value)
    if isinstance(value, dict | list) and value:
        raise FormatError(path, "is not a field")
    if path in _MEMBER_PATHS:
        _check_member(path[1:], value)
    elif len(path.encode()) > MAX_PATH or not _BODY_PATH.fullmatch(path):
        raise FormatError(path, "is not the path of a field of a record")


def submission_message(origin: str, record: JsonObject) -> bytes:
    """What the institution signs with its Ed25519 key when it submits the record to the log `origin`."""
    return _SUBMISSION_DOMAIN + origin.encode() + b"\x00" + canonical(record)
