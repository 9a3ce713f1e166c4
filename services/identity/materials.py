"""Materials as an institution meets them: the policy table in front of :class:`Materials`."""

from collections.abc import Iterator
from contextlib import contextmanager

from chain.proof.digest import FileDigest
from services.evidence.materials.service import Announced, Content, Materials, MaterialView
from services.evidence.materials.spool import Upload
from services.identity import policy, repository
from services.identity.policy import Principal, Target
from services.identity.views import Page
from services.platform.database import Database
from services.platform.errors import NotFound
from services.platform.idempotency import Once

__all__ = ["MaterialDesk"]


class MaterialDesk:
    """Who may store and read files. An auditor of the region reads them; only their owner writes."""

    def __init__(self, database: Database, materials: Materials) -> None:
        self._database = database
        self._materials = materials

    def announce(self, caller: Principal, said: Announced, *, once: Once | None) -> MaterialView:
        """Begins an upload of the caller's institution."""
        policy.require(caller, "material.store")
        return self._materials.announce(caller.institution_id, said, once=once)

    @contextmanager
    def receive(self, caller: Principal, material_id: str, *, offset: int, length: int | None) -> Iterator[Upload]:
        """The upload, to append to."""
        policy.require(caller, "material.store")
        with self._materials.receive(caller.institution_id, material_id, offset=offset, length=length) as upload:
            yield upload

    def complete(self, caller: Principal, material_id: str, meant: FileDigest) -> MaterialView:
        """Makes an upload a stored material."""
        policy.require(caller, "material.store")
        return self._materials.complete(caller.institution_id, material_id, meant)

    def get(self, caller: Principal, material_id: str) -> MaterialView:
        """One material. NotFound when it is not the caller's to read."""
        return self._materials.get(self._readable(caller, material_id), material_id)

    def list(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[MaterialView]:
        """The materials of the caller's institution, oldest first."""
        policy.require(caller, "material.read")
        found = self._materials.list(caller.institution_id, after=cursor, limit=limit + 1)
        items = tuple(found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def content(self, caller: Principal, material_id: str, *, wanted: str | None) -> Content:
        """A stored file's bytes."""
        return self._materials.content(self._readable(caller, material_id), material_id, wanted=wanted)

    def content_of(self, owner_id: str, material_id: str, *, wanted: str | None) -> Content:
        """A stored file's bytes for a context that has decided who reads it (a pilot's materials). NotFound."""
        return self._materials.content(owner_id, material_id, wanted=wanted)

    def sweep(self) -> None:
        """The job: forgets abandoned uploads and removes files that nothing refers to."""
        self._materials.sweep()

    def _readable(self, caller: Principal, material_id: str) -> str:
        """Whose it is; answers alike for what does not exist and for what is not the caller's to read."""
        policy.require(caller, "material.read")
        owner = self._materials.owner_of(material_id)
        with self._database.read() as session:
            row = repository.institution(session, owner)
        if not policy.allowed(caller, "material.read", Target(owner, row.region if row else -1)):
            raise NotFound("There is no such material.")
        return owner
