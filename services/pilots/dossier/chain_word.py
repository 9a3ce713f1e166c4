"""What the chain says of a project, with the proofs that stand without it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chain.client import RawLog
from chain.errors import ChainError
from chain.proof.dossier import MAX_HEADERS, ChainEvent, ChainPart
from chain.proof.errors import ProofError
from chain.proof.ethereum import BlockHeader, EventLog
from chain.proof.pilot import MOVED, OPENED, SEALED, Reached, read_reached, topic_of
from chain.proof.receipt import Anchor, Receipt
from services.platform.logging import get_logger

__all__ = ["ChainWord", "Word", "read_word"]

_CONTRACT = "PilotLifecycle"
_EXTENTS = 3
_log = get_logger("dossier")


class ChainWord(Protocol):
    """The supervision chain, as :class:`services.chains.Chains` asks it."""

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """What a view says now. ChainError."""
        ...

    def events(self, contract: str, topics: Sequence[Sequence[bytes]], *, since: int) -> list[RawLog]:
        """Final events of a contract from a block on. ChainError."""
        ...

    def headers(self, first: int, last: int) -> tuple[bytes, ...]:
        """The RLP of block headers. ChainError, ProofError."""
        ...

    def event_proof(self, chain: str, tx_hash: str, log_index: int) -> Anchor:
        """The proof of an event. ChainError, ProofError."""
        ...


@dataclass(slots=True)
class Word:
    """The project's beginning, its newest extents (newest first), and the nearest attested block after each.

    Those the receipts of the dossier's events tell: witnesses attest the blocks in which heads are anchored. After a
    seal nothing may have been anchored yet; then the extent before it is the last that can be proven.
    """

    opened: Anchor
    extents: tuple[tuple[Anchor, Reached], ...]
    _near: dict[int, Receipt] = field(default_factory=dict)

    def see(self, receipt: Receipt) -> None:
        """Remembers whose block is attested soonest after an event's."""
        if receipt.anchor is None or not receipt.attestations or receipt.anchor.genesis != self.opened.genesis:
            return
        number = BlockHeader.decode(receipt.anchor.header).number
        for anchor in (self.opened, *(each for each, _ in self.extents)):
            since = BlockHeader.decode(anchor.header).number
            known = self._near.get(since)
            if number >= since and (known is None or number < _number(known)):
                self._near[since] = receipt

    def part(self, chain: ChainWord) -> tuple[ChainPart, Reached]:
        """The member of the dossier, and how far it proves the stream. ChainError, ProofError."""
        known = [each for each in self.extents if BlockHeader.decode(each[0].header).number in self._near]
        reached, extent = (known or self.extents)[0]
        return ChainPart(self._event(chain, self.opened), self._event(chain, reached)), extent

    def _event(self, chain: ChainWord, anchor: Anchor) -> ChainEvent:
        since = BlockHeader.decode(anchor.header).number
        near = self._near.get(since)
        if near is None or _number(near) - since > MAX_HEADERS:
            return ChainEvent(anchor)
        return ChainEvent(anchor, chain.headers(since + 1, _number(near)), near.attestations)


def _number(receipt: Receipt) -> int:
    return BlockHeader.decode(receipt.anchor.header).number if receipt.anchor else 0


def read_word(chain: ChainWord, name: str, project: bytes, *, opened_in: int, moved_in: int) -> Word | None:
    """How the project began and how far the chain knows it; None while the chain is away.

    ``opened_in`` and ``moved_in``: the blocks of its first and its newest step.
    """
    topic = [topic_of(project)]
    try:
        begun = chain.events(_CONTRACT, [[OPENED], topic], since=opened_in)
        moved = chain.events(_CONTRACT, [[MOVED, SEALED], topic], since=moved_in)
        if not begun or not moved:
            return None
        newest = sorted(moved, key=_count, reverse=True)[:_EXTENTS]
        first, *last = (chain.event_proof(name, each.tx_hash, each.log_index) for each in (begun[0], *newest))
    except (ChainError, ProofError) as error:
        _log.warning("dossier_without_chain", reason=str(error))
        return None
    extents = [read_reached(_event(each)) for each in newest]
    return Word(first, tuple(zip(last, extents, strict=True)))


def _count(found: RawLog) -> int:
    return read_reached(_event(found)).count


def _event(found: RawLog) -> EventLog:
    return EventLog(bytes.fromhex(found.address.removeprefix("0x")), found.topics, found.data)
