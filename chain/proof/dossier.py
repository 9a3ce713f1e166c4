"""The dossier of a pilot project (卷宗): which files it has and what stands in them (docs/spec/dossier.md).

Nothing is verified here; `dossier_check` does that. Where the files lie, in an archive or a folder, is the caller's.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.proof.canonical import JsonObject, JsonValue, parse_json
from chain.proof.encoding import format_time, from_hex, parse_time, to_hex
from chain.proof.errors import FormatError
from chain.proof.manifest import name_fault
from chain.proof.receipt import MAX_ATTESTATIONS, Anchor, anchor_document, read_anchor
from chain.proof.shape import array, members, natural, one_of, text, token

FORMAT = "regseal/dossier@v1"
CHAIN_FORMAT = "regseal/dossier-chain@v1"
INDEX, CHAIN, REPORT = "dossier.json", "chain.json", "report.md"
MAX_INDEX = 65_536
MAX_CHAIN = 8_388_608
MAX_FORM = 4_194_304
MAX_REPORT = 67_108_864
MAX_ENTRIES = 200_000
MAX_EVENTS = 100_000
MAX_HEADERS = 4_096
MAX_DEPTH = 64
_PROJECT = re.compile(r"prj_[0-9a-f]{32}")
_EVENT = re.compile(r"events/([0-9]{6})\.regseal\.json")
_RECORD = re.compile(r"records/(rec_[0-9a-f]{32})\.regseal\.json")
_FORM = re.compile(r"forms/([0-9]{4})\.json")
_FILE = re.compile(r"files/(rec_[0-9a-f]{32})/([0-9]{4})-([^/]+)")


class Container(Protocol):
    """The files of a dossier. Names are unique; reading never gives more than was asked for."""

    def names(self) -> Sequence[str]:
        """All of them."""
        ...

    def read(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes. Raises FormatError."""
        ...

    def pieces(self, name: str, limit: int) -> Iterator[bytes]:
        """The file's bytes one after the other. Raises FormatError behind the `limit`-th."""
        ...


@dataclass(frozen=True, slots=True)
class Index:
    """What the dossier says of itself. `count` and `last_leaf` are the chain's, (0, none) before it knows any."""

    project: str
    origin: str
    stream: bytes
    events: int
    audience: str
    made_at: int
    count: int
    last_leaf: bytes | None


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """An event of the lifecycle contract, and the way from its block to one that witnesses attest.

    `headers`: RLP of the blocks that follow the event's, each the next one's parent; `attestations` are of the last.
    """

    proof: Anchor
    headers: tuple[bytes, ...] = ()
    attestations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainPart:
    """How the project began on the chain, and how far its stream has come there."""

    opened: ChainEvent
    reached: ChainEvent


@dataclass(frozen=True, slots=True)
class Files:
    """The names of a dossier's files by what they are; places of files in their manifests from 1."""

    events: dict[int, str]
    records: dict[str, str]
    forms: dict[int, str]
    files: dict[tuple[str, int], str]
    chain: bool


def event_name(seq: int) -> str:
    """Where the receipt of the event with this place in the stream lies."""
    return f"events/{seq:06d}.regseal.json"


def record_name(record_id: str) -> str:
    """Where the receipt of a record lies that an event names."""
    return f"records/{record_id}.regseal.json"


def form_name(version: int) -> str:
    """Where a version of the application form lies."""
    return f"forms/{version:04d}.json"


def file_name(record_id: str, place: int, name: str) -> str:
    """Where a file lies that stands at this place (from 1) of a manifest."""
    return f"files/{record_id}/{place:04d}-{name}"


def sort_files(names: Sequence[str]) -> Files:
    """The names by what they are. Raises FormatError for any that is none of a dossier's, and for one that is twice."""
    if len(names) > MAX_ENTRIES:
        raise FormatError("", f"has more than {MAX_ENTRIES} files")
    if len(set(names)) != len(names):
        raise FormatError("", "has two files of one name")
    found = Files({}, {}, {}, {}, CHAIN in names)
    if INDEX not in names:
        raise FormatError(INDEX, "is missing")
    for name in names:
        if name not in (INDEX, CHAIN, REPORT):
            _sort(found, name)
    return found


def _sort(found: Files, name: str) -> None:
    if match := _EVENT.fullmatch(name):
        found.events[int(match[1])] = name
    elif match := _RECORD.fullmatch(name):
        found.records[match[1]] = name
    elif match := _FORM.fullmatch(name):
        found.forms[int(match[1])] = name
    elif (match := _FILE.fullmatch(name)) and name_fault(match[3]) is None:
        if (match[1], int(match[2])) in found.files:
            raise FormatError(name, "is at a place that another file has")
        found.files[match[1], int(match[2])] = name
    else:
        raise FormatError(name[:200], "is no file of a dossier")


def parse_index(data: bytes) -> Index:
    """Of `dossier.json`. Raises FormatError."""
    names = ("format", "project", "origin", "stream", "events", "audience", "made_at", "count", "last_leaf")
    parts = members(parse_json(data, max_bytes=MAX_INDEX), "", names)
    one_of(parts["format"], "/format", (FORMAT,))
    project = text(parts["project"], "/project")
    if not _PROJECT.fullmatch(project):
        raise FormatError("/project", "must be prj_ and 32 lower-case hexadecimal digits")
    events, last = natural(parts["events"], "/events", least=1), parts["last_leaf"]
    if events > MAX_EVENTS:
        raise FormatError("/events", f"must be at most {MAX_EVENTS}")
    return Index(
        project=project,
        origin=text(parts["origin"], "/origin"),
        stream=from_hex(parts["stream"], "/stream", 16),
        events=events,
        audience=token(parts["audience"], "/audience"),
        made_at=parse_time(parts["made_at"], "/made_at"),
        count=natural(parts["count"], "/count"),
        last_leaf=None if last is None else from_hex(last, "/last_leaf", 32),
    )


def format_index(index: Index) -> bytes:
    """The bytes of `dossier.json`."""
    return _json({
        "format": FORMAT,
        "project": index.project,
        "origin": index.origin,
        "stream": to_hex(index.stream),
        "events": index.events,
        "audience": index.audience,
        "made_at": format_time(index.made_at),
        "count": index.count,
        "last_leaf": None if index.last_leaf is None else to_hex(index.last_leaf),
    })  # fmt: skip


def parse_chain(data: bytes) -> ChainPart:
    """Of `chain.json`. Raises FormatError."""
    parts = members(parse_json(data, max_bytes=MAX_CHAIN), "", ("format", "opened", "reached"))
    one_of(parts["format"], "/format", (CHAIN_FORMAT,))
    return ChainPart(_event(parts["opened"], "/opened"), _event(parts["reached"], "/reached"))


def _event(value: JsonValue, field: str) -> ChainEvent:
    parts = members(value, field, ("proof", "headers", "attestations"))
    headers = array(parts["headers"], f"{field}/headers", MAX_HEADERS)
    notes = array(parts["attestations"], f"{field}/attestations", MAX_ATTESTATIONS)
    return ChainEvent(
        read_anchor(parts["proof"], f"{field}/proof"),
        tuple(from_hex(each, f"{field}/headers[{i}]") for i, each in enumerate(headers)),
        tuple(text(each, f"{field}/attestations[{i}]") for i, each in enumerate(notes)),
    )


def format_chain(part: ChainPart) -> bytes:
    """The bytes of `chain.json`."""
    return _json({
        "format": CHAIN_FORMAT,
        "opened": _event_document(part.opened),
        "reached": _event_document(part.reached),
    })  # fmt: skip


def _event_document(event: ChainEvent) -> JsonObject:
    return {
        "proof": anchor_document(event.proof),
        "headers": [to_hex(each) for each in event.headers],
        "attestations": list(event.attestations),
    }


def _json(document: JsonObject) -> bytes:
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
