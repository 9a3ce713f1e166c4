"""Receipts that must be refused, each with the stage that fails and its reason."""

from collections.abc import Iterator
from dataclasses import replace

from chain.proof.canonical import JsonValue
from chain.proof.checkpoint import Checkpoint
from chain.proof.ed25519 import SigningKey
from chain.proof.ethereum import HeadAnchored, log_id
from chain.proof.merkle import root_of
from chain.proof.note import parse_note, sign_note, with_signatures
from chain.proof.receipt import Receipt, format_receipt
from chain.proof.record import disclose
from tests.vectors.cases import GOOD, Case
from tests.vectors.evil_files import files
from tests.vectors.world import (
    AUDITOR,
    COSIGNED_AT,
    LOG,
    NEXT_LOG,
    ORIGIN,
    OTHER_EVENT,
    OTHER_ORIGIN,
    REGULATOR,
    REGULATOR_PLAIN,
    REVOKED,
    STRANGER,
    STRANGER_PLAIN,
    World,
    fixed,
    make_block,
    record,
    secret,
    transaction_receipt,
)


def _case(name: str, receipt: Receipt, stage: str, reason: str, trust_name: str = "default") -> Case:
    return Case(name, format_receipt(receipt), stage, reason, trust_name)


def _flip(data: bytes, place: int = -1) -> bytes:
    return data[:place] + bytes((data[place] ^ 1,)) + (data[place + 1 :] if place != -1 else b"")


def leaf_and_record() -> Iterator[Case]:
    private, public, leaf = GOOD.private(), GOOD.public(), GOOD.public().leaf
    for name, reason, data in (
        ("leaf truncated", "leaf-length", leaf[:-1]),
        ("leaf with a trailing byte", "leaf-length", leaf + b"\0"),
        ("leaf of version 2", "leaf-version", b"\x02" + leaf[1:]),
        ("leaf of the other suite", "leaf-suite", leaf[:1] + b"\x02" + leaf[2:]),
        ("leaf of an unknown type", "leaf-type", leaf[:2] + b"\xff\xff" + leaf[4:]),
        ("leaf claims an outcome that its type does not have", "leaf-phase", leaf[:4] + b"\x02" + leaf[5:]),
        ("leaf with reserved bits", "leaf-reserved", leaf[:5] + b"\x80" + leaf[6:]),
        ("first leaf with a predecessor", "leaf-previous", leaf[:32] + b"\x01" * 32 + leaf[64:]),
        ("leaf beyond time", "leaf-time", leaf[:96] + b"\xff" * 8),
    ):
        yield _case(name, replace(public, leaf=data), "leaf", reason)
    altered = record(0) | {"subject": "证券 440300-000002"}
    opening = private.record
    assert opening
    body = record(0)["body"]
    assert isinstance(body, dict)
    altered_records: tuple[tuple[str, str, JsonValue], ...] = (
        ("one field altered", "commitment-mismatch", altered),
        (
            "one field removed",
            "commitment-mismatch",
            record(0) | {"body": {k: v for k, v in body.items() if k != "remark"}},
        ),
        ("object for array", "commitment-mismatch", record(0) | {"body": body | {"lots": {"0": 1}}}),
        ("type altered", "commitment-mismatch", record(0) | {"type": "pilot.event"}),
        ("record with an unknown member", "record-malformed", record(0) | {"extra": 1}),
        ("record is an array", "record-malformed", [record(0)]),
        ("record with an empty body", "record-malformed", record(0) | {"body": {}}),
        ("actor of upper case", "record-malformed", record(0) | {"actor": "ins_" + "A" * 32}),
    )
    for name, reason, document in altered_records:
        yield _case(name, replace(private, record=replace(opening, document=document)), "record", reason)
    yield _case(
        "another secret", replace(private, record=replace(opening, secret=secret(1))), "record", "commitment-mismatch"
    )
    yield from disclosures()


def disclosures() -> Iterator[Case]:
    second = World(index=1)
    shown = disclose(record(1), secret(1), ["/body/a/0", "/body/b[0]"])
    first, other = shown.items
    for name, reason, items in (
        ("value of another field", "commitment-mismatch", (replace(first, value="1"),)),
        ("path /body/a[0] for /body/a/0", "commitment-mismatch", (replace(first, path="/body/a[0]"),)),
        ("path /body/b/0 for /body/b[0]", "commitment-mismatch", (replace(other, path="/body/b/0"),)),
        ("field at another index", "commitment-mismatch", (replace(first, index=other.index),)),
        ("salt of another field", "commitment-mismatch", (replace(first, salt=other.salt),)),
        ("index beyond the fields", "index-range", (replace(first, index=shown.count),)),
        ("disclosure proof too short", "proof-length", (replace(first, proof=first.proof[:-1]),)),
        ("disclosure proof too long", "proof-length", (replace(first, proof=(*first.proof, bytes(32))),)),
        ("disclosure hash too short", "proof-hash", (replace(first, proof=(first.proof[0][:31], *first.proof[1:])),)),
        ("fields out of order", "disclosure-malformed", (other, first)),
        ("one field twice", "disclosure-malformed", (first, first)),
        ("container as a field", "disclosure-malformed", (replace(first, path="/body/a", value={"0": 1}),)),
        ("path outside a record", "disclosure-malformed", (replace(first, path="/note"),)),
        ("path too long", "disclosure-malformed", (replace(first, path="/body/" + "a" * 1_019),)),
        ("unescaped path", "disclosure-malformed", (replace(first, path="/body/~"),)),
        ("no field", "disclosure-malformed", ()),
    ):
        yield _case(
            f"disclosed: {name}", replace(second.public(), disclosures=replace(shown, items=items)), "record", reason
        )
    more = replace(second.public(), disclosures=replace(shown, count=shown.count + 1))
    yield _case("disclosed: another number of fields", more, "record", "commitment-mismatch")
    misnamed = misfiled_leaf()
    yield _case("leaf of another type code", misnamed, "record", "type-mismatch")
    typed = replace(misnamed, record=None, submitter=None, disclosures=disclose(record(0), secret(0), ["/type"]))
    yield _case("disclosed: leaf of another type code", typed, "record", "type-mismatch")


def misfiled_leaf() -> Receipt:
    """Honest commitment, but the leaf's code is that of another type."""
    leaves = GOOD.all_leaves()
    leaves[0] = replace(leaves[0], type_code=2)
    return replace(GOOD, leaves=leaves).private()


def submitter() -> Iterator[Case]:
    private = GOOD.private()
    signed = private.submitter
    assert signed
    broken = replace(signed, signature=_flip(signed.signature, 3))
    for_other_log = World(origin=OTHER_ORIGIN).private().submitter
    stranger = World(submitter=SigningKey(fixed("nobody"))).private()
    yield _case("submitter's signature broken", replace(private, submitter=broken), "submitter", "submitter-signature")
    yield _case(
        "submitted to another log", replace(private, submitter=for_other_log), "submitter", "submitter-signature"
    )
    yield _case("submitter's key unknown", stranger, "submitter", "submitter-unknown")
    yield _case("submitter's key revoked", World(submitter=REVOKED).private(), "submitter", "submitter-key-expired")
    bare = replace(private, submitter=None)
    yield _case("required signature missing", bare, "submitter", "submitter-missing", "submitter required")


def log() -> Iterator[Case]:
    public = GOOD.public()
    proof = public.proof
    for name, reason, changes in (
        ("wrong index", "root-mismatch", {"index": 1}),
        ("index beyond the log", "index-range", {"index": 11}),
        ("swapped siblings", "root-mismatch", {"proof": (proof[1], proof[0], *proof[2:])}),
        ("truncated proof", "proof-length", {"proof": proof[:-1]}),
        ("empty proof", "proof-length", {"proof": ()}),
        ("proof one hash too long", "proof-length", {"proof": (*proof, bytes(32))}),
        ("proof of 64 hashes", "proof-length", {"proof": (bytes(32),) * 64}),
        ("hash with a trailing byte", "proof-hash", {"proof": (proof[0] + b"\0", *proof[1:])}),
        ("leaf moved in time", "root-mismatch", {"leaf": _flip(public.leaf)}),
        ("replayed checkpoint of another size", "proof-length", {"checkpoint": World(size=5).note()}),
        ("replayed checkpoint of the same height", "root-mismatch", {"checkpoint": World(size=12).note()}),
        (
            "checkpoint of the empty log",
            "index-range",
            {"checkpoint": sign_note(Checkpoint(ORIGIN, 0, bytes(32)).text(), LOG)},
        ),
    ):
        yield _case(name, replace(public, **changes), "inclusion", reason)
    text = GOOD.head().text()
    foreign = sign_note(text, REGULATOR_PLAIN)
    wrong = parse_note(sign_note(text, LOG))
    damaged = replace(wrong.signatures[0], payload=_flip(wrong.signatures[0].payload))
    other_head = replace(GOOD.head(), origin=OTHER_ORIGIN)
    for name, reason, note in (
        ("checkpoint with an extension line", "checkpoint-malformed", sign_note(text + "extra\n", LOG)),
        ("checkpoint with trailing bytes", "checkpoint-malformed", public.checkpoint + "x"),
        ("size with a leading zero", "checkpoint-malformed", sign_note(text.replace("\n11\n", "\n011\n"), LOG)),
        ("checkpoint of another log", "origin-mismatch", sign_note(other_head.text(), LOG)),
        ("checkpoint without the log's signature", "log-signature-missing", foreign),
        ("log's signature broken", "signature-wrong", replace(wrong, signatures=(damaged,)).format()),
        ("log key out of its size range", "log-key-range", sign_note(text, NEXT_LOG)),
    ):
        yield _case(name, replace(public, checkpoint=note), "checkpoint", reason)
    yield _case("receipt names another log", replace(public, origin=OTHER_ORIGIN), "checkpoint", "origin-mismatch")
    yield _case("whole receipt of another log", World(origin=OTHER_ORIGIN).public(), "checkpoint", "log-unknown")
    yield _case("log that nobody trusts", public, "checkpoint", "log-unknown", "other logs")
    yield _case("old log key after the rotation", World(size=64).public(), "checkpoint", "log-key-range")


def witness() -> Iterator[Case]:
    stolen = World(
        index=0,
        leaves=[replace(leaf, accepted_at=leaf.accepted_at - 60_000) for leaf in GOOD.all_leaves()],
        cosigners=(),
        attesters=(),
        salt="forged by the holder of the log key",
    )
    yield _case("forged end to end with the stolen log key", stolen.private(), "witness", "witness-quorum")
    own = replace(stolen, cosigners=((STRANGER, COSIGNED_AT),), attesters=(STRANGER_PLAIN,))
    yield _case("forged end to end, cosigned by an untrusted witness", own.public(), "witness", "witness-quorum")
    twice = World(cosigners=((REGULATOR, COSIGNED_AT), (REGULATOR, COSIGNED_AT + 9)))
    yield _case("one witness counted twice", twice.public(), "witness", "witness-quorum", "two regulators")
    auditor_only = World(cosigners=((AUDITOR, COSIGNED_AT),))
    yield _case("witness of another role", auditor_only.public(), "witness", "witness-quorum")
    text = GOOD.head().text()
    line = REGULATOR.sign(text, seconds=COSIGNED_AT)
    later = replace(line, payload=_flip(line.payload, 7))
    of_other = REGULATOR.sign(World(size=12).head().text(), seconds=COSIGNED_AT)
    short = replace(line, payload=line.payload[8:])
    for name, forged in (
        ("cosignature's time altered", later),
        ("cosignature of another checkpoint", of_other),
        ("cosignature without its time", short),
    ):
        note = with_signatures(parse_note(sign_note(text, LOG)), [forged]).format()
        yield _case(name, replace(GOOD.public(), checkpoint=note), "witness", "signature-wrong")
    as_plain = with_signatures(parse_note(sign_note(text, LOG)), [REGULATOR_PLAIN.sign(text)]).format()
    yield _case(
        "plain signature for a cosignature", replace(GOOD.public(), checkpoint=as_plain), "witness", "witness-quorum"
    )


def chain() -> Iterator[Case]:
    public, anchor = GOOD.public(), GOOD.anchor()
    header, nodes = anchor.header, anchor.receipt_proof
    for name, reason, changes in (
        ("other chain id", "chain-unknown", {"chain_id": 1}),
        ("other epoch of the chain", "genesis-mismatch", {"genesis": fixed("another genesis")}),
        ("other contract", "contract-mismatch", {"contract": fixed("impostor", 20)}),
        ("header with trailing bytes", "header-malformed", {"header": header + b"\0"}),
        ("header truncated", "header-malformed", {"header": header[:-1]}),
        ("header of one field", "header-malformed", {"header": b"\xc1\x80"}),
        ("header that is no list", "header-malformed", {"header": b"\x83abc"}),
        ("header as a depth bomb", "header-malformed", {"header": b"\xc1" * 10_000}),
        ("header longer than 32 KiB", "header-malformed", {"header": bytes(32_769)}),
        (
            "forged header with another receipts root",
            "receipt-proof",
            {"header": make_block(42, bytes(32), (transaction_receipt(()),), timestamp=1).header},
        ),
        ("other transaction", "receipt-proof", {"transaction_index": 2}),
        ("trie node missing", "receipt-proof", {"receipt_proof": nodes[:-1]}),
        ("trie node left over", "receipt-proof", {"receipt_proof": (*nodes, nodes[-1])}),
        ("trie nodes swapped", "receipt-proof", {"receipt_proof": nodes[::-1]}),
        ("trie node altered", "receipt-proof", {"receipt_proof": (*nodes[:-1], _flip(nodes[-1]))}),
        ("no trie node", "receipt-proof", {"receipt_proof": ()}),
        ("event beyond the transaction", "event-missing", {"log_index": 2}),
        ("event by another contract", "event-address", {"log_index": 0}),
    ):
        yield _case(name, replace(public, anchor=replace(anchor, **changes)), "anchor", reason)
    yield _case("transaction reverted (status 0)", World(status=0).public(), "anchor", "transaction-failed")
    yield _case(
        "event of an impostor contract", World(event_address=fixed("x", 20)).public(), "anchor", "event-address"
    )
    for name, reason, event in (
        ("event about another log", "event-log", replace(GOOD.event(), log=log_id(OTHER_ORIGIN))),
        ("event with another root", "event-head", replace(GOOD.event(), root=root_of([bytes(32)]))),
        ("event with another size", "event-head", replace(GOOD.event(), size=12)),
    ):
        yield _case(name, _anchored(event), "anchor", reason)
    own = replace(OTHER_EVENT, address=GOOD.contract)
    yield _case("other event of the contract", _with_receipt(transaction_receipt((own,)), 0), "anchor", "event-kind")
    log_entry = GOOD.event().encode(GOOD.contract)
    huge = replace(log_entry, data=b"\x01" + log_entry.data[1:])
    yield _case("size beyond 64 bits", _with_receipt(transaction_receipt((huge,)), 0), "anchor", "event-kind")
    yield _case(
        "transaction receipt with trailing bytes",
        _with_receipt(transaction_receipt((log_entry,)) + b"\0", 0),
        "anchor",
        "transaction-malformed",
    )


def _anchored(event: HeadAnchored) -> Receipt:
    return _with_receipt(transaction_receipt((event.encode(GOOD.contract),)), 0)


def _with_receipt(data: bytes, log_index: int) -> Receipt:
    block = make_block(42, fixed("parent"), (data,), timestamp=1_795_166_415)
    anchor = replace(
        GOOD.anchor(), header=block.header, receipt_proof=block.proof(0), transaction_index=0, log_index=log_index
    )
    return replace(GOOD.public(), anchor=anchor)


def finality() -> Iterator[Case]:
    public = GOOD.public()
    honest = GOOD.attestation()
    forged = World(salt="forged header", attesters=())
    unattested = replace(public, anchor=forged.anchor(), attestations=())
    yield _case("forged header that nobody attests", unattested, "finality", "header-quorum")
    borrowed = replace(public, anchor=forged.anchor())
    yield _case("forged header with attestations of the real one", borrowed, "finality", "attestation-mismatch")
    for name, statement in (
        ("attestation of another chain", replace(honest, chain_id=1)),
        ("attestation of another epoch", replace(honest, genesis=fixed("another genesis"))),
        ("attestation of another block number", replace(honest, number=43)),
        ("attestation of another block", replace(honest, block_hash=fixed("another block"))),
    ):
        yield _case(
            name, replace(public, attestations=GOOD.attestations(statement)), "finality", "attestation-mismatch"
        )
    stranger = World(attesters=(STRANGER_PLAIN,)).public()
    yield _case("attestation by an untrusted witness", stranger, "finality", "header-quorum")
    twice = World(attesters=(REGULATOR_PLAIN, REGULATOR_PLAIN)).public()
    yield _case("one attesting witness counted twice", twice, "finality", "header-quorum", "two attesting regulators")
    broken = parse_note(public.attestations[0])
    damaged = replace(broken, signatures=(replace(broken.signatures[0], payload=_flip(broken.signatures[0].payload)),))
    for name, reason, note in (
        ("attestation's signature broken", "signature-wrong", damaged.format()),
        ("attestation that is no note", "attestation-malformed", "regseal/header@v1\n"),
    ):
        yield _case(name, replace(public, attestations=(note,)), "finality", reason)
    cosigned = with_signatures(replace(broken, signatures=()), [REGULATOR.sign(broken.text, seconds=COSIGNED_AT)])
    as_cosignature = replace(public, attestations=(cosigned.format(),))
    yield _case("attestation signed as a cosignature", as_cosignature, "finality", "header-quorum")


def evil_cases() -> Iterator[Case]:
    for part in (leaf_and_record, submitter, log, witness, chain, finality, files):
        yield from part()
