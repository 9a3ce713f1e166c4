"""Many documents of one list of holders (名册) in a few lines: a checker who has the list compares counts and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chain.party.describe import action_of, printable
from chain.party.describe_register import REGISTER
from chain.party.eip712 import TypedData, integer, typed_data_hash
from chain.proof.hashing import keccak256

__all__ = ["LISTS", "digest_of", "is_of_list", "summary"]

LISTS = ("OpenInvestors", "IssueUnits")
"""The acts that enter a list of holders: their accounts, and their units."""


def is_of_list(data: TypedData) -> bool:
    """Whether the document is one of those acts, member for member as published."""
    return data.primary in LISTS and data.domain.get("name") == REGISTER and action_of(data) is not None


def digest_of(documents: Sequence[object]) -> str:
    """Of what is signed, in its order: Keccak-256 of the digests of all documents. Raises TypedDataError."""
    return "0x" + keccak256(b"".join(typed_data_hash(each) for each in documents)).hex()


@dataclass(slots=True)
class _Sum:
    """Of the documents about one security, or that open accounts, at one contract."""

    title: str
    documents: int = 0
    entries: int = 0
    units: int = 0


def summary(documents: Sequence[TypedData]) -> list[str]:
    """What documents of :func:`is_of_list` enter, added up from what is signed itself: no word of the sender counts."""
    sums: dict[tuple[str, ...], _Sum] = {}
    opened, entered = Counter[str](), Counter[str]()
    for data in documents:
        message, domain = data.message, data.domain
        place = (str(domain["verifyingContract"]), str(domain["chainId"]), str(message.get("security", "")))
        one = sums.setdefault((data.primary, *place), _Sum(action_of(data) or ""))
        investors = [str(each).lower() for each in _items(message["investors"])]
        one.documents += 1
        one.entries += len(investors)
        one.units += sum(integer(each) or 0 for each in _items(message.get("units", [])))
        (entered if "units" in message else opened).update(investors)
    return [*_lines(sums), *_doubts(opened, entered), f"digest of all {len(documents)}: {digest_of(documents)}"]


def _lines(sums: dict[tuple[str, ...], _Sum]) -> Iterator[str]:
    for (_, contract, chain_id, security), one in sums.items():
        yield f"You are asked to sign {one.documents} times: {one.title}"
        if security:
            yield f"  security: {printable(security)}"
            yield f"  holders entered: {one.entries}, with {one.units} units in all"
        else:
            yield f"  accounts: {one.entries}"
        yield f"  at: {printable(contract)} on chain {printable(chain_id)}"


def _doubts(opened: Counter[str], entered: Counter[str]) -> Iterator[str]:
    """What a list does not do by itself; said, and the checker decides."""
    for text, found in (
        ("accounts opened more than once", [each for each, count in opened.items() if count > 1]),
        ("accounts entered more than once", [each for each, count in entered.items() if count > 1]),
        ("accounts opened without units", opened.keys() - entered.keys()),
        ("units for accounts that are open already", entered.keys() - opened.keys()),
    ):
        yield f"  {text}: {len(found)}"


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else []
