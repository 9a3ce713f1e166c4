"""The door of the context. Its methods open and end their own transactions; what writes leaves gives a Future.

A Future resolves when the sequencer's group is durable. ``once`` makes a repeated request answer with what the first
one made.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from sqlalchemy.orm import Session

from services.identity import bootstrap, policy, repository, rules
from services.identity.commands import Commands, role_hash
from services.identity.directory import add_institution, institution_view, require, require_same
from services.identity.keys import SubmitterKeys
from services.identity.models import InstitutionRow
from services.identity.policy import Principal, Target
from services.identity.ports import Group, Leaves, Units
from services.identity.projections import Projections
from services.identity.reestablish import Reestablishment
from services.identity.rules import Role
from services.identity.tokens import Tokens
from services.identity.views import (
    AuthorityRequest,
    Bootstrapped,
    ChainRoleView,
    InstitutionView,
    IssuedToken,
    Page,
    RegistrationRequest,
    RoleRequest,
    StatusRequest,
    SubmitterKeyRequest,
    SubmitterKeyView,
    TokenRequest,
    TokenView,
)
from services.platform import idempotency
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Forbidden, NotFound
from services.platform.idempotency import Once
from services.platform.ids import new_id
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["IdentityService", "Principal"]


_Ask = Callable[[Group, InstitutionRow], OperationView]
_Made = TypeVar("_Made", OperationView, SubmitterKeyView)


class IdentityService:
    """Institutions, tokens, keys and commands to the registry. ``chain`` is the supervision chain of this ``epoch``.

    ``fence(session)`` raises when this process is no longer the writer.
    """

    def __init__(
        self,
        database: Database,
        vault: Vault,
        clock: Clock,
        *,
        leaves: Leaves,
        transactions: Transactions,
        units: Units,
        fence: Callable[[Session], None],
        chain: str,
        epoch: int = 1,
        stands: Callable[[Session, str], bool] = lambda _session, _institution: True,
        authorisation_days: int,
    ) -> None:
        self._database = database
        self._fence = fence
        self._clock = clock
        self._leaves = leaves
        self._transactions = transactions
        self._units = units
        self._chain = chain
        self._epoch = epoch
        self._tokens = Tokens(database, vault, clock)
        self._keys = SubmitterKeys(leaves)
        self._commands = Commands(leaves, transactions, clock, chain=chain, days=authorisation_days)
        self.reestablishment = Reestablishment(
            database,
            clock,
            commands=self._commands,
            transactions=transactions,
            units=units,
            stands=stands,
            chain=chain,
            epoch=epoch,
        )

    def register_handlers(self) -> None:
        """Subscribes to the registry's events; before the indexer starts."""
        Projections(self._leaves, self._tokens, epoch=self._epoch).register(self._transactions, self._chain)

    # --- for other contexts, in their sessions

    @staticmethod
    def authority_of(session: Session, institution_id: str) -> str:
        """The address that signs for an institution. NotFound."""
        return require(repository.institution(session, institution_id)).authority

    @staticmethod
    def regional_authority_of(session: Session, institution_id: str) -> str | None:
        """The address that signs for an institution's region; None while the chain has not told us. NotFound."""
        return repository.regional_authority(session, require(repository.institution(session, institution_id)).region)

    @staticmethod
    def authority_of_region(session: Session, region: int) -> str | None:
        """The address that signs for a region; None while the chain has not told us."""
        return repository.regional_authority(session, region)

    @staticmethod
    def regional_authorities(session: Session) -> dict[int, str]:
        """Region → address, as the chain told them last."""
        regions = repository.regions_with_authority(session)
        found = {region: repository.regional_authority(session, region) for region in regions}
        return {region: address for region, address in found.items() if address is not None}

    @staticmethod
    def registered_in(session: Session, institution_id: str) -> int:
        """The last epoch (链纪元) whose registry knows the institution. NotFound."""
        return require(repository.institution(session, institution_id)).epoch

    @staticmethod
    def target(session: Session, institution_id: str) -> Target:
        """An institution as the policy sees it. NotFound."""
        row = require(repository.institution(session, institution_id))
        return Target(row.id, row.region)

    @staticmethod
    def role_holders(session: Session, role: str, region: int, now_ms: int) -> list[tuple[str, str]]:
        """(account, institution id) of everybody who holds the role of this name in the region on the chain."""
        return repository.role_holders(session, role_hash(role), region, now_ms // 1000)

    @staticmethod
    def roles_of(session: Session, institution_id: str, now_ms: int) -> list[tuple[bytes, int]]:
        """(keccak256 of the role's name, region) of every role that an account of the institution holds now."""
        rows = repository.chain_roles(session, institution_id)
        return [(row.role, row.region) for row in rows if not row.revoked and row.expires_at * 1000 >= now_ms]

    @staticmethod
    def view(session: Session, institution_id: str) -> InstitutionView:
        """An institution as the directory shows it. NotFound."""
        return institution_view(require(repository.institution(session, institution_id)))

    @staticmethod
    def host_id(session: Session) -> str | None:
        """The institution that runs this installation; None before the bootstrap."""
        return repository.host_id(session)

    @staticmethod
    def submitter_keys_for(session: Session, institution_id: str, at_ms: int) -> list[bytes]:
        """The public keys under which the institution could sign at ``at_ms``."""
        return repository.submitter_keys_at(session, institution_id, at_ms)

    @staticmethod
    def trusted_submitters(session: Session) -> list[tuple[str, bytes, int, int | None]]:
        """Every submitter key: (institution, key, from, before) in ms, for a trust file."""
        return repository.trusted_submitters(session)

    # --- who calls, and the first institution

    def authenticate(self, secret: str) -> Principal:
        """Who holds the bearer token. Unauthenticated."""
        return self._tokens.authenticate(secret)

    def holder_of(self, token_id: str) -> Principal:
        """Who holds a token that another process of ours has authenticated. Unauthenticated."""
        return self._tokens.holder_of(token_id)

    def forget_tokens(self) -> None:
        """Some process changed a token or an institution: nothing remembered of them is believed."""
        self._tokens.forget()

    def new_bootstrap_secret(self) -> str:
        """A one-time token for the first institution. Conflict ``bootstrapped`` when it has introduced itself."""
        return bootstrap.new_bootstrap_secret(self._database, self._clock, self._tokens.vault)

    def bootstrap(self, secret: str, request: RegistrationRequest) -> Future[Bootstrapped]:
        """The institution that runs this installation, its administrator's token, and what authorities must sign.

        Forbidden when the secret is wrong, used or expired; it stays usable until everything is made.
        """
        with self._database.read() as session:  # before anything is set in motion: whoever asks is a stranger
            bootstrap.require_secret(session, self._tokens.vault, secret, self._clock.ms())
        return bootstrap.Bootstrap(self._units, self._leaves, self._tokens, self._commands).run(secret, request)

    # --- the directory

    def get_institution(self, caller: Principal, institution_id: str) -> InstitutionView:
        """One institution. NotFound."""
        policy.require(caller, "institution.read")
        with self._database.read() as session:
            return institution_view(require(repository.institution(session, institution_id)))

    def list_institutions(
        self, caller: Principal, *, limit: int = 50, cursor: str | None = None
    ) -> Page[InstitutionView]:
        """All institutions, by id."""
        policy.require(caller, "institution.read")
        with self._database.read() as session:
            found = repository.institutions(session, after=cursor, limit=limit + 1)
            items = tuple(institution_view(row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def list_chain_roles(self, caller: Principal, institution_id: str) -> tuple[ChainRoleView, ...]:
        """The roles that the registry granted to an institution's accounts; public, as on the chain."""
        policy.require(caller, "institution.read")
        with self._database.read() as session:
            rows = repository.chain_roles(session, institution_id)
            return tuple(
                ChainRoleView(row.role, row.region, row.account, row.institution_id, row.expires_at, row.revoked)
                for row in rows
            )

    # --- commands to the registry

    def request_registration(
        self, caller: Principal, request: RegistrationRequest, *, once: Once | None = None
    ) -> Future[OperationView]:
        """Asks to register an institution (机构登记); the operation's ``reference`` is its new id."""
        policy.require(caller, "institution.register", Target("", rules.check_region(request.region)))

        def make(group: Group) -> OperationView:
            row = add_institution(group, request, host=False)
            return self._commands.registration(group, caller.institution_id, row)

        return self._units.submit(lambda group: self._once(group, caller, once, make))

    def request_status(
        self, caller: Principal, request: StatusRequest, *, once: Once | None = None
    ) -> Future[OperationView]:
        """Asks for another status (机构状态变更)."""

        def ask(group: Group, row: InstitutionRow) -> OperationView:
            return self._commands.status(group, caller.institution_id, row, request)

        return self._command(caller, "institution.status", request.institution_id, ask, once=once)

    def request_authority(
        self, caller: Principal, request: AuthorityRequest, *, once: Once | None = None
    ) -> Future[OperationView]:
        """Asks for another authority key (机构授权钥更换)."""

        def ask(group: Group, row: InstitutionRow) -> OperationView:
            return self._commands.authority(group, caller.institution_id, row, request)

        return self._command(caller, "institution.authority", request.institution_id, ask, once=once)

    def request_role_grant(
        self, caller: Principal, request: RoleRequest, *, once: Once | None = None
    ) -> Future[OperationView]:
        """Asks for a role on the chain (角色授予)."""

        def ask(group: Group, row: InstitutionRow) -> OperationView:
            return self._commands.role_grant(group, caller.institution_id, row, request)

        return self._command(caller, "role.grant", request.institution_id, ask, once=once)

    def request_role_revocation(
        self, caller: Principal, request: RoleRequest, *, once: Once | None = None
    ) -> Future[OperationView]:
        """Asks to take a role on the chain away (角色撤销)."""

        def ask(group: Group, row: InstitutionRow) -> OperationView:
            return self._commands.role_revocation(group, caller.institution_id, row, request)

        return self._command(caller, "role.revoke", request.institution_id, ask, once=once)

    def _command(
        self, caller: Principal, action: str, institution_id: str, ask: _Ask, *, once: Once | None
    ) -> Future[OperationView]:
        def make(group: Group) -> OperationView:
            row = require(repository.institution(group.session, institution_id))
            policy.require(caller, action, Target(row.id, row.region))
            return ask(group, row)

        return self._units.submit(lambda group: self._once(group, caller, once, make))

    def _once(
        self, group: Group, caller: Principal, once: Once | None, make: Callable[[Group], OperationView]
    ) -> OperationView:
        known = _known(group, caller, once)
        if known is not None:
            return self._transactions.get_operation(group.session, known)
        return _note(group, caller, once, "operation", make(group))

    # --- submitter keys

    def add_submitter_key(
        self, caller: Principal, request: SubmitterKeyRequest, *, once: Once | None = None
    ) -> Future[SubmitterKeyView]:
        """Registers a key with which the caller's institution signs what it submits."""
        self._require_own(caller, "submitter-key.register", request.institution_id)

        def unit(group: Group) -> SubmitterKeyView:
            known = _known(group, caller, once)
            if known is not None:
                return self._keys.get(group.session, known)
            return _note(group, caller, once, "submitter-key", self._keys.add(group, request))

        return self._units.submit(unit)

    def revoke_submitter_key(self, caller: Principal, institution_id: str, key_id: str) -> Future[SubmitterKeyView]:
        """Ends a key now; what it signed before stays signed."""
        self._require_own(caller, "submitter-key.revoke", institution_id)
        return self._units.submit(lambda group: self._keys.revoke(group, institution_id, key_id))

    def list_submitter_keys(self, caller: Principal, institution_id: str) -> tuple[SubmitterKeyView, ...]:
        """An institution's keys, ended ones too; public, for a trust file needs them."""
        policy.require(caller, "institution.read")
        with self._database.read() as session:
            return self._keys.list(session, institution_id)

    # --- tokens

    def issue_token(self, caller: Principal, request: TokenRequest, *, once: Once | None = None) -> IssuedToken:
        """A new token. For another institution only the system may, and only its administrator's while it has none."""
        owner_id = request.institution_id or caller.institution_id
        token_id = new_id("tok", self._clock.ms())
        with self._database.write() as session:
            self._fence(session)
            owner = require(repository.institution(session, owner_id))
            if owner_id == caller.institution_id:
                policy.require(caller, "token.issue")
                require_same(caller, owner)
            else:
                self._require_first(session, caller, owner, request)
            known = once and idempotency.begin(
                session,
                caller.institution_id,
                once.key,
                once.digest,
                resource_type="token",
                resource_id=token_id,
                now_ms=self._clock.ms(),
            )
            if known:
                row = repository.token(session, known.resource_id)
                return IssuedToken(self._tokens.views(session, [row] if row else [])[0], None)
            return self._tokens.issue(session, owner, request, token_id=token_id)

    def _require_first(self, session: Session, caller: Principal, owner: InstitutionRow, request: TokenRequest) -> None:
        policy.require(caller, "token.issue-first", Target(owner.id, owner.region))
        if Role.ADMINISTRATOR not in request.roles or self._tokens.has_administrator(session, owner.id):
            raise Forbidden("Only the first administrator's token of an institution is issued by others.")

    def list_tokens(self, caller: Principal, *, limit: int = 50, cursor: str | None = None) -> Page[TokenView]:
        """The tokens of the caller's institution, without secrets, the oldest first."""
        policy.require(caller, "token.list")
        with self._database.read() as session:
            found = repository.tokens(session, caller.institution_id, after=cursor, limit=limit + 1)
            items = self._tokens.views(session, list(found[:limit]))
        return Page(items, items[-1].id if len(found) > limit else None)

    def revoke_token(self, caller: Principal, token_id: str) -> TokenView:
        """Ends a token at once. NotFound."""
        policy.require(caller, "token.revoke")
        with self._database.write() as session:
            self._fence(session)
            row = repository.token(session, token_id)
            if row is None or row.institution_id != caller.institution_id:
                raise NotFound("There is no such token.")
            return self._tokens.revoke(session, row)

    def _require_own(self, caller: Principal, action: str, institution_id: str) -> None:
        with self._database.read() as session:
            target = self.target(session, institution_id)
        policy.require(caller, action, target)


def _known(group: Group, caller: Principal, once: Once | None) -> str | None:
    """What the request made before."""
    if once is None:
        return None
    found = idempotency.find(group.session, caller.institution_id, once.key, once.digest)
    return None if found is None else found.resource_id


def _note(group: Group, caller: Principal, once: Once | None, kind: str, made: _Made) -> _Made:
    """Remembers what the request made."""
    if once is not None:
        idempotency.begin(
            group.session,
            caller.institution_id,
            once.key,
            once.digest,
            resource_type=kind,
            resource_id=made.id,
            now_ms=group.now_ms,
        )
    return made
