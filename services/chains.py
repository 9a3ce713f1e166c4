"""The configured chains: connected, compared with their pins, and asked what evidence wants to know of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from chain.client import ChainClient, ChainSettings, RawLog
from chain.endpoints import FAILURES, endpoint_name
from chain.errors import ChainError, HandshakeError
from chain.inclusion import collect_event_proof, collect_headers
from chain.proof.hashing import keccak256
from chain.proof.merkle import empty_root
from chain.proof.receipt import Anchor
from services.evidence.epochs.closing import closing_heads
from services.evidence.standing import ChainPin
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.errors import StartRefused
from services.platform.logging import get_logger
from services.platform.settings import ChainConfig, PastEpoch, Settings, epoch_name

__all__ = ["ChainState", "Chains"]

EVIDENCE_LOG = "EvidenceLog"
PILOTS = "PilotLifecycle"
_log = get_logger("chains")


class ChainState:
    """How a chain answered last: ``ok`` and away are both fine, ``mismatch`` is not."""

    def __init__(self) -> None:
        self.away: str | None = "not asked yet"
        self.mismatch: str | None = None
        self.height: int | None = None


class Chains:
    """The clients, by what rows call them.

    ``check()`` again and again: an absent chain is waited for, a foreign one never used. ``pins`` are also those of
    epochs that have ended, ``closing`` the heads that stood there last.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._clock = clock
        if settings.supervision not in settings.chains:
            raise StartRefused(f"settings.toml names no chain {settings.supervision!r} (see `supervision`).")
        self._supervision = settings.supervision_chain
        present = {epoch_name(name, chain.epoch): chain for name, chain in settings.chains.items()}
        self.clients: Mapping[str, ChainClient] = {name: _client(name, chain) for name, chain in present.items()}
        self.states = {name: ChainState() for name in self.clients}
        past = [_past(name, one) for name, chain in settings.chains.items() for one in chain.past]
        now = [_pin(client, present[name]) for name, client in self.clients.items()]
        self.pins = {pin.name: pin for pin in (*past, *now)}
        _require_apart(self.pins.values())
        self.closing = closing_heads(one.closing for one in settings.chains[settings.supervision].past)

    def check(self) -> None:
        """Compares every chain with its pins and notes who is away."""
        for name, client in self.clients.items():
            state = self.states[name]
            try:
                client.handshake()
                head = client.block(client.head())
                state.away = None
                if head is not None:
                    state.height = head.number
                    age = max(0, self._clock.ms() // 1000 - head.timestamp)
                    metrics.CHAIN_HEAD_AGE.labels(name).set(age)
                self._count_peers(name, client)
            except HandshakeError as error:
                state.mismatch = str(error)
                metrics.IDENTITY_MISMATCH.labels(_mismatch(error)).set(1)
            except ChainError as error:
                state.away = str(error)
            metrics.CHAIN_UP.labels(name).set(int(state.away is None and state.mismatch is None))

    def _count_peers(self, name: str, client: ChainClient) -> None:
        peers = None if self.pins[name].chain_class == "embedded" else client.peers()
        if peers is not None:
            metrics.CHAIN_PEERS.labels(name).set(peers)

    @property
    def failures(self) -> Iterator[tuple[str, str]]:
        """Every (endpoint, kind of failure) that can be counted."""
        urls = {url for client in self.clients.values() for url in client.settings.endpoints}
        return ((endpoint_name(url), kind) for url in sorted(urls) for kind in FAILURES)

    def require_pins(self) -> None:
        """StartRefused when a chain that answers is not the pinned one."""
        self.check()
        for name, state in self.states.items():
            if state.mismatch is not None:
                raise StartRefused(f"The chain {name} is not the pinned one: {state.mismatch}.")
            if state.away is not None:
                _log.warning("chain_away", chain=name, reason=state.away)

    def head_of(self, origin: str) -> tuple[int, bytes] | None:
        """(size, root) that the supervision chain holds for a log; None for a log it does not know. ChainError."""
        held = self.clients[self._supervision].read(EVIDENCE_LOG, "logOf", keccak256(origin.encode()))
        _owner, state, size, _keys, _anchor, root = held[:6]
        if not state:
            return None
        # the contract keeps no root of a log that was never anchored
        return int(size), bytes(root) if size else empty_root()

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """What a view of a contract on the supervision chain says now. ChainError."""
        return self.clients[self._supervision].read(contract, function, *arguments)

    def events(self, contract: str, topics: Sequence[Sequence[bytes]], *, since: int) -> list[RawLog]:
        """Final events of a contract of the supervision chain with these topics, from a block on. ChainError."""
        client = self.clients[self._supervision]
        return client.logs(since, client.final(), [contract], topics=topics)

    def headers(self, first: int, last: int) -> tuple[bytes, ...]:
        """The RLP of headers of the supervision chain. ChainError; ProofError when the node lies."""
        return collect_headers(self.clients[self._supervision], first, last)

    def read_on(self, chain: str, contract: str, function: str, *arguments: Any) -> Any:
        """What a view of a contract on any of the chains says now. ChainError."""
        return self.clients[chain].read(contract, function, *arguments)

    def read_many_on(
        self, chain: str, contract: str, calls: Sequence[tuple[str, Sequence[Any]]], *, block: int
    ) -> list[Any]:
        """What many views of a contract on any of the chains said after a block (:meth:`ChainClient.read_many`)."""
        return self.clients[chain].read_many(contract, calls, block=block)

    def time_of(self, chain: str, number: int) -> int:
        """The time of a block of any of the chains, Unix seconds. ChainError, also when there is no such block yet."""
        block = self.clients[chain].block(number)
        if block is None:
            raise ChainError(f"{chain} has no block {number}")
        return block.timestamp

    def event_proof(self, chain: str, tx_hash: str, log_index: int) -> Anchor:
        """The member ``anchor`` of a receipt (docs/spec/receipt.md). ChainError; ProofError when the node lies."""
        return collect_event_proof(self.clients[chain], tx_hash, log_index)


def _client(name: str, config: ChainConfig) -> ChainClient:
    settings = ChainSettings(
        name=name,
        endpoints=config.endpoints,
        chain_id=config.chain_id,
        genesis=config.genesis,
        finality=config.finality,
        addresses=config.addresses_file,
    )
    try:
        client = ChainClient(settings, lambda endpoint, kind: metrics.RPC_ERRORS.labels(endpoint, kind).inc())
    except ChainError as error:
        raise StartRefused(f"The chain {name}: {error}") from None
    if not client.contracts():
        raise StartRefused(f"The chain {name}: {config.addresses_file} tells of no contract; deploy them first.")
    return client


def _pin(client: ChainClient, config: ChainConfig) -> ChainPin:
    contract = client.address(EVIDENCE_LOG).lower() if EVIDENCE_LOG in client.contracts() else None
    pilots = client.address(PILOTS).lower() if PILOTS in client.contracts() else None
    return ChainPin(client.name, config.chain_id, config.genesis, config.chain_class, contract, config.epoch, pilots)


def _past(name: str, past: PastEpoch) -> ChainPin:
    contract = past.contract.lower()
    row_name = epoch_name(name, past.epoch)
    return ChainPin(row_name, past.chain_id, past.genesis, past.chain_class, contract, past.epoch)


def _require_apart(pins: Iterable[ChainPin]) -> None:
    """StartRefused when an authorisation of one epoch would count in another: EIP-712 knows no genesis."""
    seen: set[tuple[int, str]] = set()
    for pin in pins:
        place = (pin.chain_id, pin.contract or pin.name)
        if place in seen:
            raise StartRefused(f"The chain {pin.name} has another's chain id and contract: old signatures count there.")
        seen.add(place)


def _mismatch(error: HandshakeError) -> str:
    check = error.check
    return "chain-id" if "chain id" in check else "genesis" if "genesis" in check else "code-hash"
