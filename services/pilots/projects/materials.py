"""Materials (申报材料) of a project by their codes: each version bound to a manifest record of an applicant."""

import json
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof import manifest
from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import BY_NAME
from services.evidence.group import Group
from services.evidence.receipts import RecordView
from services.pilots import repository
from services.pilots.models import MaterialRow, ProjectRow
from services.pilots.projects.formats import MaterialDetails
from services.pilots.stream import Entry, Evidence, Stream
from services.pilots.views import MaterialView
from services.platform.atrest import Vault, aad
from services.platform.errors import Invalid

__all__ = ["MaterialRequest", "ProjectMaterials", "check_manifest_record", "details_aad"]

_MANIFEST = BY_NAME[manifest.TYPE].code


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialRequest:
    """A material: its code, the manifest's record, and what is said of it beside its files."""

    code: str
    manifest_id: str
    details: MaterialDetails


def check_manifest_record(record: RecordView, institution_id: str, field: str) -> None:
    """Invalid unless it is a manifest of this institution."""
    if record.institution_id != institution_id or record.type_code != _MANIFEST:
        raise Invalid(field, "Expected a material.manifest record of the own institution.")


class ProjectMaterials:
    """In units of the sequencer, but for what only reads."""

    def __init__(self, vault: Vault, stream: Stream) -> None:
        self._vault = vault
        self._stream = stream

    def add(
        self, group: Group, row: ProjectRow, actor: str, request: MaterialRequest, record: RecordView
    ) -> MaterialView:
        """The next version of a material; the earlier ones are kept."""
        session = group.session
        owner = request.details.applicant or ""
        before = repository.material_versions(session, row.id)
        version = 1 + sum((each.code, each.owner) == (request.code, owner) for each in before)
        details = request.details.model_dump(mode="json", exclude_none=True)
        said: JsonObject = {"code": request.code, "version": version, "institution": actor}
        said |= {"manifest": record.id, "manifest_leaf": to_hex(record.leaf_hash)}
        if details:
            said["details"] = details
        proof = Evidence(request.code, record.id, record.leaf_hash)
        event, _ = self._stream.append(group, row, Entry(name="material", actor=actor, content=said, evidence=(proof,)))
        made = MaterialRow(project_id=row.id, code=request.code, owner=owner, version=version)
        made.institution_id = actor
        made.manifest_id, made.manifest_leaf = record.id, record.leaf_hash
        made.details = self._vault.encrypt(session, actor, json.dumps(details).encode(), details_aad(made))
        made.record_id, made.created_at = event.record_id, group.now_ms
        repository.add(session, made)
        row.updated_at = group.now_ms
        return self.view(session, made)

    def view(self, session: Session, row: MaterialRow) -> MaterialView:
        """With who signed it."""
        details = json.loads(self._vault.decrypt(session, row.institution_id, row.details, details_aad(row)))
        return MaterialView(
            code=row.code,
            owner=row.owner or None,
            version=row.version,
            institution_id=row.institution_id,
            manifest_id=row.manifest_id,
            manifest_leaf=row.manifest_leaf,
            details=details,
            record_id=row.record_id,
            created_at=row.created_at,
        )


def details_aad(row: MaterialRow) -> bytes:
    """What binds the encrypted details to their row."""
    return aad("pilot-material", f"{row.project_id}/{row.code}/{row.owner}/{row.version}")
