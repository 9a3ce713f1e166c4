"""What others add to our checkpoints: cosignatures, header attestations, and the grade that sums them up.

Everything is authenticated by the signature of a configured witness and may come in any order, twice, or never.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.orm import Session

from chain.proof.checkpoint import Checkpoint, HeaderAttestation
from chain.proof.encoding import to_hex
from chain.proof.errors import ProofError
from chain.proof.hashing import sha256
from chain.proof.note import Note, SignatureType, VerifiedSignature, parse_note, verify_note
from services.evidence import repository, standing_repository
from services.evidence.models import AttestationRow, CheckpointRow, CosignatureRow
from services.evidence.rules import Grade, Witness, grade_of, quorum_met
from services.evidence.standing_repository import Proven
from services.platform import metrics
from services.platform.errors import Conflict, Forbidden, Invalid, NotFound

__all__ = ["ChainPin", "Standing"]

_Statement = TypeVar("_Statement", Checkpoint, HeaderAttestation)


@dataclass(frozen=True, slots=True)
class ChainPin:
    """A configured chain, of any epoch.

    ``genesis`` is 0x hex, ``contract`` the EvidenceLog there, ``pilots`` the PilotLifecycle. ``name`` is what rows call
    it, ``chain`` what all its epochs are called.
    """

    name: str
    chain_id: int
    genesis: str
    chain_class: str
    contract: str | None
    epoch: int = 1
    pilots: str | None = None

    @property
    def chain(self) -> str:
        """The chain's name in the settings."""
        return self.name.partition("@")[0]


class Standing:
    """Witnesses by name, quorum by role, chains by name: all from settings."""

    def __init__(
        self, witnesses: Mapping[str, Witness], quorum: Mapping[str, int], chains: Mapping[str, ChainPin]
    ) -> None:
        self.witnesses = witnesses
        self.quorum = quorum
        self._chains = chains

    @property
    def digest(self) -> bytes:
        """Of what grades depend on beside the rows: who is a witness, in which role, and how many are needed."""
        known = [f"{name} {witness.vkey} {witness.role}" for name, witness in sorted(self.witnesses.items())]
        needed = [f"{role}={count}" for role, count in sorted(self.quorum.items())]
        return sha256("\n".join([*known, "", *needed]).encode())

    @property
    def bare_grade(self) -> Grade:
        """The grade of a checkpoint that nobody has looked at yet: witnessed when no witness is required."""
        return grade_of(witnessed=not self.quorum, anchored=False, attested=False)

    def add_cosignature(self, session: Session, text: str) -> Grade:
        """Takes the cosignatures of a note over one of our checkpoints; gives its grade then.

        Invalid for a note that does not parse or verify, Forbidden when no configured witness signed it, NotFound for a
        size without a checkpoint, Conflict ``checkpoint-differs`` for another root than ours.
        """
        note, signed = self._verified(text, SignatureType.COSIGNATURE)
        head = _parsed(Checkpoint, note)
        log = repository.log_by_origin(session, head.origin)
        stored = repository.checkpoint(session, log.id, head.size) if log else None
        if log is None or stored is None:
            self._count(signed, "unknown")
            raise NotFound("There is no checkpoint of this size.")
        if stored.root != head.root:
            self._count(signed, "inconsistent")
            raise Conflict("Our checkpoint of this size has another root.", slug="checkpoint-differs")
        for line, signature in zip(note.signatures, signed, strict=True):
            row = {"log_id": log.id, "size": head.size, "witness": signature.key.name, "line": line.line()}
            repository.put_cosignature(session, row | {"signed_at": signature.time or 0})
        self._count(signed, "accepted")
        return self.regrade(session, log.id, head.size)

    def add_attestation(self, session: Session, chain: str, text: str) -> None:
        """Takes a witness's attestation of a header of ``chain``, also of one whose anchor we have not read yet.

        Invalid, Forbidden as above; NotFound for an unknown chain; Conflict ``chain-differs`` for another chain id or
        genesis.
        """
        note, signed = self._verified(text, SignatureType.ED25519)
        header = _parsed(HeaderAttestation, note)
        pin = self._pinned(chain, header)
        block_hash = to_hex(header.block_hash)
        for line, signature in zip(note.signatures, signed, strict=True):
            row = {"chain": pin.name, "block_hash": block_hash, "witness": signature.key.name}
            alone = Note(note.text, (line,)).format()
            repository.put_attestation(session, row | {"block_number": header.number, "note": alone})
        for log_id, size in repository.heads_in_block(session, pin.name, block_hash):
            self.regrade(session, log_id, size)

    def _pinned(self, chain: str, header: HeaderAttestation) -> ChainPin:
        """The epoch of ``chain`` that the header is of."""
        epochs = [pin for pin in self._chains.values() if pin.chain == chain]
        if not epochs:
            raise NotFound("There is no such chain.")
        told = (header.chain_id, to_hex(header.genesis))
        found = next((pin for pin in epochs if told == (pin.chain_id, pin.genesis)), None)
        if found is None:
            raise Conflict("The attestation is about another chain.", slug="chain-differs")
        return found

    def regrade(self, session: Session, log_id: str, size: int) -> Grade:
        """Sums up anew what stands behind a checkpoint."""
        # Held until the commit: of two transactions that each add something, the second sees both.
        if not repository.hold_checkpoint(session, log_id, size):
            raise NotFound("There is no checkpoint of this size.")
        proven = standing_repository.proven_between(session, log_id, size, size)
        attested = {one.block_hash: repository.attestations(session, one.chain, one.block_hash) for one in proven}
        grade = self._grade(repository.cosignatures(session, log_id, size), attested.values())
        repository.set_grade(session, log_id, size, int(grade))
        return grade

    def graded(self, session: Session, rows: Sequence[CheckpointRow]) -> Iterator[tuple[CheckpointRow, Grade]]:
        """Each of these checkpoints of one log, in order of size, with the grade it should have; three queries."""
        if not rows:
            return
        log_id, first, last = rows[0].log_id, rows[0].size, rows[-1].size
        cosigned: dict[int, list[CosignatureRow]] = {}
        for each in standing_repository.cosignatures_between(session, log_id, first, last):
            cosigned.setdefault(each.size, []).append(each)
        anchors: dict[int, list[Proven]] = {}
        for anchor in standing_repository.proven_between(session, log_id, first, last):
            anchors.setdefault(anchor.size, []).append(anchor)
        hashes = {one.block_hash for found in anchors.values() for one in found}
        attested: dict[tuple[str, str], list[AttestationRow]] = {}
        for word in standing_repository.attestations_of(session, hashes):
            attested.setdefault((word.chain, word.block_hash), []).append(word)
        for row in rows:
            places = [(one.chain, one.block_hash) for one in anchors.get(row.size, ())]
            yield row, self._grade(cosigned.get(row.size, ()), [attested.get(place, []) for place in places])

    def attested(self, notes: Sequence[AttestationRow]) -> bool:
        """Whether these attestations of one block are a quorum."""
        return self._met((each.witness, each.note) for each in notes)

    def _grade(self, cosigned: Sequence[CosignatureRow], anchors: Collection[Sequence[AttestationRow]]) -> Grade:
        """``anchors``: of each anchor whose event proof is stored, in whatever epoch, the attestations of its block."""
        return grade_of(
            witnessed=self._met((each.witness, f"-\n\n{each.line}") for each in cosigned),
            anchored=bool(anchors),
            attested=any(self.attested(notes) for notes in anchors),
        )

    def _met(self, signed: Iterable[tuple[str, str]]) -> bool:
        """Whether the witnesses (name, signed note) are a quorum; what an earlier key of a name signed counts not."""
        return quorum_met(
            (self.witnesses[name].role for name, note in signed if self._is_ours(name, note)), self.quorum
        )

    def _is_ours(self, name: str, note: str) -> bool:
        witness = self.witnesses.get(name)
        if witness is None:
            return False
        keys = {witness.key.of_type(kind).key_id for kind in (SignatureType.COSIGNATURE, SignatureType.ED25519)}
        return any(each.key_id in keys for each in parse_note(note).signatures)

    def verified(self, text: str) -> tuple[Note, list[VerifiedSignature]]:
        """A statement of configured witnesses, their lines alone, and who they are. Invalid, Forbidden."""
        return self._verified(text, SignatureType.ED25519)

    def _verified(self, text: str, kind: SignatureType) -> tuple[Note, list[VerifiedSignature]]:
        """The note with the lines of configured witnesses alone, each beside its verified signature.

        Other lines would go into receipts, where a wrong one by a key that somebody else trusts spoils the whole.
        """
        keys = {
            (key.name, key.key_id): key for key in (witness.key.of_type(kind) for witness in self.witnesses.values())
        }
        try:
            note = parse_note(text)
            signed = verify_note(note, keys.values())
        except ProofError as error:
            raise Invalid("note", str(error)) from error
        if not signed:
            raise Forbidden("Not signed by a configured witness.")
        lines = tuple(line for line in note.signatures if (line.name, line.key_id) in keys)
        return Note(note.text, lines), signed

    def _count(self, signed: list[VerifiedSignature], result: str) -> None:
        for signature in signed:
            metrics.WITNESS_COSIGN.labels(self.witnesses[signature.key.name].role, result).inc()


def _parsed(kind: type[_Statement], note: Note) -> _Statement:
    try:
        return kind.parse(note.text)
    except ProofError as error:
        raise Invalid("note", str(error)) from error
