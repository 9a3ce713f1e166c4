"""A small world from one fixed seed: a log, two witnesses, a chain, and everything that makes a receipt of them."""

from dataclasses import dataclass, field, replace

from chain.proof.canonical import JsonObject
from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.ed25519 import SigningKey
from chain.proof.ethereum import (
    EventLog,
    HeadAnchored,
    TransactionReceipt,
    bloom_of,
    encode_header,
    encode_receipt,
    log_id,
)
from chain.proof.hashing import Suite, keccak256, sha256
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import inclusion_proof, root_of
from chain.proof.note import NoteSigner, SignatureType, VerifierKey, parse_note, sign_note, with_signatures
from chain.proof.receipt import Anchor, Opening, Receipt, Submitter
from chain.proof.record import check_record, commit, disclose, submission_message
from chain.proof.trie import EMPTY_ROOT, build_trie, index_key
from chain.proof.trust import Chain, LogKey, Policy, SubmitterKey, Trust, TrustedLog, Witness
from chain.proof.types import BY_NAME, Phase

SEED = "regseal vectors 1"
ORIGIN = "evidence.example.cn/440300"
OTHER_ORIGIN = "evidence.example.cn/440100"
CHAIN_ID = 20_231_121
ACCEPTED_AT = 1_795_166_400_000
COSIGNED_AT = 1_795_166_405
BLOCK_TIME = 1_795_166_415
EMPTY_UNCLES = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347"


def fixed(name: str, length: int = 32) -> bytes:
    """Bytes that look random and are always the same."""
    blocks = (sha256(f"{SEED}/{name}/{counter}".encode()) for counter in range(-(-length // 32)))
    return b"".join(blocks)[:length]


def institution(name: str) -> str:
    return "ins_" + fixed(f"institution {name}", 16).hex()


OPERATOR = institution("operator")
LOG = NoteSigner(ORIGIN, SignatureType.ED25519, fixed("log key"))
NEXT_LOG = NoteSigner(ORIGIN, SignatureType.ED25519, fixed("log key after rotation"))
REGULATOR = NoteSigner("witness.example.gov.cn", SignatureType.COSIGNATURE, fixed("regulator"))
AUDITOR = NoteSigner("witness.example.com", SignatureType.COSIGNATURE, fixed("auditor"))
STRANGER = NoteSigner("witness.example.org", SignatureType.COSIGNATURE, fixed("stranger"))
SUBMITTER = SigningKey(fixed("submitter"))
REVOKED = SigningKey(fixed("revoked submitter"))
CONTRACT = fixed("EvidenceLog", 20)


def plain(name: str, seed: str) -> NoteSigner:
    """The same key as a cosigner, for statements of its own."""
    return NoteSigner(name, SignatureType.ED25519, fixed(seed))


REGULATOR_PLAIN = plain(REGULATOR.key.name, "regulator")
AUDITOR_PLAIN = plain(AUDITOR.key.name, "auditor")
STRANGER_PLAIN = plain(STRANGER.key.name, "stranger")

RECORDS: tuple[JsonObject, ...] = (
    {
        "type": "business.event",
        "subject": "证券 440300-000001 示例科技",
        "actor": OPERATOR,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": {
            "event": "股份质押登记",
            "units": "1200000",
            "pledgee": {"name": "示例银行", "since": 2026},
            "lots": [{"id": 1, "units": "700000"}, {"id": 2, "units": "500000"}],
            "confirmed": True,
            "remark": None,
        },
    },
    {
        "type": "pilot.event",
        "subject": "pilot/SZ-2023-007",
        "actor": OPERATOR,
        "occurred_at": "2026-11-20T09:30:00.250Z",
        "body": {
            "a": {"0": 1},
            "b": [1],
            "~/[": "escapes",
            "": "empty key",
            "😀": "U+1F600",
            "דּ": "U+FB33",
            "{}": {},
            "[]": [],
        },
    },
    {
        "type": "material.digest",
        "subject": "材料 é é 𠮷",
        "actor": OPERATOR,
        "occurred_at": "0001-01-01T00:00:00Z",
        "body": {"sha256": sha256(b"").hex(), "size": 0},
    },
)


def secret(index: int) -> bytes:
    return fixed(f"record secret {index}")


def record(index: int) -> JsonObject:
    return RECORDS[index] if index < len(RECORDS) else RECORDS[0] | {"subject": f"subject {index}"}


def make_leaves(count: int, origin: str = ORIGIN) -> list[Leaf]:
    """Leaves of the records, alternating between two streams."""
    leaves: list[Leaf] = []
    for index in range(count):
        document = check_record(record(index))
        before = leaves[index - 2].hash() if index >= 2 else NO_LEAF
        leaves.append(
            Leaf(
                suite=Suite.INTL_V1,
                type_code=BY_NAME[str(document["type"])].code,
                phase=Phase.EVENT,
                seq=index // 2,
                stream=fixed(f"{origin} stream {index % 2}", 16),
                previous=before,
                commitment=commit(document, secret(index)),
                accepted_at=ACCEPTED_AT + index,
            )
        )
    return leaves


@dataclass(frozen=True)
class Block:
    """A header and the receipts behind it."""

    header: bytes
    receipts: tuple[bytes, ...]

    @property
    def hash(self) -> bytes:
        return keccak256(self.header)

    def proof(self, index: int) -> tuple[bytes, ...]:
        _, prove = build_trie([(index_key(i), receipt) for i, receipt in enumerate(self.receipts)])
        return tuple(prove(index_key(index)))


def make_block(number: int, parent: bytes, receipts: tuple[bytes, ...], *, timestamp: int) -> Block:
    root = build_trie([(index_key(i), receipt) for i, receipt in enumerate(receipts)])[0] if receipts else EMPTY_ROOT
    header = encode_header(
        {
            "parentHash": parent,
            "sha3Uncles": EMPTY_UNCLES,
            "miner": bytes(20),
            "stateRoot": fixed(f"state {number}"),
            "transactionsRoot": fixed(f"transactions {number}"),
            "receiptsRoot": root,
            "logsBloom": bytes(256),
            "difficulty": 0,
            "number": number,
            "gasLimit": 30_000_000,
            "gasUsed": 21_000 * len(receipts),
            "timestamp": timestamp,
            "extraData": b"regseal",
            "mixHash": fixed(f"mix {number}"),
            "nonce": bytes(8),
            "baseFeePerGas": 7,
            "withdrawalsRoot": EMPTY_ROOT,
            "blobGasUsed": 0,
            "excessBlobGas": 0,
            "parentBeaconBlockRoot": bytes(32),
        }
    )
    return Block(header, receipts)


def transaction_receipt(logs: tuple[EventLog, ...], *, kind: int = 2, status: int = 1, gas: int = 66_000) -> bytes:
    return encode_receipt(TransactionReceipt(kind, status, gas, bloom_of(logs), logs))


OTHER_EVENT = EventLog(fixed("another contract", 20), (fixed("another topic"),), b"\x01" * 40)
GENESIS = make_block(0, bytes(32), (), timestamp=BLOCK_TIME - 100).hash


@dataclass(frozen=True)
class World:
    """Everything behind one receipt; evil variants replace a part and assemble again."""

    size: int = 11
    index: int = 0
    origin: str = ORIGIN
    log_signers: tuple[NoteSigner, ...] = (LOG,)
    cosigners: tuple[tuple[NoteSigner, int], ...] = ((REGULATOR, COSIGNED_AT), (AUDITOR, COSIGNED_AT + 2))
    attesters: tuple[NoteSigner, ...] = (REGULATOR_PLAIN, AUDITOR_PLAIN)
    submitter: SigningKey = SUBMITTER
    chain_id: int = CHAIN_ID
    genesis: bytes = GENESIS
    contract: bytes = CONTRACT
    event_address: bytes = CONTRACT
    kind: int = 2
    status: int = 1
    salt: str = ""
    leaves: list[Leaf] = field(default_factory=list)

    def all_leaves(self) -> list[Leaf]:
        return self.leaves or make_leaves(self.size, self.origin)

    def head(self) -> Checkpoint:
        return Checkpoint(self.origin, self.size, root_of([leaf.hash() for leaf in self.all_leaves()]))

    def note(self, head: Checkpoint | None = None) -> str:
        text = (head or self.head()).text()
        lines = [signer.sign(text, seconds=seconds) for signer, seconds in self.cosigners]
        return with_signatures(parse_note(sign_note(text, *self.log_signers)), lines).format()

    def event(self) -> HeadAnchored:
        head = self.head()
        return HeadAnchored(log_id(head.origin), head.size, head.root, 7)

    def block(self) -> Block:
        events = (OTHER_EVENT, self.event().encode(self.event_address))
        receipts = (
            transaction_receipt((), kind=0, gas=21_000),
            transaction_receipt(events, kind=self.kind, status=self.status),
            transaction_receipt((OTHER_EVENT,), gas=90_000),
        )
        return make_block(42, fixed(f"parent {self.salt}"), receipts, timestamp=BLOCK_TIME)

    def anchor(self) -> Anchor:
        block = self.block()
        return Anchor(self.chain_id, self.genesis, self.contract, block.header, 1, 1, block.proof(1))

    def attestation(self) -> HeaderAttestation:
        return HeaderAttestation(self.chain_id, self.genesis, 42, self.block().hash)

    def attestations(self, statement: HeaderAttestation | None = None) -> tuple[str, ...]:
        text = (statement or self.attestation()).text()
        return tuple(sign_note(text, signer) for signer in self.attesters)

    def public(self) -> Receipt:
        hashes = [leaf.hash() for leaf in self.all_leaves()]
        proof = inclusion_proof(self.index, self.size, lambda level, i: root_of(hashes[i << level : (i + 1) << level]))
        return Receipt(
            origin=self.origin,
            leaf=self.all_leaves()[self.index].encode(),
            index=self.index,
            proof=tuple(proof),
            checkpoint=self.note(),
            anchor=self.anchor(),
            attestations=self.attestations(),
        )

    def private(self) -> Receipt:
        document = record(self.index)
        signature = self.submitter.sign(submission_message(self.origin, document))
        return replace(
            self.public(),
            record=Opening(document, secret(self.index)),
            submitter=Submitter(self.submitter.public, signature),
        )

    def disclosed(self, *paths: str) -> Receipt:
        return replace(self.public(), disclosures=disclose(record(self.index), secret(self.index), paths))


ALL_STAGES = frozenset(("leaf", "inclusion", "checkpoint", "witness", "anchor", "finality"))
POLICY = Policy(ALL_STAGES, {"regulator": 1}, {"regulator": 1})


def log_keys(*keys: tuple[VerifierKey, int, int | None]) -> tuple[LogKey, ...]:
    return tuple(LogKey(*each) for each in keys)


def trust(**changes: object) -> Trust:
    """The trust file of the world, with parts replaced."""
    base = Trust(
        logs={
            ORIGIN: TrustedLog(ORIGIN, log_keys((LOG.key, 0, 64), (NEXT_LOG.key, 64, None)), submitter_required=False)
        },
        submitters=(
            SubmitterKey(OPERATOR, SUBMITTER.public, ACCEPTED_AT - 86_400_000, None),
            SubmitterKey(OPERATOR, REVOKED.public, ACCEPTED_AT - 86_400_000, ACCEPTED_AT),
        ),
        witnesses=(Witness(REGULATOR.key, "regulator"), Witness(AUDITOR.key, "auditor")),
        chains=(Chain(CHAIN_ID, 1, GENESIS, "embedded", CONTRACT),),
        policy=POLICY,
    )
    return replace(base, **changes)  # type: ignore[arg-type]
