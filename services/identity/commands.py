"""What the registry contract is asked for: a ``requested`` leaf, and an operation that waits for a signature.

Each runs inside a unit of the sequencer. The leaf's hash travels in the typed data, so that the outcome on the chain
is tied to exactly this request.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256
from chain.proof.types import Phase
from services.identity import repository, rules
from services.identity.models import ChainRoleRow, CommandRow, InstitutionRow
from services.identity.ports import Group, Leaves
from services.identity.rules import Kind, Status
from services.identity.views import AuthorityRequest, RoleRequest, StatusRequest
from services.platform.clock import Clock, rfc3339
from services.platform.errors import Invalid
from services.platform.ids import bytes16
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["CONTRACT", "Commands", "role_hash", "stream_key"]

CONTRACT = "InstitutionRegistry"
_REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    """One command: what the record says and what the chain is asked."""

    type_name: str
    struct: str
    function: str
    subject: str
    actor: str
    body: JsonObject
    message: Mapping[str, Any]
    signers: tuple[str, ...]


class Commands:
    """Writes commands to the registry of one chain. ``days``: how long an authority has to sign."""

    def __init__(self, leaves: Leaves, transactions: Transactions, clock: Clock, *, chain: str, days: int) -> None:
        self._leaves = leaves
        self._transactions = transactions
        self._clock = clock
        self._chain = chain
        self._days = days

    def registration(self, group: Group, actor: str, row: InstitutionRow, *, epoch: int | None = None) -> OperationView:
        """Asks to register a pending institution (机构登记), or a known one on the chain of a new ``epoch``.

        There one that has exited, and may sign nothing any more, is its region's to speak for.
        """
        regional = self._authority_of(group, row.region)
        authority = regional[0] if regional and row.status == Status.EXITED else row.authority
        ask = _Ask(
            type_name="institution.registration",
            struct="RegisterInstitution",
            function="register",
            subject=row.id,
            actor=actor,
            body={
                "name": row.name,
                "kind": Kind(row.kind).slug,
                "region": row.region,
                "authority": authority,
                **({"chain_epoch": epoch} if epoch else {}),
            },
            message={
                "institution": bytes16(row.id),
                "kind": row.kind,
                "region": row.region,
                "authority": authority,
            },
            signers=regional,
        )
        return self._ask(group, ask)

    def status(self, group: Group, actor: str, row: InstitutionRow, request: StatusRequest) -> OperationView:
        """Asks for another status (机构状态变更). Conflict when the present one does not lead there."""
        status = rules.check_status_move(Status(row.status), request.status)
        return self._status(group, actor, row, {"status": status.value, "reason": _reason(request.reason)})

    def status_again(self, group: Group, actor: str, row: InstitutionRow, *, epoch: int) -> OperationView:
        """Asks the registry of a new epoch for the status that the institution had on the lost chain."""
        return self._status(group, actor, row, {"status": row.status, "chain_epoch": epoch})

    def _status(self, group: Group, actor: str, row: InstitutionRow, body: JsonObject) -> OperationView:
        ask = _Ask(
            type_name="institution.status",
            struct="SetInstitutionStatus",
            function="setStatus",
            subject=row.id,
            actor=actor,
            body=body,
            message={"institution": bytes16(row.id), "status": Status(str(body["status"])).code},
            signers=self._authority_of(group, row.region),
        )
        return self._ask(group, ask)

    def authority(self, group: Group, actor: str, row: InstitutionRow, request: AuthorityRequest) -> OperationView:
        """Asks for another authority key (机构授权钥更换), signed by the old one or by the region's authority."""
        address = rules.check_address(request.authority, "authority")
        if address == row.authority:
            raise Invalid("authority", "This is the institution's authority already.")
        regional = self._authority_of(group, row.region)
        ask = _Ask(
            type_name="institution.authority",
            struct="ReplaceInstitutionAuthority",
            function="replaceAuthority",
            subject=row.id,
            actor=actor,
            body={"authority": address, "reason": _reason(request.reason)},
            message={"institution": bytes16(row.id), "authority": address},
            signers=(row.authority, *regional) if regional else (),
        )
        return self._ask(group, ask)

    def role_grant(self, group: Group, actor: str, row: InstitutionRow, request: RoleRequest) -> OperationView:
        """Asks for a role in a region for one of the institution's accounts (角色授予)."""
        if request.expires_at * 1000 <= group.now_ms:
            raise Invalid("expires_at", "The role would end before it begins.")
        account, role = rules.check_address(request.account, "account"), rules.check_role_name(request.role)
        region = rules.check_region(request.region)
        ask = _Ask(
            type_name="role.grant",
            struct="GrantRole",
            function="grantRole",
            subject=row.id,
            actor=actor,
            body={
                "account": account,
                "role": role,
                "region": region,
                "expires_at": rfc3339(request.expires_at * 1000),
                "reason": _reason(request.reason),
            },
            message={
                "institution": bytes16(row.id),
                "account": account,
                "role": role_hash(role),
                "region": region,
                "expiresAt": request.expires_at,
            },
            signers=self._authority_of(group, region),
        )
        return self._ask(group, ask)

    def role_again(self, group: Group, actor: str, held: ChainRoleRow, *, epoch: int) -> OperationView:
        """Asks the registry of a new epoch for a role that stood on the lost chain; of its name we have the hash."""
        ask = _Ask(
            type_name="role.grant",
            struct="GrantRole",
            function="grantRole",
            subject=held.institution_id,
            actor=actor,
            body={
                "account": held.account,
                "role_hash": to_hex(held.role),
                "region": held.region,
                "expires_at": rfc3339(held.expires_at * 1000),
                "chain_epoch": epoch,
            },
            message={
                "institution": bytes16(held.institution_id),
                "account": held.account,
                "role": held.role,
                "region": held.region,
                "expiresAt": held.expires_at,
            },
            signers=self._authority_of(group, held.region),
        )
        return self._ask(group, ask)

    def role_revocation(self, group: Group, actor: str, row: InstitutionRow, request: RoleRequest) -> OperationView:
        """Asks to take a role away (角色撤销)."""
        account, role = rules.check_address(request.account, "account"), rules.check_role_name(request.role)
        region = rules.check_region(request.region)
        ask = _Ask(
            type_name="role.revocation",
            struct="RevokeRole",
            function="revokeRole",
            subject=row.id,
            actor=actor,
            body={"account": account, "role": role, "region": region, "reason": _reason(request.reason)},
            message={"account": account, "role": role_hash(role), "region": region},
            signers=self._authority_of(group, region),
        )
        return self._ask(group, ask)

    def _ask(self, group: Group, ask: _Ask) -> OperationView:
        written = self._leaves.write_command(
            group,
            type_name=ask.type_name,
            phase=Phase.REQUESTED,
            subject=ask.subject,
            actor=ask.actor,
            body=ask.body,
            stream_key=stream_key(ask.subject),
        )
        leaf_hash = written.leaf.leaf_hash
        command = CommandRow(leaf_hash=leaf_hash, record_id=written.record_id, type_name=ask.type_name)
        command.subject, command.actor_id = ask.subject, ask.actor
        command.outcome, command.created_at = None, group.now_ms
        repository.add(group.session, command)
        message = {**ask.message, "commitment": written.commitment, "leaf": leaf_hash}
        deadline = self._clock.ms() // 1000 + self._days * 86_400
        return self._transactions.create_operation(
            group.session,
            kind=ask.type_name,
            chain=self._chain,
            contract=CONTRACT,
            function=ask.function,
            args=message,
            queue=stream_key(ask.subject),
            typed_data=self._transactions.typed_data(ask.struct, message, self._chain, deadline=deadline),
            signer_hint=ask.signers or None,
            institution_id=ask.actor,
            record_id=written.record_id,
            reference=ask.subject,
        )

    @staticmethod
    def check_region(group: Group, region: int) -> None:
        """Invalid for a region without an authority: nobody could ever sign. Passes before the chain was read."""
        known = repository.regions_with_authority(group.session)
        if known and region not in known:
            listed = ", ".join(f"{one:06}" for one in known)
            raise Invalid("region", f"No authority is set for region {region:06} on the chain; there are: {listed}.")

    def _authority_of(self, group: Group, region: int) -> tuple[str, ...]:
        """Who must sign for a region; nobody named while the chain has not told us, for the contract judges anyway."""
        self.check_region(group, region)
        address = repository.regional_authority(group.session, region)
        return () if address is None else (address,)


def stream_key(institution_id: str) -> str:
    """All that concerns one institution is one stream of the house log, and one queue of operations."""
    return f"institution/{institution_id}"


def role_hash(name: str) -> bytes:
    """A role as the contract knows it."""
    return keccak256(name.encode())


def _reason(text: str) -> str:
    if not 1 <= len(text) <= _REASON_MAX:
        raise Invalid("reason", f"Expected 1 to {_REASON_MAX} characters.")
    return text
