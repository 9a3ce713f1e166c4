"""The first institution of an installation: runs the service, owns the house log, gives others their first tokens.

It introduces itself with a one-time token that the installation printed; the authority of its region still has to
register it.
"""

import secrets
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy.orm import Session

from chain.proof.hashing import sha256
from services.identity import repository, rules, seals
from services.identity.commands import Commands
from services.identity.directory import add_institution, fill, institution_view, require
from services.identity.models import BootstrapSecretRow
from services.identity.ports import Group, Leaves, Units
from services.identity.rules import Role
from services.identity.tokens import Tokens
from services.identity.views import Bootstrapped, RegistrationRequest, TokenRequest
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, Forbidden
from services.platform.ids import new_id
from services.transactions.views import OperationView

__all__ = ["Bootstrap", "new_bootstrap_secret", "new_host_token", "require_secret"]

_BOOTSTRAP_MS = 7 * 86_400_000
_HOST_ROLES = (Role.SYSTEM, Role.ADMINISTRATOR, Role.REGISTRAR, Role.SUBMITTER, Role.READER)


class Bootstrap:
    """Runs once, in a thread of its own."""

    def __init__(self, units: Units, leaves: Leaves, tokens: Tokens, commands: Commands) -> None:
        self._units = units
        self._leaves = leaves
        self._tokens = tokens
        self._commands = commands

    def run(self, secret: str, request: RegistrationRequest) -> Future[Bootstrapped]:
        """The institution that runs this installation, its administrator's token, and what authorities must sign.

        Forbidden when the secret is wrong, used or expired; it stays usable until everything is made.
        """
        thread = ThreadPoolExecutor(1, "bootstrap")
        try:
            return thread.submit(self._run, secret, request)
        finally:
            thread.shutdown(wait=False)

    def _run(self, secret: str, request: RegistrationRequest) -> Bootstrapped:
        # The house log must stand, checked, before the registration's leaf; so these are three units. Killed between
        # them, the next attempt goes on with the same institution, for the secret is used up only in the last.
        host_id = self._units.submit(lambda group: self._introduce(group, secret, request)).result()
        self._leaves.create_house_log(host_id)
        opening = self._leaves.request_house_opening().result()
        digest = sha256(secret.encode())
        return self._units.submit(lambda group: self._complete(group, digest, host_id, opening)).result()

    def _introduce(self, group: Group, secret: str, request: RegistrationRequest) -> str:
        require_secret(group.session, self._tokens.vault, secret, group.now_ms)
        _refuse_second(group.session)
        self._commands.check_region(group, rules.check_region(request.region))
        host_id = repository.host_id(group.session)
        if host_id is None:
            return add_institution(group, request, host=True).id
        fill(require(repository.institution(group.session, host_id)), group, request)
        group.session.flush()
        return host_id

    def _complete(self, group: Group, digest: bytes, host_id: str, opening: OperationView) -> Bootstrapped:
        _refuse_second(group.session)
        if not repository.use_bootstrap_secret(group.session, digest, group.now_ms):
            raise Forbidden("This bootstrap token is not valid (any more).")
        row = require(repository.institution(group.session, host_id))
        wanted = TokenRequest(name="bootstrap", roles=_HOST_ROLES)
        issued = self._tokens.issue(group.session, row, wanted, token_id=new_id("tok", group.now_ms))
        registration = self._commands.registration(group, row.id, row)
        return Bootstrapped(institution_view(row), issued, (registration, opening))


def require_secret(session: Session, vault: Vault, secret: str, now_ms: int) -> None:
    """Forbidden unless we printed the one-time token and it can still be used."""
    row = repository.usable_bootstrap_secret(session, sha256(secret.encode()), now_ms)
    if row is None or not seals.bootstrap_seal_holds(vault, row):
        raise Forbidden("This bootstrap token is not valid (any more).")


def new_bootstrap_secret(database: Database, clock: Clock, vault: Vault) -> str:
    """A one-time token for the first institution, good for seven days; needs no chain yet.

    Conflict ``bootstrapped`` when that institution has its token.
    """
    secret = f"rgs_boot_{secrets.token_urlsafe(32)}"
    now = clock.ms()
    row = BootstrapSecretRow(hash=sha256(secret.encode()), created_at=now, expires_at=now + _BOOTSTRAP_MS, used_at=None)
    row.seal = seals.bootstrap_seal(vault, row)
    with database.write(fenced=False) as session:  # a printed secret is nobody's state
        _refuse_second(session)
        repository.add(session, row)
    return secret


def new_host_token(database: Database, clock: Clock, vault: Vault) -> str:
    """Another administrator's token of the first institution, which lost or outlived its own."""
    tokens = Tokens(database, vault, clock)
    wanted = TokenRequest(name="regseal access", roles=_HOST_ROLES)
    with database.write() as session:
        host_id = repository.host_id(session)
        row = require(None if host_id is None else repository.institution(session, host_id))
        return str(tokens.issue(session, row, wanted, token_id=new_id("tok", clock.ms())).secret)


def _refuse_second(session: Session) -> None:
    """Of several tokens that were printed, one serves."""
    if repository.bootstrap_was_used(session):
        raise Conflict("This installation has its first institution already.", slug="bootstrapped")
