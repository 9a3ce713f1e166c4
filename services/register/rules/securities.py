"""Acts on a security: opening, terms, custody, and new units (发行)."""

from dataclasses import dataclass, replace

from services.register.names import CHECKER, REGULATOR
from services.register.rules.acts import AdmitSecurity, ChangeTerms, IssueUnits, OpenSecurity, SetSecurityState
from services.register.rules.checks import counted, require_fit, require_interval
from services.register.rules.officers import held_back
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import UNITS_MAX, Id, Security, State, Terms

__all__ = ["admit", "change_terms", "issue", "open_security", "set_state"]


def open_security(turn: Turn, act: OpenSecurity) -> None:
    """For an issuer of the market's region (REM-12)."""
    turn.agree()
    if not any(act.security) or not any(act.issuer):
        raise Refused("RegisterZero")
    if act.issuer_region != turn.market.region:
        raise Refused("RegisterOutOfProvince", issuerRegion=act.issuer_region)
    if act.security in turn.securities:
        raise Refused("RegisterSecurityExists", security=act.security)
    _require_terms(act.terms)
    turn.securities[act.security] = Security(State.REGISTERING, act.issuer, act.terms)
    turn.tell("SecurityOpened", security=act.security, issuer=act.issuer, issuerRegion=act.issuer_region)


def change_terms(turn: Turn, act: ChangeTerms) -> None:
    """The regulator agrees, whatever the market."""
    turn.need(CHECKER)
    turn.need(REGULATOR)
    before = turn.security(act.security, State.REGISTERING, State.CUSTODIED, State.SUSPENDED)
    _require_terms(act.terms)
    turn.securities[act.security] = replace(before, terms=act.terms)
    turn.tell("TermsChanged", security=act.security)


def admit(turn: Turn, act: AdmitSecurity) -> None:
    """Custody begins when the units issued are the registered capital."""
    turn.agree()
    before = turn.security(act.security, State.REGISTERING)
    if before.issued != act.capital:
        raise Refused("RegisterCapital", issued=before.issued, capital=act.capital)
    turn.securities[act.security] = replace(before, state=State.CUSTODIED)
    turn.tell("StateSet", security=act.security, before=State.REGISTERING, state=State.CUSTODIED)


def set_state(turn: Turn, act: SetSecurityState) -> None:
    """From custodied or suspended to the other, or (finally) to exited."""
    turn.agree()
    before = turn.security(act.security, State.CUSTODIED, State.SUSPENDED)
    if act.state in {State.NONE, State.REGISTERING, before.state}:
        raise Refused("RegisterState", security=act.security, state=before.state)
    turn.securities[act.security] = replace(before, state=act.state)
    turn.tell("StateSet", security=act.security, before=before.state, state=act.state)


def issue(turn: Turn, act: IssueUnits) -> None:
    """In the first registration whoever holds is entered; afterwards this is a subscription, held to its rules."""
    turn.agree()
    if len(act.investors) != len(act.units):
        raise Refused("RegisterLengths")
    security = turn.security(act.security, State.REGISTERING, State.CUSTODIED)
    trading_day = turn.trading_day() if security.state is State.CUSTODIED else None
    for investor, units in zip(act.investors, act.units, strict=True):
        entry = _Entry((act.security, investor), units, trading_day)
        security = _credited(turn, security, entry)
    issued = security.issued + sum(act.units)
    if issued > UNITS_MAX:
        raise Refused("SecurityOverflow")
    turn.securities[act.security] = replace(security, issued=issued)
    turn.tell("Issued", security=act.security, units=sum(act.units), issued=issued)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One line of an issue; `trading_day` is None in the first registration."""

    key: tuple[Id, Id]
    units: int
    trading_day: int | None


def _credited(turn: Turn, security: Security, entry: _Entry) -> Security:
    """The security, counted with the new units of one holder."""
    if entry.units == 0:
        raise Refused("RegisterZero")
    investor = entry.key[1]
    addend = turn.known(investor).addend
    before = turn.position(*entry.key)
    if before.officer:
        before = held_back(turn, entry.key, before)
    after = before.grown(entry.units, addend)
    limit = security.terms.first_cap
    if entry.trading_day is not None:
        limit = security.terms.cap
        require_fit(turn, security, investor)
        if security.terms.subscription_counts:
            require_interval(security, investor, opposite=before.last_sell, trading_day=entry.trading_day)
            after = after.bought(entry.trading_day)
    count = counted(security.count, (before, after))
    if not before.units and count > limit:
        raise Refused("RegisterCap", count=count, cap=limit)
    turn.put(*entry.key, after)
    return replace(security, count=count)


def _require_terms(terms: Terms) -> None:
    if terms.cap == 0 or terms.kinds == 0 or not any(terms.basis):
        raise Refused("RegisterZero")
