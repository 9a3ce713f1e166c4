"""Decisions of the evidence context, pure: over values, without session and clock."""

from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum

from chain.proof import manifest
from chain.proof.canonical import JsonValue
from chain.proof.note import VerifierKey
from chain.proof.types import BY_NAME, RecordType
from services.platform.errors import Forbidden, Invalid

__all__ = [
    "Grade",
    "Witness",
    "anchor_due",
    "check_submission",
    "grade_of",
    "quorum_met",
    "retry_due",
    "statements_suffice",
    "status_of",
]

_RETRY_MAX = 8


class Grade(IntEnum):
    """How much stands behind a checkpoint.

    ``WITNESSED`` is the quorum of cosignatures, ``ATTESTED`` that of header attestations.
    """

    SEALED = 0
    WITNESSED = 1
    ANCHORED = 2
    ANCHORED_WITNESSED = 3
    FINAL = 4


_STATUS = {
    None: "accepted",
    Grade.SEALED: "sealed",
    Grade.WITNESSED: "witnessed",
    Grade.ANCHORED: "anchored",
    Grade.ANCHORED_WITNESSED: "anchored",
    Grade.FINAL: "final",
}


class Witness:
    """A configured witness: one key under one name, used for three statements.

    ``vkey`` is its C2SP text of either type.
    """

    def __init__(self, vkey: str, role: str) -> None:
        self.key = VerifierKey.parse(vkey)
        self.vkey = vkey
        self.role = role

    @property
    def name(self) -> str:
        """The key's name."""
        return self.key.name


def quorum_met(roles: Iterable[str], quorum: Mapping[str, int]) -> bool:
    """Whether witnesses of these roles (one entry for each different witness) are enough."""
    present = list(roles)
    return all(present.count(role) >= least for role, least in quorum.items())


def statements_suffice(
    answered: Collection[str], configured: Mapping[str, str], quorum: Mapping[str, int], *, empty: bool
) -> bool:
    """Whether enough witnesses (name -> role) answered a starting service.

    For an empty log all must: that is what a lost database is. Likewise while a new chain knows less than a lost one.
    """
    if empty:
        return set(answered) >= set(configured)
    return quorum_met((role for name, role in configured.items() if name in answered), quorum)


def grade_of(*, witnessed: bool, anchored: bool, attested: bool) -> Grade:
    """``anchored`` means: stands on the chain and its event proof is stored."""
    if anchored and witnessed:
        return Grade.FINAL if attested else Grade.ANCHORED_WITNESSED
    if anchored:
        return Grade.ANCHORED
    return Grade.WITNESSED if witnessed else Grade.SEALED


def status_of(grade: int | None) -> str:
    """accepted, sealed, witnessed, anchored or final: of a record whose best covering checkpoint has this grade."""
    return _STATUS[None if grade is None else Grade(grade)]


def anchor_due(*, elapsed_ms: int, waiting: int, interval_ms: int, leaves: int) -> bool:
    """Whether to anchor now: ``waiting`` leaves, ``elapsed_ms`` since the last anchor was asked for."""
    return waiting > 0 and (elapsed_ms >= interval_ms or waiting >= leaves)


def retry_due(*, elapsed_ms: int, attempts: int, interval_ms: int) -> bool:
    """Whether a refused anchor may be tried again: after 1, 2, 4 … 256 intervals."""
    return elapsed_ms >= interval_ms << min(attempts - 1, _RETRY_MAX)


def check_submission(record: Mapping[str, JsonValue], institution_id: str) -> RecordType:
    """The type of a record that this institution may submit.

    Invalid(type) for the service's own types, Forbidden for another actor, FormatError for a manifest that is none.
    """
    record_type = BY_NAME[str(record["type"])]
    if not record_type.submittable:
        raise Invalid("/type", f"{record_type.name} is written by the service alone.")
    if record_type.name == manifest.TYPE:
        manifest.read_manifest(record["body"])
    if record["actor"] != institution_id:
        raise Forbidden("The actor of a record must be the institution that submits it.")
    return record_type
