"""Sealing, witnesses, receipts and the trust file, without a chain."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.ed25519 import SigningKey
from chain.proof.merkle import verify_consistency, verify_inclusion
from chain.proof.note import Note, NoteSigner, SignatureType, parse_note, sign_note
from chain.proof.receipt import Anchor, parse_receipt
from chain.proof.record import submission_message
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from services.evidence import repository
from services.evidence.anchoring import pack_anchor
from services.evidence.models import AnchorRow
from services.evidence.rules import Grade
from services.platform.errors import Conflict, Forbidden, Invalid, LeaseLost, NotFound
from tests.integration.services.evidence.house import OPERATOR, OTHER, PIN, House, TestWitness, record

REGULATOR, AUDITOR = TestWitness("w-regulator"), TestWitness("w-auditor", "auditor")
Open = Callable[..., House]
LATE = 1_800_000_000
ANCHOR = Anchor(1, bytes(32), bytes(20), b"\xc0", 0, 0, (b"\xc0",))


@pytest.fixture
def witnessed(new_house: Open) -> House:
    """An installation whose quorum is one regulator; an auditor's witness is configured too."""
    from chain.proof.merkle import empty_root

    house = new_house(witnesses=[REGULATOR, AUDITOR], quorum={"regulator": 1})
    house.bootstrap(OPERATOR)
    for each in (REGULATOR, AUDITOR):
        each.states(house, 0, empty_root())
    house.force_open(house.log_id)
    return house


def test_checkpoints_tiles_and_proofs_of_a_growing_log_agree(house: House) -> None:
    public, heads, leaves = house.service.public, [], []
    for count in (1, 2, 255, 300):
        futures = [house.service.submit_record(OPERATOR, record(f"s{number % 9}")) for number in range(count)]
        leaves += [future.result(60).leaf_hash for future in futures]
        house.service.sealer.run()
        heads.append(house.head())
    assert [size for size, _ in heads] == [1, 3, 258, 558]
    by_index = {each[0]: each[1] for each in house.leaves()}
    for old in heads:
        for new in heads:
            if old[0] <= new[0]:
                proof = public.consistency_proof(house.log_id, old[0], new[0])
                verify_consistency(old[0], new[0], old[1], new[1], proof)
    from chain.proof.leaf import leaf_hash

    for index in (0, 2, 257, 557):
        proof = public.inclusion_proof(house.log_id, index, 558)
        verify_inclusion(leaf_hash(by_index[index]), index, 558, proof, heads[-1][1])
    assert public.tile(house.log_id, 0, 0, 256) == b"".join(leaf_hash(by_index[i]) for i in range(256))
    assert public.tile(house.log_id, 0, 2, 46)[:32] == leaf_hash(by_index[512])
    with pytest.raises(NotFound):
        public.tile(house.log_id, 0, 2, 47)
    with pytest.raises(Invalid):
        public.consistency_proof(house.log_id, 1, 559)


def test_nothing_new_makes_no_checkpoint(house: House) -> None:
    house.submit()
    house.service.sealer.run()
    before = house.service.public.checkpoint(house.log_id)
    house.clock.advance(seconds=60)
    house.service.sealer.run()
    assert house.service.public.checkpoint(house.log_id) == before
    assert house.service.sealer.seal(house.log_id) is False


def test_a_seal_over_leaves_that_contradict_the_last_checkpoint_is_refused(house: House) -> None:
    from sqlalchemy import text

    from services.platform.errors import Unavailable

    for _ in range(3):
        house.submit()
    house.service.sealer.run()
    house.submit()
    with house.database.write() as session:
        session.execute(text("UPDATE tiles SET hashes = :h"), {"h": b"\x05" * 96})
    with pytest.raises(Unavailable) as refused:
        house.service.sealer.seal(house.log_id)
    assert refused.value.slug == "log-damaged"


def test_a_record_is_accepted_then_sealed_then_witnessed(witnessed: House) -> None:
    record_id = witnessed.submit().record_id
    assert witnessed.service.get_record(record_id).status == "accepted"
    with pytest.raises(Conflict) as early:
        witnessed.service.receipt(record_id, private=False)
    assert early.value.slug == "not-sealed"
    witnessed.service.sealer.run()
    assert witnessed.service.get_record(record_id).status == "sealed"
    note = witnessed.service.public.checkpoint(witnessed.log_id)
    assert witnessed.service.add_cosignature(AUDITOR.cosigns(note)) is Grade.SEALED, "the quorum wants a regulator"
    assert witnessed.service.add_cosignature(REGULATOR.cosigns(note)) is Grade.WITNESSED
    assert witnessed.service.get_record(record_id).status == "witnessed"
    lines = parse_note(witnessed.service.public.checkpoint(witnessed.log_id)).signatures
    assert {line.name for line in lines} == {witnessed.origin, REGULATOR.name, AUDITOR.name}


def test_the_newest_cosignature_of_a_witness_stands(witnessed: House) -> None:
    witnessed.submit()
    witnessed.service.sealer.run()
    note = witnessed.service.public.checkpoint(witnessed.log_id)
    newest = REGULATOR.cosigns(note, LATE)
    for each in (REGULATOR.cosigns(note, LATE - 5), newest, REGULATOR.cosigns(note, LATE - 9), newest):
        witnessed.service.add_cosignature(each)
    lines = [s for s in parse_note(witnessed.service.public.checkpoint(witnessed.log_id)).signatures if "w-" in s.name]
    assert lines == list(parse_note(newest).signatures)


def test_cosignatures_of_strangers_other_roots_and_unknown_sizes_are_refused(witnessed: House) -> None:
    witnessed.submit()
    witnessed.service.sealer.run()
    note = witnessed.service.public.checkpoint(witnessed.log_id)
    with pytest.raises(Forbidden):
        witnessed.service.add_cosignature(TestWitness("stranger").cosigns(note))
    head = Checkpoint.parse(parse_note(note).text)
    with pytest.raises(Conflict) as differs:
        witnessed.service.add_cosignature(
            REGULATOR.cosigns(replace(head, root=b"\x01" * 32).text() + "\n— x AAAAAAAA\n")
        )
    assert differs.value.slug == "checkpoint-differs"
    with pytest.raises(NotFound):
        witnessed.service.add_cosignature(REGULATOR.cosigns(replace(head, size=2).text() + "\n— x AAAAAAAA\n"))
    signed = parse_note(REGULATOR.cosigns(note))
    forged = replace(signed.signatures[0], payload=bytes(72))
    with pytest.raises(Invalid):
        witnessed.service.add_cosignature(Note(signed.text, (forged,)).format())
    assert witnessed.service.get_record(first_record(witnessed)).status == "sealed"


def test_only_lines_of_configured_witnesses_go_into_notes(witnessed: House) -> None:
    """Anybody may add lines to a note, also some that look like a witness's; in a receipt they would spoil the rest."""
    witnessed.submit()
    witnessed.service.sealer.run()
    (line,) = parse_note(REGULATOR.cosigns(witnessed.service.public.checkpoint(witnessed.log_id))).signatures
    text = parse_note(witnessed.service.public.checkpoint(witnessed.log_id)).text
    padding = (replace(line, name="evil.example"), replace(line, key_id=b"evil"))
    witnessed.service.add_cosignature(Note(text, (*padding, line)).format())
    shown = parse_note(witnessed.service.public.checkpoint(witnessed.log_id)).signatures
    assert [each for each in shown if each.name != witnessed.origin] == [line]
    block = "0x" + "5a" * 32
    attestation = parse_note(attest(REGULATOR, block))
    own = attestation.signatures[0]
    padded = Note(attestation.text, (replace(own, name="evil.example"), own, replace(own, key_id=b"evil")))
    witnessed.service.add_attestation("supervision", padded.format())
    with witnessed.database.read() as session:
        (stored,) = repository.attestations(session, "supervision", block)
    assert stored.note == attestation.format()


def test_a_process_that_is_no_longer_the_writer_takes_no_signatures(witnessed: House) -> None:
    def lost(_: object) -> None:
        raise LeaseLost("writer")

    witnessed.submit()
    witnessed.service.sealer.run()
    note = witnessed.service.public.checkpoint(witnessed.log_id)
    witnessed.service._ports = replace(witnessed.service._ports, fence=lost)
    with pytest.raises(LeaseLost):
        witnessed.service.add_cosignature(REGULATOR.cosigns(note))
    with pytest.raises(LeaseLost):
        witnessed.service.add_attestation("supervision", attest(REGULATOR, "0x" + "5a" * 32))


def first_record(house: House) -> str:
    return house.service.list_records(OPERATOR)[0].id


def attest(witness: TestWitness, block_hash: str, chain_id: int = PIN.chain_id) -> str:
    header = HeaderAttestation(chain_id, bytes.fromhex(PIN.genesis[2:]), 7, bytes.fromhex(block_hash[2:]))
    return sign_note(header.text(), NoteSigner(witness.name, SignatureType.ED25519, witness.seed))


@pytest.mark.parametrize("attested_first", [True, False])
def test_an_anchored_checkpoint_is_final_once_its_header_is_attested(witnessed: House, *, attested_first: bool) -> None:
    record_id = witnessed.submit().record_id
    witnessed.service.sealer.run()
    witnessed.service.add_cosignature(REGULATOR.cosigns(witnessed.service.public.checkpoint(witnessed.log_id)))
    block = "0x" + "5a" * 32
    if attested_first:
        witnessed.service.add_attestation("supervision", attest(REGULATOR, block))
    with witnessed.database.write() as session:
        row = AnchorRow(log_id=witnessed.log_id, size=1, chain="supervision", tx_id="t", state="anchored")
        row.requested_at, row.attempts, row.block_hash, row.block_number = 1, 1, block, 7
        row.proof, row.anchored_at = pack_anchor(ANCHOR), 1
        session.add(row)
        session.flush()
        witnessed.service.standing.regrade(session, witnessed.log_id, 1)
    if not attested_first:
        assert witnessed.service.get_record(record_id).status == "anchored"
        witnessed.service.add_attestation("supervision", attest(AUDITOR, block))
        assert witnessed.service.get_record(record_id).status == "anchored", "the quorum wants a regulator"
        witnessed.service.add_attestation("supervision", attest(REGULATOR, block))
    assert witnessed.service.get_record(record_id).status == "final"
    witnessed.service.add_attestation("supervision", attest(REGULATOR, block))
    with pytest.raises(Conflict):
        witnessed.service.add_attestation("supervision", attest(REGULATOR, block, chain_id=1))
    with pytest.raises(NotFound):
        witnessed.service.add_attestation("other", attest(REGULATOR, block))
    with pytest.raises(Forbidden):
        witnessed.service.add_attestation("supervision", attest(TestWitness("stranger"), block))


def test_a_receipt_rests_on_the_earliest_checkpoint_of_the_best_standing(witnessed: House) -> None:
    record_id = witnessed.submit().record_id
    notes = []
    for _ in range(3):
        witnessed.service.sealer.run()
        notes.append(witnessed.service.public.checkpoint(witnessed.log_id))
        witnessed.submit()

    def size() -> int:
        receipt = parse_receipt(witnessed.service.receipt(record_id, private=False))
        return Checkpoint.parse(parse_note(receipt.checkpoint).text).size

    assert size() == 1
    witnessed.service.add_cosignature(REGULATOR.cosigns(notes[2]))
    assert size() == 3
    witnessed.service.add_cosignature(REGULATOR.cosigns(notes[1]))
    assert size() == 2


def test_receipts_verify_as_far_as_they_go(witnessed: House) -> None:
    record_id = witnessed.submit().record_id
    for number in range(20):
        witnessed.submit(record(f"s{number}"))
    witnessed.service.sealer.run()
    witnessed.service.add_cosignature(REGULATOR.cosigns(witnessed.service.public.checkpoint(witnessed.log_id)))
    trust = parse_trust(witnessed.service.trust.file())
    for private in (True, False):
        verdict = verify(parse_receipt(witnessed.service.receipt(record_id, private=private)), trust)
        passed = {stage for stage, result in verdict.stages.items() if result.status == "pass"}
        assert passed >= {"leaf", "inclusion", "checkpoint", "witness"}
        assert ("record" in passed) is private
        assert verdict.outcome == "incomplete"


def test_a_registered_submitters_signature_is_checked_and_kept(new_house: Open) -> None:
    key = SigningKey(b"\x08" * 32)
    house = new_house(submitters=[SigningKey(b"\x09" * 32).public, key.public])
    house.bootstrap(OPERATOR)
    house.force_open(house.log_id)
    signature = key.sign(submission_message(house.origin, record()))
    accepted = house.submit(signature=signature)
    house.service.sealer.run()
    submitter = parse_receipt(house.service.receipt(accepted.record_id, private=True)).submitter
    assert submitter is not None
    assert (submitter.public_key, submitter.signature) == (key.public, signature)
    assert parse_receipt(house.service.receipt(accepted.record_id, private=False)).submitter is None
    with pytest.raises(Invalid) as refused:
        house.submit(record("another"), signature=signature)
    assert refused.value.field == "signature"


def test_records_are_listed_by_institution_and_page(house: House) -> None:
    mine = [house.submit(record(f"s{number}")).record_id for number in range(5)]
    theirs = house.submit(record(actor=OTHER)).record_id
    first = house.service.list_records(OPERATOR, limit=3)
    rest = house.service.list_records(OPERATOR, after=first[-1].id, limit=3)
    assert [each.id for each in (*first, *rest)] == mine
    assert [each.id for each in house.service.list_records(OTHER)] == [theirs]
    assert house.service.owner_of(theirs) == OTHER


def test_nothing_of_a_record_stands_in_the_database_in_plain_text(house: House) -> None:
    from sqlalchemy import inspect, text

    house.submit(record("项目-canary-subject", note="canary-body"), idempotency_key="k")
    house.service.sealer.run()
    with house.database.read() as session:
        for table in inspect(house.database.reader).get_table_names():
            for row in session.execute(text(f"SELECT * FROM {table}")):
                blob = b"".join(bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row)
                assert b"canary" not in blob, table
