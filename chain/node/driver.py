"""Applies plans to the EVM node: the same steps live and in replay, so that they give the same blocks."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from chain.errors import NodeError
from chain.node.backend import Backend, Call, Failure

__all__ = ["Block", "Driver", "mining_calls", "to_block"]


@dataclass(frozen=True, slots=True)
class Block:
    """A mined block; ``transactions`` are hashes in order, ``base_fee`` in wei is this block's own."""

    number: int
    hash: str
    parent: str
    timestamp: int
    base_fee: int
    gas_used: int
    gas_limit: int
    state_root: str
    transactions: tuple[str, ...]

    @property
    def next_base_fee(self) -> int:
        """EIP-1559's base fee of the following block."""
        target = self.gas_limit // 2
        if self.gas_used == target:
            return self.base_fee
        change = self.base_fee * abs(self.gas_used - target) // target // 8
        return self.base_fee + max(1, change) if self.gas_used > target else self.base_fee - change


def to_block(answer: Any) -> Block:
    """The block of a JSON-RPC answer. Raises NodeError when it is none."""
    if isinstance(answer, Failure) or answer is None:
        raise NodeError(f"the EVM node gives no block: {answer}")
    return Block(
        number=int(answer["number"], 16),
        hash=answer["hash"],
        parent=answer["parentHash"],
        timestamp=int(answer["timestamp"], 16),
        base_fee=int(answer["baseFeePerGas"], 16),
        gas_used=int(answer["gasUsed"], 16),
        gas_limit=int(answer["gasLimit"], 16),
        state_root=answer["stateRoot"],
        transactions=tuple(answer["transactions"]),
    )


def mining_calls(timestamp: int) -> list[Call]:
    """Mines what was submitted and forgets what could not be executed; the last answer but one is the block."""
    return [
        ("evm_setNextBlockTimestamp", [timestamp]),
        ("evm_mine", []),
        ("eth_getBlockByNumber", ["latest", False]),
        ("anvil_dropAllTransactions", []),
    ]


class Driver:
    """The EVM node as a thing that takes transactions and mines them."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def head(self) -> Block:
        """The newest block."""
        return to_block(await self.backend.call("eth_getBlockByNumber", "latest", False))

    async def submit(self, raws: Sequence[str]) -> list[Failure | None]:
        """Hands transactions over in order; per transaction None or why it was refused."""
        answers = await self.backend.sequence([("eth_sendRawTransaction", [raw]) for raw in raws])
        return [answer if isinstance(answer, Failure) else None for answer in answers]

    async def forget(self) -> None:
        """Takes back what was submitted and not mined."""
        await self.backend.call("anvil_dropAllTransactions")

    async def mine(self, timestamp: int, parent: Block) -> Block:
        """Mines on `parent`. Raises NodeError when the node was not where it was left."""
        answers = await self.backend.sequence(mining_calls(timestamp))
        for answer in answers:
            if isinstance(answer, Failure):
                raise NodeError(f"the EVM node did not mine block {parent.number + 1}: {answer.message}")
        block = to_block(answers[2])
        if (block.number, block.parent, block.timestamp) != (parent.number + 1, parent.hash, timestamp):
            raise NodeError(
                f"somebody else drove the EVM node: block {block.number} ({block.hash}) stands where block "
                f"{parent.number + 1} was planned. Restart: the journal decides"
            )
        return block
