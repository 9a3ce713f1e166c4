"""What a line costs before the log sees it: parse, check, sign-check, commit. Pure but for the secrets.

It needs no database and no key of ours, so that it can be done in other processes
(:mod:`services.evidence.bulk.workers`).
"""

from collections.abc import Iterable
from typing import NamedTuple

from chain.proof import manifest
from chain.proof.canonical import JsonObject, parse_json
from chain.proof.ed25519 import signature_holds
from chain.proof.encoding import from_hex
from chain.proof.errors import FormatError
from chain.proof.receipt import Submitter
from chain.proof.record import submission_message
from services.evidence.bulk.lines import MAX_LINE
from services.evidence.records import StoredRecord, prepare, read_record, stream_name
from services.evidence.rules import check_submission
from services.platform.errors import Invalid, RegsealError

__all__ = ["Basis", "Prepared", "Ready", "Refused", "prepare_lines"]

_DEPTH = 17  # the record's 16, and the object around it


class Basis(NamedTuple):
    """What all lines of an upload are judged by: who submits, to which log, and the keys it may sign with."""

    institution_id: str
    origin: str
    keys: tuple[bytes, ...]


class Ready(NamedTuple):
    """A good line: the name of its stream, its type, what is to be encrypted, and the 32-byte commitment."""

    stream: str
    type_code: int
    packed: bytes
    commitment: bytes


class Refused(NamedTuple):
    """A bad line: the slug of the problem, the path of the field (may be empty), and why."""

    slug: str
    field: str
    reason: str


Prepared = list[Ready | Refused]


def prepare_lines(basis: Basis, lines: Iterable[bytes | None]) -> Prepared:
    """What becomes of each line. None stands for a line that was too long to be held."""
    return [_prepare(basis, line) for line in lines]


def _prepare(basis: Basis, line: bytes | None) -> Ready | Refused:
    if line is None:
        return Refused("too-large", "", f"longer than {MAX_LINE} bytes")
    if not line.strip():
        return Refused("malformed", "", "an empty line")
    try:
        return _ready(basis, line)
    except FormatError as error:
        return Refused("malformed", error.field, error.reason)
    except RegsealError as error:
        return Refused(error.slug, error.field or "", error.detail)


def _ready(basis: Basis, line: bytes) -> Ready:
    given = parse_json(line, max_bytes=MAX_LINE, max_depth=_DEPTH)
    if not isinstance(given, dict) or not isinstance(given.get("record"), dict):
        raise FormatError("", "an object {record, signature?} is expected")
    for name in given.keys() - {"record", "signature"}:
        raise FormatError(f"/{name}", "unknown member")
    record: JsonObject = read_record(given["record"])  # type: ignore[arg-type]
    if record["type"] == manifest.TYPE:
        raise Invalid("/type", "A manifest is submitted alone: its files are looked up in the store first.")
    record_type = check_submission(record, basis.institution_id)
    signature = given.get("signature")
    submitter = None if signature is None else _submitter(basis, record, signature)
    done = prepare(record)
    stored = StoredRecord(done.content, done.secret, submitter)
    stream = stream_name(basis.institution_id, str(record["subject"]))
    return Ready(stream, record_type.code, stored.pack(), done.commitment)


def _submitter(basis: Basis, record: JsonObject, signature: object) -> Submitter:
    given = from_hex(signature, "/signature", 64)
    message = submission_message(basis.origin, record)
    for key in basis.keys:
        if signature_holds(key, message, given):
            return Submitter(key, given)
    raise Invalid("/signature", "No registered submitter key of the institution made this signature.")
