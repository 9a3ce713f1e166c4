"""What the chain tells of a pilot project: three events of `PilotLifecycle`, read strictly (docs/spec/pilot.md)."""

from dataclasses import dataclass

from chain.proof.errors import ProofError
from chain.proof.ethereum import EventLog
from chain.proof.hashing import keccak256

OPENED = keccak256(b"PilotOpened(bytes16,bytes32,bytes16,bytes16)")
MOVED = keccak256(b"PilotMoved(bytes16,uint8,uint8,string,uint64,uint64,address,bytes32,bytes32)")
SEALED = keccak256(b"PilotSealed(bytes16,uint64,bytes32)")
_WORD = 32
_ACTION, _SEQ, _LEAF, _HEAD = 2, 4, 7, 8
"""PilotMoved's words: from, to, where the action stands, value, seq, signer, commitment, leaf; then the action."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A project's beginning: its 16-byte id, the rulebook, the lead, and the stream of its leaves."""

    project: bytes
    rulebook: bytes
    lead: bytes
    stream: bytes


@dataclass(frozen=True, slots=True)
class Reached:
    """How far the chain knows a project's stream: `count` leaves, the last of which has the hash `last_leaf`."""

    project: bytes
    count: int
    last_leaf: bytes


def topic_of(project: bytes) -> bytes:
    """The topic under which events of a project stand: 16 bytes, left-aligned."""
    return project.ljust(_WORD, b"\x00")


def read_opened(event: EventLog) -> Opened:
    """Raises ProofError `event-kind` for any other event."""
    if len(event.topics) != 4 or event.topics[0] != OPENED or len(event.data) != _WORD:
        raise ProofError("event-kind", "is not PilotOpened")
    project, lead, stream = (_bytes16(word) for word in (event.topics[1], event.topics[3], event.data))
    return Opened(project, event.topics[2], lead, stream)


def read_reached(event: EventLog) -> Reached:
    """Of PilotMoved or PilotSealed. Raises ProofError `event-kind` for any other event."""
    if len(event.topics) != 2 or event.topics[0] not in (MOVED, SEALED) or len(event.data) % _WORD:
        raise ProofError("event-kind", "is neither PilotMoved nor PilotSealed")
    words = [event.data[place : place + _WORD] for place in range(0, len(event.data), _WORD)]
    project = _bytes16(event.topics[1])
    if event.topics[0] == SEALED:
        if len(words) != 2:
            raise ProofError("event-kind", "is not PilotSealed")
        return Reached(project, _number(words[0]), words[1])
    if len(words) <= _HEAD or _number(words[_ACTION]) != _HEAD * _WORD:
        raise ProofError("event-kind", "is not PilotMoved")
    return Reached(project, _number(words[_SEQ]) + 1, words[_LEAF])


def _bytes16(word: bytes) -> bytes:
    if any(word[16:]):
        raise ProofError("event-kind", "an identifier is longer than 16 bytes")
    return word[:16]


def _number(word: bytes) -> int:
    if any(word[:24]):
        raise ProofError("event-kind", "a number is beyond 64 bits")
    return int.from_bytes(word, "big")
