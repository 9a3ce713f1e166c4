"""What manifests that were put back need of the stored files that are still there."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof import manifest
from chain.proof.errors import FormatError
from services.evidence.materials import uses_repository as repository
from services.evidence.recovery.plan import Told
from services.platform.rows_repository import insert_rows

__all__ = ["rebuild"]


def rebuild(session: Session, told: Sequence[Told]) -> None:
    """Claims of recovered manifests on materials that this database has; again, nothing changes."""
    for each in told:
        if each.type_name != manifest.TYPE or repository.used_by(session, each.record_id):
            continue
        try:
            files = manifest.read_manifest(each.document["body"])
        except FormatError:
            continue  # a submitted record of this type need not be a manifest of stored files
        named = sorted({file.material for file in files if file.material is not None})
        there = repository.usable(session, each.institution_id, named) if named else set()
        rows = [{"record_id": each.record_id, "material_id": one} for one in named if one in there]
        insert_rows(session, repository.USES, rows)
