"""Dossiers: good ones, and every way to leave something out or to put something else in."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from chain.party.archive import Archive, Folder
from chain.proof import dossier as format_
from chain.proof.canonical import JsonObject
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.digest import digest_of
from chain.proof.dossier import ChainEvent, ChainPart, Index
from chain.proof.dossier_check import DossierVerdict, verify_dossier
from chain.proof.encoding import to_hex
from chain.proof.errors import FormatError
from chain.proof.ethereum import BlockHeader, EventLog
from chain.proof.hashing import Suite, sha256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.manifest import FileEntry
from chain.proof.note import NoteSigner, sign_note
from chain.proof.pilot import MOVED, OPENED, SEALED, topic_of
from chain.proof.receipt import Anchor, Opening, format_receipt
from chain.proof.record import check_record, commit
from chain.proof.trust import Chain, Trust, TrustedLog
from chain.proof.types import BY_NAME, Phase
from tests.vectors.world import (
    ACCEPTED_AT,
    BLOCK_TIME,
    CHAIN_ID,
    CONTRACT,
    GENESIS,
    LOG,
    OPERATOR,
    ORIGIN,
    OTHER_ORIGIN,
    REGULATOR_PLAIN,
    World,
    fixed,
    log_keys,
    make_block,
    transaction_receipt,
    trust,
)

PILOTS = fixed("PilotLifecycle", 20)
FORM = b'{"name":"x"}'
CONTENT = b"the plan"
Files = dict[str, bytes]


class Memory:
    """A container of these files."""

    def __init__(self, files: Files) -> None:
        self.files = files

    def names(self) -> Sequence[str]:
        return list(self.files)

    def read(self, name: str, limit: int) -> bytes:
        return b"".join(self.pieces(name, limit))

    def pieces(self, name: str, limit: int) -> Iterator[bytes]:
        if len(self.files[name]) > limit:
            raise FormatError(name, "is longer")
        yield self.files[name]


def trusted(**changes: object) -> Trust:
    logs = {
        origin: TrustedLog(origin, log_keys((key.key, 0, None)), submitter_required=False)
        for origin, key in ((ORIGIN, LOG), (OTHER_ORIGIN, signer_of(OTHER_ORIGIN)))
    }
    return trust(logs=logs, chains=(Chain(CHAIN_ID, 1, GENESIS, "embedded", CONTRACT, PILOTS),), **changes)


def signer_of(origin: str) -> NoteSigner:
    return NoteSigner(origin, LOG.key.type, fixed("log key"))


class Project:
    """A project with its leaves in one log: a draft, a material, a step and what the chain said, and more facts."""

    def __init__(self, name: str = "one", events: int = 6, origin: str = ORIGIN) -> None:
        self.id = f"prj_{fixed(f'project {name}', 16).hex()}"
        self.stream = fixed(f"stream {name}", 16)
        self.origin = origin
        self.manifest_id = f"rec_{fixed(f'manifest {name}', 16).hex()}"
        entry = FileEntry(name="plan.pdf", digest=digest_of([CONTENT]), media_type="application/pdf")
        self.records: list[JsonObject] = []
        self.leaves: list[Leaf] = []
        manifest = self._record("material.manifest", "材料", {"files": [entry.document()]})
        self._leaf(manifest, "material.manifest", Phase.EVENT, stream=fixed(f"own {name}", 16), seq=0, before=NO_LEAF)
        self._fact({"version": 1, "form_sha256": to_hex(sha256(FORM)), "title": name})
        named = {"manifest": self.manifest_id, "manifest_leaf": to_hex(self.leaves[0].hash())}
        self._fact({"code": "plan", "version": 1, "institution": OPERATOR, **named})
        self._step({"action": "submit", "state": None}, Phase.REQUESTED)
        self._step({"request": to_hex(self.leaves[-1].hash()), "action": "submit"}, Phase.REGISTERED)
        while len(self.leaves) - 1 < events:
            self._fact({"kind": "minutes", "content": {"n": len(self.leaves)}})

    def _record(self, kind: str, subject: str, body: JsonObject) -> JsonObject:
        said: JsonObject = {"type": kind, "subject": subject, "actor": OPERATOR}
        return check_record({**said, "occurred_at": "2026-11-20T09:30:00Z", "body": body})

    def _leaf(self, record: JsonObject, kind: str, phase: Phase, *, stream: bytes, seq: int, before: bytes) -> None:
        place = len(self.leaves)
        commitment = commit(record, self.secret(place))
        code = BY_NAME[kind].code
        self.records.append(record)
        self.leaves.append(Leaf(Suite.INTL_V1, code, phase, seq, stream, before, commitment, ACCEPTED_AT + place))

    def _follow(self, kind: str, body: JsonObject, phase: Phase) -> None:
        seq = len(self.leaves) - 1
        before = self.leaves[-1].hash() if seq else NO_LEAF
        self._leaf(self._record(kind, self.id, body), kind, phase, stream=self.stream, seq=seq, before=before)

    def _fact(self, body: JsonObject) -> None:
        self._follow("pilot.fact", body, Phase.EVENT)

    def _step(self, body: JsonObject, phase: Phase) -> None:
        self._follow("pilot.step", body, phase)

    def secret(self, place: int) -> bytes:
        return fixed(f"secret {self.id} {place}")

    def receipt(self, place: int, *, private: bool = True, **changes: object) -> bytes:
        signers = (signer_of(self.origin),)
        world = World(size=len(self.leaves), index=place, origin=self.origin, leaves=self.leaves, log_signers=signers)
        receipt = replace(world.public(), **changes)  # type: ignore[arg-type]
        if private:
            receipt = replace(receipt, record=Opening(self.records[place], self.secret(place)))
        return format_receipt(receipt)

    def hash(self, seq: int) -> bytes:
        return self.leaves[seq + 1].hash()

    def files(self, count: int = 4, **changes: object) -> Files:
        index = Index(self.id, self.origin, self.stream, len(self.leaves) - 1, "body", ACCEPTED_AT, count, None)
        index = replace(index, last_leaf=self.hash(count - 1), **changes)  # type: ignore[arg-type]
        files = {format_.event_name(seq): self.receipt(seq + 1) for seq in range(len(self.leaves) - 1)}
        files[format_.record_name(self.manifest_id)] = self.receipt(0)
        files |= {format_.form_name(1): FORM, format_.file_name(self.manifest_id, 1, "plan.pdf"): CONTENT}
        files[format_.CHAIN] = format_.format_chain(self.chain(count))
        return files | {format_.REPORT: b"# report\n", format_.INDEX: format_.format_index(index)}

    def chain(self, count: int, *, sealed: bool = False) -> ChainPart:
        topic = topic_of(bytes.fromhex(self.id[4:]))
        lead = fixed("lead", 16).ljust(32, b"\0")
        opened = EventLog(PILOTS, (OPENED, topic, fixed("rulebook"), lead), self.stream.ljust(32, b"\0"))
        if sealed:
            words = [count.to_bytes(32, "big"), self.hash(count - 1)]
            reached = EventLog(PILOTS, (SEALED, topic), b"".join(words))
        else:
            numbers = (1, 2, 256, 0, count - 1, 7)
            words = [each.to_bytes(32, "big") for each in numbers] + [fixed("commitment"), self.hash(count - 1)]
            reached = EventLog(
                PILOTS, (MOVED, topic), b"".join(words) + (6).to_bytes(32, "big") + b"submit".ljust(32, b"\0")
            )
        return ChainPart(self.event(40, opened), self.event(44, reached, following=2))

    def event(self, number: int, event: EventLog, following: int = 0) -> ChainEvent:
        block = make_block(number, fixed("parent"), (transaction_receipt((event,)),), timestamp=BLOCK_TIME)
        anchor = Anchor(CHAIN_ID, GENESIS, PILOTS, block.header, 0, 0, block.proof(0))
        headers: list[bytes] = []
        for place in range(following):
            block = make_block(number + 1 + place, block.hash, (), timestamp=BLOCK_TIME + 1 + place)
            headers.append(block.header)
        last = BlockHeader.decode(block.header)
        note = sign_note(HeaderAttestation(CHAIN_ID, GENESIS, last.number, last.hash).text(), REGULATOR_PLAIN)
        return ChainEvent(anchor, tuple(headers), (note,))


ONE, TWO, ELSEWHERE = Project(), Project("two"), Project(origin=OTHER_ORIGIN)


def judge(files: Files) -> DossierVerdict:
    return verify_dossier(Memory(files), trusted())


def code_of(files: Files) -> str:
    verdict = judge(files)
    assert verdict.failure is not None
    assert verdict.exit_code == 1
    return verdict.failure.code


def test_a_dossier_stands_and_tells_how_far() -> None:
    verdict = judge(ONE.files())
    assert (verdict.exit_code, verdict.failure, verdict.missing) == (0, None, [])
    assert (verdict.count, list(verdict.unsealed), verdict.shown) == (4, [4, 5], 6)
    assert (verdict.records, verdict.forms, verdict.files, verdict.left_out) == (1, 1, 1, 0)
    assert verdict.document()["as_of"] == {"block": 44, "time": "2026-11-20T09:20:15.000Z"}


def test_a_seal_counts_like_a_step() -> None:
    files = ONE.files(6)
    files[format_.CHAIN] = format_.format_chain(ONE.chain(6, sealed=True))
    assert (judge(files).exit_code, list(judge(files).unsealed)) == (0, [])


def test_public_receipts_prove_as_much_and_show_less() -> None:
    files = ONE.files()
    files |= {format_.event_name(seq): ONE.receipt(seq + 1, private=False) for seq in range(6)}
    assert code_of(files) == "record-unnamed"
    kept = {name: data for name, data in files.items() if not name.startswith(("records/", "forms/", "files/"))}
    assert (judge(kept).exit_code, judge(kept).shown, judge(kept).count) == (0, 0, 4)


def dropped(*seqs: int, renumber: bool = False) -> Files:
    files = ONE.files()
    kept = [files.pop(format_.event_name(seq)) for seq in range(6)]
    left = [(seq, data) for seq, data in enumerate(kept) if seq not in seqs]
    named = enumerate(data for _, data in left) if renumber else left
    files |= {format_.event_name(seq): data for seq, data in named}
    return with_index(files, events=6 - len(seqs)) if renumber else files


def with_index(files: Files, **changes: object) -> Files:
    index = replace(format_.parse_index(files[format_.INDEX]), **changes)  # type: ignore[arg-type]
    return files | {format_.INDEX: format_.format_index(index)}


def put(name: str, data: bytes) -> Callable[[], Files]:
    return lambda: ONE.files() | {name: data}


def lowered() -> Files:
    """Tail and count taken away, the chain's proof left."""
    files = with_index(ONE.files(), events=2, count=2, last_leaf=ONE.hash(1))
    return {name: data for name, data in files.items() if name not in [format_.event_name(s) for s in range(2, 6)]}


def merged() -> Files:
    """The second half of the events is another project's."""
    return ONE.files() | {format_.event_name(seq): TWO.receipt(seq + 1) for seq in range(3, 6)}


def other_chain(part: ChainPart) -> Files:
    return ONE.files() | {format_.CHAIN: format_.format_chain(part)}


class _Posing(Project):
    """Another project's end under this one's name."""

    def __init__(self) -> None:
        super().__init__("two")
        self.id, self.stream = ONE.id, ONE.stream


MINE = ONE.chain(4)
TWO_AS_ONE = replace(_Posing().chain(4), opened=MINE.opened)
FOREIGN = replace(MINE.opened.proof, contract=CONTRACT)


def changed_record() -> Files:
    files = ONE.files()
    document = json.loads(files[format_.event_name(4)])
    document["record"]["document"]["body"]["content"]["n"] = 99
    return files | {format_.event_name(4): json.dumps(document).encode()}


EVIL: dict[str, tuple[Callable[[], Files], str]] = {
    "tail-dropped": (lambda: dropped(3, 4, 5, renumber=True), "tail-missing"),
    "tail-dropped-and-still-counted": (lambda: dropped(3, 4, 5), "event-missing"),
    "middle-dropped": (lambda: dropped(2), "event-missing"),
    "middle-dropped-and-renumbered": (lambda: dropped(2, renumber=True), "event-order"),
    "first-dropped-and-renumbered": (lambda: dropped(0, renumber=True), "event-order"),
    "two-exchanged": (
        lambda: ONE.files() | {format_.event_name(1): ONE.receipt(3), format_.event_name(2): ONE.receipt(2)},
        "event-order",
    ),
    "two-projects-merged": (merged, "stream-mixed"),
    "another-projects-event": (put(format_.event_name(3), TWO.receipt(4)), "stream-mixed"),
    "another-logs-receipt": (put(format_.event_name(3), ELSEWHERE.receipt(4)), "event-log"),
    "a-record-that-is-no-event": (put(format_.event_name(0), ONE.receipt(0)), "stream-mixed"),
    "another-projects-chain": (lambda: other_chain(TWO.chain(4)), "chain-project"),
    "another-projects-beginning": (lambda: other_chain(replace(MINE, opened=TWO.chain(4).opened)), "chain-project"),
    "an-older-count-than-it-says": (lambda: other_chain(ONE.chain(3)), "count-mismatch"),
    "count-lowered": (lowered, "count-mismatch"),
    "another-leaf-at-the-end": (
        lambda: with_index(other_chain(TWO_AS_ONE), last_leaf=TWO.hash(3)),
        "last-leaf",
    ),
    "material-exchanged": (put(format_.file_name(ONE.manifest_id, 1, "plan.pdf"), b"another"), "file-digest"),
    "form-exchanged": (put(format_.form_name(1), b"{}"), "form-digest"),
    "manifest-exchanged": (put(format_.record_name(ONE.manifest_id), TWO.receipt(0)), "record-leaf"),
    "a-record-nobody-names": (put(format_.record_name(TWO.manifest_id), TWO.receipt(0)), "record-unnamed"),
    "a-form-nobody-names": (put(format_.form_name(2), FORM), "form-unnamed"),
    "a-file-nobody-names": (put(format_.file_name(ONE.manifest_id, 2, "x.pdf"), CONTENT), "file-unnamed"),
    "one-event-too-many": (lambda: with_index(ONE.files(), events=5), "event-number"),
    "record-changed": (changed_record, "receipt-invalid"),
    "header-not-linked": (
        lambda: other_chain(replace(MINE, reached=replace(MINE.reached, headers=MINE.reached.headers[1:]))),
        "header-chain",
    ),
    "another-contracts-event": (
        lambda: other_chain(replace(MINE, opened=replace(MINE.opened, proof=FOREIGN))),
        "contract-mismatch",
    ),
    "a-head-for-a-step": (lambda: other_chain(replace(MINE, reached=MINE.opened)), "event-kind"),
}


@pytest.mark.parametrize("name", EVIL)
def test_what_was_left_out_or_put_in_is_found(name: str) -> None:
    make, code = EVIL[name]
    assert code_of(make()) == code


def test_without_the_chains_word_the_end_is_open() -> None:
    files = ONE.files(4)
    del files[format_.CHAIN]
    verdict = judge(with_index(files, count=0, last_leaf=None))
    assert (verdict.exit_code, list(verdict.unsealed)) == (3, [0, 1, 2, 3, 4, 5])
    pins = (Chain(CHAIN_ID, 1, GENESIS, "embedded", CONTRACT),)
    assert verify_dossier(Memory(ONE.files()), replace(trusted(), chains=pins)).missing


def test_a_header_that_nobody_attests_proves_no_end() -> None:
    part = ONE.chain(4)
    files = other_chain(ChainPart(part.opened, replace(part.reached, attestations=())))
    assert judge(files).exit_code == 3


@pytest.mark.parametrize(
    "name", ["../x", "events/../x", "/etc/passwd", "events/1.regseal.json", "files/rec_1/0001-x", "forms/1.json", "x"]
)
def test_names_that_no_dossier_has_are_refused(name: str) -> None:
    with pytest.raises(FormatError):
        judge(ONE.files() | {name: b""})


def packed(entries: Sequence[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return memory.getvalue()


def test_archive_and_folder_say_the_same(tmp_path: Path) -> None:
    path = tmp_path / "dossier.zip"
    path.write_bytes(packed(list(ONE.files().items())))
    with Archive(path) as archive:
        assert verify_dossier(archive, trusted()).exit_code == 0
    with zipfile.ZipFile(path) as archive_:
        archive_.extractall(tmp_path / "folder")
    assert verify_dossier(Folder(tmp_path / "folder"), trusted()).exit_code == 0
    (tmp_path / "folder" / "link").symlink_to("/etc/passwd")
    with pytest.raises(FormatError):
        verify_dossier(Folder(tmp_path / "folder"), trusted())


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_archives_that_hide_something_are_refused(tmp_path: Path) -> None:
    entries = list(ONE.files().items())
    evil = {
        "no archive": b"PK\x03\x04",
        "twice": packed([*entries, entries[0]]),
        "before": b"x" * 9 + packed(entries),
        "lzma": packed(entries, zipfile.ZIP_LZMA),
        "folder": packed([*entries, ("events/", b"")]),
        "bomb": packed([(format_.INDEX, b" " * (64 << 20))]),
        "cut": packed(entries)[:-30],
    }
    for name, data in evil.items():
        path = tmp_path / f"{name}.zip"
        path.write_bytes(data)
        with pytest.raises(FormatError), Archive(path) as archive:
            verify_dossier(archive, trusted())
