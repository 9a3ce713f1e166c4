"""A market of values: its referee at work, day by day on the real calendar, and everybody who must agree agreeing."""

from collections.abc import Iterable
from datetime import date

from services.calendar.rules import Year, count
from services.calendar.sources import from_library
from services.days import number
from services.register.rules.acts import (
    Act,
    AdmitSecurity,
    IssueUnits,
    OpenInvestor,
    OpenSecurity,
    TransferUnits,
)
from services.register.rules.days import Clock, day_start
from services.register.rules.positions import Position
from services.register.rules.referee import Outcome, apply
from services.register.rules.refusal import Refused
from services.register.rules.turn import At, Event, Register, Signed
from services.register.rules.values import Form, Id, Kind, Market, Reason, Terms

REGION = 440300
MONDAY = date(2026, 3, 2)
"""The first day of every market of the tests."""
LONG = 2**24 - 1
EVERYBODY = 0xFE
SHARES, ISSUER = b"shares..........", b"issuer.........."
OPERATOR, CHECKER, REGULATOR, LIAISON = "0xopera", "0xcheck", "0xregul", "0xcourt"
ROLES = {
    "register.operator": frozenset({OPERATOR}),
    "register.checker": frozenset({CHECKER}),
    "register.regulator": frozenset({REGULATOR}),
    "register.court-liaison": frozenset({LIAISON}),
}
TERMS = Terms(Form.SHARE, EVERYBODY, 200, b"REM-04".ljust(16, b"\0"), interval=5)


def published() -> dict[int, Year]:
    """The years that are announced, as the calendar on the chain would have them."""
    known = (from_library(year) for year in (2025, 2026))
    return {one.year.year: one.year for one in known if one is not None}


class Days:
    """Trading days of 2025 and 2026."""

    years = published()

    def trading_days_after(self, since: int, until: int) -> int | None:
        return count(self.years, since, until, trading=True)


class Book:
    """A register under acts, from ten in the morning of `day` on: an event takes a second."""

    def __init__(self, *, checked: bool = False, first: date = MONDAY) -> None:
        self.day = first
        self.register = Register(Market(REGION, checked), Clock(number(first)), ROLES)
        self.events: list[Event] = []
        self.last: Outcome | None = None

    @property
    def now(self) -> int:
        return day_start(self.today) + 10 * 3600 + len(self.events)

    @property
    def today(self) -> int:
        return number(self.day)

    def do(self, act: Act, at: At | None = None) -> Outcome:
        """An act that is allowed."""
        self.last = apply(self.register, act, at=at or At(self.now), calendar=Days())
        self.register = self.last.register
        self.events += self.last.events
        return self.last

    def no(self, act: Act, at: At | None = None) -> Refused:
        """Why an act is refused; the register is as it was."""
        try:
            self.do(act, at)
        except Refused as refused:
            return refused
        raise AssertionError(f"allowed: {act}")

    def by(self, *signers: str, sender: str = OPERATOR) -> At:
        """Sent by the operator, with these authorisations."""
        return At(self.now, Signed(sender, signers))

    # --- a market begins

    def open(self, *names: str, kind: Kind = Kind.PERSON, suitable_until: int = LONG, addend: int = 0) -> list[Id]:
        """Accounts of investors; their ids."""
        for name in names:
            self.do(OpenInvestor(ident(name), kind, suitable_until, addend))
        return [ident(name) for name in names]

    def custody(self, holdings: dict[str, int], terms: Terms = TERMS) -> None:
        """Shares in custody, held so by persons."""
        self.do(OpenSecurity(SHARES, ISSUER, REGION, terms))
        names = tuple(self.open(*holdings))
        for begin in range(0, len(names), 500):
            part = slice(begin, begin + 500)
            self.do(issue(names[part], tuple(holdings.values())[part]))
        self.do(AdmitSecurity(SHARES, sum(holdings.values())))

    # --- what it says

    def of(self, name: str) -> Position:
        return self.register.position(SHARES, ident(name))

    def told(self, name: str) -> list[Event]:
        """The events of this name that the last act told."""
        return [event for event in self.last.events if event.name == name] if self.last else []

    @property
    def count(self) -> int:
        return self.register.securities[SHARES].count


def ident(name: str) -> Id:
    """An investor's pseudonym."""
    return name.encode().ljust(16, b".")


def issue(investors: Iterable[Id], units: Iterable[int]) -> IssueUnits:
    return IssueUnits(SHARES, tuple(investors), tuple(units))


def deal(giver: str, taker: str, units: int, reason: Reason = Reason.AGREED) -> TransferUnits:
    """A transfer of shares between two names."""
    return TransferUnits(SHARES, ident(giver), ident(taker), units, reason)
