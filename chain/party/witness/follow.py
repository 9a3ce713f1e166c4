"""Follows a chain by parent hashes from its pinned genesis and reads the anchors in it.

A node can withhold blocks, it cannot alter them unseen: every header is re-derived from its fields and must name the
one before as its parent; its bloom filter (part of what was hashed) tells where the contract spoke; receipts must lead
to its receipts root.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain.party.durable import read_optional, write_json
from chain.party.errors import ConfigError, PartyError, ResponseRefused
from chain.party.rpc import JsonRpc
from chain.party.witness.blocks import Block, fetch_block, fetch_events
from chain.party.witness.config import ChainPin
from chain.party.witness.epochs import HeadsFile, Seen
from chain.party.witness.refusal import Refusal
from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.epoch import AnchoredHead
from chain.proof.errors import ProofError
from chain.proof.ethereum import HEAD_ANCHORED_TOPIC, EventLog, HeadAnchored
from chain.proof.hashing import keccak256

LOG_OPENED_TOPIC = keccak256(b"LogOpened(bytes32,bytes16,string,address,bytes32,bytes32,bytes32)")
LOG_ROTATED_TOPIC = keccak256(b"LogRotated(bytes32,uint64,address,bytes32,bytes32,bytes32)")
LOG_FROZEN_TOPIC = keccak256(b"LogFrozen(bytes32,uint64,bytes32,bytes32,bytes32)")
_TOPICS = (HEAD_ANCHORED_TOPIC, LOG_OPENED_TOPIC, LOG_ROTATED_TOPIC, LOG_FROZEN_TOPIC)
_WORD = 32
MAX_BLOCKS = 1000
"""Blocks followed in one round, and blocks with unsettled anchors that are kept."""


@dataclass
class Anchor:
    """A head that the chain accepted; `verdict`: whether this witness knows it, None until that can be told."""

    log: bytes
    size: int
    root: bytes
    verdict: bool | None = None


@dataclass
class AnchorBlock:
    """A followed block with anchors; `attested` once its attestation was delivered."""

    number: int
    hash: bytes
    anchors: list[Anchor]
    attested: bool = False

    @property
    def may_attest(self) -> bool:
        """True while it waits for its attestation: a known head is in it and none that contradicts."""
        verdicts = [one.verdict for one in self.anchors]
        return not self.attested and True in verdicts and False not in verdicts

    @property
    def done(self) -> bool:
        """True when nothing is left to find out or to sign."""
        verdicts = [one.verdict for one in self.anchors]
        return None not in verdicts and not self.may_attest


@dataclass
class Followed:
    """How far the chain was followed, the key ids of logs by first size, and blocks that are not settled yet.

    `frozen`: the size at which the chain froze a log; `heads`: how many anchored heads were seen in all.
    """

    number: int
    hash: bytes
    keys: dict[bytes, list[tuple[int, bytes]]] = field(default_factory=dict)
    blocks: list[AnchorBlock] = field(default_factory=list)
    frozen: dict[bytes, int] = field(default_factory=dict)
    heads: int = 0


class ChainFollower:
    """Follows one chain over one or more nodes; the state is durable in `folder`.

    Anchors of logs that are not `wanted` are passed over; None wants all.
    """

    def __init__(
        self, folder: Path, pin: ChainPin, nodes: Sequence[JsonRpc], *, wanted: frozenset[bytes] | None = None
    ) -> None:
        self._pin = pin
        self._nodes = nodes
        self._wanted = wanted
        self._file = folder / "followed.json"
        self._heads = HeadsFile(folder / "heads.bin")
        self.folder = folder
        self.state = _load(self._file, pin)
        self._heads.settle(self.state.heads if self.state else 0)

    @property
    def pin(self) -> ChainPin:
        """The chain as this party was told."""
        return self._pin

    @property
    def seen(self) -> Seen:
        """The anchored heads, in the chain's order."""
        return Seen(self._heads, self.state.heads if self.state else 0)

    def advance(self) -> None:
        """Follows new blocks, at most `MAX_BLOCKS`, on the first node that can be followed.

        Raises:
            Refusal: a node told another chain and none could be followed.
            Unreachable, ResponseRefused, RpcError: no node answered properly.
        """
        first: PartyError | None = None
        for node in self._nodes:
            try:
                self._advance_on(node)
            except PartyError as error:
                # A lie weighs more than silence.
                first = error if first is None or isinstance(error, Refusal) else first
            else:
                return
        if first is not None:
            raise first

    def save(self) -> None:
        """Makes the state durable; blocks that are done are let go."""
        if self.state is not None:
            self.state.blocks = [one for one in self.state.blocks if not one.done][-MAX_BLOCKS:]
            write_json(self._file, _dump(self.state, self._pin))

    def _advance_on(self, node: JsonRpc) -> None:
        if _quantity(node, "eth_chainId") != self._pin.chain_id:
            raise Refusal("chain-other", f"{node.url} is not chain {self._pin.chain_id}")
        state = self.state or self._genesis(node)
        self.state = state
        tip, before = self._tip(node), state.number
        try:
            if tip < state.number:
                raise self._contradiction("chain-shorter", f"{node.url} ends at {tip}, below the followed block", node)
            if tip == state.number:
                self._still_there(node, state)
            for number in range(state.number + 1, min(tip, state.number + MAX_BLOCKS) + 1):
                self._follow(node, state, number)
        finally:
            if state.number != before or before == 0:
                self.save()

    def _genesis(self, node: JsonRpc) -> Followed:
        block = fetch_block(node, 0)
        if block is None or block.header.hash != self._pin.genesis:
            raise Refusal("genesis-other", f"{node.url} does not start with the pinned genesis")
        return Followed(0, block.header.hash)

    def _still_there(self, node: JsonRpc, state: Followed) -> None:
        block = fetch_block(node, state.number)
        if block is None or block.header.hash != state.hash:
            raise self._contradiction("chain-replaced", f"{node.url} has another block {state.number}", node, block)

    def _follow(self, node: JsonRpc, state: Followed, number: int) -> None:
        block = fetch_block(node, number)
        if block is None:
            raise ResponseRefused(node.url, f"block {number} is missing below the tip")
        if block.header.parent_hash != state.hash:
            detail = f"block {number} of {node.url} does not descend from the followed one"
            raise self._contradiction("not-descending", detail, node, block)
        anchors: list[Anchor] = []
        if block.may_contain(self._pin.contract, _TOPICS):
            for event in fetch_events(node, block, self._pin.contract):
                if self._wanted is None or self._wanted.intersection(event.topics[1:2]):
                    _take(event, anchors, state)
        self._heads.append(AnchoredHead(one.log, one.size, one.root) for one in anchors)
        state.number, state.hash, state.heads = number, block.header.hash, state.heads + len(anchors)
        if anchors:
            state.blocks.append(AnchorBlock(number, block.header.hash, anchors))
            self.save()

    def _tip(self, node: JsonRpc) -> int:
        rule, _, depth = self._pin.finality.partition(":")
        if rule == "finalized":
            body = node.call("eth_getBlockByNumber", "finalized", False)
            return _number(node, body.get("number") if isinstance(body, dict) else None)
        return max(0, _quantity(node, "eth_blockNumber") - int(depth or 0))

    def _contradiction(self, kind: str, detail: str, node: JsonRpc, block: Block | None = None) -> Refusal:
        followed = self.state or Followed(0, self._pin.genesis)
        evidence: JsonObject = {
            "chain_id": self._pin.chain_id,
            "rpc": node.url,
            "followed": {"number": followed.number, "hash": to_hex(followed.hash)},
            "header": to_hex(block.rlp) if block else None,
        }
        return Refusal(kind, detail, evidence)


def _take(event: EventLog, anchors: list[Anchor], state: Followed) -> None:
    """Notes what one event of the contract says; others than the four are none of a witness's business."""
    if len(event.topics) < 2 or event.topics[0] not in _TOPICS:
        return
    words = [event.data[i : i + _WORD] for i in range(0, len(event.data), _WORD)]
    if event.topics[0] == HEAD_ANCHORED_TOPIC:
        head = HeadAnchored.decode(event)
        anchors.append(Anchor(head.log, head.size, head.root))
    elif event.topics[0] == LOG_OPENED_TOPIC and len(words) > 2:
        state.keys.setdefault(event.topics[1], []).append((0, words[2]))
    elif event.topics[0] == LOG_ROTATED_TOPIC and len(words) > 2:
        state.keys.setdefault(event.topics[1], []).append((int.from_bytes(words[0], "big"), words[2]))
    elif event.topics[0] == LOG_FROZEN_TOPIC and words:
        state.frozen[event.topics[1]] = int.from_bytes(words[0], "big")


def _quantity(node: JsonRpc, method: str) -> int:
    return _number(node, node.call(method))


def _number(node: JsonRpc, value: object) -> int:
    try:
        return int(str(value), 16)
    except ValueError as error:
        raise ResponseRefused(node.url, "not a quantity") from error


def _dump(state: Followed, pin: ChainPin) -> Mapping[str, object]:
    return {
        "chain_id": pin.chain_id,
        "genesis": to_hex(pin.genesis),
        "contract": to_hex(pin.contract),
        "number": state.number,
        "hash": to_hex(state.hash),
        "keys": {to_hex(log): [[size, to_hex(key)] for size, key in ranges] for log, ranges in state.keys.items()},
        "frozen": {to_hex(log): size for log, size in state.frozen.items()},
        "heads": state.heads,
        "blocks": [
            {
                "number": block.number,
                "hash": to_hex(block.hash),
                "attested": block.attested,
                "anchors": [[to_hex(one.log), one.size, to_hex(one.root), one.verdict] for one in block.anchors],
            }
            for block in state.blocks
        ],
    }


def _load(file: Path, pin: ChainPin) -> Followed | None:
    data = read_optional(file)
    if data is None:
        return None
    try:
        body: Mapping[str, Any] = json.loads(data)
        pinned = {"chain_id": pin.chain_id, "genesis": to_hex(pin.genesis), "contract": to_hex(pin.contract)}
        if any(body[name] != value for name, value in pinned.items()):
            raise ConfigError(f"{file} follows another chain or contract than witness.toml names")
        if "heads" not in body:
            return None  # written before heads were counted: the chain is followed once more from its genesis
        return Followed(
            int(body["number"]),
            _bytes(body["hash"]),
            {_bytes(log): [(int(size), _bytes(key)) for size, key in ranges] for log, ranges in body["keys"].items()},
            [_block(block) for block in body["blocks"]],
            {_bytes(log): int(size) for log, size in body.get("frozen", {}).items()},
            int(body["heads"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, ProofError) as error:
        raise ConfigError(f"{file} is damaged") from error


def _block(body: Mapping[str, Any]) -> AnchorBlock:
    anchors = [Anchor(_bytes(log), int(size), _bytes(root), verdict) for log, size, root, verdict in body["anchors"]]
    return AnchorBlock(int(body["number"]), _bytes(body["hash"]), anchors, bool(body["attested"]))


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])
