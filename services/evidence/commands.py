"""Commands about logs (日志开立、换钥、冻结、承继), and the leaves that any context writes about its own commands.

A command writes its ``requested`` leaf into the house log, and the leaf's hash goes into what the owner's authority
signs. What became of it is told by :mod:`services.evidence.handlers`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import BY_NAME, Phase
from services.evidence import repository
from services.evidence.anchoring import CONTRACT, chain_log
from services.evidence.group import Group, LeafDraft, SequencedLeaf
from services.evidence.keys import LogKeys
from services.evidence.logs import LogBook
from services.evidence.models import LogRow
from services.evidence.records import StoredRecord, command_record, prepare, stream_name
from services.evidence.submission import Desk, store
from services.platform.clock import rfc3339
from services.platform.errors import Conflict, NotFound
from services.platform.ids import bytes16, new_id
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["Authority", "LogCommands", "RegionalAuthority", "Written", "write_command"]

RegionalAuthority = Callable[[Session, str], str | None]

_DAY_S = 86_400


class Authority(Protocol):
    """Who signs for an institution: its authority address, checksummed. NotFound."""

    def __call__(self, session: Session, institution_id: str) -> str:
        """Within the caller's session."""
        ...


@dataclass(frozen=True, slots=True)
class Written:
    """A leaf that the service wrote: the record's id, where it stands, what it commits to."""

    record_id: str
    leaf: SequencedLeaf
    commitment: bytes


def house_log_id(session: Session) -> str:
    """The log of the service's own records. NotFound before the installation was bootstrapped."""
    row = repository.house_log(session)
    if row is None:
        raise NotFound("There is no house log yet: bootstrap the installation.")
    return row.id


def write_command(
    group: Group,
    desk: Desk,
    *,
    type_name: str,
    phase: Phase,
    subject: str,
    actor: str,
    body: JsonObject,
    log_id: str | None = None,
    stream_key: str | None = None,
) -> Written:
    """A record made by the service, as a leaf of the house log (or ``log_id``).

    Encrypted for ``actor``, whose record it is.
    """
    record = command_record(
        type_name=type_name, subject=subject, actor=actor, occurred_at=rfc3339(group.now_ms), body=body
    )
    prepared = prepare(record)
    record_id = new_id("rec", group.now_ms)
    name = stream_key or stream_name(actor, subject)
    draft = LeafDraft(name, BY_NAME[type_name].code, phase, prepared.commitment, record_id=record_id)
    leaf = group.append(log_id or house_log_id(group.reading), draft)
    store(group, desk, actor, StoredRecord(prepared.content, prepared.secret), leaf)
    return Written(record_id, leaf, prepared.commitment)


@dataclass(frozen=True, slots=True)
class _Act:
    """One kind of log command: its record type, typed struct and contract function."""

    type_name: str
    struct: str
    function: str


_OPENING = _Act("log.opening", "OpenLog", "open")
_ROTATION = _Act("log.rotation", "RotateLog", "rotate")
_FREEZE = _Act("log.freeze", "FreezeLog", "freeze")
_SUCCESSION = _Act("log.succession", "OpenSuccessor", "openSuccessor")


class LogCommands:
    """Makes operations that wait for the owner's authority.

    ``anchor`` is the gateway's own address, which will append.
    """

    def __init__(
        self,
        desk: Desk,
        book: LogBook,
        *,
        transactions: Transactions,
        chain: str,
        anchor: str,
        authority_of: Authority,
        regional_authority_of: RegionalAuthority,
        authorisation_days: int,
        stands: Callable[[Session, LogRow], bool] = lambda _session, _row: True,
    ) -> None:
        self._stands = stands
        self._desk = desk
        self._book = book
        self._transactions = transactions
        self._chain = chain
        self._anchor = anchor
        self._authority_of = authority_of
        self._regional_authority_of = regional_authority_of
        self._days = authorisation_days

    @property
    def _keys(self) -> LogKeys:
        return self._desk.keys

    def open(self, group: Group, *, owner_id: str, origin: str) -> OperationView:
        """Asks for a new log. Invalid for an impossible origin, Conflict ``origin-taken``."""
        row, key = self._book.create(group, origin=origin, owner_id=owner_id)
        return self._request(group, _OPENING, row, self._opening(row, key.key_id))

    def open_house(self, group: Group, *, owner_id: str | None = None) -> OperationView:
        """Asks (again) for the opening of the house log, which was made at bootstrap. Conflict ``log-open``."""
        row = self._owned(group, house_log_id(group.reading), owner_id)
        if row.state != "opening":
            raise Conflict(f"The house log is {row.state}.", slug="log-open")
        key = repository.keys_of(group.session, row.id)[0]
        return self._request(group, _OPENING, row, self._opening(row, key.key_id))

    def open_again(self, group: Group, log_id: str, *, epoch: int) -> OperationView:
        """Asks the chain of a new epoch to open a log that it does not know, with the key and anchor address of now."""
        row = self._owned(group, log_id, None)
        keys = [key for key in repository.keys_of(group.session, row.id) if key.from_size is not None]
        key = max(keys, key=lambda each: (each.from_size or 0, each.id))
        return self._request(group, _OPENING, row, self._opening(row, key.key_id), epoch=epoch)

    def freeze_again(self, group: Group, log_id: str, *, epoch: int) -> OperationView:
        """Asks the chain of a new epoch to freeze a log that was frozen on the lost one and has all its heads again."""
        row = self._owned(group, log_id, None)
        return self._request(group, _FREEZE, row, {"log": to_hex(chain_log(row.origin))}, epoch=epoch)

    def rotate(
        self, group: Group, *, owner_id: str, log_id: str, reason: str, anchor: str | None = None
    ) -> OperationView:
        """Asks for a new log key, and another anchor address when one is given. NotFound, Conflict ``log-closed``."""
        row = self._owned(group, log_id, owner_id)
        self._expect_open(group, row)
        key = self._keys.create(group.session, row.id, row.origin, active=False)
        message = {"log": to_hex(chain_log(row.origin)), "keyId": key.key_id, "anchor": anchor or self._anchor}
        return self._request(group, _ROTATION, row, message, reason=reason)

    def freeze(self, group: Group, *, owner_id: str, log_id: str, reason: str, actor: str) -> OperationView:
        """Asks that the log stop for good; ``actor`` is the owner or its region's regulator. NotFound, Conflict."""
        row = self._owned(group, log_id, owner_id)
        self._expect_open(group, row)
        message = {"log": to_hex(chain_log(row.origin))}
        return self._request(group, _FREEZE, row, message, reason=reason, actor=actor)

    def succeed(self, group: Group, *, owner_id: str, log_id: str, origin: str, reason: str) -> OperationView:
        """Asks for the one successor of a frozen log. NotFound, Conflict ``log-not-frozen`` or ``origin-taken``."""
        old = self._owned(group, log_id, owner_id)
        if old.state != "frozen":
            raise Conflict(
                f"The log {old.origin} is {old.state}; only a frozen log has a successor.", slug="log-not-frozen"
            )
        row, key = self._book.create(group, origin=origin, owner_id=owner_id, house=old.house, follows=old.id)
        message = {"log": to_hex(chain_log(old.origin)), "origin": origin, "keyId": key.key_id, "anchor": self._anchor}
        return self._request(group, _SUCCESSION, row, message, reason=reason)

    def _owned(self, group: Group, log_id: str, owner_id: str | None) -> LogRow:
        row = repository.log_by_id(group.session, log_id)
        if row is None or (owner_id is not None and row.owner_id != owner_id):
            raise NotFound("There is no such log.")
        return row

    def _expect_open(self, group: Group, row: LogRow) -> None:
        if row.state != "open":
            raise Conflict(f"The log {row.origin} is {row.state}.", slug="log-closed")
        if not self._stands(group.session, row):
            raise Conflict(f"The heads of {row.origin} are being anchored again; later.", slug="log-reanchoring")

    def _opening(self, row: LogRow, key_id: str) -> dict[str, Any]:
        return {"origin": row.origin, "owner": _owner(row), "keyId": key_id, "anchor": self._anchor}

    def _request(
        self,
        group: Group,
        act: _Act,
        row: LogRow,
        message: dict[str, Any],
        *,
        reason: str | None = None,
        actor: str | None = None,
        epoch: int | None = None,
    ) -> OperationView:
        body: JsonObject = {"log_origin": row.origin, **{name: str(value) for name, value in message.items()}}
        if reason is not None:
            body["reason"] = reason
        if epoch is not None:
            body["chain_epoch"] = epoch
        written = write_command(
            group,
            self._desk,
            type_name=act.type_name,
            phase=Phase.REQUESTED,
            subject=row.origin,
            actor=actor or row.owner_id,
            body=body,
            stream_key=stream_name(row.owner_id, row.origin),
        )
        message |= {"commitment": to_hex(written.commitment), "leaf": to_hex(written.leaf.leaf_hash)}
        deadline = group.now_ms // 1000 + self._days * _DAY_S
        return self._transactions.create_operation(
            group.session,
            kind=act.type_name,
            chain=self._chain,
            contract=CONTRACT,
            function=act.function,
            args=message,
            queue=f"log:{row.origin}",
            typed_data=self._transactions.typed_data(act.struct, message, self._chain, deadline=deadline),
            signer_hint=self._signers(group.session, act, row.owner_id),
            institution_id=row.owner_id,
            record_id=written.record_id,
            reference=row.id,
        )

    def _signers(self, session: Session, act: _Act, owner_id: str) -> tuple[str, ...] | None:
        """The owner's authority; for a freeze also its region's: while that is unknown, the contract alone judges."""
        owner = self._authority_of(session, owner_id)
        if act is not _FREEZE:
            return (owner,)
        regional = self._regional_authority_of(session, owner_id)
        return (owner, regional) if regional else None


def _owner(row: LogRow) -> str:
    return to_hex(bytes16(row.owner_id))
