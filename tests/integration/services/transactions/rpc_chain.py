"""A chain port over a bare JSON-RPC connection, so that the manager's tests do not stand or fall with the client's failover."""

from collections.abc import Sequence
from typing import Any

from chain.addresses import Addresses
from chain.artifacts import load
from chain.errors import EndpointError, RevertError
from chain.party.errors import PartyError, RpcError
from chain.party.rpc import JsonRpc
from services.transactions.ports import Block, RawLog, Receipt
from services.transactions.rules import Fees


class RpcChain:
    """One endpoint, one call at a time."""

    def __init__(self, name: str, url: str, addresses: Addresses, finality: str = "immediate") -> None:
        self.name = name
        self.chain_id = addresses.chain_id
        self.first_block = min(contract.block for contract in addresses.contracts.values())
        self.finality = finality
        self.sent: list[bytes] = []
        self._addresses = addresses
        self._rpc = JsonRpc(url, timeout=10)

    def close(self) -> None:
        self._rpc._connection.close()

    def contracts(self) -> Sequence[str]:
        return list(self._addresses.contracts)

    def address(self, contract: str) -> str:
        return self._addresses.contracts[contract].address

    def abi(self, contract: str) -> Sequence[dict[str, Any]]:
        return load(f"I{contract}").abi

    def head(self) -> int:
        return int(self._call("eth_blockNumber"), 16)

    def final(self) -> int:
        kind, _, count = self.finality.partition(":")
        return max(0, self.head() - int(count)) if kind == "confirmations" else self.head()

    def block(self, number: int, *, transactions: bool = False) -> Block | None:
        found = self._call("eth_getBlockByNumber", hex(number), transactions)
        if found is None:
            return None
        return Block(
            number,
            found["hash"],
            found["parentHash"],
            int(found["timestamp"], 16),
            bytes.fromhex(found["logsBloom"][2:]),
            tuple((each["hash"], _checksum(each["from"]), int(each["nonce"], 16)) for each in found["transactions"])
            if transactions
            else (),
        )

    def logs(self, first: int, last: int) -> list[RawLog]:
        addresses = [contract.address for contract in self._addresses.contracts.values()]
        query = {"fromBlock": hex(first), "toBlock": hex(last), "address": addresses}
        return [_log(each) for each in self._call("eth_getLogs", query)]

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]:
        found = {each: self._call("eth_getTransactionReceipt", each) for each in hashes}
        return {
            each: Receipt(each, int(receipt["blockNumber"], 16), receipt["blockHash"], receipt["status"] == "0x1")
            for each, receipt in found.items()
            if receipt is not None
        }

    def nonce(self, address: str, *, pending: bool = False) -> int:
        return int(self._call("eth_getTransactionCount", address, "pending" if pending else "latest"), 16)

    def gas(self, sender: str, to: str, data: bytes) -> int:
        return int(self._call("eth_estimateGas", {"from": sender, "to": to, "data": "0x" + data.hex()}), 16)

    def call(self, to: str, data: bytes) -> bytes:
        return bytes.fromhex(self._call("eth_call", {"to": to, "data": "0x" + data.hex()}, "latest")[2:])

    def market(self) -> Fees:
        base = int(self._call("eth_getBlockByNumber", "latest", False).get("baseFeePerGas", "0x0"), 16)
        return Fees(2 * base + 10**9, 10**9)

    def send(self, raws: Sequence[bytes]) -> list[str | None]:
        return [self._send(raw) for raw in raws]

    def _send(self, raw: bytes) -> str | None:
        self.sent.append(raw)
        try:
            self._rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
        except RpcError as error:
            return str(error)
        except PartyError as error:
            raise EndpointError(str(error)) from error
        return None

    def _call(self, method: str, *params: object) -> Any:
        try:
            return self._rpc.call(method, *params)
        except RpcError as error:
            if "revert" in str(error):
                raise RevertError("Reverted", {}) from error
            raise EndpointError(str(error), code=error.code) from error
        except PartyError as error:
            raise EndpointError(str(error)) from error


def _checksum(address: str) -> str:
    from chain.party.evm import checksummed, parse_address

    return checksummed(parse_address(address))


def _log(log: dict[str, Any]) -> RawLog:
    return RawLog(
        log["address"],
        tuple(bytes.fromhex(topic[2:]) for topic in log["topics"]),
        bytes.fromhex(log["data"][2:]),
        int(log["blockNumber"], 16),
        log["blockHash"],
        log["transactionHash"],
        int(log["transactionIndex"], 16),
        int(log["logIndex"], 16),
    )
