"""Golden vectors of a chain that took another's place: the tree of heads and the witness's statement."""

from collections.abc import Iterator
from dataclasses import replace

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.encoding import to_base64, to_hex
from chain.proof.epoch import AnchoredHead, ChainEpoch, EpochStatement, heads_tree
from chain.proof.ethereum import log_id
from chain.proof.note import parse_note, sign_note
from tests.vectors.world import CHAIN_ID, CONTRACT, GENESIS, ORIGIN, REGULATOR_PLAIN, fixed

LOST = ChainEpoch(1, CHAIN_ID, GENESIS, CONTRACT)
NEXT = ChainEpoch(2, CHAIN_ID, fixed("genesis of epoch 2"), fixed("contract of epoch 2")[:20])
HEADS = tuple(
    AnchoredHead(log_id(origin), size, fixed(f"root {origin} {size}"))
    for origin, size in ((ORIGIN, 3), ("market.example/house", 7), (ORIGIN, 11), (ORIGIN, 2**64 - 1))
)


def statement() -> EpochStatement:
    tree = heads_tree(HEADS)
    return EpochStatement(LOST, NEXT, tree.size, tree.root())


def epochs() -> JsonObject:
    heads: list[JsonValue] = [
        {"log": to_hex(head.log), "size": str(head.size), "root": to_hex(head.root), "bytes": to_hex(head.encode())}
        for head in HEADS
    ]
    roots: list[JsonValue] = [to_hex(heads_tree(HEADS[:count]).root()) for count in range(len(HEADS) + 1)]
    unseen = replace(statement(), count=0, root=heads_tree(()).root())
    elsewhere = replace(statement(), next=replace(NEXT, chain_id=CHAIN_ID + 1, genesis=GENESIS))
    valid: list[JsonValue] = [_note(each) for each in (statement(), unseen, elsewhere)]
    invalid: list[JsonValue] = [{"name": name, "text": text} for name, text in bad_texts()]
    vkey = REGULATOR_PLAIN.key.format()
    return {"heads": heads, "roots": roots, "vkey": vkey, "valid": valid, "invalid_texts": invalid}


def _note(made: EpochStatement) -> JsonObject:
    note = sign_note(made.text(), REGULATOR_PLAIN)
    return {"note": note, "text": parse_note(note).text}


def bad_texts() -> Iterator[tuple[str, str]]:
    """Texts that are no epoch statement."""
    made = statement()
    good, line = made.text(), LOST.line()
    yield "another title", good.replace("@v1", "@v2")
    yield "trailing line", good + "\n"
    yield "without its end", good[:-1]
    yield "one epoch", good.replace(line + "\n", "")
    yield "two spaces", good.replace(line, line.replace(" ", "  ", 1))
    yield "no contract", good.replace(f" {to_hex(CONTRACT)}", "")
    yield "genesis without 0x", good.replace(to_hex(GENESIS), GENESIS.hex())
    yield "contract of upper case", good.replace(to_hex(CONTRACT), "0x" + CONTRACT.hex().upper())
    yield "contract of 32 bytes", replace(made, lost=replace(LOST, contract=bytes(32))).text()
    yield "epoch 0", replace(made, lost=replace(LOST, epoch=0), next=replace(NEXT, epoch=1)).text()
    yield "chain id 0", replace(made, next=replace(NEXT, chain_id=0)).text()
    yield "epochs in reverse", replace(made, lost=replace(LOST, epoch=2), next=replace(NEXT, epoch=1)).text()
    yield "an epoch left out", replace(made, next=replace(NEXT, epoch=3)).text()
    yield "the same chain twice", replace(made, next=replace(LOST, epoch=2)).text()
    yield "the same contract under one chain id", replace(made, next=replace(NEXT, contract=LOST.contract)).text()
    yield "leading zero", good.replace("\n4\n", "\n04\n")
    yield "Arabic digits", good.replace("\n4\n", "\n٤\n")
    yield "count of 2^64", good.replace("\n4\n", f"\n{2**64}\n")
    yield "short root", good.replace(to_base64(made.root), to_base64(made.root[:31]))
    yield "a checkpoint", f"{ORIGIN}\n4\n{to_base64(made.root)}\n"
