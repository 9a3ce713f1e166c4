"""What recovered records say of requests and of each other: how each ended, in which block, what was erased."""

from collections.abc import Collection, Mapping, Sequence

from chain.proof.types import Phase
from services.evidence.recovery.plan import LogPlan, Told

__all__ = ["last_block", "outcomes_of", "unexplained"]


def outcomes_of(told: Sequence[Told]) -> dict[str, tuple[bool, str]]:
    """By the requested leaf (0x hex): whether it was fulfilled, and in which transaction or why not."""
    ends = (each for each in told if each.leaf.phase in (Phase.REGISTERED, Phase.REFUSED))
    return {str(_body(each).get("request", "")): (each.leaf.phase is Phase.REGISTERED, _how(each)) for each in ends}


def last_block(told: Sequence[Told], chain: str) -> int | None:
    """The largest block of a chain that an outcome names."""
    said = (_body(each) for each in told)
    ends = (each["block"] for each in said if each.get("chain") == chain and "block" in each)
    return max((int(str(each)) for each in ends), default=None)


def unexplained(plans: Sequence[LogPlan], told: Sequence[Told], erasure: str) -> list[str]:
    """Records without content of which no registered ``erasure`` tells."""
    registered = (each for each in told if each.leaf.phase is Phase.REGISTERED)
    erased: Collection[str] = {str(each.document["subject"]) for each in registered if each.type_name == erasure}
    return [each for plan in plans for each in plan.blank if each not in erased]


def _body(told: Told) -> Mapping[str, object]:
    body = told.document["body"]
    return body if isinstance(body, dict) else {}


def _how(told: Told) -> str:
    return str(_body(told).get("transaction") or _body(told).get("reason") or "")
