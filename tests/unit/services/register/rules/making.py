"""Acts as somebody might try them: mostly sensible, often wrong in one way or another."""

from collections.abc import Callable, Mapping, Sequence
from random import Random

from chain.party.keystore import EvmKey
from chain.proof.hashing import keccak256
from services.register.rules.acts import (
    Act,
    AdmitSecurity,
    CancelUnits,
    ChangeTerms,
    ConfirmPositions,
    EnforceLien,
    ExtendLien,
    IssueUnits,
    OpenInvestor,
    OpenInvestors,
    OpenLien,
    OpenSecurity,
    PayBonus,
    RecountPosition,
    ReleaseLien,
    RevokePledge,
    SetAddend,
    SetOfficer,
    SetSecurityState,
    SetSuitability,
    SweepPosition,
    TransferBatch,
    TransferEstate,
    TransferPledged,
    TransferUnits,
)
from services.register.rules.days import day_of
from services.register.rules.positions import Position
from services.register.rules.turn import Register
from services.register.rules.values import NOBODY, Form, Id, Kind, LienKind, Reason, State, Terms

REGION = 440300
LONG = 2**24 - 1
KEYS: Mapping[str, EvmKey] = {
    name: EvmKey(keccak256(f"key of the {name} of a market".encode()))
    for name in ("operator", "checker", "regulator", "liaison", "pledgee", "creditor", "stranger")
}
"""Who may sign."""
PLEDGEES = tuple(KEYS[name].address for name in ("pledgee", "creditor"))
ISSUER = b"issuer.........."
INVESTORS = tuple(f"investor {n}".encode().ljust(16, b".") for n in range(6))
UNKNOWN = b"unknown........."
SHARES, EQUITY = b"shares..........", b"equity.........."
TERMS = Terms(Form.SHARE, 0xFE, 4, b"REM-04".ljust(16, b"\0"), interval=5)


class Maker:
    """Acts on the register as it is, by chance. `time` in Unix seconds."""

    def __init__(self, random: Random, register: Register, time: int) -> None:
        self.random = random
        self.register = register
        self.time = time
        self.today = day_of(time)

    def act(self, *, evenly: bool = False) -> Act:
        """Any act; each as likely as another, or as often as in life."""
        makers: Sequence[tuple[int, Callable[[], Act]]] = (
            (20, self.transfer),
            (4, self.issue),
            (1, self.open_investor),
            (1, self.open_investors),
            (1, self.suitability),
            (2, self.addend),
            (1, self.open_security),
            (1, self.terms),
            (1, self.admit),
            (1, self.state),
            (1, self.recount),
            (3, self.batch),
            (2, self.confirm),
            (2, self.officer),
            (2, self.bonus),
            (1, self.cancel),
            (4, self.pledge),
            (5, self.freeze),
            (3, self.lock),
            (5, self.release),
            (2, self.revoke),
            (3, self.extend),
            (5, self.enforce),
            (3, self.pledged),
            (3, self.estate),
            (2, self.sweep),
        )
        weights = [1 if evenly else weight for weight, _ in makers]
        return self.random.choices([make for _, make in makers], weights)[0]()

    # --- who and what

    def one_in(self, times: int) -> bool:
        return self.random.randrange(times) == 0

    def security(self) -> Id:
        return self.random.choices((SHARES, EQUITY, UNKNOWN), (14, 4, 1))[0]

    def investor(self) -> Id:
        return UNKNOWN if self.one_in(40) else self.random.choice(INVESTORS)

    def holder(self, security: Id) -> Id:
        """Somebody who has units, if anybody has."""
        held = [who for (what, who), one in self.register.positions.items() if what == security and one.units]
        return self.random.choice(held) if held and not self.one_in(20) else self.investor()

    def units(self, limit: int) -> int:
        """Up to a limit and a little beyond."""
        near = (1, limit // 2, max(limit - 1, 0), limit, limit, limit + 1)
        return self.random.choice((*near, self.random.randint(0, 40)))

    # --- acts

    def open_investor(self) -> Act:
        new = self.random.choice((UNKNOWN, bytes(16), b"another.........", self.investor()))
        return OpenInvestor(new, Kind(self.random.randrange(8)), self.day(), self.random.choice((0, 0, 1, 3)))

    def open_investors(self) -> Act:
        """Of some whom nobody knows yet, and perhaps of somebody else."""
        chosen = [f"newcomer {self.random.randrange(99)}".encode().ljust(16, b".") for _ in range(3)]
        investors = (*chosen, self.investor()) if self.one_in(3) else tuple(chosen)
        kinds = tuple(Kind(self.random.randrange(0 if self.one_in(9) else 1, 8)) for _ in investors)
        addends = tuple(self.random.choice((0, 1)) for _ in investors)
        until = tuple(self.day() for _ in investors[self.one_in(9) :])
        return OpenInvestors(investors, kinds, until, addends)

    def suitability(self) -> Act:
        return SetSuitability(self.investor(), self.day())

    def addend(self) -> Act:
        return SetAddend(self.investor(), self.random.choice((0, 0, 0, 1, 2, 5)))

    def open_security(self) -> Act:
        region = 110000 if self.one_in(3) else REGION
        what = self.random.choice((SHARES, EQUITY, bytes(16), b"more............"))
        return OpenSecurity(what, bytes(16) if self.one_in(9) else ISSUER, region, self.some_terms())

    def terms(self) -> Act:
        return ChangeTerms(self.security(), self.some_terms())

    def some_terms(self) -> Terms:
        return Terms(
            form=Form(self.random.randrange(5)),
            kinds=self.random.choice((0xFE, 0xFE, 0b110, 0b100, 0)),
            cap=self.random.choice((2, 3, 4, 5, 6, 8, 0)),
            basis=bytes(16) if self.one_in(9) else TERMS.basis,
            grandfathered=self.random.choice((0, 3, 5)),
            interval=self.random.choice((0, 1, 5, 5)),
            subscription_counts=self.one_in(2),
        )

    def admit(self) -> Act:
        security = self.security()
        found = self.register.securities.get(security)
        return AdmitSecurity(security, self.random.randint(0, 50) if self.one_in(3) or not found else found.issued)

    def state(self) -> Act:
        wanted = State.CUSTODIED if self.one_in(2) else self.random.choice((State.SUSPENDED, State.SUSPENDED, *State))
        return SetSecurityState(self.security(), wanted)

    def issue(self) -> Act:
        investors = tuple(self.investor() for _ in range(self.random.randrange(4)))
        units = [0 if self.one_in(30) else self.random.randint(1, 60) for _ in investors]
        if self.one_in(60):
            units = [*units[:-1], 2**80 - 1]
        if self.one_in(25):
            units.append(1)
        return IssueUnits(self.security(), investors, tuple(units))

    def transfer(self) -> Act:
        security = self.security()
        giver, taker = self.holder(security), self.investor()
        reason = self.random.choice((Reason.AGREED, Reason.AGREED, *Reason))
        return TransferUnits(security, giver, taker, self.units(self.register.position(security, giver).free), reason)

    def recount(self) -> Act:
        return RecountPosition(self.security(), self.investor())

    def batch(self) -> Act:
        acts = [self.transfer() for _ in range(self.random.randrange(1, 4))]
        first = acts[0]
        assert isinstance(first, TransferUnits)
        chosen = [one for one in acts if isinstance(one, TransferUnits) and one.security == first.security]
        givers, takers = tuple(one.giver for one in chosen), tuple(one.taker for one in chosen)
        units = tuple(one.units for one in chosen) + ((1,) if self.one_in(20) else ())
        return TransferBatch(first.security, first.reason, givers, takers, units)

    def confirm(self) -> Act:
        security, confirmed = self.security(), self.one_in(2)
        held = {who: one for (what, who), one in self.register.positions.items() if what == security}
        fitting = [who for who, one in held.items() if one.unconfirmed is confirmed]
        chosen = self.random.sample(fitting, min(len(fitting), 2)) if not self.one_in(4) else [self.investor()]
        return ConfirmPositions(security, tuple(chosen), confirmed)

    def officer(self) -> Act:
        security = self.security()
        serving = not self.one_in(3)
        left_on = self.random.choice((0, self.today - 200, self.today - 3, self.today, self.today + 1))
        return SetOfficer(security, self.holder(security), serving, 0 if serving and not self.one_in(9) else left_on)

    def bonus(self) -> Act:
        action = self.random.choice((b"bonus one.......", b"bonus two.......", b"bonus three.....", bytes(16)))
        ratio = self.random.choice(((1, 10), (1, 10), (3, 10), (3, 10), (0, 1), (1, 0)))
        investors = sorted(self.random.sample(INVESTORS, self.random.randrange(1, 4)))
        if self.one_in(12):
            investors.reverse()
        return PayBonus(self.security(), action, *ratio, tuple(investors))

    def cancel(self) -> Act:
        security = self.security()
        who = self.holder(security)
        units = 0 if self.one_in(12) else self.units(self.register.position(security, who).free)
        return CancelUnits(security, (who,), (units, 1) if self.one_in(20) else (units,))

    # --- liens

    def pledge(self) -> Act:
        security, who, position = self.somebody()
        secured = NOBODY if self.one_in(20) else self.random.choice(PLEDGEES)
        since = self.random.choice((0, 0, 0, self.time - 500_000))
        until = self.today if self.one_in(30) else 0
        return OpenLien(security, who, LienKind.PLEDGE, self.units(position.free), since, until, secured)

    def freeze(self) -> Act:
        security, who, position = self.somebody()
        since = self.random.choice((self.time, self.time - 86_400, self.time - 9 * 86_400, self.time + 9, 0))
        until = self.today + self.random.choice((0, 1, 9, 300, 1095, 1096, 1097, -1))
        secured = PLEDGEES[0] if self.one_in(30) else NOBODY
        return OpenLien(security, who, LienKind.FREEZE, self.units(position.units), since, until, secured)

    def lock(self) -> Act:
        security, who, position = self.somebody()
        until = self.random.choice((0, self.today, self.today + 1, self.today + 20, self.today - 1))
        since = self.random.choice((0, 0, 0, self.time - 500_000))
        return OpenLien(security, who, LienKind.LOCK, self.units(position.units), since, until)

    def somebody(self) -> tuple[Id, Id, Position]:
        """A holder and what it holds."""
        security = self.security()
        who = self.holder(security)
        return security, who, self.register.position(security, who)

    def burden(self) -> tuple[Id, Id, int, int]:
        """A lien on somebody's units, if there is one: security, holder, number, units."""
        found = [
            (what, who, number, sum(one.units for one in lots if number in one.liens))
            for (what, who), lots in self.register.lots.items()
            for number in sorted({number for lot in lots for number in lot.liens})
        ]
        if not found or self.one_in(20):
            return self.security(), self.investor(), self.random.randrange(4), 5
        return self.random.choice(found)

    def release(self) -> Act:
        security, who, number, units = self.burden()
        return ReleaseLien(security, who, number, self.units(units))

    def revoke(self) -> Act:
        security, who, number, units = self.burden()
        return RevokePledge(security, who, number, self.units(units))

    def extend(self) -> Act:
        security, _, number, _ = self.burden()
        lien = self.register.liens.get((security, number))
        until = (lien.until if lien else 0) + self.random.choice((-2, 0, 5, 1095, 1096, 1097))
        return ExtendLien(security, number, self.random.choice((max(until, 0), self.today, 0)))

    def enforce(self) -> Act:
        security, who, number, units = self.burden()
        return EnforceLien(security, number, who, self.investor(), self.units(units))

    def pledged(self) -> Act:
        security, who, number, units = self.burden()
        reason = self.random.choice((Reason.AGREED, Reason.AGREED, Reason.GIFT, Reason.INHERITANCE))
        return TransferPledged(security, who, self.investor(), self.units(units), reason, number)

    def estate(self) -> Act:
        held = [(what, who, lot) for (what, who), lots in self.register.lots.items() for lot in lots]
        if not held or self.one_in(20):
            security = self.security()
            return TransferEstate(security, self.holder(security), self.investor(), 1, Reason.INHERITANCE, 7)
        security, who, lot = self.random.choice(held)
        reason = self.random.choice((Reason.INHERITANCE, Reason.DIVISION, Reason.SUCCESSION, Reason.GIFT))
        return TransferEstate(security, who, self.investor(), self.units(lot.units), reason, lot.stack)

    def sweep(self) -> Act:
        security = self.security()
        return SweepPosition(security, self.holder(security))

    def day(self) -> int:
        """Around today, or far from it."""
        return self.random.choice((LONG, LONG, LONG, LONG, self.today + 9, self.today, self.today - 1, 0))


def beginning() -> list[Act]:
    """What every example begins with: investors of several kinds, shares in custody, equity being registered."""
    kinds = (Kind.PERSON, Kind.COMPANY, Kind.PERSON, Kind.PARTNERSHIP, Kind.FILED_FUND, Kind.PERSON)
    return [
        *(OpenInvestor(who, kind, LONG, 0) for who, kind in zip(INVESTORS, kinds, strict=True)),
        OpenSecurity(SHARES, ISSUER, REGION, TERMS),
        OpenSecurity(EQUITY, ISSUER, REGION, TERMS),
        IssueUnits(SHARES, INVESTORS[:3], (100, 50, 50)),
        AdmitSecurity(SHARES, 200),
    ]
