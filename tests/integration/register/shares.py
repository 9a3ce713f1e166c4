"""Securities and their holders put on a business chain directly, for tests of what is read from it."""

from collections.abc import Sequence

from tests.integration.register.business import CHECKER, INSTITUTION
from tests.integration.register.world import MarketWorld
from tests.integration.services.transactions.rig import REGION

PERSON = 1
TERMS = {
    "form": 0, "kinds": 0b11111110, "cap": 4, "grandfathered": 0, "interval": 5, "subscriptionCounts": False,
    "basis": b"REM-04".ljust(16, b"\0"),
}  # fmt: skip


def open_investors(world: MarketWorld, *ids: bytes) -> None:
    until = world.acting.today() + 300
    for each in ids:
        said = {"investor": each, "kind": PERSON, "suitableUntil": until, "addend": 0}
        world.acting.act("OpenInvestor", said, CHECKER)


def open_security(world: MarketWorld, security: bytes, holders: Sequence[tuple[bytes, int]]) -> None:
    """Into custody with these holders."""
    opening = {"security": security, "issuer": INSTITUTION, "issuerRegion": REGION, **TERMS}
    world.acting.act("OpenSecurity", opening, CHECKER)
    investors, units = [one for one, _ in holders], [units for _, units in holders]
    world.acting.act("IssueUnits", {"security": security, "investors": investors, "units": units}, CHECKER)
    world.acting.act("AdmitSecurity", {"security": security, "capital": sum(units)}, CHECKER)


def transfer(world: MarketWorld, security: bytes, giver: bytes, taker: bytes, units: int, *, reason: int = 0) -> bytes:
    """Its requested leaf."""
    moved = {"security": security, "from": giver, "to": taker, "units": units, "reason": reason}
    leaf: bytes = world.acting.act("TransferUnits", moved, CHECKER)["leaf"]
    return leaf
