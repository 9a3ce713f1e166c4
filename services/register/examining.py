"""What fsck examines of the register (登记簿核验): rows against the records of their leaves, and against the contract.

Who holds what is compared with the contract's storage after the last block that was read; a chain that is away, or has
gone on since and keeps no older state, is said to be unchecked. Rows of acts, companies and accounts are compared with
what their records make of them, and counted: one that no record made is found, too.
"""

import time
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import ChainError
from chain.proof.encoding import from_hex
from chain.proof.types import Phase
from services.chains import Chains
from services.evidence.fsck.findings import Finding, Report
from services.evidence.fsck.service_records import service_records
from services.evidence.recovery.plan import Told
from services.platform.atrest import Vault
from services.platform.database import Database
from services.platform.errors import Invalid
from services.platform.settings import Settings
from services.register import examining_repository, told
from services.register.accounts import recovery as accounts
from services.register.accounts import repository as account_rows
from services.register.accounts.keeping import OPENED
from services.register.accounts.rules import NORMAL
from services.register.acts import recovery as acts
from services.register.acts import repository as act_rows
from services.register.acts.models import ActRow
from services.register.book.comparing import Comparison, compare_all
from services.register.book.projection import LISTENER
from services.register.companies import recovery as companies
from services.register.companies import repository as company_rows
from services.register.companies.models import CompanyRow
from services.register.names import ACT, CONTRACT, FACT
from services.transactions import cursor

__all__ = ["Examining"]

_PATIENCE_S, _PAUSE_S = 10.0, 0.2
_OF_RECORD = ("about", "name", "struct", "message", "actor_id", "chain", "log_id", "record_id", "leaf_index")
_NAMED = ("id", "operation_id", "batch_id")
_DECIDED = ("state", "outcome_record", "tx_hash", "block_number")
_NEW = {"state": NORMAL, "version": 1, "closed_at": None, "erased_at": None}
"""What an account is until a fact says otherwise."""
_SAID_SINCE = ("security_id", "issuer_id")
_SAYS = "pre_emption"
"""What a company's facts of a former version did not say, and a member of the application by which others are known."""
_COMPANY = tuple(column.key for column in CompanyRow.__table__.columns)


class Examining:
    """For ``services.fsck``; writes nothing."""

    def __init__(self, settings: Settings, chains: Chains) -> None:
        self._settings = settings
        self._chains = chains

    def __call__(self, database: Database, session: Session, report: Report) -> None:
        """Adds what it finds. ``session``: fsck's snapshot."""
        if self._settings.market is None:
            return
        _Rows(session, Vault(self._settings.master_key_file), report).run()
        try:
            done = self._reconciled(database)
        except ChainError as error:
            chain = self._settings.business_chain
            unchecked = "the register's positions, lots, liens and securities are not compared with its contract"
            report.incomplete.append(f"the chain {chain} cannot be asked ({error}): {unchecked}")
            return
        for name, number in (done.compared if done else {}).items():
            report.count(f"{name} of the register", number)
        for each in done.differences if done else ():
            whose = " ".join(one for one in (each.security_id, each.of) if one)
            detail = f"{each.what} {whose}: {each.field} is {each.chain} in the contract and {each.book} in the rows"
            report.add(Finding(kind="register-differs", origin=self._settings.business_chain, detail=detail))

    def _reconciled(self, database: Database) -> Comparison | None:
        """In a snapshot of its own, again while the service reads on. None before a block was read."""
        self._chains.clients[self._settings.business_chain].handshake()
        until = time.monotonic() + _PATIENCE_S
        while True:
            try:
                with database.read() as session:
                    return self._compared(session)
            except ChainError:
                if time.monotonic() > until:
                    raise
            time.sleep(_PAUSE_S)

    def _compared(self, session: Session) -> Comparison | None:
        chain = self._settings.business_chain
        place = cursor.positions(session, chain).get(LISTENER)
        if place is None:
            return None
        client = self._chains.clients[chain]
        head, block = client.head(), place.block
        if head > block and not client.logs(block + 1, head, [CONTRACT]):
            block = head  # the same storage, of which a node need not keep the older state
        return compare_all(session, chain, partial(self._chains.read_many_on, chain), block)


class _Rows:
    """Every record of the register once, in the order of the log."""

    def __init__(self, session: Session, vault: Vault, report: Report) -> None:
        self._session = session
        self._vault = vault
        self._report = report
        self._seen: Counter[str] = Counter()
        self._companies: dict[str, CompanyRow] = {}
        self._unsaid: dict[str, tuple[str, ...]] = {}
        self._opened: dict[str, dict[str, str]] = {}
        self._changed: dict[str, dict[str, Any]] = {}
        self._origin = ""

    def run(self) -> None:
        for origin, each in service_records(self._session, self._vault, (ACT, FACT)):
            self._origin = origin
            if each.type_name == ACT:
                self._act(each)
            else:
                self._fact(each)
        for company_id, expected in self._companies.items():
            self._company(company_id, expected)
        self._accounts()
        there = examining_repository.counts(self._session)
        for name, number in there.items():
            self._report.count(f"{name} of the register", number)
            if number > self._seen[name]:
                self._add(f"{number - self._seen[name]} rows of {name} that no record made", None)

    def _act(self, record: Told) -> None:
        if record.leaf.phase is not Phase.REQUESTED:
            self._outcome(record)
            return
        self._seen["acts"] += 1
        row = act_rows.act_of_leaf(self._session, record.leaf_hash)
        if row is None:
            self._add("the act has no row", record)
            return
        try:
            made = acts.row_of(record)
        except (Invalid, ValueError, KeyError):
            return  # of a former version, whose requests are read no more
        named = _NAMED if "ids" in told.body(record) else ()
        self._compare(row, made, (*_OF_RECORD, *named), record)
        if row.state != act_rows.REQUESTED and row.outcome_record is None:
            self._add(f"the act's row is {row.state}, and names no outcome", record)

    def _outcome(self, record: Told) -> None:
        row = act_rows.act_of_leaf(self._session, from_hex(told.member(record, "request"), "request"))
        if row is not None:
            made = ActRow(state=act_rows.REQUESTED, tx_hash=None, block_number=None)
            acts.decide(made, record)
            self._compare(row, made, _DECIDED, record)

    def _fact(self, record: Told) -> None:
        name = told.member(record, "fact")
        if name.startswith(companies.PREFIX):
            self._of_company(name.removeprefix(companies.PREFIX), record)
        elif name == OPENED:
            self._of_opening(record)
        elif name in accounts.CHANGES:
            self._seen["events of accounts"] += 1
            self._changed.setdefault(told.about(record), {}).update(accounts.after(name, record))

    def _of_company(self, name: str, record: Told) -> None:
        self._seen["events of companies"] += 1
        company_id = told.about(record)
        if name == companies.APPLY:
            self._seen["companies"] += 1
            self._companies[company_id] = companies.applied(record)
            self._unsaid[company_id] = () if _SAYS in told.body(record) else _SAID_SINCE
        if company_id in self._companies:
            companies.follow(self._companies[company_id], name, record)

    def _company(self, company_id: str, made: CompanyRow) -> None:
        row = company_rows.company(self._session, company_id)
        if row is None:
            self._add(f"the company {company_id} has no row", None)
        else:
            unsaid = {name for name in self._unsaid[company_id] if getattr(made, name) is None}
            self._compare(row, made, tuple(name for name in _COMPANY if name not in unsaid), None)

    def _of_opening(self, record: Told) -> None:
        listed = accounts.details_of(record)
        self._seen["accounts"] += len(listed)
        rows = {row.id: row for row in account_rows.accounts_by_id(self._session, listed)}
        for account_id, details in listed.items():
            row = rows.get(account_id)
            if row is None:
                self._add(f"the account {account_id} has no row", record)
            else:
                said = {**_NEW, **details, "record_id": record.record_id, "created_at": record.leaf.accepted_at}
                differs = {
                    name: _shown(name, row, value) for name, value in said.items() if getattr(row, name) != value
                }
                if differs:
                    self._opened[account_id] = differs

    def _accounts(self) -> None:
        """What differs from an account's opening, and what from its last changes."""
        for account_id, differs in self._opened.items():
            for name, shown in differs.items():
                if name not in self._changed.get(account_id, {}):
                    self._add(f"account {account_id}: {shown}", None)
        for row in account_rows.accounts_by_id(self._session, self._changed):
            expected = self._changed[row.id]
            for name, value in expected.items():
                if getattr(row, name) != value:
                    self._add(f"account {row.id}: {_shown(name, row, value)}", None)

    def _compare(self, row: Any, made: Any, columns: tuple[str, ...], record: Told | None) -> None:
        for name in columns:
            if getattr(row, name) != getattr(made, name):
                self._add(f"{row.id}: {_shown(name, row, getattr(made, name))}", record)

    def _add(self, detail: str, record: Told | None) -> None:
        where: Mapping[str, Any] = {}
        if record is not None:
            where = {"first": record.index, "end": record.index + 1, "record_id": record.record_id}
        self._report.add(Finding(kind="register-row", origin=self._origin, detail=detail, **where))


def _shown(name: str, row: Any, value: object) -> str:
    return f"{name} is {getattr(row, name)!r}, and its records say {value!r}"
