"""tlog-proofs and receipts of single fields: what they say, what they hide, what reads them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.encoding import to_base64, to_hex
from chain.proof.errors import FormatError
from chain.proof.forms import TlogProof, disclosed, is_tlog_proof, tlog_proof
from chain.proof.receipt import format_receipt, parse_receipt
from chain.proof.record import field_paths
from chain.proof.verify import Status, verify
from tests.vectors.cases import GOOD
from tests.vectors.world import World, record, secret, trust

PRIVATE = GOOD.private()
ALL = field_paths(record(0))
HASH = to_base64(bytes(32))
NOTE = GOOD.note()


def test_a_tlog_proof_has_the_lines_of_its_specification() -> None:
    proof = tlog_proof(PRIVATE)
    head, _, checkpoint = proof.text().partition("\n\n")
    lines = head.split("\n")
    assert lines[:3] == ["c2sp.org/tlog-proof@v1", f"extra {to_base64(PRIVATE.leaf)}", f"index {PRIVATE.index}"]
    assert lines[3:] == [to_base64(each) for each in PRIVATE.proof]
    assert checkpoint == PRIVATE.checkpoint
    assert is_tlog_proof(proof.text().encode())
    assert not is_tlog_proof(format_receipt(PRIVATE))


@pytest.mark.parametrize("size", [1, 2, 3, 8])
def test_a_tlog_proof_comes_back_and_verifies_as_far_as_it_goes(size: int) -> None:
    receipt = World(size=size, index=size - 1).private()
    proof = TlogProof.parse(tlog_proof(receipt).text().encode())
    assert proof == tlog_proof(receipt)
    verdict = verify(proof.receipt(), trust())
    assert verdict.outcome == "incomplete"  # of the anchor it says nothing
    passed = {name for name, result in verdict.stages.items() if result.status is Status.PASS}
    assert passed == {"leaf", "inclusion", "checkpoint", "witness"}


def test_another_leaf_in_the_extra_line_fails_inclusion() -> None:
    extra = bytearray(PRIVATE.leaf)
    extra[70] ^= 1
    verdict = verify(TlogProof(PRIVATE.index, PRIVATE.proof, PRIVATE.checkpoint, bytes(extra)).receipt(), trust())
    assert verdict.first_failure == "inclusion"


def test_a_tlog_proof_without_leaf_is_read_but_is_no_receipt() -> None:
    proof = TlogProof.parse(f"c2sp.org/tlog-proof@v1\nindex 0\n\n{NOTE}")
    assert proof == TlogProof(0, (), NOTE)
    with pytest.raises(FormatError, match="extra"):
        proof.receipt()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1",
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 00\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex -1\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\n{HASH}\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nextra AA==\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nextra A\nindex 0\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\nAA==\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}\r\n\n{NOTE}",
        f"c2sp.org/tlog-proof@v1\nindex 0\n{HASH}\n{NOTE}",
        "c2sp.org/tlog-proof@v1\nindex 0\n" + f"{HASH}\n" * 65 + f"\n{NOTE}",
        "c2sp.org/tlog-proof@v1\nindex 0\n\nno note\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n" + "x" * 140_000,
    ],
)
def test_anything_else_is_no_tlog_proof(text: str) -> None:
    with pytest.raises(FormatError):
        TlogProof.parse(text)


@given(st.binary(max_size=300))
def test_rubbish_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(FormatError):
        TlogProof.parse(b"c2sp.org/tlog-proof@v1\n" + data)


@given(st.sets(st.sampled_from(ALL), min_size=1))
def test_a_disclosure_shows_its_fields_and_verifies(paths: set[str]) -> None:
    shown = disclosed(PRIVATE, paths)
    assert shown.disclosures is not None
    assert {item.path for item in shown.disclosures.items} == paths
    verdict = verify(parse_receipt(format_receipt(shown)), trust())
    assert verdict.outcome == "valid"
    assert verdict.stages["record"].status is Status.PASS


def test_a_disclosure_holds_nothing_else_of_the_record() -> None:
    file = format_receipt(disclosed(PRIVATE, ["/body/units"])).decode()
    assert "1200000" in file
    assert PRIVATE.submitter is not None
    for hidden in ("示例银行", "股份质押登记", to_hex(secret(0)), to_hex(PRIVATE.submitter.signature), "pledgee"):
        assert hidden not in file


@pytest.mark.parametrize("paths", [[], ["/body"], ["/nothing"], ["/body/units", "/body/lots"], [""]])
def test_what_is_no_field_cannot_be_shown(paths: list[str]) -> None:
    with pytest.raises(FormatError):
        disclosed(PRIVATE, paths)


def test_a_public_receipt_has_nothing_to_show() -> None:
    with pytest.raises(FormatError, match="private"):
        disclosed(GOOD.public(), ["/body/units"])
