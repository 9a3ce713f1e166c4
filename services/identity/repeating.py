"""What the supervision chain (监管链) decided, said again to the registry of a business chain (地方业务链).

The supervision chain's registry is the authoritative one. Its acts carry their record's commitment and leaf; the same
commitment and leaf go to the other chain, under a new authorisation by the same region's authority. So whoever holds
both chains can compare, and nobody decides anything twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol

from chain.errors import ChainError
from chain.party.evm import checksummed, parse_address
from services.identity import policy, repository
from services.identity.commands import CONTRACT, role_hash, stream_key
from services.identity.policy import Principal, Target
from services.identity.ports import Group, Units
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, Invalid, NotFound, Unavailable
from services.platform.ids import bytes16
from services.transactions.encoding import EventDecoder
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["ROLES", "Readable", "Repetition", "differences"]

ROLES = ("register.operator", "register.checker", "register.regulator", "register.court-liaison")
"""What a business chain's contracts ask for; other roles have no meaning there."""
_HASHES = {role_hash(name): name for name in ROLES}
_ACTIVE = 1
"""What the contract calls an institution that was just registered."""


class Readable(Protocol):
    """A chain, as far as it is asked here. ChainError when it is away."""

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """What a view says now."""
        ...

    def logs(self, first: int, last: int, contracts: Sequence[str], *, topics: Sequence[Sequence[bytes]]) -> list[Any]:
        """Events in these blocks."""
        ...

    def final(self) -> int:
        """The newest final block."""
        ...

    def abi(self, contract: str) -> Sequence[Mapping[str, Any]]:
        """A contract's interface."""
        ...


@dataclass(frozen=True, slots=True)
class _Act:
    """One act to repeat: what it says, and the event of the supervision chain that says so."""

    kind: str
    struct: str
    function: str
    region: int
    reference: str
    said: Mapping[str, Any]
    decided: Mapping[str, Any]


class Repetition:
    """Asks for whatever a business chain's registry is missing; ``chains``: their names, and what rows call them.

    ``home`` is what rows call the supervision chain, ``days`` how long an authority has to sign.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        transactions: Transactions,
        units: Units,
        clients: Mapping[str, Readable],
        chains: Mapping[str, str],
        home: str,
        days: int,
    ) -> None:
        self._database = database
        self._clock = clock
        self._transactions = transactions
        self._units = units
        self._clients = clients
        self._chains = {name: row for name, row in chains.items() if row != home}
        self._home = clients[home]
        self._days = days

    def request(self, caller: Principal, institution_id: str, chain: str) -> Future[list[OperationView]]:
        """An operation for each act that is missing on ``chain`` and not asked for yet; none when all is told.

        NotFound for an institution that nobody knows; Invalid for a chain; Conflict ``institution-pending``;
        Unavailable ``chain-away``.
        """
        with self._database.read() as session:
            row = repository.institution(session, institution_id)
        if row is None:
            raise NotFound("There is no such institution.")
        policy.require(caller, "role.grant", Target(row.id, row.region))
        if chain not in self._chains:
            raise Invalid("chain", f"Expected a business chain: {', '.join(self._chains) or 'there is none'}.")
        name = self._chains[chain]
        try:
            missing = list(self._missing(institution_id, self._clients[name]))
            signers = {act.region: self._authority(name, act.region) for act in missing}
        except ChainError as error:
            raise Unavailable("chain-away", f"A chain does not answer: {error}.") from error

        def ask(group: Group) -> list[OperationView]:
            waiting = self._transactions.waiting(group.session, name)
            fresh = [act for act in missing if (act.kind, act.reference) not in waiting]
            return [self._ask(group, caller, institution_id, act, (name, signers[act.region])) for act in fresh]

        return self._units.submit(ask)

    # --- what is missing

    def _missing(self, institution_id: str, there: Readable) -> Iterator[_Act]:
        """Registration or what has changed since, then the roles."""
        identity = bytes16(institution_id)
        kind, status, region, told = self._home.read(CONTRACT, "institution", identity)
        if not status:
            raise Conflict("The supervision chain does not know this institution.", slug="institution-pending")
        _, known, _, present = there.read(CONTRACT, "institution", identity)
        authority, subject = _address(told), {"institution": identity}
        named = self._last(("InstitutionRegistered", "InstitutionAuthorityReplaced"), [identity])
        if not known:
            said = subject | {"kind": kind, "region": region, "authority": authority}
            yield _Act("institution.repeated", "RegisterInstitution", "register", region, institution_id, said, named)
        elif _address(present) != authority:
            said, act = subject | {"authority": authority}, ("ReplaceInstitutionAuthority", "replaceAuthority")
            yield _Act("authority.repeated", *act, region, institution_id, said, named)
        if (known or _ACTIVE) != status:  # after its registration, in the same queue
            decided = self._last(("InstitutionRegistered", "InstitutionStatusSet"), [identity])
            said = subject | {"status": status}
            yield _Act("status.repeated", "SetInstitutionStatus", "setStatus", region, institution_id, said, decided)
        yield from self._roles(identity, there)

    def _roles(self, identity: bytes, there: Readable) -> Iterator[_Act]:
        now = self._clock.ms() // 1000
        granted = self._events("RoleGranted", [*_HASHES])
        for role, region, account in {(one["role"], one["region"], one["account"]): None for one in granted}:
            place = (role, region, account)
            holder, until = self._home.read(CONTRACT, "grantOf", *place)
            present = there.read(CONTRACT, "grantOf", *place)
            said = {"account": account, "role": role, "region": region}
            reference = f"{_HASHES[role]} {account}"
            if until > now and holder == identity and present != (holder, until):
                (*_, decided) = (one for one in granted if (one["role"], one["region"], one["account"]) == place)
                said |= {"institution": identity, "expiresAt": until}
                yield _Act("role.repeated", "GrantRole", "grantRole", region, reference, said, decided)
            elif not until and present[0] == identity:
                (*_, decided) = self._events("RoleRevoked", [role], [region.to_bytes(32, "big")], [_word(account)])
                act = ("RevokeRole", "revokeRole")
                yield _Act("role.revocation-repeated", *act, region, reference, said, decided)

    def _last(self, names: Sequence[str], subjects: Sequence[bytes]) -> Mapping[str, Any]:
        """The newest of the events of these names about the institution."""
        padded = [subject.ljust(32, b"\0") for subject in subjects]
        found = [event for name in names for event in self._events(name, padded)]
        return max(found, key=lambda event: int(event["_place"]))

    def _events(self, name: str, *choices: Sequence[bytes]) -> list[Mapping[str, Any]]:
        return _read_events(self._home, name, *choices)

    def _authority(self, name: str, region: int) -> str:
        found = str(self._clients[name].read(CONTRACT, "regionalAuthority", region))
        if int(found, 16) == 0:
            raise Conflict(f"No authority is set for region {region:06} on {name}.", slug="no-authority")
        return found

    # --- asking

    def _ask(self, group: Group, caller: Principal, subject: str, act: _Act, where: tuple[str, str]) -> OperationView:
        chain, signer = where
        command = repository.command_of_leaf(group.session, act.decided["leaf"])
        message = {**act.said, "commitment": act.decided["commitment"], "leaf": act.decided["leaf"]}
        deadline = self._clock.ms() // 1000 + self._days * 86_400
        return self._transactions.create_operation(
            group.session,
            kind=act.kind,
            chain=chain,
            contract=CONTRACT,
            function=act.function,
            args=message,
            queue=stream_key(subject),
            typed_data=self._transactions.typed_data(act.struct, message, chain, deadline=deadline),
            signer_hint=signer,
            institution_id=caller.institution_id,
            record_id=command.record_id if command else None,
            reference=act.reference,
        )


def differences(home: Readable, there: Readable) -> list[str]:
    """What a business chain says otherwise than the supervision chain of the register's roles; empty when all agrees.

    Each role by whether it stands now, and whether it was granted by the very decision. ChainError.
    """
    decided, repeated = (_granted(client) for client in (home, there))
    found = []
    for place in sorted({**decided, **repeated}):
        what = f"{_HASHES[place[0]]} of {place[2]} in {place[1]:06}"
        stands, stands_there = (bool(client.read(CONTRACT, "hasRole", *place)) for client in (home, there))
        if stands != stands_there:
            found.append(f"{what}: {'stands' if stands else 'does not stand'}, there it {_is(stands=stands_there)}")
        elif stands and decided[place][-1] != repeated[place][-1]:
            found.append(f"{what}: granted there by another decision")
    return found


def _is(*, stands: bool) -> str:
    return "does" if stands else "does not"


def _granted(client: Readable) -> dict[tuple[bytes, int, str], list[tuple[bytes, bytes]]]:
    """(role, region, account) → (commitment, leaf) of each grant, oldest first."""
    found: dict[tuple[bytes, int, str], list[tuple[bytes, bytes]]] = {}
    for event in _read_events(client, "RoleGranted", [*_HASHES]):
        place = (event["role"], event["region"], event["account"])
        found.setdefault(place, []).append((event["commitment"], event["leaf"]))
    return found


def _read_events(client: Readable, name: str, *choices: Sequence[bytes]) -> list[Mapping[str, Any]]:
    """Final events of a chain's registry, oldest first, decoded; ``_place`` counts them."""
    decoder = EventDecoder(client.abi(CONTRACT))
    topics = [[decoder.topic(name)], *choices]
    raws = client.logs(0, client.final(), [CONTRACT], topics=topics)
    decoded = ((raw, decoder.decode(raw.topics, raw.data)) for raw in raws)
    return [{**found[1], "_place": raw.block_number << 32 | raw.log_index} for raw, found in decoded if found]


def _address(told: str) -> str:
    return checksummed(parse_address(told))


def _word(address: str) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])
