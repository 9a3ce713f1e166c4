"""What the context needs of the others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from services.evidence.anchoring import Collect
from services.evidence.commands import Authority, RegionalAuthority
from services.evidence.gate import ChainHeads
from services.evidence.heads import Head
from services.evidence.standing import ChainPin
from services.transactions.service import Transactions

__all__ = ["Ports"]

SubmitterKeys = Callable[[Session, str, int], Sequence[bytes]]
TrustedSubmitters = Callable[[Session], Sequence[tuple[str, bytes, int, int | None]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What the context needs of others.

    ``fence(session)`` raises LeaseLost; ``chain_head(origin)`` gives (size, root) or None or raises; ``collect(chain,
    transaction hash, log index in block)`` the proof of an event; ``anchor_address``
    is the gateway's own; ``authority_of(session, institution)`` the address that signs for it, and
    ``regional_authority_of`` for its region, None while the chain has not told;
    ``registered_in(session, institution)`` the last epoch whose registry knows it; ``closing`` the last heads by origin
    that stood on chains that are gone;
    ``submitter_keys(session, institution, ms)`` its Ed25519 keys valid then; ``trusted_submitters(session)`` all:
    (institution, key, from ms, to ms or None).
    """

    transactions: Transactions
    fence: Callable[[Session], None]
    chain_head: ChainHeads
    collect: Collect
    anchor_address: str
    chains: Mapping[str, ChainPin]
    authority_of: Authority
    regional_authority_of: RegionalAuthority
    submitter_keys: SubmitterKeys
    trusted_submitters: TrustedSubmitters
    registered_in: Callable[[Session, str], int] = lambda _session, _institution: 1
    closing: Mapping[str, Head] = field(default_factory=dict)
