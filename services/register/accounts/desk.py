"""The door of the accounts: who may open, change and read them, and what the chain is asked meanwhile."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.days import on
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.errors import Conflict, RuleRefused
from services.platform.idempotency import Once
from services.register.accounts import repository, rules
from services.register.accounts.identities import Identities
from services.register.accounts.identity import LETTERS, Identity, kind_slug
from services.register.accounts.keeping import Keeping
from services.register.accounts.models import AccountRow
from services.register.accounts.sample_allocator import next_sample_code
from services.register.accounts.views import AccountDetails, AccountEvent, AccountView, PersonalView
from services.register.acts import repository as acts
from services.register.acts.accounts import Addend, OpenInvestor, Suitability
from services.register.acts.said import Document
from services.register.asking import Ask, Asked
from services.register.book import repository as book
from services.register.book.holdings import holdings_of, is_investor
from services.register.parts import RegisterParts
from services.register.rules.values import Kind

__all__ = ["Accounts", "IdentityChange", "StateChange", "SuitabilityProof", "evidence_of"]

_BATCH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """A change of who the holder is, and by which documents."""

    identity: Identity
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuitabilityProof:
    """``basis``: one of the five ways (REM-06)."""

    basis: str
    until: date
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChange:
    """``to``: normal, frozen or closed."""

    to: str
    reason: str
    documents: tuple[Document, ...] = ()


class Accounts:
    """``is_sample``: whether the installation is a sample, where a local allocator may stand in for the central one."""

    def __init__(self, parts: RegisterParts, keeping: Keeping, ask: Ask, *, is_sample: bool) -> None:
        self._parts = parts
        self._keeping = keeping
        self._ask = ask
        self._is_sample = is_sample

    # --- writing

    def open(self, caller: Principal, details: AccountDetails, *, once: Once | None) -> Future[AccountView]:
        """A new account, and the act that opens it on the chain. Conflict ``account-exists`` names the one there is."""
        owner = self._require(caller, "register.act")

        def make(group: Group) -> tuple[str, AccountView]:
            (entered,) = self._keeping.enter(group, owner, caller.institution_id, [details])
            if not entered.is_new:
                detail = "The holder of this document has an account."
                raise Conflict(detail, slug="account-exists", extra={"id": entered.account_id})
            until = on(details.suitable_until) if details.suitable_until else None
            said = OpenInvestor(
                account=entered.account_id,
                kind=kind_slug(details.kind),
                suitable_until=until,
                addend=details.addend,
                documents=details.documents,
            )
            asked = self._ask(group, caller.institution_id, said)
            return entered.account_id, _fresh(entered.account_id, details, group.now_ms, asked)

        return self._once(caller, once, make)

    def change_identity(
        self, caller: Principal, account_id: str, change: IdentityChange, *, once: Once | None
    ) -> Future[AccountView]:
        """Another identity for the same account; the former one is kept."""

        def act(group: Group, row: AccountRow) -> None:
            evidence = evidence_of(change.documents)
            self._keeping.change_identity(group, row, caller.institution_id, change.identity, evidence)

        return self._on(caller, account_id, once, act)

    def prove_suitability(
        self, caller: Principal, account_id: str, proof: SuitabilityProof, *, once: Once | None
    ) -> Future[AccountView]:
        """Evidence of suitability until a day, which the chain is told."""

        def act(group: Group, row: AccountRow) -> Asked:
            evidence: JsonObject = {"basis": proof.basis, "evidence": evidence_of(proof.documents)}
            self._keeping.set_suitability(group, row, caller.institution_id, until=proof.until, evidence=evidence)
            said = Suitability(account=row.id, until=proof.until, documents=proof.documents)
            return self._ask(group, caller.institution_id, said)

        return self._on(caller, account_id, once, act)

    def set_addend(
        self, caller: Principal, account_id: str, addend: int, documents: tuple[Document, ...], *, once: Once | None
    ) -> Future[AccountView]:
        """How many holders stand behind this one. The chain asks for the regulator before it goes down."""

        def act(group: Group, row: AccountRow) -> Asked:
            self._keeping.set_addend(group, row, caller.institution_id, addend, evidence_of(documents))
            return self._ask(group, caller.institution_id, Addend(account=row.id, addend=addend, documents=documents))

        return self._on(caller, account_id, once, act)

    def allocate_code(
        self, caller: Principal, account_id: str, code: str | None, *, once: Once | None
    ) -> Future[AccountView]:
        """The investor code from the supervision chain; None asks the sample's allocator, in samples alone."""
        if code is None and not self._is_sample:
            raise RuleRefused(
                "J326-INVESTOR",
                "Investor codes are allocated by the supervision chain; only a sample installation makes its own.",
                source="JR/T 0326—2024, 6.3",
            )

        def act(group: Group, row: AccountRow) -> None:
            letter = LETTERS[Kind(row.kind)]
            given = code or next_sample_code(repository.highest_code(group.session, row.owner_id, letter), letter)
            source = "supervision-chain" if code else "sample-allocator"
            self._keeping.set_code(group, row, caller.institution_id, given, source)

        return self._on(caller, account_id, once, act)

    def move(
        self, caller: Principal, account_id: str, change: StateChange, *, once: Once | None
    ) -> Future[AccountView]:
        """Freezes, thaws, closes, reopens. RuleRefused ACC-01, ACC-02 while a closing one holds or awaits anything."""

        def act(group: Group, row: AccountRow) -> None:
            if change.to == rules.CLOSED:
                held = holdings_of(group.session, self._parts.chain, row.id)
                waiting = acts.count_naming(group.session, self._parts.chain, row.id)
                waiting += 0 if is_investor(group.session, self._parts.chain, row.id) else 1
                rules.check_close(held.units, held.liens, waiting)
            said: JsonObject = {"reason": change.reason, **evidence_of(change.documents)}
            self._keeping.move(group, row, caller.institution_id, change.to, said)

        return self._on(caller, account_id, once, act)

    def erase(self, caller: Principal, account_id: str, reason: str, *, once: Once | None) -> Future[AccountView]:
        """Erases the holder's data, or restricts them until their term is over (20 years from the closing, REM-26)."""
        return self._on(
            caller,
            account_id,
            once,
            lambda group, row: self._keeping.restrict(group, row, caller.institution_id, reason),
        )

    def run(self) -> None:
        """The job: erases what was restricted until now, and records what a former version left unrecorded."""
        with self._parts.database.read() as session:
            found = repository.due(session, self._parts.clock.ms(), _BATCH)
        for account_id in found:
            self._parts.evidence.sequencer.run(partial(self._erase, account_id=account_id))
        while self._parts.evidence.sequencer.run(self._keep):
            pass

    # --- reading

    def list(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[AccountView]:
        """Accounts without their holders, the oldest first."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.read")
            rows = repository.accounts(session, owner, after=cursor, limit=limit + 1)
            items = tuple(self._of(session, row) for row in rows[:limit])
        return Page(items, items[-1].id if len(rows) > limit else None)

    def get(self, caller: Principal, account_id: str) -> AccountView:
        """One account without its holder. NotFound."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.read")
            return self._of(session, self._keeping.require(session, owner, account_id))

    def personal(self, caller: Principal, account_id: str) -> PersonalView:
        """Who the holder is and was, and what happened. Conflict ``account-restricted`` once erasure was asked for."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.personal")
            row = self._keeping.require(session, owner, account_id)
            events = [
                AccountEvent(each.name, each.actor_id, each.record_id, each.at)
                for each in repository.events(session, account_id)
            ]
            identity = self._keeping.identity(session, row)
            return PersonalView(self._of(session, row), identity, self._keeping.earlier(session, row), events)

    # --- inside

    def _require(self, caller: Principal, action: str) -> str:
        with self._parts.database.read() as session:
            return self._parts.require(session, caller, action)

    def _on(
        self,
        caller: Principal,
        account_id: str,
        once: Once | None,
        act: Callable[[Group, AccountRow], Asked | None],
    ) -> Future[AccountView]:
        owner = self._require(caller, "register.act")

        def make(group: Group) -> tuple[str, AccountView]:
            row = self._keeping.require(group.session, owner, account_id)
            asked = act(group, row)
            return account_id, self._view(group.session, account_id, asked)

        return self._once(caller, once, make)

    def _once(
        self, caller: Principal, once: Once | None, make: Callable[[Group], tuple[str, AccountView]]
    ) -> Future[AccountView]:
        def unit(group: Group) -> AccountView:
            return do_once(
                group,
                caller.institution_id,
                once,
                kind="register-account",
                make=lambda: make(group),
                again=lambda made: self._view(group.session, made, None),
            )

        return self._parts.submit(unit)

    def _keep(self, group: Group) -> bool:
        rows = repository.unrecorded(group.session, _BATCH)
        if rows:
            Identities(self._parts).keep_rows(group, rows, rows[0].owner_id)
        return bool(rows)

    def _erase(self, group: Group, account_id: str) -> None:
        row = repository.account(group.session, account_id)
        if row is not None:
            self._keeping.erase_if_due(group, row, row.owner_id)

    def _view(self, session: Session, account_id: str, asked: Asked | None) -> AccountView:
        row = repository.account(session, account_id)
        if row is None:
            raise self._keeping.unknown()
        view = self._of(session, row)
        return view if asked is None else replace(view, operation_id=asked.operation_id)

    def _of(self, session: Session, row: AccountRow) -> AccountView:
        """In force is what the chain has; what is asked for, only for an account that it does not know yet."""
        known = book.investor(session, self._parts.chain, row.id)
        return AccountView(
            id=row.id,
            kind=Kind(row.kind),
            state=rules.shown_state(row.state, on_chain=known is not None),
            investor_code=row.investor_code,
            suitable_until=(known or row).suitable_until,
            addend=(known or row).addend,
            version=row.version,
            created_at=row.created_at,
            closed_at=row.closed_at,
            restricted_until=row.restricted_until,
            erased_at=row.erased_at,
        )


def evidence_of(documents: tuple[Document, ...]) -> JsonObject:
    """The documents as a record names them: record id by code."""
    return {each.code: each.record for each in documents}


def _fresh(account_id: str, details: AccountDetails, now_ms: int, asked: Asked) -> AccountView:
    """An account whose row is written with its unit."""
    return AccountView(
        id=account_id,
        kind=details.kind,
        state=rules.OPENED,
        investor_code=details.investor_code or None,
        suitable_until=details.suitable_until,
        addend=details.addend,
        version=1,
        created_at=now_ms,
        closed_at=None,
        restricted_until=None,
        erased_at=None,
        operation_id=asked.operation_id,
    )
