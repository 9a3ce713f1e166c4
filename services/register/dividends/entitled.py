"""Who is entitled at the end of a record date (股权登记日), from the register as it is read. No session, no clock."""

from collections.abc import Iterable, Mapping, Sequence

from services.register.book.models import LienRow, LienVersionRow
from services.register.book.rules import FREEZE, Burden
from services.register.book.views import Register
from services.register.dividends.rules import Held
from services.register.rules.days import day_of

__all__ = ["held_at", "late_freezes"]


def late_freezes(liens: Iterable[tuple[LienRow, LienVersionRow]], end: int) -> Mapping[str, int]:
    """Units by account under freezes that were published by ``end`` (UTC milliseconds) and registered after it.

    A freeze takes effect by its publication (法释〔2021〕20号 6). It takes free units first, so these add up.
    """
    found: dict[str, int] = {}
    for lien, now in liens:
        is_late = lien.kind == FREEZE and lien.opened_at > end and lien.since * 1000 <= end
        if is_late and Burden(lien.kind, now.units, now.until).binds(day_of(end // 1000)):
            found[lien.account_id] = found.get(lien.account_id, 0) + now.units
    return found


def held_at(found: Register, late: Mapping[str, int]) -> Sequence[Held]:
    """Each holder's units by what lies on them; a late freeze takes what was free before what was pledged."""
    held = []
    for line in found.lines:
        units, split = line.position.units, line.buckets
        frozen = min(units, split.frozen + late.get(line.account_id, 0))
        held.append(Held(line.account_id, units, frozen, min(split.pledged, units - frozen)))
    return held
