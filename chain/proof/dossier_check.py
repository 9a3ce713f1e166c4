"""The dossier of a pilot project before a trust file: every receipt good, and nothing missing.

Pure: reads through a `Container`, asks nobody. Memory grows with the number of events, not with their size.
docs/spec/dossier.md has the checks in this order.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TypeVar

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.digest import digest_of
from chain.proof.dossier import (
    CHAIN,
    INDEX,
    MAX_CHAIN,
    MAX_FORM,
    MAX_INDEX,
    ChainEvent,
    Container,
    Files,
    Index,
    event_name,
    file_name,
    parse_chain,
    parse_index,
    sort_files,
)
from chain.proof.encoding import format_time, from_hex, to_hex
from chain.proof.errors import FormatError, ProofError
from chain.proof.ethereum import BlockHeader, EventLog
from chain.proof.hashing import sha256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.manifest import FileEntry, read_part
from chain.proof.pilot import Reached, read_opened, read_reached
from chain.proof.receipt import MAX_BYTES, Receipt, parse_receipt
from chain.proof.stages import NotRun, as_code, attesters, proven_event, trusted_chain
from chain.proof.trust import Chain, Trust
from chain.proof.types import BY_NAME, Phase
from chain.proof.verify import Outcome, verify

_Event = TypeVar("_Event")
_EXIT_CODES = {Outcome.VALID: 0, Outcome.INVALID: 1, Outcome.INCOMPLETE: 3}
_YET = ("witness-quorum", "header-quorum")
"""Not enough witnesses so far: nothing is wrong with what is there."""
_TYPES = frozenset(BY_NAME[name].code for name in ("pilot.step", "pilot.fact"))


@dataclass(frozen=True, slots=True)
class Failure:
    """What is wrong: a stable code, the file it was found in, and words."""

    code: str
    where: str
    detail: str


@dataclass(slots=True)
class DossierVerdict:
    """The answer. ``count``: leaves of the project that the chain proves; the events from there on are unsealed."""

    index: Index
    failure: Failure | None = None
    missing: list[str] = field(default_factory=list)
    """What must be there by the policy and is not, in words."""
    events: int = 0
    shown: int = 0
    """Events whose records are in the dossier; of the others it has the commitment alone."""
    count: int = 0
    last_leaf: bytes | None = None
    block: BlockHeader | None = None
    chain_class: str | None = None
    witnesses: frozenset[str] = frozenset()
    records: int = 0
    forms: int = 0
    files: int = 0
    left_out: int = 0
    """Records and files that shown events name and the dossier does not contain."""

    @property
    def outcome(self) -> Outcome:
        """valid, invalid or incomplete."""
        if self.failure is not None:
            return Outcome.INVALID
        return Outcome.INCOMPLETE if self.missing else Outcome.VALID

    @property
    def exit_code(self) -> int:
        """0 everything stands, 1 something is wrong, 3 something that the policy demands is not there."""
        return _EXIT_CODES[self.outcome]

    @property
    def unsealed(self) -> range:
        """Events that the chain did not know of yet: after them nobody can tell what was left out."""
        return range(min(self.count, self.events), self.events)

    def document(self) -> JsonObject:
        """The verdict as JSON."""
        failure: JsonValue = None
        if self.failure is not None:
            failure = {"code": self.failure.code, "where": self.failure.where, "detail": self.failure.detail}
        at = self.block
        return {
            "outcome": self.outcome.value,
            "exit_code": self.exit_code,
            "project": self.index.project,
            "origin": self.index.origin,
            "failure": failure,
            "missing": list(self.missing),
            "events": self.events,
            "shown": self.shown,
            "count": self.count,
            "last_leaf": None if self.last_leaf is None else to_hex(self.last_leaf),
            "as_of": None if at is None else {"block": at.number, "time": format_time(at.timestamp * 1000)},
            "unsealed": list(self.unsealed),
            "records": self.records,
            "forms": self.forms,
            "files": self.files,
            "left_out": self.left_out,
            "witnesses": [*sorted(self.witnesses)],
            "chain_class": self.chain_class,
        }


def verify_dossier(container: Container, trust: Trust) -> DossierVerdict:
    """The verdict. Raises FormatError when the container is no dossier."""
    files = sort_files(container.names())
    index = parse_index(container.read(INDEX, MAX_INDEX))
    examination = _Examination(container, trust, files, DossierVerdict(index))
    try:
        examination.run()
    except ProofError as error:
        examination.verdict.failure = Failure(error.code, examination.where, error.detail)
    return examination.verdict


class _Examination:
    """One dossier; `where` is the file under examination. Each step raises ProofError for what it finds wrong."""

    def __init__(self, container: Container, trust: Trust, files: Files, verdict: DossierVerdict) -> None:
        self.where = INDEX
        self.verdict = verdict
        self._container = container
        self._trust = trust
        self._files = files
        self._index = verdict.index
        self._hashes: list[bytes] = []
        self._incomplete: dict[int, tuple[str, ...]] = {}
        self._requests: set[bytes] = set()
        self._named: dict[str, bytes] = {}
        self._drafts: dict[int, bytes] = {}
        self._manifests: dict[str, tuple[FileEntry, ...]] = {}

    def run(self) -> None:
        self._check_chain()
        for seq in range(self._index.events):
            self._check_event(seq)
        self._check_extent()
        self._check_records()
        self._check_forms()
        self._check_files()

    # --- the chain's word

    def _check_chain(self) -> None:
        """The project began with this stream, and the chain knows so many of its leaves."""
        if not self._files.chain:
            self._lack("the chain's word on (count, last leaf): chain.json is not there")
            return
        self.where = CHAIN
        part = parse_chain(self._container.read(CHAIN, MAX_CHAIN))
        opened = self._proven(part.opened, read_opened)
        reached = self._proven(part.reached, read_reached)
        if opened is None or reached is None:
            return
        project = bytes.fromhex(self._index.project.removeprefix("prj_"))
        if opened.project != project or reached.project != project:
            raise ProofError("chain-project", "the chain's events are of another project")
        if opened.stream != self._index.stream:
            raise ProofError("stream-mixed", "the chain bound the project to another stream")
        self._settle(reached, BlockHeader.decode(part.reached.proof.header))

    def _settle(self, reached: Reached, block: BlockHeader) -> None:
        verdict, index = self.verdict, self._index
        verdict.count, verdict.last_leaf, verdict.block = reached.count, reached.last_leaf, block
        if (index.count, index.last_leaf) != (reached.count, reached.last_leaf):
            raise ProofError("count-mismatch", f"it says {index.count} leaves, the chain {reached.count}")
        if index.events < reached.count:
            raise ProofError("tail-missing", f"it has {index.events} events, the chain knows {reached.count}")

    def _proven(self, event: ChainEvent, read: Callable[[EventLog], _Event]) -> _Event | None:
        """The event, proven up to a header that witnesses attest; None when that cannot be told."""
        anchor = event.proof
        pinned = [replace(each, contract=each.pilots or b"") for each in self._trust.chains]
        if not any(each.contract for each in pinned if each.chain_id == anchor.chain_id):
            self._lack("the trust file names no `pilots` contract for this chain")
            return None
        chain = trusted_chain(pinned, anchor)
        with as_code("header-malformed"):
            header = BlockHeader.decode(anchor.header)
        found = read(proven_event(anchor, header.receipts_root))
        with suppress(NotRun):
            self._attest(_attested(chain, header, event.headers), event.attestations)
        self.verdict.chain_class = chain.kind
        return found

    def _attest(self, statement: HeaderAttestation, notes: tuple[str, ...]) -> None:
        try:
            self.verdict.witnesses |= attesters(self._trust, statement, notes)
        except ProofError as error:
            if error.code not in _YET:
                raise
            self._lack("attestations of the blocks in which the chain speaks of the project")

    # --- the events

    def _check_event(self, seq: int) -> None:
        self.where = event_name(seq)
        if seq not in self._files.events:
            raise ProofError("event-missing", "is not there")
        receipt, lacks = self._receipt(self.where)
        if receipt.origin != self._index.origin:
            raise ProofError("event-log", f"is a receipt of the log {receipt.origin}")
        leaf = Leaf.decode(receipt.leaf)
        if leaf.stream != self._index.stream:
            raise ProofError("stream-mixed", "is of another stream")
        if leaf.type_code not in _TYPES:
            raise ProofError("event-type", f"is a {leaf.record_type.name}")
        if (leaf.seq, leaf.previous) != (seq, self._hashes[-1] if seq else NO_LEAF):
            raise ProofError("event-order", f"is leaf {leaf.seq} and does not follow the one before it")
        self._hashes.append(leaf.hash())
        self.verdict.events = seq + 1
        if lacks:
            self._incomplete[seq] = lacks
        if leaf.phase is Phase.REQUESTED:
            self._requests.add(leaf.hash())
        if receipt.record is not None:
            self.verdict.shown += 1
            self._read_event(leaf, receipt.record.document)

    def _receipt(self, name: str) -> tuple[Receipt, tuple[str, ...]]:
        """A receipt that is not wrong, and the stages that it lacks. ProofError `receipt-invalid` names what failed.

        A quorum that is not met yet makes it incomplete.
        """
        receipt = parse_receipt(self._container.read(name, MAX_BYTES))
        verdict = verify(receipt, self._trust)
        failed = verdict.first_failure
        if failed is None:
            self.verdict.witnesses |= set(verdict.witnesses)
            return receipt, verdict.missing
        reason = verdict.stages[failed].reason
        if reason not in _YET:
            raise ProofError("receipt-invalid", f"stage {failed}: {reason}")
        return receipt, (failed,)

    def _read_event(self, leaf: Leaf, document: JsonValue) -> None:
        """What a shown event names: the request that it answers, a form, a manifest, documents."""
        if not isinstance(document, dict) or document.get("subject") != self._index.project:
            raise ProofError("event-project", "is about another project")
        body = document.get("body")
        if not isinstance(body, dict):
            return
        if leaf.phase in (Phase.REGISTERED, Phase.REFUSED) and _hash(body.get("request")) not in self._requests:
            raise ProofError("event-request", "answers a request that is not before it")
        version, form = body.get("version"), _hash(body.get("form_sha256"))
        if isinstance(version, int) and form is not None:
            self._drafts[version] = form
        self._name(body.get("manifest"), body.get("manifest_leaf"))
        evidence = body.get("evidence")
        for each in evidence if isinstance(evidence, list) else ():
            if isinstance(each, dict):
                self._name(each.get("record"), each.get("leaf"))

    def _name(self, record: JsonValue, leaf: JsonValue) -> None:
        hashed = _hash(leaf)
        if isinstance(record, str) and hashed is not None:
            self._named[record] = hashed

    def _check_extent(self) -> None:
        """The leaf that the chain knows last is here, at its place, and nothing stands behind the last event."""
        self.where = INDEX
        verdict = self.verdict
        if len(self._files.events) != verdict.events:
            raise ProofError("event-number", f"it says {verdict.events} events and has {len(self._files.events)}")
        known = self._hashes[verdict.count - 1] if verdict.count else None
        if known != verdict.last_leaf:
            raise ProofError("last-leaf", "the chain knows another leaf at this place")
        for seq in sorted(self._incomplete):
            if seq < max(verdict.count, 1):
                self._lack(f"{event_name(seq)}: {', '.join(self._incomplete[seq])}")
                break

    # --- what events name

    def _check_records(self) -> None:
        for record, name in sorted(self._files.records.items()):
            self.where = name
            if record not in self._named:
                raise ProofError("record-unnamed", "no shown event names it")
            receipt, lacks = self._receipt(name)
            leaf = Leaf.decode(receipt.leaf)
            if leaf.hash() != self._named[record]:
                raise ProofError("record-leaf", "the event that names it names another leaf")
            if lacks:
                self._lack(f"{name}: {', '.join(lacks)}")
            if leaf.record_type.name == "material.manifest" and receipt.record is not None:
                with as_code("record-malformed"):
                    self._manifests[record] = read_part(_body(receipt.record.document)).files
            self.verdict.records += 1
        self.verdict.left_out += len(self._named.keys() - self._files.records.keys())

    def _check_forms(self) -> None:
        for version, name in sorted(self._files.forms.items()):
            self.where = name
            if version not in self._drafts:
                raise ProofError("form-unnamed", "no shown event has this version of the form")
            if sha256(self._container.read(name, MAX_FORM)) != self._drafts[version]:
                raise ProofError("form-digest", "is another form than the event says")
            self.verdict.forms += 1
        self.verdict.left_out += len(self._drafts.keys() - self._files.forms.keys())

    def _check_files(self) -> None:
        for (record, place), name in sorted(self._files.files.items()):
            self.where = name
            entries = self._manifests.get(record, ())
            if not 1 <= place <= len(entries):
                raise ProofError("file-unnamed", "no shown manifest has this file")
            entry = entries[place - 1]
            if name != file_name(record, place, entry.name):
                raise ProofError("file-name", "has another name in its manifest")
            if digest_of(self._container.pieces(name, entry.digest.size)) != entry.digest:
                raise ProofError("file-digest", "is another file than the manifest says")
            self.verdict.files += 1
        self.verdict.left_out += sum(len(entries) for entries in self._manifests.values()) - self.verdict.files

    def _lack(self, what: str) -> None:
        if what not in self.verdict.missing:
            self.verdict.missing.append(what)


def _attested(chain: Chain, header: BlockHeader, following: tuple[bytes, ...]) -> HeaderAttestation:
    """What witnesses must attest: the last of the headers that follow one another from the event's on."""
    for data in following:
        with as_code("header-malformed"):
            after = BlockHeader.decode(data)
        if after.parent_hash != header.hash or after.number != header.number + 1:
            raise ProofError("header-chain", f"block {after.number} does not follow block {header.number}")
        header = after
    return HeaderAttestation(chain.chain_id, chain.genesis, header.number, header.hash)


def _hash(value: JsonValue) -> bytes | None:
    try:
        return from_hex(value, "", 32)
    except FormatError:
        return None


def _body(document: JsonValue) -> JsonValue:
    return document.get("body") if isinstance(document, dict) else None
