"""Accounts as they change (账户业务), in units of the sequencer: rows, and a fact with the digest of what is secret."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from services.days import number, on
from services.evidence.group import Group
from services.evidence.retention.rules import CLASSES, due_at
from services.platform.errors import Conflict, NotFound
from services.platform.ids import new_ids
from services.register.accounts import repository, rules
from services.register.accounts.identities import Identities, Sealed
from services.register.accounts.identity import LETTERS, Identity, check_identity
from services.register.accounts.models import AccountEventRow, AccountRow, IdentityRow
from services.register.accounts.sealing import (
    hashed,
    hashed_all,
    holder_key,
    new_holder_key,
    opened,
    sealed,
    sealed_all,
)
from services.register.accounts.views import AccountDetails, Entered
from services.register.codes import check_investor_code
from services.register.parts import RegisterParts
from services.register.rules.days import day_of
from services.register.rules.values import Kind
from services.register.stream import Entry

__all__ = ["DETAILS", "OPENED", "Keeping", "erasable_at"]

OPENED = "accounts-opened"
"""The fact that opens accounts, one or many."""
DETAILS = ("kind", "suitable_until", "addend", "investor_code")
"""What it says of each beside the digest of its holder's identity, where there is anything to say."""
_RETENTION = next(each for each in CLASSES if each.name == "register")


class Keeping:
    """What writes accounts. Who may, the desk decides; what the chain is asked, too."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts
        self._identities = Identities(parts)

    # --- opening

    def enter(
        self, group: Group, owner: str, actor: str, told: Sequence[AccountDetails], *, about: str = ""
    ) -> list[Entered]:
        """An account for each, in their order: those that there are, and new ones under one fact of ``about``.

        Invalid names what is wrong with an identity; Conflict for an investor code that is another's.
        """
        today = self._today(group.now_ms)
        good = [(each, check_identity(each.kind, each.identity, today)) for each in told]
        key = self._key(group, owner)
        hashes = hashed_all(key, [identity for _, identity in good])
        known: dict[bytes, Entered] = {
            holder: Entered(row.id, Kind(row.kind), row.suitable_until, row.addend, is_new=False)
            for holder, row in repository.holders(group.reading, owner, set(hashes)).items()
        }
        new = self._new(group, owner, actor, _firsts(good, hashes, known), about)
        entered: list[Entered] = []
        for holder in hashes:
            if holder not in known:
                entered.append(new[holder])
                known[holder] = replace(new[holder], is_new=False)
            else:
                entered.append(known[holder])
        return entered

    def _new(
        self, group: Group, owner: str, actor: str, told: Mapping[bytes, tuple[AccountDetails, Identity]], about: str
    ) -> dict[bytes, Entered]:
        """New accounts by their holders' keyed hashes."""
        if not told:
            return {}
        ids = new_ids("acc", len(told), group.now_ms)
        rows = [self._row(group, owner, each, details) for each, (details, _) in zip(ids, told.values(), strict=True)]
        identities = [((each, 1), identity) for each, (_, identity) in zip(ids, told.values(), strict=True)]
        made = sealed_all(self._parts.vault, group.reading, owner, identities)
        for row, holder, (content, _) in zip(rows, told, made, strict=True):
            row["holder"], row["identity"] = holder, content
        digests = {each: digest for each, (_, digest) in zip(ids, made, strict=True)}
        self._write_new(group, rows, digests, about=about or ids[0], actor=actor)
        return {
            holder: Entered(each, details.kind, details.suitable_until, details.addend, is_new=True)
            for each, (holder, (details, _)) in zip(ids, told.items(), strict=True)
        }

    def _write_new(
        self,
        group: Group,
        rows: Sequence[dict[str, Any]],
        digests: Mapping[str, bytes],
        *,
        about: str,
        actor: str,
    ) -> None:
        body: JsonObject = {"accounts": {account: to_hex(digest) for account, digest in digests.items()}}
        body["details"] = {row["id"]: {name: row[name] for name in DETAILS if row[name]} for row in rows}
        written = self._parts.stream.fact(group, Entry(name=OPENED, about=about, actor=actor, body=body))
        told = [Sealed(row["id"], row["version"], row["identity"]) for row in rows]
        kept = self._identities.keep(group, about, actor, told)
        for row in rows:
            records = {"record_id": written.record_id, "identity_record": kept[row["id"], row["version"]]}
            group.insert(repository.ACCOUNTS, {**row, **records})

    def _row(self, group: Group, owner: str, account_id: str, details: AccountDetails) -> dict[str, Any]:
        code = details.investor_code or None
        if code is not None:
            code = check_investor_code(code, letter=LETTERS[details.kind])
            self._require_free(group.reading, owner, code)
        return {
            "id": account_id,
            "owner_id": owner,
            "kind": int(details.kind),
            "state": rules.NORMAL,
            "holder": None,
            "identity": None,
            "version": 1,
            "investor_code": code,
            "suitable_until": details.suitable_until,
            "addend": details.addend,
            "record_id": "",
            "created_at": group.now_ms,
            "closed_at": None,
            "restricted_until": None,
            "erased_at": None,
            "identity_record": None,
        }

    # --- changes

    def change_identity(self, group: Group, row: AccountRow, actor: str, told: Identity, evidence: JsonObject) -> None:
        """Another identity; the former is kept. Conflict when the document is another account's."""
        self._require_usable(row)
        today, owner = self._today(group.now_ms), row.owner_id
        identity, before = check_identity(Kind(row.kind), told, today), self.identity(group.session, row)
        holder = hashed(self._key(group, owner), identity)
        other = repository.holders(group.session, owner, [holder]).get(holder)
        if other is not None and other.id != row.id:
            raise Conflict("The document is that of another account.", slug="account-exists", extra={"id": other.id})
        old = IdentityRow(account_id=row.id, version=row.version, content=row.identity, until=group.now_ms)
        old.record_id = row.identity_record
        repository.add(group.session, old)
        row.version, row.holder, place = row.version + 1, holder, (row.id, row.version + 1)
        row.identity, digest = sealed(self._parts.vault, group.reading, owner, place, identity)
        kept = self._identities.keep(group, row.id, actor, [Sealed(*place, row.identity)])
        row.identity_record = kept[place]
        changed = sorted(each for each in Identity.__slots__ if getattr(identity, each) != getattr(before, each))
        said: JsonObject = {"version": row.version, "identity": to_hex(digest), "changed": [*changed]}
        self._note(group, row, "identity-changed", actor, {**said, "evidence": evidence})

    def set_suitability(self, group: Group, row: AccountRow, actor: str, *, until: date, evidence: JsonObject) -> None:
        """Until when the holder has proven to be suitable (合格投资者), and by what."""
        self._require_usable(row)
        rules.check_basis(Kind(row.kind), str(evidence["basis"]), until, self._today(group.now_ms))
        row.suitable_until = number(until)
        self._note(group, row, "suitability", actor, {"until": until.isoformat(), **evidence})

    def set_addend(self, group: Group, row: AccountRow, actor: str, addend: int, evidence: JsonObject) -> None:
        """How many holders stand behind this one (穿透人数)."""
        self._require_usable(row)
        before, row.addend = row.addend, addend
        self._note(group, row, "addend", actor, {"before": before, "addend": addend, "evidence": evidence})

    def set_code(self, group: Group, row: AccountRow, actor: str, code: str, source: str) -> None:
        """The investor code that ``source`` allocated; it is allocated once. Conflict, Invalid."""
        if row.investor_code is not None:
            raise Conflict("The account has an investor code already.", slug="investor-code-allocated")
        code = check_investor_code(code, letter=LETTERS[Kind(row.kind)])
        self._require_free(group.session, row.owner_id, code)
        row.investor_code = code
        self._note(group, row, "investor-code", actor, {"code": code, "allocated_by": source})

    def move(self, group: Group, row: AccountRow, actor: str, to: str, evidence: JsonObject) -> None:
        """Freezes, thaws, closes or opens again. Conflict when it cannot go there, as when its data are restricted."""
        rules.check_move(row.state, to)
        if row.restricted_until is not None:
            raise self._restricted()
        before, row.state = row.state, to
        row.closed_at = group.now_ms if to == rules.CLOSED else None
        self._note(group, row, "state", actor, {"before": before, "state": to, "evidence": evidence})

    # --- erasure

    def restrict(self, group: Group, row: AccountRow, actor: str, reason: str) -> None:
        """Asks for the erasure of who the holder is: done now if the term is over, else by the job when it is."""
        if row.state != rules.CLOSED or row.closed_at is None:
            raise Conflict("Only a closed account is erased.", slug="account-state", extra={"state": row.state})
        if row.restricted_until is None:
            row.restricted_until = erasable_at(row.closed_at)
            said: JsonObject = {"reason": reason, "rule": "REM-26", "source": _RETENTION.source}
            self._note(group, row, "erasure-requested", actor, said)
        self.erase_if_due(group, row, actor)

    def erase_if_due(self, group: Group, row: AccountRow, actor: str) -> None:
        """Destroys identity, its history, salts, keyed hash and the records of them.

        Other facts keep digests, from which nothing is guessed.
        """
        due = row.restricted_until is not None and row.restricted_until <= group.now_ms
        if not due or row.erased_at is not None:
            return
        self._identities.forget(group, row, actor, _RETENTION.source)
        row.holder = row.identity = None
        row.erased_at = group.now_ms
        repository.forget_identities(group.session, row.id)
        self._note(group, row, "erased", actor, {"source": _RETENTION.source})

    # --- reading

    @staticmethod
    def unknown() -> NotFound:
        """There is none such, or it is not the caller's to know."""
        return NotFound("There is no such account.")

    def require(self, session: Session, owner: str, account_id: str) -> AccountRow:
        """An account of this operator. NotFound."""
        row = repository.account(session, account_id)
        if row is None or row.owner_id != owner:
            raise self.unknown()
        return row

    @staticmethod
    def stopped(session: Session, accounts: Collection[str]) -> Mapping[str, str]:
        """The states of those of these accounts that are frozen or closed, by account."""
        return dict(repository.states(session, accounts, without=rules.NORMAL))

    def identity(self, session: Session, row: AccountRow) -> Identity:
        """Who the holder is. Conflict ``account-restricted`` once erasure was asked for."""
        if row.restricted_until is not None or row.identity is None:
            raise self._restricted()
        return opened(self._parts.vault, session, row.owner_id, (row.id, row.version), row.identity)

    def names(self, session: Session, accounts: Collection[str]) -> dict[str, str]:
        """The holders' names of those of these accounts that are neither restricted nor erased, nor lost."""
        rows = repository.accounts_by_id(session, accounts)
        known = (row for row in rows if row.restricted_until is None and row.identity is not None)
        return {row.id: self.identity(session, row).name for row in known}

    def earlier(self, session: Session, row: AccountRow) -> list[tuple[int, Identity]]:
        """Who it was said to be before: (until when, identity) each."""
        return [
            (each.until, opened(self._parts.vault, session, row.owner_id, (row.id, each.version), each.content))
            for each in repository.identities(session, row.id)
        ]

    # --- inside

    @staticmethod
    def _restricted() -> Conflict:
        return Conflict("The holder's data are restricted or erased.", slug="account-restricted")

    def _require_usable(self, row: AccountRow) -> None:
        if row.state == rules.CLOSED:
            raise Conflict("The account is closed.", slug="account-state", extra={"state": row.state})

    @staticmethod
    def _require_free(session: Session, owner: str, code: str) -> None:
        if repository.by_code(session, owner, code) is not None:
            raise Conflict("The investor code is another account's.", slug="investor-code-taken")

    def _note(self, group: Group, row: AccountRow, name: str, actor: str, body: JsonObject) -> None:
        entry = Entry(name=name, about=row.id, actor=actor, body={"account": row.id, **body})
        written = self._parts.stream.fact(group, entry)
        seq = len(repository.events(group.session, row.id))
        event = AccountEventRow(account_id=row.id, seq=seq, name=name, actor_id=actor)
        event.record_id, event.at = written.record_id, group.now_ms
        repository.add(group.session, event)

    def _key(self, group: Group, owner: str) -> bytes:
        """The operator's key for documents, made at its first account."""
        vault = self._parts.vault
        return holder_key(vault, group.reading, owner) or new_holder_key(vault, group.session, owner, group.now_ms)

    @staticmethod
    def _today(now_ms: int) -> date:
        return on(day_of(now_ms // 1000))


def _firsts(
    good: Sequence[tuple[AccountDetails, Identity]], hashes: Sequence[bytes], known: Collection[bytes]
) -> dict[bytes, tuple[AccountDetails, Identity]]:
    """What is told first of each holder that has no account yet."""
    found: dict[bytes, tuple[AccountDetails, Identity]] = {}
    for each, holder in zip(good, hashes, strict=True):
        if holder not in known:
            found.setdefault(holder, each)
    return found


def erasable_at(closed_at: int) -> int:
    """Until when the data of an account that was closed then are kept. UTC milliseconds both."""
    return due_at(closed_at, _RETENTION.months or 0)
