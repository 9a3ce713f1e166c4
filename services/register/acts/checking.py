"""What the chain does not see of an act (登记审核): asked with the request, with each signature, before it is sent."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy.orm import Session

from services.days import day_of
from services.identity.rules import covers
from services.platform.clock import from_ms
from services.platform.errors import Invalid, RuleRefused
from services.platform.ids import from_bytes16
from services.register.acts import repository, rules
from services.register.acts.dealing import dealers, receivers, require_accounts
from services.register.acts.deals import Deal, Dealing, PreEmption
from services.register.acts.holders import Bonus
from services.register.acts.liens import Freeze, Pledge, seconds
from services.register.acts.messages import act_of
from services.register.acts.models import ActRow
from services.register.acts.pre_emption import Right, outsiders, require_silence, require_subscription, right_of
from services.register.acts.said import Said
from services.register.acts.securities import ChangeTerms, Issue, OpenSecurity
from services.register.acts.terms import require_terms
from services.register.book import repository as book
from services.register.book.models import SecurityRow
from services.register.companies.rules import Phase
from services.register.issuers import IssuerOf
from services.register.parts import RegisterParts
from services.register.rules import acts
from services.register.rules.positions import Position
from services.register.rules.values import Form, LienKind, Reason, State
from services.register.sources import refusal

__all__ = ["Checking", "Stopped"]

Stopped = Callable[[Session, Collection[str]], Mapping[str, str]]
"""The states of those of these accounts that are not in their normal one."""
_OPENING = (Phase.CONFIRMING, Phase.REGISTERED, Phase.CUSTODIED, Phase.SUSPENDED)
_BY_COURT = "freeze-enforce"
_IN = (State.CUSTODIED, State.SUSPENDED)
_PRE_EMPTION = TypeAdapter(PreEmption)


class Checking:
    """RuleRefused names rule, source and numbers."""

    def __init__(self, parts: RegisterParts, issuer: IssuerOf, stopped: Stopped) -> None:
        self._parts = parts
        self._issuer = issuer
        self._stopped = stopped

    def require(self, session: Session, host: str, said: Said, now_ms: int) -> Said:
        """Every check of what is asked; gives it with what the records say of it. RuleRefused, Invalid."""
        if isinstance(said, OpenSecurity):
            said = self._with_region(session, host, said)
        if isinstance(said, Bonus) and not said.accounts:
            said = replace(said, accounts=tuple(self._holders(session, said.security)))
        if isinstance(said, Freeze) and seconds(said.received_at, "/received_at") * 1000 > now_ms:
            raise Invalid("/received_at", "Expected a moment that has passed.")
        security = book.security(session, self._parts.chain, said.about)
        if security is None or security.state != State.REGISTERING:
            rules.require_documents(said)
        self._require_accounts(session, said.name, said.contract_act())
        self._require_lien(session, said)
        if security is not None:
            self._require_of_security(session, said, security, now_ms)
        return said

    def objection(self, session: Session, operation_id: str) -> RuleRefused | None:
        """What came in between and the chain does not know: a dealer's account stopped, a shareholder no longer one.

        The chain itself refuses what its own state forbids: a suspension, a suitability or a role that has ended.
        """
        row = repository.act_of_operation(session, operation_id)
        if row is None:
            return None
        act = act_of(row.struct, row.message)
        try:
            self._require_accounts(session, row.name, act)
            self._require_still_waived(session, row, act)
            self._require_all(session, act)
        except RuleRefused as refused:
            return refused
        return None

    # --- inside

    def _with_region(self, session: Session, host: str, said: OpenSecurity) -> OpenSecurity:
        """The issuer is a company of this register, and its region that of its record (REM-12)."""
        issuer = self._issuer(session, said.issuer)
        if issuer is None or issuer.owner_id != host:
            raise refusal("ServiceIssuer", {"issuer": said.issuer})
        if issuer.phase not in _OPENING:
            raise refusal("ServiceIssuerPhase", {"issuer": issuer.id, "phase": str(issuer.phase)})
        if said.issuer_region is not None and not covers(said.issuer_region, issuer.region):
            region = {"region": issuer.region, "said": said.issuer_region}
            raise refusal("ServiceIssuerRegion", {"issuer": issuer.id, **region})
        require_terms(said.terms.terms(), issuer.form, [each.code for each in said.documents])
        market = self._parts.market.region
        return replace(said, issuer_region=market if covers(market, issuer.region) else issuer.region)

    def _require_accounts(self, session: Session, name: str, act: acts.Act) -> None:
        parties = (*dealers(name, act), *receivers(act))
        if parties:
            require_accounts(name, act, self._stopped(session, dict.fromkeys(parties)))

    def _require_lien(self, session: Session, said: Said) -> None:
        number = getattr(said, "number", None)
        lien = None if number is None else book.lien(session, self._parts.chain, said.about, number)
        if lien is not None:
            rules.require_lien(said, lien.number, LienKind(lien.kind))

    def _require_of_security(self, session: Session, said: Said, security: SecurityRow, now_ms: int) -> None:
        self._require_all(session, said.contract_act())
        if isinstance(said, ChangeTerms):
            issuer = self._issuer(session, security.issuer_id)
            require_terms(said.terms.terms(), issuer.form if issuer else "", [each.code for each in said.documents])
        if isinstance(said, Pledge):
            issuer = self._issuer(session, security.issuer_id)
            rules.require_other_pledgee(said, issuer.usci if issuer else "")
        if security.state in _IN and rules.changes_capital(said):
            rules.require_report(said, self._freezes(session, security, day_of(from_ms(now_ms))))
        if isinstance(said, Issue) and security.state in _IN and security.form == Form.LLC_EQUITY:
            self._require_subscription(session, said, security)
        if isinstance(said, Dealing):
            for each in said.deals_done:
                rules.require_payment(said.why, each)
            today, given = day_of(from_ms(now_ms)), {each.code for each in said.documents}
            for right, deal in self._entering(session, security, said.why, said.deals_done):
                require_silence(right, deal.pre_emption, given, today=today)

    def _entering(
        self, session: Session, security: SecurityRow, why: Reason, deals: Sequence[Deal]
    ) -> list[tuple[Right, Deal]]:
        """The deals by which somebody becomes a shareholder whom the others may keep out, each with their right."""
        issuer = self._issuer(session, security.issuer_id)
        right = right_of(Form(security.form), why, issuer.pre_emption if issuer else None)
        if right is None:
            return []
        held = self._held(session, security, [each.taker for each in deals])
        return [(right, each) for each in outsiders(deals, [account for account, units in held.items() if units])]

    def _require_subscription(self, session: Session, said: Issue, security: SecurityRow) -> None:
        wanted: dict[str, int] = {}
        for each in said.entries:
            wanted[each.account] = wanted.get(each.account, 0) + int(each.units)
        held = self._held(session, security, wanted)
        require_subscription(wanted, held, security.issued, {each.code for each in said.documents})

    def _require_still_waived(self, session: Session, row: ActRow, act: acts.Act) -> None:
        """Who was a shareholder when this was asked for may be none any more; then the others must have been asked."""
        why = _why(row.name, act)
        security = None if why is None else book.security(session, self._parts.chain, row.about)
        if why is None or security is None:
            return
        entering = self._entering(session, security, why, _deals(act))
        if not entering:
            return
        silence, given = self._asked_with(row)
        for right, deal in entering:
            require_silence(right, silence.get(deal.taker), given, today=day_of(from_ms(self._parts.clock.ms())))

    def _asked_with(self, row: ActRow) -> tuple[Mapping[str, PreEmption], Collection[str]]:
        """What the request says of the others' silence, by taker, and the documents it came with.

        Nobody has looked at either where the taker was a shareholder then.
        """
        body: Any = (self._parts.evidence.get_record(row.record_id).document or {}).get("body", {})
        said = {each["taker"]: each.get("pre_emption") for each in body.get("deals", [body])}
        known = {taker: _PRE_EMPTION.validate_python(each) for taker, each in said.items() if each}
        return known, {each["code"] for each in body.get("documents", ())}

    def _require_all(self, session: Session, act: acts.Act) -> None:
        """Where units change hands meanwhile, a bonus meets all holders at once."""
        if not isinstance(act, acts.PayBonus):
            return
        security = book.security(session, self._parts.chain, from_bytes16("sec", act.security))
        if security is not None and security.state == State.CUSTODIED:
            named = [from_bytes16("acc", each) for each in act.investors]
            rules.require_all(named, self._holders(session, security.security_id))

    def _holders(self, session: Session, security_id: str) -> list[str]:
        """Those with units now, in ascending order."""
        rows = book.positions(session, self._parts.chain, security_id, None, limit=1 << 31)
        return [row.account_id for row in rows]

    def _freezes(self, session: Session, security: SecurityRow, today: int) -> int:
        if not security.liens:
            return 0
        rows = book.liens(session, self._parts.chain, security.security_id, None)
        return sum(1 for one, now in rows if one.kind == LienKind.FREEZE and now.units and now.until >= today)

    def _held(self, session: Session, security: SecurityRow, accounts: Collection[str]) -> dict[str, int]:
        rows = book.current_words(session, self._parts.chain, security.security_id, dict.fromkeys(accounts))
        return {account: Position.of(int.from_bytes(word)).units for account, _seq, word in rows}


def _why(name: str, act: acts.Act) -> Reason | None:
    """The reason of a transfer or an enforcement."""
    if isinstance(act, acts.EnforceLien):
        return Reason.JUDICIAL if name == _BY_COURT else Reason.ENFORCEMENT
    return getattr(act, "reason", None)


def _deals(act: Any) -> Sequence[Deal]:
    """Who gives to whom, of an act that has givers and takers."""
    if isinstance(act.giver, bytes):
        pairs = [(act.giver, act.taker, act.units)]
    else:
        pairs = list(zip(act.giver, act.taker, act.units, strict=True))
    return [
        Deal(giver=from_bytes16("acc", giver), taker=from_bytes16("acc", taker), units=str(units))
        for giver, taker, units in pairs
    ]
