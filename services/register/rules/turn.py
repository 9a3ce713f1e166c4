"""A register, and one act at work on it: reads see what the act has written, and nothing counts until it is through."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from services.register.names import CHECKER, OPERATOR
from services.register.rules.days import Clock, TradingDays, day_of
from services.register.rules.liens import Lien
from services.register.rules.lots import Lot
from services.register.rules.positions import Position
from services.register.rules.refusal import Refused, Value
from services.register.rules.values import Bonus, Id, Investor, Lockup, Market, Security, State

__all__ = ["At", "Event", "Register", "Signed", "Turn"]


@dataclass(frozen=True, slots=True)
class Register:
    """All that the register keeps. `roles`: the accounts that hold each role.

    Positions, lots and lock-ups by (security, investor), liens by (security, number), bonuses by (security, action).
    """

    market: Market
    clock: Clock
    roles: Mapping[str, frozenset[str]] = field(default_factory=dict)
    investors: Mapping[Id, Investor] = field(default_factory=dict)
    securities: Mapping[Id, Security] = field(default_factory=dict)
    positions: Mapping[tuple[Id, Id], Position] = field(default_factory=dict)
    lots: Mapping[tuple[Id, Id], tuple[Lot, ...]] = field(default_factory=dict)
    liens: Mapping[tuple[Id, int], Lien] = field(default_factory=dict)
    lockups: Mapping[tuple[Id, Id], Lockup] = field(default_factory=dict)
    bonuses: Mapping[tuple[Id, Id], Bonus] = field(default_factory=dict)

    def position(self, security: Id, investor: Id) -> Position:
        """An empty one when there is none."""
        return self.positions.get((security, investor), Position())

    def available(self, security: Id, investor: Id, today: int) -> int:
        """Units on which nothing lies on a day, liens that are over left out."""
        lots = self.lots.get((security, investor), ())
        bound = (lot for lot in lots if not all(self.liens[security, one].is_over(today) for one in lot.liens))
        return self.position(security, investor).units - sum(lot.units for lot in bound)


@dataclass(frozen=True, slots=True)
class Signed:
    """Who sent an act, and whose authorisations came along (addresses)."""

    sender: str
    signers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class At:
    """How an act reaches the register: Unix seconds; by whom (None: by all that it takes); with evidence or without."""

    time: int
    signed: Signed | None = None
    evidenced: bool = True


@dataclass(frozen=True, slots=True)
class Event:
    """What the register tells; arguments by their names in the ABI, commitment and leaf left out; lots as words."""

    name: str
    arguments: Mapping[str, Value | tuple[int, ...]]


class Turn:
    """One act at work. `events` and `needs` (roles and addresses that must have signed) in the order met."""

    def __init__(self, register: Register, at: At, calendar: TradingDays) -> None:
        self.market = register.market
        self.at = at
        self.events: list[Event] = []
        self.needs: list[str] = []
        self.investors = dict(register.investors)
        self.securities = dict(register.securities)
        self.positions = dict(register.positions)
        self.lots = dict(register.lots)
        self.liens = dict(register.liens)
        self.lockups = dict(register.lockups)
        self.bonuses = dict(register.bonuses)
        self._register = register
        self._calendar = calendar
        self._clock = register.clock

    def done(self) -> Register:
        """The register after the act."""
        return replace(
            self._register,
            clock=self._clock,
            investors=self.investors,
            securities=self.securities,
            positions=self.positions,
            lots=self.lots,
            liens=self.liens,
            lockups=self.lockups,
            bonuses=self.bonuses,
        )

    # --- who acts

    def begin(self) -> None:
        """The operator sends it, with evidence (checks 1 and 2)."""
        signed = self.at.signed
        if signed is not None and signed.sender not in self._register.roles.get(OPERATOR, frozenset()):
            raise Refused("RegisterNotOperator", sender=signed.sender)
        if not self.at.evidenced:
            raise Refused("RegisterZero")

    def agree(self) -> None:
        """In a checked market a checker must have signed."""
        if self.market.checked:
            self.need(CHECKER)

    def consent(self, secured: str) -> None:
        """The pledgee must have signed."""
        self.needs.append(secured)
        if self.at.signed is not None and secured not in self.at.signed.signers:
            raise Refused("RegisterConsent", secured=secured)

    def need(self, role: str) -> None:
        """Somebody with the role, who is not the sender, must have signed."""
        self.needs.append(role)
        signed = self.at.signed
        if signed is None:
            return
        holders = self._register.roles.get(role, frozenset())
        if not any(one in holders for one in signed.signers if one != signed.sender):
            raise Refused("RegisterNeeds", role=role)

    # --- what there is

    @property
    def today(self) -> int:
        """In Shanghai."""
        return day_of(self.at.time)

    def trading_day(self) -> int:
        """Today's number; from now on the register has counted until today."""
        clock = self._clock.on(self.today, self._calendar)
        if clock is None:
            raise Refused("RegisterCalendar", fromDay=self._clock.day, today=self.today)
        self._clock = clock
        return clock.number

    def known(self, investor: Id) -> Investor:
        """The investor, who must have an account."""
        found = self.investors.get(investor)
        if found is None:
            raise Refused("RegisterInvestorUnknown", investor=investor)
        return found

    def security(self, security: Id, *states: State) -> Security:
        """The security, which must be in one of these states."""
        found = self.securities.get(security)
        state = found.state if found else State.NONE
        if found is None or state not in states:
            raise Refused("RegisterState", security=security, state=state)
        return found

    def live(self, security: Id) -> Security:
        """The security, which must be in custody or before it."""
        return self.security(security, State.REGISTERING, State.CUSTODIED, State.SUSPENDED)

    def position(self, security: Id, investor: Id) -> Position:
        """As it is now."""
        return self.positions.get((security, investor), Position())

    # --- what changes

    def put(self, security: Id, investor: Id, position: Position) -> None:
        """The position is so from now on, and is told."""
        self.positions[security, investor] = position
        self.tell("PositionChanged", security=security, investor=investor, position=position.word)

    def tell(self, name: str, /, **arguments: Value | tuple[int, ...]) -> None:
        """An event."""
        self.events.append(Event(name, arguments))
