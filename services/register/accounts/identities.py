"""Identity data as records keep them for recoveries (身份信息留存): ciphertexts of many accounts in one fact.

These facts are the only records of the service that are ever erased: with the account whose data they hold, once its
term is over. The data of the others go into a new one first.
"""

from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.evidence.retention.own import erase_own
from services.register.accounts import repository
from services.register.accounts.models import AccountRow
from services.register.parts import RegisterParts
from services.register.stream import Entry

__all__ = ["FACT", "Identities", "Sealed", "held_by"]

FACT = "identities"
_MOST = 40_000
"""Characters of ciphertext in one record, which may have 65,536 bytes."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A version of an account's identity, as its row has it."""

    account_id: str
    version: int
    content: bytes


def held_by(body: JsonObject) -> list[Sealed]:
    """What such a fact says."""
    listed = body["identities"]
    found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
    return [Sealed(str(each["account"]), int(str(each["version"])), b64decode(str(each["sealed"]))) for each in found]


class Identities:
    """In units of the sequencer."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts

    def keep(self, group: Group, about: str, actor: str, told: Iterable[Sealed]) -> dict[tuple[str, int], str]:
        """Writes facts of ``about``; which record has which version of which account."""
        kept: dict[tuple[str, int], str] = {}
        for part in _parts_of(told):
            listed: list[JsonObject] = [
                {"account": each.account_id, "version": each.version, "sealed": b64encode(each.content).decode()}
                for each in part
            ]
            entry = Entry(name=FACT, about=about, actor=actor, body={"identities": [*listed]})
            written = self._parts.stream.fact(group, entry)
            kept |= dict.fromkeys(((each.account_id, each.version) for each in part), written.record_id)
        return kept

    def keep_rows(self, group: Group, rows: Sequence[AccountRow], actor: str) -> None:
        """What no record has of these accounts yet, earlier versions too."""
        session = group.session
        told = [
            Sealed(row.id, row.version, row.identity) for row in rows if row.identity and row.identity_record is None
        ]
        earlier = [each for row in rows for each in repository.identities(session, row.id) if each.record_id is None]
        told += [Sealed(each.account_id, each.version, each.content) for each in earlier]
        kept = self.keep(group, rows[0].id, actor, told)
        for row in rows:
            row.identity_record = kept.get((row.id, row.version), row.identity_record)
        for each in earlier:
            each.record_id = kept[each.account_id, each.version]
        session.flush()

    def forget(self, group: Group, row: AccountRow, actor: str, source: str) -> None:
        """Erases the records of the account's data, before its rows go; what they hold of others is kept anew."""
        session = group.session
        earlier = [each.record_id for each in repository.identities(session, row.id)]
        for record_id in dict.fromkeys(each for each in (row.identity_record, *earlier) if each):
            others = [each for each in self._held(record_id) if each.account_id != row.id]
            kept = self.keep(group, row.id, actor, [each for each in others if _is_there(session, each, record_id)])
            for (account_id, version), new in kept.items():
                _move(session, account_id, version, new)
            erase_own(group, self._parts.evidence, record_id, reason="identity data of a closed account", source=source)
        row.identity_record = None

    def _held(self, record_id: str) -> list[Sealed]:
        document = self._parts.evidence.get_record(record_id).document
        body = document["body"] if document else None
        return held_by(body) if isinstance(body, dict) else []


def _is_there(session: Session, told: Sealed, record_id: str) -> bool:
    """Whether the account's data are still kept by this record: neither erased nor in a later one."""
    row = repository.account(session, told.account_id)
    if row is None:
        return False
    earlier = {each.version: each.record_id for each in repository.identities(session, row.id)}
    return (row.identity_record if told.version == row.version else earlier.get(told.version)) == record_id


def _move(session: Session, account_id: str, version: int, record_id: str) -> None:
    row = repository.account(session, account_id)
    if row is not None and row.version == version:
        row.identity_record = record_id
    for each in repository.identities(session, account_id):
        if each.version == version:
            each.record_id = record_id
    session.flush()


def _parts_of(told: Iterable[Sealed]) -> Iterator[list[Sealed]]:
    part: list[Sealed] = []
    size = 0
    for each in told:
        length = len(each.content) * 4 // 3
        if part and size + length > _MOST:
            yield part
            part, size = [], 0
        part.append(each)
        size += length
    if part:
        yield part
