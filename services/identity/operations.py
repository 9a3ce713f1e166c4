"""Operations as an institution meets them: its own, for supervisors their region's; signatures come back here."""

from concurrent.futures import Future

from services.identity import policy, repository
from services.identity.policy import Principal, Target
from services.identity.ports import Units
from services.identity.rules import Role, Status
from services.identity.views import Page
from services.platform.database import Database, ReadSession
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["OperationDesk"]

_CLERKS = frozenset({"register.act", "register.fact", "pilot.step"})
"""What whoever may ask for it takes back, too. All else answers for the institution: its keys, roles and logs."""
_KEPT = frozenset({"log.freeze"})
"""Asked for against its owner, perhaps: it lapses with its deadline, and nobody takes it back."""


class OperationDesk:
    """Policy in front of :class:`Transactions`; opens its own transactions."""

    def __init__(self, database: Database, transactions: Transactions, units: Units, *, epoch: int = 1) -> None:
        self._database = database
        self._transactions = transactions
        self._units = units
        self._epoch = epoch

    def get(self, caller: Principal, operation_id: str) -> OperationView:
        """One operation. NotFound when it is not the caller's to see."""
        return self._visible(caller, operation_id, "operation.read")

    def list(
        self, caller: Principal, *, limit: int = 50, cursor: str | None = None, state: str | None = None
    ) -> Page[OperationView]:
        """The operations of the caller's institution, newest first."""
        policy.require(caller, "operation.read")
        with self._database.read() as session:
            found = self._transactions.list_operations(
                session,
                institution_id=caller.institution_id,
                after=cursor,
                limit=limit + 1,
                states=(state,) if state else (),
            )
        return Page(tuple(found[:limit]), found[limit - 1].id if len(found) > limit else None)

    def authorise(self, caller: Principal, operation_id: str, signer: str, signature: bytes | str) -> OperationView:
        """Brings a party's signature back; durable when it returns. What counts is the signature, not who brings it."""
        operation = self._visible(caller, operation_id, "operation.authorise")
        self._require_owner(operation)
        raw = signature if isinstance(signature, bytes) else _from_hex(signature)
        checked = self._transactions.check_signature(operation_id, signer=signer, signature=raw)
        done: Future[OperationView] = self._units.submit(
            lambda group: self._transactions.authorise(group.session, checked)
        )
        return done.result()

    def cancel(self, caller: Principal, operation_id: str) -> OperationView:
        """Takes an operation back while nothing is signed for it."""
        found = self._visible(caller, operation_id, "operation.cancel")
        if found.kind in _KEPT:
            raise Conflict("A freeze is not taken back; unsigned, it lapses.", slug="operation-not-cancellable")
        if found.kind not in _CLERKS and not caller.roles & {Role.ADMINISTRATOR, Role.SUPERVISOR}:
            raise Forbidden("An administrator takes this operation back.", rule="operation.cancel")
        done: Future[OperationView] = self._units.submit(lambda group: self._transactions.cancel(group, operation_id))
        return done.result()

    def _require_owner(self, operation: OperationView) -> None:
        """Conflict ``institution-pending`` for a log command whose owner the chain does not know yet."""
        if operation.contract != "EvidenceLog" or operation.institution_id is None:
            return
        with self._database.read() as session:
            row = repository.institution(session, operation.institution_id)
        if row is not None and (row.status == Status.PENDING or row.epoch < self._epoch):
            raise Conflict(
                "The owner's registration is not final yet; bring the signature again then.", slug="institution-pending"
            )

    def _visible(self, caller: Principal, operation_id: str, action: str) -> OperationView:
        with self._database.read() as session:
            found = self._transactions.get_operation(session, operation_id)
            target = _target(session, found.institution_id)
        if not policy.allowed(caller, "operation.read", target):
            raise NotFound("There is no such operation.")
        policy.require(caller, action, target)
        return found


def _target(session: ReadSession, institution_id: str | None) -> Target:
    row = repository.institution(session, institution_id) if institution_id else None
    return Target(row.id, row.region) if row else Target("", -1)  # the installation's own: nobody's region


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise Invalid("signature", "Expected 0x and hexadecimal digits.") from None
