"""Which JSON-RPC methods the outer endpoint passes on: reading ones. Raw transactions this process takes itself."""

from typing import Any

__all__ = ["READING", "finalise"]

READING = frozenset(
    (
        "web3_clientVersion",
        "web3_sha3",
        "net_version",
        "net_listening",
        "net_peerCount",
        "eth_chainId",
        "eth_syncing",
        "eth_blockNumber",
        "eth_gasPrice",
        "eth_maxPriorityFeePerGas",
        "eth_feeHistory",
        "eth_blobBaseFee",
        "eth_getBalance",
        "eth_getCode",
        "eth_getStorageAt",
        "eth_getProof",
        "eth_getTransactionCount",
        "eth_call",
        "eth_estimateGas",
        "eth_createAccessList",
        "eth_getBlockByHash",
        "eth_getBlockByNumber",
        "eth_getBlockReceipts",
        "eth_getBlockTransactionCountByHash",
        "eth_getBlockTransactionCountByNumber",
        "eth_getUncleCountByBlockHash",
        "eth_getUncleCountByBlockNumber",
        "eth_getTransactionByHash",
        "eth_getTransactionByBlockHashAndIndex",
        "eth_getTransactionByBlockNumberAndIndex",
        "eth_getTransactionReceipt",
        "eth_getLogs",
        "eth_newFilter",
        "eth_newBlockFilter",
        "eth_getFilterChanges",
        "eth_getFilterLogs",
        "eth_uninstallFilter",
    )
)
_NEWEST = frozenset(("pending", "safe", "finalized"))


def finalise(value: Any) -> Any:
    """Block tags as this chain means them: a mined block is final, and nothing is executed before it is planned."""
    if isinstance(value, str):
        return "latest" if value in _NEWEST else value
    if isinstance(value, dict):
        return {key: finalise(one) if key in ("fromBlock", "toBlock") else one for key, one in value.items()}
    return value
