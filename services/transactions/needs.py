"""Whose signatures an operation needs (授权要求) when one is not enough. Pure but for the question who holds a role.

All of them sign the same typed data, in any order; nonces are counted for each signer, so one document serves all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chain.errors import ChainError
from chain.party import evm
from chain.proof.hashing import keccak256
from services.platform.errors import Unavailable
from services.transactions.encoding import calldata
from services.transactions.ports import Chain

__all__ = ["Need", "load", "met_by", "missing", "stored"]

_REGISTRY = "InstitutionRegistry"


@dataclass(frozen=True, slots=True)
class Need:
    """One signature, by one of ``any_of``; where that is empty, by whoever holds ``role`` in ``region`` (GB/T 2260).

    ``role`` is a role of the chain's registry (``register.checker``) or what the signer is to the act (``pledgee``).
    ``unless``: a role whose holders do not count, whatever else they hold: nobody checks what is their own.
    """

    role: str
    any_of: tuple[str, ...] = ()
    region: int | None = None
    unless: str = ""

    def described(self) -> str:
        """For people."""
        return f"{' or '.join(self.any_of) or 'a holder of the role'} ({self.role})"


def stored(needs: Iterable[Need]) -> list[dict[str, Any]]:
    """As a row keeps them; addresses checksummed. ValueError for what is no address."""
    return [
        {
            "role": each.role,
            "any_of": [evm.checksummed(evm.parse_address(one)) for one in each.any_of],
            "region": each.region,
            **({"unless": each.unless} if each.unless else {}),
        }
        for each in needs
    ]


def load(rows: Sequence[Mapping[str, Any]]) -> tuple[Need, ...]:
    """What :func:`stored` made."""
    return tuple(Need(row["role"], tuple(row["any_of"]), row["region"], row.get("unless", "")) for row in rows)


def missing(needs: Sequence[Need], met: Iterable[int]) -> tuple[int, ...]:
    """The places of the needs that nobody has met."""
    done = set(met)
    return tuple(place for place in range(len(needs)) if place not in done)


def met_by(needs: Sequence[Need], signer: str, chain: Chain) -> tuple[int, ...]:
    """The places of the needs that this signer (checksummed) meets; the chain is asked who holds a role.

    Unavailable when it does not answer.
    """
    return tuple(place for place, need in enumerate(needs) if _meets(need, signer, chain))


def _meets(need: Need, signer: str, chain: Chain) -> bool:
    if need.any_of or need.region is None:
        return signer in need.any_of
    apart = bool(need.unless) and _holds(need.unless, need.region, signer, chain)
    return not apart and _holds(need.role, need.region, signer, chain)


def _holds(role: str, region: int, signer: str, chain: Chain) -> bool:
    asked = {"role": keccak256(role.encode()), "region": region, "account": signer}
    data = calldata(chain.abi(_REGISTRY), "hasRole", asked)
    try:
        return any(chain.call(chain.address(_REGISTRY), data))
    except ChainError as error:
        detail = f"The chain that could say who holds {role} does not answer."
        raise Unavailable("chain-unreachable", detail) from error
