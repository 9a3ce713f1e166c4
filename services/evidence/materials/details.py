"""What is encrypted in a material's row: what was said of the file, and its digests once it is stored."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.canonical import canonical, parse_json
from chain.proof.digest import FileDigest
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import FormatError
from services.evidence.materials.models import MaterialRow
from services.evidence.materials.sealed import Sealer
from services.platform.atrest import Vault, aad

__all__ = ["Announced", "open_sealer", "read_details", "seal_details"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """What a submitter says of a file before its first byte."""

    name: str
    media_type: str
    size: int


def seal_details(
    vault: Vault, session: Session, owner: tuple[str, str], said: Announced, digest: FileDigest | None
) -> bytes:
    """The row's ciphertext; ``owner``: the institution's id and the material's."""
    document = {"name": said.name, "media_type": said.media_type}
    if digest is not None:
        document |= {"sha256": to_hex(digest.sha256), "sm3": to_hex(digest.sm3)}
    return vault.encrypt(session, owner[0], canonical({**document}), aad("material", owner[1]))


def read_details(vault: Vault, session: Session, row: MaterialRow) -> tuple[Announced, FileDigest | None]:
    """What the row says. Unavailable, FormatError when it is not what was written."""
    document = parse_json(vault.decrypt(session, row.institution_id, row.details, aad("material", row.id)))
    if not isinstance(document, dict):
        raise FormatError("", "a material's details are an object")
    said = Announced(name=str(document.get("name")), media_type=str(document.get("media_type")), size=row.size)
    if "sha256" not in document:
        return said, None
    sha256, sm3 = (from_hex(document.get(each), each, 32) for each in ("sha256", "sm3"))
    return said, FileDigest(row.size, sha256, sm3)


def open_sealer(vault: Vault, session: Session, institution_id: str, key: bytes, object_id: str) -> Sealer:
    """The sealer of a file from its encrypted key. Unavailable when that does not open."""
    return Sealer(vault.decrypt(session, institution_id, key, aad("material-key", object_id)), object_id)
