"""One chain as the service sees it: failover, pins, finality, events, transactions, the contracts' words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.abi import collapse_if_tuple
from web3 import Web3
from web3.exceptions import BlockNotFound, Web3Exception

from chain.addresses import Addresses, load_addresses
from chain.artifacts import load
from chain.endpoints import Endpoints, Failed, RpcRefusal
from chain.errors import EndpointError, HandshakeError, RevertError
from chain.party.evm import checksummed
from chain.proof.hashing import keccak256
from chain.revert import as_revert
from chain.versions import lacked, selector

__all__ = ["Block", "ChainClient", "ChainSettings", "Fees", "RawLog", "Receipt"]

_BATCH = 100
_TOO_MUCH = ("limit", "range", "too many", "too large", "more than", "exceed")


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """``finality``: ``immediate``, ``confirmations:N`` or ``finalized``; ``addresses``: the deployment's file."""

    name: str
    endpoints: tuple[str, ...]
    chain_id: int
    genesis: str
    finality: str = "immediate"
    addresses: Path | None = None
    timeout: float = 15.0


@dataclass(frozen=True, slots=True)
class Block:
    """Hashes are 0x hex, ``bloom`` 256 bytes; ``transactions``: (hash, sender, nonce), filled only when asked for."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    bloom: bytes
    transactions: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """``ok``: executed; False: reverted."""

    tx_hash: str
    block_number: int
    block_hash: str
    ok: bool


@dataclass(frozen=True, slots=True)
class RawLog:
    """An undecoded event. ``log_index`` counts over the block."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    transaction_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas (EIP-1559)."""

    maximum: int
    priority: int


class ChainClient:
    """Methods raise EndpointError when no endpoint answers or the node refuses, RevertError for a contract's no."""

    def __init__(self, settings: ChainSettings, failed: Failed = lambda _endpoint, _kind: None) -> None:
        """``failed(endpoint, kind)`` hears of every request that an endpoint did not answer."""
        self.settings = settings
        self._endpoints = Endpoints(
            settings.endpoints, settings.chain_id, settings.genesis, timeout=settings.timeout, failed=failed
        )
        self._addresses = _pinned(settings)
        self._abis: dict[str, Sequence[dict[str, Any]]] = {}

    @property
    def name(self) -> str:
        """What the settings call the chain."""
        return self.settings.name

    @property
    def chain_id(self) -> int:
        """The pinned chain id."""
        return self.settings.chain_id

    @property
    def genesis(self) -> str:
        """The pinned hash of block 0."""
        return self.settings.genesis

    @property
    def url(self) -> str:
        """The endpoint in use."""
        return self._endpoints.url

    @property
    def first_block(self) -> int:
        """The lowest block in which one of the contracts was deployed."""
        return min((one.block for one in self._addresses.contracts.values()), default=0)

    def contracts(self) -> Sequence[str]:
        """Names of the deployed contracts."""
        return sorted(self._addresses.contracts)

    def address(self, contract: str) -> str:
        """A contract's EIP-55 address. Raises KeyError."""
        return self._addresses.contracts[contract].address

    def abi(self, contract: str) -> Sequence[dict[str, Any]]:
        """A contract's ABI; read once, for looking whether it has to be compiled anew takes its time."""
        if contract not in self._abis:
            self._abis[contract] = load(contract).abi
        return self._abis[contract]

    def handshake(self) -> None:
        """Compares chain id, genesis and the code of every contract with what was pinned. Raises HandshakeError."""
        self._endpoints.verify_all()
        for name, contract in self._addresses.contracts.items():
            code = _bytes(self.request("eth_getCode", contract.address, "latest"))
            found = "0x" + keccak256(code).hex() if code else "no code"
            if found != contract.code_hash:
                raise HandshakeError(f"code of {name} at {contract.address}", contract.code_hash, found)

    def request(self, method: str, *params: Any) -> Any:
        """One plain JSON-RPC call."""
        try:
            return self._endpoints.request(method, params)
        except RpcRefusal as refusal:
            reverted = as_revert(refusal.error) if method in ("eth_call", "eth_estimateGas") else None
            raise reverted or _refused(refusal) from refusal

    # --- blocks -----------------------------------------------------------------------------------------------------

    def head(self) -> int:
        """The newest block's number."""
        return int(self.request("eth_blockNumber"), 16)

    def peers(self) -> int | None:
        """How many other nodes the node is connected to; None when it does not tell."""
        try:
            return int(self.request("net_peerCount"), 16)
        except (EndpointError, TypeError, ValueError):
            return None

    def final(self) -> int:
        """The newest block that cannot be replaced any more, by this chain's rule; -1 when there is none yet."""
        rule, _, count = self.settings.finality.partition(":")
        if rule == "finalized":
            block = self.request("eth_getBlockByNumber", "finalized", False)
            return int(block["number"], 16) if block else -1
        return max(-1, self.head() - int(count or 0))

    def block(self, number: int, *, transactions: bool = False) -> Block | None:
        """A block of the canonical chain, also with the long extra data of PoA chains; None beyond the head."""

        def read(web3: Web3) -> Any:
            try:
                return web3.eth.get_block(number, full_transactions=transactions)
            except BlockNotFound:
                return None

        try:
            found = self._endpoints.run(read)
        except Web3Exception as error:
            raise EndpointError(f"block {number}: {error}") from error
        return None if found is None else _block(found, transactions=transactions)

    def raw_block(self, number: int | str) -> dict[str, Any] | None:
        """A block as the node writes it, by number or hash: for those who hash it again."""
        method = "eth_getBlockByHash" if isinstance(number, str) else "eth_getBlockByNumber"
        block: dict[str, Any] | None = self.request(method, number if isinstance(number, str) else hex(number), False)
        return block

    # --- events -----------------------------------------------------------------------------------------------------

    def logs(
        self,
        first: int,
        last: int,
        contracts: Iterable[str] | None = None,
        *,
        topics: Sequence[Sequence[bytes]] = (),
    ) -> list[RawLog]:
        """Events of our contracts in blocks `first` to `last`, each once, in the chain's order.

        `topics`: for each place from the first on those that an event may have there.
        """
        addresses = [self.address(name) for name in (self.contracts() if contracts is None else contracts)]
        if last < first or not addresses:
            return []
        wanted: dict[str, Any] = {"address": addresses}
        if topics:
            wanted["topics"] = [["0x" + topic.hex() for topic in choice] for choice in topics]
        found = {(log.block_number, log.log_index, log.tx_hash): log for log in self._logs(first, last, wanted)}
        return [found[key] for key in sorted(found)]

    def _logs(self, first: int, last: int, wanted: Mapping[str, Any]) -> list[RawLog]:
        """Halves the range as long as the node finds it too large."""
        query = {"fromBlock": hex(first), "toBlock": hex(last), **wanted}
        try:
            answer = self.request("eth_getLogs", query)
        except EndpointError as error:
            if first == last or error.code is None or not any(word in error.message.lower() for word in _TOO_MUCH):
                raise
            middle = (first + last) // 2
            return self._logs(first, middle, wanted) + self._logs(middle + 1, last, wanted)
        return [_log(one) for one in answer if not one.get("removed")]

    # --- transactions -----------------------------------------------------------------------------------------------

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]:
        """The receipts of those that are mined, by transaction hash."""
        found: dict[str, Receipt] = {}
        for start in range(0, len(hashes), _BATCH):
            calls = [("eth_getTransactionReceipt", [one]) for one in hashes[start : start + _BATCH]]
            for response in self._endpoints.batch(calls):
                if response.get("error"):
                    raise EndpointError(str(response["error"].get("message")), code=response["error"].get("code"))
                if response["result"] is not None:
                    receipt = _receipt(response["result"])
                    found[receipt.tx_hash] = receipt
        return found

    def receipt(self, digest: str) -> Receipt | None:
        """The receipt of one transaction, None while it is not mined."""
        return self.receipts([digest]).get(digest.lower())

    def nonce(self, address: str, *, pending: bool = False) -> int:
        """The next nonce of an account, after the head or after what waits."""
        return int(self.request("eth_getTransactionCount", address, "pending" if pending else "latest"), 16)

    def send(self, raws: Sequence[bytes]) -> list[str | None]:
        """Sends signed transactions in order; per transaction None or the node's error message."""
        answers: list[str | None] = []
        for start in range(0, len(raws), _BATCH):
            calls = [("eth_sendRawTransaction", ["0x" + raw.hex()]) for raw in raws[start : start + _BATCH]]
            for response in self._endpoints.batch(calls):
                error = response.get("error")
                answers.append(str(error.get("message", "refused")) if error else None)
        return answers

    def market(self) -> Fees:
        """What gets a transaction into the next blocks: twice the base fee plus the usual tip."""
        block = self.request("eth_getBlockByNumber", "latest", False)
        if block.get("baseFeePerGas") is None:
            price = int(self.request("eth_gasPrice"), 16)
            return Fees(price, price)
        base = int(block["baseFeePerGas"], 16)
        try:
            tip = int(self.request("eth_maxPriorityFeePerGas"), 16)
        except EndpointError as error:
            if error.code is None:
                raise
            tip = max(0, int(self.request("eth_gasPrice"), 16) - base)
        return Fees(2 * base + tip, tip)

    def gas(self, sender: str, to: str, data: bytes) -> int:
        """Runs a transaction on the newest state: the gas it needs. Raises RevertError."""
        return int(self._run("eth_estimateGas", {"from": sender, "to": to, "data": "0x" + data.hex()}), 16)

    def call(self, to: str, data: bytes, *, sender: str | None = None, gas: int | None = None) -> bytes:
        """Calls on the newest state. Raises RevertError."""
        call = {"to": to, "data": "0x" + data.hex()} | ({"from": sender} if sender else {})
        call |= {"gas": hex(gas)} if gas else {}
        return _bytes(self._run("eth_call", call, "latest"))

    def _run(self, method: str, call: Mapping[str, str], *block: str) -> Any:
        """A contract that says no without a word may be an earlier version's, which does not know the call."""
        try:
            return self.request(method, call, *block)
        except RevertError as error:
            if error.name == "Empty":
                self._require_known(call["to"], bytes.fromhex(call["data"][2:10]))
            raise

    def _require_known(self, address: str, wanted: bytes) -> None:
        code = _bytes(self.request("eth_getCode", address, "latest"))
        for name in (name for name, one in self._addresses.contracts.items() if one.address.lower() == address.lower()):
            if function := lacked(code, self.abi(name), wanted):
                raise RevertError("OfAnEarlierVersion", {"contract": name, "function": function})

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """Calls a view of one of our contracts; one value, or a tuple of them."""
        entry = self._view(contract, function)
        answer = self.call(self.address(contract), _question(entry, arguments))
        values = decode([collapse_if_tuple(one) for one in entry["outputs"]], answer)
        return values[0] if len(values) == 1 else values

    def read_many(self, contract: str, calls: Sequence[tuple[str, Sequence[Any]]], *, block: int) -> list[Any]:
        """Calls views, (name, arguments) each, on the state after `block`: one value each, structs by their members."""
        found: list[Any] = []
        for start in range(0, len(calls), _BATCH):
            some = [(self._view(contract, name), arguments) for name, arguments in calls[start : start + _BATCH]]
            asked = [{"to": self.address(contract), "data": "0x" + _question(*one).hex()} for one in some]
            answers = self._endpoints.batch([("eth_call", [call, hex(block)]) for call in asked])
            for (entry, _), answer in zip(some, answers, strict=True):
                if answer.get("error"):
                    raise EndpointError(str(answer["error"].get("message")), code=answer["error"].get("code"))
                (output,) = entry["outputs"]
                (value,) = decode([collapse_if_tuple(output)], _bytes(answer["result"]))
                found.append(_named(output, value))
        return found

    def _view(self, contract: str, function: str) -> Mapping[str, Any]:
        return next(one for one in self.abi(contract) if one["type"] == "function" and one["name"] == function)


def _pinned(settings: ChainSettings) -> Addresses:
    """The address file's contents; none when there is none. Raises HandshakeError when it tells of another chain."""
    found = load_addresses(settings.addresses) if settings.addresses else None
    if found is None:
        return Addresses(settings.chain_id, settings.genesis, {}, {})
    if (found.chain_id, found.genesis) != (settings.chain_id, settings.genesis):
        raise HandshakeError(
            f"chain of {settings.addresses}",
            f"{settings.chain_id} with genesis {settings.genesis}",
            f"{found.chain_id} with genesis {found.genesis}",
        )
    return found


def _question(entry: Mapping[str, Any], arguments: Sequence[Any]) -> bytes:
    """Call data."""
    return selector(entry) + encode([collapse_if_tuple(one) for one in entry["inputs"]], arguments)


def _named(spec: Mapping[str, Any], value: Any) -> Any:
    """A decoded value in which structs are mappings and arrays lists."""
    kind = str(spec["type"])
    if kind.endswith("]"):
        element = {**spec, "type": kind[: kind.rindex("[")]}
        return [_named(element, one) for one in value]
    if kind == "tuple":
        parts = zip(spec["components"], value, strict=True)
        return {str(part["name"]): _named(part, one) for part, one in parts}
    return value


def _refused(refusal: RpcRefusal) -> EndpointError:
    code = refusal.error.get("code")
    return EndpointError(str(refusal), code=code if isinstance(code, int) else None)


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))


def _block(found: Any, *, transactions: bool) -> Block:
    members = found["transactions"] if transactions else ()
    return Block(
        number=int(found["number"]),
        hash=found["hash"].to_0x_hex(),
        parent_hash=found["parentHash"].to_0x_hex(),
        timestamp=int(found["timestamp"]),
        bloom=bytes(found["logsBloom"]),
        transactions=tuple((one["hash"].to_0x_hex(), str(one["from"]), int(one["nonce"])) for one in members),
    )


def _receipt(found: dict[str, Any]) -> Receipt:
    return Receipt(
        tx_hash=found["transactionHash"],
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        ok=int(found["status"], 16) == 1,
    )


def _log(found: dict[str, Any]) -> RawLog:
    return RawLog(
        address=checksummed(_bytes(found["address"])),
        topics=tuple(_bytes(topic) for topic in found["topics"]),
        data=_bytes(found["data"]),
        block_number=int(found["blockNumber"], 16),
        block_hash=found["blockHash"],
        tx_hash=found["transactionHash"],
        transaction_index=int(found["transactionIndex"], 16),
        log_index=int(found["logIndex"], 16),
    )
