"""What an applicant signs when it confirms a joint application (联合申报确认): one digest over form and materials."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.proof.canonical import JsonObject, canonical
from chain.proof.encoding import to_hex
from chain.proof.hashing import sha256

_DIGEST_DOMAIN = b"regseal/v1/pilot-application\x00"
_MESSAGE_DOMAIN = b"regseal/v1/pilot-confirmation\x00"


@dataclass(frozen=True, slots=True)
class BoundMaterial:
    """A material of the application: its code, whose it is (or empty), version, and the hash of its manifest's leaf."""

    code: str
    owner: str
    version: int
    leaf: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is confirmed: who applies, the form's version and SHA-256 (of its RFC 8785 form), and the materials."""

    project: str
    rulebook: str
    applicants: Sequence[str]
    version: int
    form: bytes
    materials: Sequence[BoundMaterial]

    def document(self) -> JsonObject:
        """As it is hashed and shown."""
        return {
            "project": self.project,
            "rulebook": self.rulebook,
            "applicants": list(self.applicants),
            "version": self.version,
            "form_sha256": to_hex(self.form),
            "materials": [
                {"code": each.code, "owner": each.owner, "version": each.version, "leaf": to_hex(each.leaf)}
                for each in sorted(self.materials, key=lambda one: (one.code, one.owner))
            ],
        }


def application_digest(document: JsonObject) -> bytes:
    """32 bytes over :meth:`Application.document`."""
    return sha256(_DIGEST_DOMAIN + canonical(document))


def confirmation_message(institution_id: str, digest: bytes) -> bytes:
    """What an applicant's submitter key (Ed25519) signs."""
    return _MESSAGE_DOMAIN + institution_id.encode() + b"\x00" + digest
