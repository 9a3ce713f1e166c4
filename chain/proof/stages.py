"""The eight stages of a verification, each a function that raises what it finds wrong (docs/spec/receipt.md)."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.ed25519 import signature_holds
from chain.proof.errors import FormatError, ProofError
from chain.proof.ethereum import BlockHeader, EventLog, HeadAnchored, decode_receipt, log_id
from chain.proof.leaf import Leaf, leaf_hash
from chain.proof.merkle import verify_inclusion
from chain.proof.note import Note, SignatureType, parse_note, verify_note
from chain.proof.receipt import Anchor, Receipt
from chain.proof.record import check_record, commit, submission_message, verify_disclosures
from chain.proof.trie import index_key, verify_trie_proof
from chain.proof.trust import Chain, Trust


class NotRun(Exception):
    """The stage has nothing to look at; `code` says what is absent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Examination:
    """A receipt before a trust file, and what the stages have established so far; each relies on those before it.

    A stage returns when it passes and raises ProofError or NotRun otherwise.
    """

    leaf: Leaf
    record: JsonObject | None = None
    note: Note
    checkpoint: Checkpoint
    chain: Chain
    header: BlockHeader | None = None

    def __init__(self, receipt: Receipt, trust: Trust) -> None:
        self.receipt = receipt
        self.trust = trust
        self.cosigned: dict[str, int] = {}
        """Seconds since 1970 at which each trusted witness cosigned, by name."""
        self.attested: set[str] = set()
        """Names of the trusted witnesses that attest the header."""

    @property
    def needs_submitter(self) -> bool:
        """Whether the log's policy makes `submitter` a stage that must pass."""
        log = self.trust.logs.get(self.receipt.origin)
        return log is not None and log.submitter_required

    def check_leaf(self) -> None:
        """104 bytes with known version, suite, type and phase."""
        self.leaf = Leaf.decode(self.receipt.leaf)

    def check_record(self) -> None:
        """The record, or each disclosed field, is what the leaf commits to."""
        if self.receipt.record:
            self.record = _as_record(self.receipt.record.document)
            if commit(self.record, self.receipt.record.secret, self.leaf.suite) != self.leaf.commitment:
                raise ProofError("commitment-mismatch", "the leaf commits to another record or secret")
            self._check_type(self.record["type"])
        elif self.receipt.disclosures:
            verify_disclosures(self.receipt.disclosures, self.leaf.commitment, self.leaf.suite)
            for item in self.receipt.disclosures.items:
                if item.path == "/type":
                    self._check_type(item.value)
        else:
            raise NotRun("no-record")

    def _check_type(self, name: object) -> None:
        if name != self.leaf.record_type.name:
            raise ProofError("type-mismatch", f"the record is {name}, the leaf {self.leaf.record_type.name}")

    def check_submitter(self) -> None:
        """A trusted key of the actor, valid when the leaf was accepted, signed the record for this log."""
        submitter = self.receipt.submitter
        if submitter is None or self.record is None:
            if self.record is not None and self.needs_submitter:
                raise ProofError("submitter-missing", "the log's policy demands the submitter's signature")
            raise NotRun("no-signature")
        actor = self.record["actor"]
        keys = [
            key for key in self.trust.submitters if key.institution == actor and key.public_key == submitter.public_key
        ]
        if not keys:
            raise ProofError("submitter-unknown", f"the key is not a trusted key of {actor}")
        if not any(key.covers(self.leaf.accepted_at) for key in keys):
            raise ProofError("submitter-key-expired", "the key was not valid when the leaf was accepted")
        message = submission_message(self.receipt.origin, self.record)
        if not signature_holds(submitter.public_key, message, submitter.signature):
            raise ProofError("submitter-signature", "the signature is not over this record and this log")

    def check_inclusion(self) -> None:
        """The leaf stands at its index under the checkpoint's root."""
        try:
            self._read_checkpoint()
        except FormatError as error:
            # The stage that is about the checkpoint's form shall say so.
            raise NotRun("checkpoint-malformed") from error
        head = self.checkpoint
        verify_inclusion(leaf_hash(self.receipt.leaf), self.receipt.index, head.size, self.receipt.proof, head.root)

    def _read_checkpoint(self) -> None:
        self.note = parse_note(self.receipt.checkpoint)
        self.checkpoint = Checkpoint.parse(self.note.text)

    def check_checkpoint(self) -> None:
        """One origin in receipt, note and trust file; signed by a log key trusted for this size."""
        with as_code("checkpoint-malformed"):
            self._read_checkpoint()
        head, log = self.checkpoint, self.trust.logs.get(self.receipt.origin)
        if head.origin != self.receipt.origin:
            raise ProofError("origin-mismatch", f"the checkpoint is of {head.origin}")
        if log is None:
            raise ProofError("log-unknown", f"{head.origin} is not in the trust file")
        signed = {each.key for each in verify_note(self.note, [each.key for each in log.keys])}
        if not signed:
            raise ProofError("log-signature-missing", "no trusted key of the log signed the checkpoint")
        if not any(each.covers(head.size) for each in log.keys if each.key in signed):
            raise ProofError("log-key-range", f"the key that signed is not trusted for size {head.size}")

    def check_witness(self) -> None:
        """Cosignatures of trusted witnesses meet the policy."""
        cosigned: dict[str, int] = {}
        for each in verify_note(self.note, [witness.key for witness in self.trust.witnesses]):
            seconds = each.time or 0
            cosigned[each.key.name] = min(seconds, cosigned.get(each.key.name, seconds))
        required = self.trust.policy.witness
        if not cosigned and not required:
            raise NotRun("no-cosignature")
        _demand("witness-quorum", required, _roles(self.trust, cosigned))
        self.cosigned = cosigned

    def check_anchor(self) -> None:
        """The head stands in an event of the trusted contract, proven from the block header."""
        anchor = self.receipt.anchor
        if anchor is None:
            raise NotRun("no-anchor")
        self.chain = trusted_chain(self.trust.chains, anchor)
        with as_code("header-malformed"):
            header = BlockHeader.decode(anchor.header)
        event = HeadAnchored.decode(proven_event(anchor, header.receipts_root))
        if event.log != log_id(self.checkpoint.origin):
            raise ProofError("event-log", "the event is about another log")
        if (event.size, event.root) != (self.checkpoint.size, self.checkpoint.root):
            raise ProofError("event-head", f"the event anchors another head, of size {event.size}")
        self.header = header

    def check_finality(self) -> None:
        """Attestations of trusted witnesses for exactly this header meet the policy."""
        if self.header is None:
            raise NotRun("no-anchor")
        expected = HeaderAttestation(self.chain.chain_id, self.chain.genesis, self.header.number, self.header.hash)
        self.attested = attesters(self.trust, expected, self.receipt.attestations)


def attesters(trust: Trust, expected: HeaderAttestation, notes: Iterable[str]) -> set[str]:
    """Names of the trusted witnesses that attest exactly this header, as many as the policy demands.

    Raises ProofError, or NotRun when there is none and none is demanded.
    """
    keys = [witness.key.of_type(SignatureType.ED25519) for witness in trust.witnesses]
    attested: set[str] = set()
    for text in notes:
        with as_code("attestation-malformed"):
            note = parse_note(text)
        signed = {each.key.name for each in verify_note(note, keys)}
        if signed and note.text != expected.text():
            raise ProofError("attestation-mismatch", "a trusted witness attests another header")
        attested |= signed
    required = trust.policy.header
    if not attested and not required:
        raise NotRun("no-attestation")
    _demand("header-quorum", required, _roles(trust, attested))
    return attested


def _roles(trust: Trust, names: Iterable[str]) -> Counter[str]:
    relied = set(names)
    return Counter(witness.role for witness in trust.witnesses if witness.key.name in relied)


@contextmanager
def as_code(code: str) -> Iterator[None]:
    """What is malformed within has this code."""
    try:
        yield
    except FormatError as error:
        raise ProofError(code, error.detail) from error


def _as_record(document: JsonValue) -> JsonObject:
    with as_code("record-malformed"):
        return check_record(document)


def _demand(code: str, required: Mapping[str, int], found: Counter[str]) -> None:
    for role, count in required.items():
        if found[role] < count:
            raise ProofError(code, f"{found[role]} of {count} required from {role}")


def trusted_chain(chains: Iterable[Chain], anchor: Anchor) -> Chain:
    """The chain of these that carries the anchor, by its `contract`. Raises ProofError."""
    candidates = [chain for chain in chains if chain.chain_id == anchor.chain_id]
    if not candidates:
        raise ProofError("chain-unknown", f"chain {anchor.chain_id} is not in the trust file")
    candidates = [chain for chain in candidates if chain.genesis == anchor.genesis]
    if not candidates:
        raise ProofError("genesis-mismatch", f"no trusted epoch of chain {anchor.chain_id} has this genesis")
    if candidates[0].contract != anchor.contract:
        raise ProofError("contract-mismatch", "the contract is not the trusted EvidenceLog")
    return candidates[0]


def proven_event(anchor: Anchor, receipts_root: bytes) -> EventLog:
    """The event at the anchor's place of a transaction that succeeded, by the anchor's contract. Raises ProofError."""
    encoded = verify_trie_proof(receipts_root, index_key(anchor.transaction_index), anchor.receipt_proof)
    with as_code("transaction-malformed"):
        receipt = decode_receipt(encoded)
    if receipt.status != 1:
        raise ProofError("transaction-failed", "the transaction was reverted")
    if anchor.log_index >= len(receipt.logs):
        raise ProofError("event-missing", f"the transaction has no event {anchor.log_index}")
    event = receipt.logs[anchor.log_index]
    if event.address != anchor.contract:
        raise ProofError("event-address", "the event is by another contract")
    return event


ORDER: tuple[tuple[str, Callable[[Examination], None]], ...] = (
    ("leaf", Examination.check_leaf),
    ("record", Examination.check_record),
    ("submitter", Examination.check_submitter),
    ("inclusion", Examination.check_inclusion),
    ("checkpoint", Examination.check_checkpoint),
    ("witness", Examination.check_witness),
    ("anchor", Examination.check_anchor),
    ("finality", Examination.check_finality),
)
"""The stages in the order in which they are computed."""
