"""What the chain decided: events of the registry become rows and ``registered`` leaves, refusals ``refused`` leaves.

Each handler runs once for each event of a final block, in the transaction that moves the cursor.
"""

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.identity import repository
from services.identity.commands import CONTRACT, stream_key
from services.identity.models import ChainRoleRow, CommandRow, InstitutionRow
from services.identity.ports import Group, Leaves
from services.identity.rules import Status
from services.identity.tokens import Tokens
from services.platform.ids import from_bytes16
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, TxView

__all__ = ["COMMANDS", "Projections"]

_STATUS = {1: Status.ACTIVE, 2: Status.SUSPENDED, 3: Status.EXITED}
COMMANDS = (
    "institution.registration",
    "institution.status",
    "institution.authority",
    "role.grant",
    "role.revocation",
)


class Projections:
    """Handlers of the registry's events on the supervision chain, whose registry is the authoritative one."""

    def __init__(self, leaves: Leaves, tokens: Tokens, *, epoch: int = 1) -> None:
        self._leaves = leaves
        self._tokens = tokens
        self._epoch = epoch

    def register(self, transactions: Transactions, chain: str) -> None:
        """Subscribes to the registry of ``chain`` and to refusals of what was asked of it."""
        for name, handler in (
            ("RegionalAuthoritySet", self.regional_authority_set),
            ("InstitutionRegistered", self.institution_registered),
            ("InstitutionStatusSet", self.institution_status_set),
            ("InstitutionAuthorityReplaced", self.institution_authority_replaced),
            ("RoleGranted", self.role_granted),
            ("RoleRevoked", self.role_revoked),
        ):
            transactions.on_event(CONTRACT, name, handler, chain=chain)
        for kind in COMMANDS:
            transactions.on_refused(kind, self.refused)

    def regional_authority_set(self, group: Group, event: ChainEvent) -> None:
        """Notes who signs for a region from now on."""
        args = event.args
        repository.put_regional_authority(group.session, args["region"], args["authority"], event.block_number)

    def institution_registered(self, group: Group, event: ChainEvent) -> None:
        """A pending institution is active; one that another gateway registered appears without a name.

        One that was suspended or has exited, and is told to a new chain, stays what it is: its status follows.
        """
        institution_id = from_bytes16("ins", event.args["institution"])
        known = repository.institution(group.session, institution_id)
        if known is None:
            row = InstitutionRow(id=institution_id, name=institution_id, host=False, status=Status.ACTIVE)
            row.kind, row.region = event.args["kind"], event.args["region"]
            row.authority = event.args["authority"]
            row.created_at = row.updated_at = group.now_ms
            repository.add(group.session, row)
        else:  # on a new chain another may speak for it than before
            repository.set_authority(group.session, institution_id, event.args["authority"], group.now_ms)
        if known is not None and known.status not in (Status.SUSPENDED, Status.EXITED):
            repository.set_status(group.session, institution_id, Status.ACTIVE, group.now_ms)
        active = known is None or known.status == Status.ACTIVE
        repository.set_epoch(group.session, institution_id, self._epoch, self._epoch if active else None)
        self._decided(group, event)

    def institution_status_set(self, group: Group, event: ChainEvent) -> None:
        """The institution is active, suspended or exited."""
        institution_id = from_bytes16("ins", event.args["institution"])
        repository.set_status(group.session, institution_id, _STATUS[event.args["status"]], group.now_ms)
        repository.set_epoch(group.session, institution_id, self._epoch, self._epoch)
        self._decided(group, event)

    def institution_authority_replaced(self, group: Group, event: ChainEvent) -> None:
        """The institution has another authority key."""
        institution_id = from_bytes16("ins", event.args["institution"])
        repository.set_authority(group.session, institution_id, event.args["authority"], group.now_ms)
        self._decided(group, event)

    def role_granted(self, group: Group, event: ChainEvent) -> None:
        """An account has a role in a region."""
        args = event.args
        row = ChainRoleRow(role=args["role"], region=args["region"], account=args["account"])
        row.institution_id = from_bytes16("ins", args["institution"])
        row.expires_at, row.revoked, row.epoch = args["expiresAt"], False, self._epoch
        repository.put_chain_role(group.session, row)
        self._decided(group, event)

    def role_revoked(self, group: Group, event: ChainEvent) -> None:
        """An account has lost a role."""
        args = event.args
        repository.revoke_chain_role(group.session, args["role"], args["region"], args["account"])
        self._decided(group, event)

    def refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The command ended unfulfilled: by the contract, its deadline or its author."""
        command = transaction.record_id and repository.command_of_record(group.session, transaction.record_id)
        if not command or command.outcome is not None:
            return
        asked = repository.institution(group.session, command.subject)
        if command.type_name == "institution.registration" and asked is not None and asked.status == Status.PENDING:
            repository.set_status(group.session, command.subject, Status.REFUSED, group.now_ms)
            self._tokens.forget_at_commit(group.session)
        self._settle(group, command, Phase.REFUSED, {"reason": reason or "refused"})

    def _decided(self, group: Group, event: ChainEvent) -> None:
        self._tokens.forget_at_commit(group.session)
        command = repository.command_of_leaf(group.session, event.args["leaf"])
        # A command that we had given up (expired, cancelled) may still have been carried to the chain by somebody else.
        if command is None or command.outcome == Phase.REGISTERED.name.lower():
            return
        where: JsonObject = {
            "chain": event.chain,
            "contract": event.contract,
            "event": event.name,
            "block": event.block_number,
            "block_hash": event.block_hash,
            "transaction": event.tx_hash,
        }
        self._settle(group, command, Phase.REGISTERED, where)

    def _settle(self, group: Group, command: CommandRow, phase: Phase, body: JsonObject) -> None:
        command.outcome = phase.name.lower()
        self._leaves.write_command(
            group,
            type_name=command.type_name,
            phase=phase,
            subject=command.subject,
            actor=command.actor_id,
            body={"request": to_hex(command.leaf_hash), **body},
            stream_key=stream_key(command.subject),
        )
