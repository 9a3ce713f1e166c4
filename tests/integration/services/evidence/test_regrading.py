"""Grades follow the settings and never miss an attestation; a node that makes up a proof stops nobody else's."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chain.errors import EndpointError
from chain.proof.errors import ProofError
from chain.proof.hashing import keccak256
from chain.proof.merkle import empty_root
from chain.proof.note import NoteSigner, SignatureType
from chain.proof.receipt import Anchor
from services.evidence import repository, standing_repository
from services.evidence.anchoring import pack_anchor
from services.evidence.models import AnchorRow
from services.platform import metrics
from tests.integration.services.evidence.house import OPERATOR, PIN, House, TestWitness, record
from tests.integration.services.evidence.test_standing import attest

REGULATOR, AUDITOR = TestWitness("w-regulator"), TestWitness("w-auditor", "auditor")
BOTH = {"witnesses": [REGULATOR, AUDITOR]}
Open = Callable[..., House]
HEADER = b"\xc0"
BLOCK = "0x" + keccak256(HEADER).hex()
ANCHOR = Anchor(PIN.chain_id, bytes(32), bytes(20), HEADER, 0, 0, (b"\xc0",))


@pytest.fixture
def house(new_house: Open) -> House:
    """Two witnesses, and either role's word is needed from the regulator alone; one sealed record."""
    made = new_house(**BOTH, quorum={"regulator": 1})
    made.bootstrap(OPERATOR)
    for each in (REGULATOR, AUDITOR):
        each.states(made, 0, empty_root())
    made.force_open(made.log_id)
    sealed(made)
    return made


def sealed(house: House) -> str:
    record_id = house.submit(record()).record_id
    house.service.sealer.run()
    return record_id


def cosign(house: House, *witnesses: TestWitness) -> None:
    for each in witnesses:
        house.service.add_cosignature(each.cosigns(house.service.public.checkpoint(house.log_id)))


def anchored(house: House, size: int, *, proven: bool = True) -> None:
    with house.database.write() as session:
        row = AnchorRow(log_id=house.log_id, size=size, chain="supervision", tx_id=f"t{size}", state="anchored")
        row.requested_at, row.attempts, row.block_hash, row.block_number = 1, 1, BLOCK, 7 + size
        row.proof, row.anchored_at = pack_anchor(ANCHOR) if proven else None, 1
        row.tx_hash, row.log_index_in_block = f"0x{size:064x}", 0
        session.add(row)
        session.flush()
        if proven:
            house.service.standing.regrade(session, house.log_id, size)


def statuses(house: House) -> list[str]:
    return [each.status for each in house.service.list_records(OPERATOR)]


def again(house: House, new_house: Open, **changes: Any) -> House:
    """The next process of the same installation."""
    house.close()
    made = new_house(**BOTH | changes)
    made.log_id = house.log_id
    return made


def test_a_start_with_another_quorum_grades_everything_anew(house: House, new_house: Open) -> None:
    cosign(house, REGULATOR)
    anchored(house, 1)
    house.service.add_attestation("supervision", attest(REGULATOR, BLOCK))
    assert statuses(house) == ["final"]
    stricter = again(house, new_house, quorum={"regulator": 1, "auditor": 1})
    assert statuses(stricter) == ["anchored"]
    cosign(stricter, AUDITOR)
    assert statuses(stricter) == ["anchored"], "cosigned by both, attested by one"
    looser = again(stricter, new_house, quorum={"regulator": 1})
    assert statuses(looser) == ["final"]


def test_a_witness_that_is_configured_no_more_or_under_another_key_counts_no_more(
    house: House, new_house: Open
) -> None:
    cosign(house, REGULATOR)
    assert statuses(house) == ["witnessed"]
    renewed = TestWitness("w-regulator")
    renewed.seed = b"\x07" * 32
    renewed.vkey = NoteSigner(renewed.name, SignatureType.COSIGNATURE, renewed.seed).key.format()
    renamed = again(house, new_house, witnesses=[renewed, AUDITOR], quorum={"regulator": 1})
    assert statuses(renamed) == ["sealed"], "signed under the name's earlier key"
    without = again(renamed, new_house, witnesses=[AUDITOR], quorum={"regulator": 1})
    assert statuses(without) == ["sealed"]
    assert statuses(again(without, new_house, quorum={"regulator": 1})) == ["witnessed"]


def test_a_start_with_the_same_settings_looks_at_no_checkpoint(
    house: House, new_house: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages: list[int] = []
    page = standing_repository.page

    def counted(*arguments: Any, **options: Any) -> Any:
        pages.append(options["above"])
        return page(*arguments, **options)

    monkeypatch.setattr(standing_repository, "page", counted)
    monkeypatch.setattr("services.evidence.regrading._PAGE", 2)
    for _ in range(4):
        sealed(house)
    cosign(house, AUDITOR)
    same = again(house, new_house, quorum={"regulator": 1})
    assert pages == []
    assert statuses(again(same, new_house, quorum={"auditor": 1})) == ["witnessed"] * 5
    assert pages == [0, 2, 4, 5], "page by page"


def test_an_attestation_in_the_same_instant_as_the_proof_is_found_by_the_next_look(house: House) -> None:
    """Two transactions, neither of which saw the other: the attestation stands, the grade does not know."""
    cosign(house, REGULATOR)
    anchored(house, 1)
    row = {"chain": "supervision", "block_hash": BLOCK, "witness": REGULATOR.name, "block_number": 7}
    with house.database.write() as session:
        repository.put_attestation(session, row | {"note": attest(REGULATOR, BLOCK)})
    assert statuses(house) == ["anchored"]
    house.service.regrader.run()
    assert statuses(house) == ["final"]


def test_every_waiting_checkpoint_is_looked_at_in_turn(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.evidence.regrading._PAGE", 1)
    for size in (1, 2, 3):
        cosign(house, REGULATOR)
        anchored(house, size)
        sealed(house)
    row = {"chain": "supervision", "block_hash": BLOCK, "witness": REGULATOR.name, "block_number": 7}
    with house.database.write() as session:
        repository.put_attestation(session, row | {"note": attest(REGULATOR, BLOCK)})
    for _ in range(3):
        house.service.regrader.run()
    assert statuses(house) == ["final", "final", "final", "sealed"]


def test_a_made_up_proof_is_counted_and_the_next_anchor_still_gets_its_own(new_house: Open) -> None:
    def lying(_chain: str, tx_hash: str, _log_index: int) -> Anchor:
        if int(tx_hash, 16) == 1:
            raise ProofError("receipt-proof", "the receipts have another root")
        return ANCHOR

    house = new_house(collect=lying)
    house.bootstrap(OPERATOR)
    house.force_open(house.log_id)
    for size in (1, 2):
        sealed(house)
        anchored(house, size, proven=False)
    counter = metrics.SELFAUDIT_MISMATCH.labels("chain")
    before = counter._value.get()
    house.service.collector.run()
    assert counter._value.get() == before + 1
    assert [each.proven for each in house.service.public.anchors(house.log_id)] == [False, True]
    assert json.loads(house.service.receipt(house.service.list_records(OPERATOR)[0].id, private=False))["anchor"]


def test_a_proof_that_cannot_be_asked_for_is_no_failure(new_house: Open) -> None:
    answers: list[Anchor] = []

    def away(*_place: Any) -> Anchor:
        if not answers:
            raise EndpointError("nobody answers")
        return answers[0]

    house = new_house(collect=away)
    house.bootstrap(OPERATOR)
    house.force_open(house.log_id)
    sealed(house)
    anchored(house, 1, proven=False)
    house.service.collector.run()
    assert statuses(house) == ["witnessed"], "no quorum is asked for, and the anchor is not yet proven"
    answers.append(ANCHOR)
    house.service.collector.run()
    assert statuses(house) == ["final"]
