"""What evidence asks of a chain: the head that stands there, and the proof of an event."""

from collections.abc import Mapping
from dataclasses import dataclass

from chain.client import ChainClient
from chain.inclusion import collect_event_proof
from chain.proof.receipt import Anchor
from services.evidence.anchoring import CONTRACT, chain_log

__all__ = ["OnChain"]

_SIZE, _ROOT, _STATE = 2, 5, 1  # of IEvidenceLog.Log


@dataclass(frozen=True, slots=True)
class OnChain:
    """Clients by chain name; ``supervision`` is where heads stand. Methods raise ChainError while a chain is away."""

    clients: Mapping[str, ChainClient]
    supervision: str

    def head(self, origin: str) -> tuple[int, bytes] | None:
        """(size, root) of a log, for the start-up check; None when the chain does not know it."""
        entry = self.clients[self.supervision].read(CONTRACT, "logOf", chain_log(origin))
        return (entry[_SIZE], entry[_ROOT]) if entry[_STATE] and entry[_SIZE] else None

    def collect(self, chain: str, tx_hash: str, log_index_in_block: int) -> Anchor:
        """The proof of one event, verified before it is given out."""
        return collect_event_proof(self.clients[chain], tx_hash, log_index_in_block)
