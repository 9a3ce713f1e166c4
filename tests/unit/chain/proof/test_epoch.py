"""A lost chain and its successor: the statement of witnesses, and receipts of both under trust files of either."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.epoch import HEAD_BYTES, AnchoredHead, EpochStatement, heads_tree
from chain.proof.errors import FormatError
from chain.proof.note import VerifierKey, parse_note, verify_note
from chain.proof.trust import Chain, Trust
from chain.proof.verify import verify
from tests.unit.chain.proof.test_vectors import load, raw
from tests.vectors.cases import trusts
from tests.vectors.golden_epoch import LOST, NEXT
from tests.vectors.world import World


@cache
def vectors() -> Any:
    return load("epochs.json")


def heads() -> list[AnchoredHead]:
    return [AnchoredHead(raw(one["log"]), int(one["size"]), raw(one["root"])) for one in vectors()["heads"]]


def test_heads_are_the_leaves_of_a_tree() -> None:
    found = heads()
    assert [head.encode() for head in found] == [raw(one["bytes"]) for one in vectors()["heads"]]
    assert [AnchoredHead.decode(head.encode()) for head in found] == found
    for count, root in enumerate(vectors()["roots"]):
        assert heads_tree(found[:count]).root() == raw(root)
    grown = heads_tree(found[2:], heads_tree(found[:2]))
    assert (grown.size, grown.root()) == (len(found), raw(vectors()["roots"][-1]))


@pytest.mark.parametrize("length", [0, HEAD_BYTES - 1, HEAD_BYTES + 1])
def test_a_head_has_one_length(length: int) -> None:
    with pytest.raises(FormatError):
        AnchoredHead.decode(bytes(length))


def test_order_and_number_of_heads_change_the_root() -> None:
    found = heads()
    root = heads_tree(found).root()
    assert heads_tree([found[1], found[0], *found[2:]]).root() != root
    assert heads_tree(found[1:]).root() != root
    assert heads_tree([*found, found[-1]]).root() != root


def test_statements_say_what_they_say() -> None:
    key = VerifierKey.parse(vectors()["vkey"])
    for each in vectors()["valid"]:
        note = parse_note(each["note"])
        assert EpochStatement.parse(note.text).text() == note.text == each["text"]
        assert len(verify_note(note, [key])) == 1


def test_what_is_no_statement_is_refused() -> None:
    for each in vectors()["invalid_texts"]:
        with pytest.raises(FormatError):
            EpochStatement.parse(each["text"])


@given(st.text(alphabet="0123456789 \nabcdefx@/regseal-po+=", max_size=400))
def test_no_text_but_a_statement_is_taken(text: str) -> None:
    try:
        made = EpochStatement.parse(text)
    except FormatError:
        return
    assert made.text() == text


def _trust(*chains: Chain) -> Trust:
    return replace(trusts()["default"], chains=chains)


def test_receipts_of_both_epochs_verify_with_a_trust_file_that_has_both() -> None:
    one = Chain(LOST.chain_id, LOST.epoch, LOST.genesis, "embedded", LOST.contract)
    two = Chain(NEXT.chain_id, NEXT.epoch, NEXT.genesis, "embedded", NEXT.contract)
    old = World().public()
    new = World(genesis=NEXT.genesis, contract=NEXT.contract, event_address=NEXT.contract).public()
    assert {str(verify(each, _trust(one, two)).outcome) for each in (old, new)} == {"valid"}
    for receipt, lacking in ((old, two), (new, one)):
        verdict = verify(receipt, _trust(lacking))
        assert (str(verdict.outcome), verdict.first_failure) == ("invalid", "anchor")
        assert verdict.stages["anchor"].reason == "genesis-mismatch"
    swapped = World(genesis=NEXT.genesis).public()  # the new genesis with the contract of the old chain
    assert verify(swapped, _trust(one, two)).stages["anchor"].reason == "contract-mismatch"
