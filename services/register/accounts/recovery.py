"""Accounts as the facts of a recovered log tell them: their holders from the facts that keep identities sealed.

The key under which documents are hashed is made anew where it was lost, and every account hashed with it.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from services.days import number
from services.evidence.recovery.plan import Told
from services.platform.atrest import Vault
from services.register import told as records
from services.register.accounts import repository, rules
from services.register.accounts.identities import FACT, Sealed, held_by
from services.register.accounts.keeping import OPENED, erasable_at
from services.register.accounts.models import AccountEventRow, AccountRow, IdentityRow
from services.register.accounts.sealing import hashed, holder_key, new_holder_key, opened

__all__ = ["CHANGES", "after", "details_of", "rebuild"]


def rebuild(session: Session, told: Sequence[Told], vault: Vault, now_ms: int) -> list[str]:
    """Accounts, identities and events; what is gone, in words. Again, nothing changes."""
    gone: list[str] = []
    made: dict[str, None] = {}
    for name, each in records.facts(told, OPENED, FACT, *CHANGES):
        if name == OPENED:
            made |= dict.fromkeys(_opened(session, each))
        elif name == FACT:
            for sealed in held_by(records.body(each)):
                _identity(session, each, sealed)
        else:
            gone += _changed(session, name, each)
    lost = [row.id for row in repository.accounts_by_id(session, made) if row.identity is None and not row.erased_at]
    gone += [f"account {each}: no record tells who its holder is" for each in lost]
    _hash(session, vault, now_ms)
    session.flush()
    return gone


def details_of(told: Told) -> dict[str, dict[str, Any]]:
    """The accounts that a fact opens, and what it says of each, by column; nothing in records of before."""
    said = records.body(told)
    listed, details = said["accounts"], said.get("details")
    if not isinstance(details, dict):
        return {each: {} for each in listed} if isinstance(listed, dict) else {}
    nothing = {"kind": 0, "suitable_until": 0, "addend": 0, "investor_code": None}
    return {each: nothing | dict(found) for each, found in details.items() if isinstance(found, dict)}


def _opened(session: Session, told: Told) -> list[str]:
    at = told.leaf.accepted_at
    wanted = details_of(told)
    known = {row.id for row in repository.accounts_by_id(session, wanted)}
    for account_id in (each for each in wanted if each not in known):
        about = {"kind": 0, **wanted[account_id]}
        row = AccountRow(id=account_id, owner_id=told.institution_id, record_id=told.record_id, created_at=at, **about)
        row.state, row.holder, row.identity, row.version = rules.NORMAL, None, None, 1
        row.closed_at = row.restricted_until = row.erased_at = row.identity_record = None
        session.add(row)
    session.flush()
    return [each for each in wanted if each not in known]


def _identity(session: Session, told: Told, sealed: Sealed) -> None:
    """A version of who the holder is: the first, the next, or one that another record keeps from now on."""
    row = repository.account(session, sealed.account_id)
    if row is None or row.erased_at is not None:
        return
    if row.identity is not None and sealed.version == row.version + 1:
        before = IdentityRow(account_id=row.id, version=row.version, content=row.identity, until=told.leaf.accepted_at)
        before.record_id = row.identity_record
        session.add(before)
        row.version, row.holder, row.identity = sealed.version, None, None
    if sealed.version == row.version:
        if row.identity is None:
            row.holder, row.identity = None, sealed.content
        row.identity_record = told.record_id
    for each in repository.identities(session, row.id):
        if each.version == sealed.version:
            each.record_id = told.record_id


def _hash(session: Session, vault: Vault, now_ms: int) -> None:
    """The keyed hash of every holder whose is missing."""
    keys: dict[str, bytes] = {}
    for row in repository.unhashed(session):
        owner, content = row.owner_id, row.identity or b""
        if owner not in keys:
            keys[owner] = holder_key(vault, session, owner) or new_holder_key(vault, session, owner, now_ms)
        row.holder = hashed(keys[owner], opened(vault, session, owner, (row.id, row.version), content))


def _changed(session: Session, name: str, told: Told) -> list[str]:
    row = repository.account(session, records.about(told))
    if row is None:
        return [f"account {records.about(told)}: neither backup nor records tell of its opening"]
    known = repository.events(session, row.id)
    if any(event.record_id == told.record_id for event in known):
        return []
    for column, value in after(name, told).items():
        if column != _VERSION:  # which comes with the fact that keeps the identity
            setattr(row, column, value)
    if name == _RESTRICTED:
        row.restricted_until = erasable_at(row.closed_at or 0)
    if name == _ERASED:
        repository.forget_identities(session, row.id)
    event = AccountEventRow(account_id=row.id, seq=len(known), name=name, actor_id=str(told.document["actor"]))
    event.record_id, event.at = told.record_id, told.leaf.accepted_at
    repository.add(session, event)
    return [f"account {row.id}: its investor code"] if name == _CODE and row.investor_code is None else []


def after(name: str, told: Told) -> dict[str, Any]:
    """What of an account is so after a fact of this name, by column. Pure."""
    return {column: found for column, found in _CHANGES[name](told).items() if found is not None or column in _EMPTIED}


def _of_state(told: Told) -> dict[str, Any]:
    state = records.member(told, "state")
    return {"state": state, "closed_at": told.leaf.accepted_at if state == rules.CLOSED else None}


_CODE, _RESTRICTED, _ERASED, _VERSION = "investor-code", "erasure-requested", "erased", "version"
_EMPTIED = ("closed_at", "holder", "identity", "identity_record")
_CHANGES: Mapping[str, Callable[[Told], dict[str, Any]]] = {
    "identity-changed": lambda told: {_VERSION: records.number_of(told, _VERSION)},
    "suitability": lambda told: {"suitable_until": number(date.fromisoformat(records.member(told, "until")))},
    "addend": lambda told: {"addend": records.number_of(told, "addend")},
    _CODE: lambda told: {"investor_code": records.member(told, "code") or None},
    "state": _of_state,
    _RESTRICTED: lambda _told: {},  # by the row's own closing
    _ERASED: lambda told: {
        "holder": None,
        "identity": None,
        "identity_record": None,
        "erased_at": told.leaf.accepted_at,
    },
}
CHANGES: Collection[str] = _CHANGES.keys()
"""The facts of an account beside its opening."""
