"""Acts as somebody might try them: mostly sensible, often wrong in one way or another."""

from collections.abc import Callable, Sequence
from random import Random

from services.register.rules.acts import (
    Act,
    AdmitSecurity,
    ChangeTerms,
    IssueUnits,
    OpenInvestor,
    OpenSecurity,
    RecountPosition,
    SetAddend,
    SetSecurityState,
    SetSuitability,
    TransferUnits,
)
from services.register.rules.days import day_of
from services.register.rules.turn import Register
from services.register.rules.values import Form, Id, Kind, Reason, State, Terms

REGION = 440300
LONG = 2**24 - 1
ISSUER = b"issuer.........."
INVESTORS = tuple(f"investor {n}".encode().ljust(16, b".") for n in range(6))
NOBODY = b"nobody.........."
SHARES, EQUITY = b"shares..........", b"equity.........."
TERMS = Terms(Form.SHARE, 0xFE, 4, b"REM-04".ljust(16, b"\0"), interval=5)


class Maker:
    """Acts on the register as it is, by chance. `time` in Unix seconds."""

    def __init__(self, random: Random, register: Register, time: int) -> None:
        self.random = random
        self.register = register
        self.today = day_of(time)

    def act(self) -> Act:
        """Any act."""
        makers: Sequence[tuple[int, Callable[[], Act]]] = (
            (9, self.transfer),
            (4, self.issue),
            (1, self.open_investor),
            (2, self.suitability),
            (2, self.addend),
            (1, self.open_security),
            (1, self.terms),
            (2, self.admit),
            (1, self.state),
            (1, self.recount),
        )
        return self.random.choices([make for _, make in makers], [weight for weight, _ in makers])[0]()

    # --- who and what

    def one_in(self, times: int) -> bool:
        return self.random.randrange(times) == 0

    def security(self) -> Id:
        return self.random.choice((SHARES, SHARES, SHARES, SHARES, EQUITY, EQUITY, NOBODY))

    def investor(self) -> Id:
        return NOBODY if self.one_in(40) else self.random.choice(INVESTORS)

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
        new = self.random.choice((NOBODY, bytes(16), b"another.........", self.investor()))
        return OpenInvestor(new, Kind(self.random.randrange(8)), self.day(), self.random.choice((0, 0, 1, 3)))

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
            kinds=self.random.choice((0xFE, 0xFE, 0xFE, 0b110, 0)),
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
        wanted = self.random.choice((State.CUSTODIED, State.CUSTODIED, State.CUSTODIED, State.SUSPENDED, *State))
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
        reason = self.random.choice((Reason.AGREED, Reason.AGREED, *tuple(Reason)[:6]))
        return TransferUnits(security, giver, taker, self.units(self.register.position(security, giver).free), reason)

    def recount(self) -> Act:
        return RecountPosition(self.security(), self.investor())

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
