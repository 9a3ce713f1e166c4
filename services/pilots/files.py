"""The door to what materials (申报材料) consist of, for who may read the application. Not public (不对社会公开)."""

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.errors import FormatError
from chain.proof.manifest import FileEntry, read_manifest
from services.evidence.materials.service import Content
from services.identity.policy import Principal
from services.pilots import access, repository
from services.pilots.dossier.desk import StoredFiles
from services.pilots.models import MaterialRow, ProjectRow
from services.pilots.parts import Parts
from services.pilots.projects.submitting import submitted
from services.pilots.readings import Readings
from services.pilots.views import MaterialFiles
from services.platform.errors import Conflict, NotFound

__all__ = ["FileDesk"]


class FileDesk:
    """An application is read by its applicants and, once submitted, by who decides on it in its region."""

    def __init__(self, parts: Parts, files: StoredFiles) -> None:
        self._parts = parts
        self._files = files
        self._readings = Readings(parts)

    def material(self, caller: Principal, project_id: str, manifest_id: str) -> MaterialFiles:
        """The files that a material's manifest names; that another than an applicant looks is noted first. NotFound."""
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id, "pilot.application")
            noting = self._readings.needed(session, caller, project)
            view = self._parts.materials.view(session, self._bound(session, project, manifest_id, drafts=not noting))
        if noting:
            said: JsonObject = {"of": "material", "code": view.code, "version": view.version, "manifest": manifest_id}
            said["institution"] = view.institution_id
            self._readings.note(caller, project_id, manifest_id, said)
        return MaterialFiles(view, self._entries(manifest_id))

    def content(
        self, caller: Principal, project_id: str, manifest_id: str, place: int, *, wanted: str | None
    ) -> Content:
        """One stored file of a material, by its place in the manifest from 1 (``wanted``: a Range header).

        NotFound when it is not stored here; Conflict ``reading-not-noted`` before :meth:`material` was asked.
        """
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id, "pilot.application")
            needed = self._readings.needed(session, caller, project)
            owner = self._bound(session, project, manifest_id, drafts=not needed).institution_id
            if needed and not self._readings.noted(session, caller, project_id, manifest_id):
                raise Conflict(
                    f"Open the material first (GET /v1/pilots/{project_id}/materials/{manifest_id}): that it is read "
                    "is noted in the project's timeline.",
                    slug="reading-not-noted",
                )
        entries = self._entries(manifest_id)
        material = entries[place - 1].material if 1 <= place <= len(entries) else None
        if material is None:
            raise NotFound("There is no such file here; the manifest's digests tell the right one by its bytes.")
        return self._files.content_of(owner, material, wanted=wanted)

    def _bound(self, session: Session, project: ProjectRow, manifest_id: str, *, drafts: bool) -> MaterialRow:
        """The newest binding of this manifest to the project; only one that was submitted, without ``drafts``."""
        known = repository.material_versions(session, project.id)
        found = [each for each in known if each.manifest_id == manifest_id]
        if found and not drafts:
            done = submitted(session, project, self._parts.book(session, project), self._parts.checking.content)
            found = [each for each in found if done.has(each)]
        if not found:
            raise NotFound("The project has no material with this manifest.")
        return found[-1]

    def _entries(self, manifest_id: str) -> tuple[FileEntry, ...]:
        try:
            return tuple(read_manifest(dict(self._parts.checking.content(manifest_id))))
        except FormatError:  # erased
            return ()
