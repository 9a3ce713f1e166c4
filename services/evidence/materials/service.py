"""Materials: announce, receive part by part, complete, give out, sweep.

An upload's bytes exist sealed only, from the first chunk on. It becomes a material in one transaction, after its file
is durably stored under its final name; until that commit it is an upload that can be completed again, whatever
happens to the process. What a crash leaves behind is found by the sweep (:mod:`upkeep`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy.orm import Session

from chain.proof.digest import FileDigest, keyed_address
from chain.proof.manifest import FileEntry
from services.evidence.materials import repository, rules, upkeep
from services.evidence.materials.details import Announced, open_sealer, read_details, seal_details
from services.evidence.materials.errors import Damaged, DigestMismatch, UploadIncomplete
from services.evidence.materials.models import MaterialRow, ObjectRow
from services.evidence.materials.sealed import CHUNK, Sealer, check_header, place_of, read_range, sealed_size
from services.evidence.materials.spool import Spool, Upload
from services.evidence.materials.store import Store, name_of
from services.evidence.materials.uses import Files, require_readable
from services.platform import idempotency
from services.platform.atrest import Vault, aad
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, Invalid, NotFound
from services.platform.failpoints import hit
from services.platform.idempotency import Once
from services.platform.ids import new_id
from services.platform.logging import get_logger

__all__ = ["Announced", "Content", "Limits", "MaterialView", "Materials"]

_RESOURCE = "material"
_log = get_logger("materials")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaterialView:
    """A material; `digest` once it is stored. Times in UTC milliseconds, sizes in bytes."""

    id: str
    institution_id: str
    name: str
    media_type: str
    size: int
    offset: int
    digest: FileDigest | None
    created_at: int
    stored_at: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """A material's bytes from `start` to before `stop`, opened as they are taken; Damaged ends them."""

    view: MaterialView
    start: int
    stop: int
    pieces: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class Limits:
    """The largest file (bytes), and after how many days an abandoned upload is forgotten."""

    max_bytes: int
    upload_days: int


class Materials:
    """All methods block and may be called from any thread; who may call them is decided before."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        vault: Vault,
        spool: Spool,
        store: Store,
        limits: Limits,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._spool = spool
        self._store = store
        self._limits = limits
        self._fence = fence
        self.files = Files(database, clock, store=store, fence=fence)

    def announce(self, institution_id: str, said: Announced, *, once: Once | None = None) -> MaterialView:
        """Begins an upload. Invalid with the field and reason, TooLarge, IdempotencyKeyReused."""
        rules.check_announced(name=said.name, media_type=said.media_type, size=said.size, limit=self._limits.max_bytes)
        now, material_id, upload_id = self._clock.ms(), new_id("mat"), new_id("obj")
        with self._database.write() as session:
            self._fence(session)
            before = once and idempotency.begin(
                session,
                institution_id,
                once.key,
                once.digest,
                resource_type=_RESOURCE,
                resource_id=material_id,
                now_ms=now,
            )
            if before:
                return self._view(session, self._readable(session, institution_id, before.resource_id))
            row = MaterialRow(
                id=material_id,
                institution_id=institution_id,
                size=said.size,
                details=seal_details(self._vault, session, (institution_id, material_id), said, None),
                upload_id=upload_id,
                key=self._new_key(session, institution_id, upload_id),
                created_at=now,
                touched_at=now,
            )
            repository.add(session, row)
            return self._view(session, row)

    @contextmanager
    def receive(self, institution_id: str, material_id: str, *, offset: int, length: int | None) -> Iterator[Upload]:
        """The upload, to append chunks of 1 MiB (the last one: the rest) from `offset` on.

        NotFound, Conflict (stored already), UploadBusy, OffsetMismatch, Invalid; StorageFull when appending.
        """
        with self._open(institution_id, material_id) as (row, upload):
            rules.check_part(offset=offset, received=upload.offset, size=row.size, length=length)
            upload.digester()
            with self._database.write() as session:
                self._fence(session)
                repository.touch(session, row.id, self._clock.ms())
            yield upload

    def complete(self, institution_id: str, material_id: str, meant: FileDigest) -> MaterialView:
        """Makes a complete upload a stored material; repeating it gives the same answer.

        UploadIncomplete (cut off), DigestMismatch (the upload is discarded), StorageFull, Conflict, NotFound.
        """
        stored = self._stored_before(institution_id, material_id, meant)
        if stored is not None:
            return stored
        try:
            with self._open(institution_id, material_id) as (row, upload):
                self._check(row, upload, meant)
                upload.sync()
                view = self._adopt(row, upload.digest())
        except DigestMismatch:
            self._discard(institution_id, material_id)
            raise
        self._spool.discard(row.upload_id or "")
        return view

    def get(self, institution_id: str, material_id: str) -> MaterialView:
        """One material of the institution. NotFound; 410 erased, 409 restricted with its record."""
        with self._database.read() as session:
            return self._view(session, self._readable(session, institution_id, material_id))

    def owner_of(self, material_id: str) -> str:
        """Whose it is. NotFound."""
        with self._database.read() as session:
            row = repository.material(session, material_id)
        if row is None:
            raise NotFound("There is no such material.")
        return row.institution_id

    def list(self, institution_id: str, *, after: str | None = None, limit: int = 50) -> Sequence[MaterialView]:
        """The institution's materials, oldest first, keyset by `after` (a material id)."""
        with self._database.read() as session:
            rows = repository.page(session, institution_id, after=after, limit=limit)
            return [self._view(session, row) for row in rows]

    def content(self, institution_id: str, material_id: str, *, wanted: str | None = None) -> Content:
        """The stored bytes, all or those of the header `wanted` (Range).

        NotFound, Conflict, Invalid(Range), Damaged; 410 erased, 409 restricted with its record.

        What can be seen of damage at once is said at once; a damaged chunk later breaks the iterator off before any
        byte of it is given out.
        """
        with self._database.read() as session:
            row = self._readable(session, institution_id, material_id)
            stored = repository.object_row(session, row.object_id) if row.object_id else None
            if stored is None:
                raise Conflict("The material is still being uploaded.", slug="material-incomplete")
            view = self._view(session, row)
            sealer = open_sealer(self._vault, session, institution_id, stored.key, stored.id)
        start, stop = rules.parse_range(wanted, row.size) or (0, row.size)
        name = name_of(stored.address, stored.id)
        return Content(view, start, stop, self._pieces(view, name, sealer, start, stop))

    def check_manifest(self, institution_id: str, files: Sequence[FileEntry]) -> None:
        """Whether the files that a manifest says lie here do, and are these. Invalid names the first that is not."""
        with self._database.read() as session:
            for index, each in enumerate(files):
                if each.material is None:
                    continue
                row = repository.material(session, each.material)
                mine = row is not None and row.institution_id == institution_id and row.object_id is not None
                if row is None or not mine or self._view(session, row).digest != each.digest:
                    path = f"/record/body/files[{index}]/material"
                    raise Invalid(path, "No stored material of this institution has this id, size and digests.")

    def sweep(self) -> None:
        """Forgets uploads nobody continued, and removes files that nothing refers to."""
        upkeep.sweep(self._database, self._clock.ms(), self._limits.upload_days, fence=self._fence,
                     spool=self._spool, store=self._store)  # fmt: skip

    # --- an upload's way to the store

    @contextmanager
    def _open(self, institution_id: str, material_id: str) -> Iterator[tuple[MaterialRow, Upload]]:
        with self._database.read() as session:
            row = self._own(session, institution_id, material_id)
            if row.upload_id is None or row.key is None:
                raise Conflict("The material is stored; it takes no more bytes.", slug="material-stored")
            sealer = open_sealer(self._vault, session, institution_id, row.key, row.upload_id)
        with self._spool.open(row.upload_id, size=row.size, sealer=sealer) as upload:
            yield row, upload

    @staticmethod
    def _check(row: MaterialRow, upload: Upload, meant: FileDigest) -> None:
        if meant.size != row.size:
            raise Invalid("/size", f"The file was announced with {row.size} bytes.")
        if row.size == 0 and not upload.done:
            upload.append(b"")
        if not upload.done:
            raise UploadIncomplete(upload.offset, row.size)
        found = upload.digest()
        if found != meant:
            raise DigestMismatch("SHA-256" if found.sha256 != meant.sha256 else "SM3")

    def _adopt(self, row: MaterialRow, digest: FileDigest) -> MaterialView:
        address = keyed_address(self._address_key(row.institution_id), digest)
        with self._database.read() as session:
            twin = repository.object_at(session, row.institution_id, address)
        sound = twin is not None and self._store.size(name_of(address, twin.id)) == sealed_size(row.size)
        if not sound:
            hit("material.before-store")
            self._store.put(name_of(address, row.upload_id or ""), self._spool.path(row.upload_id or ""))
            hit("material.after-store")
        with self._database.write() as session:
            self._fence(session)
            view = self._commit(session, row, digest, address, damaged=twin.id if twin and not sound else None)
        hit("material.after-commit")
        return view

    def _commit(
        self, session: Session, row: MaterialRow, digest: FileDigest, address: bytes, *, damaged: str | None
    ) -> MaterialView:
        own = self._object(row, address)
        if damaged is not None:
            repository.replace_object(session, damaged, own)
        else:
            repository.add_object(session, own)
        stored = repository.object_at(session, row.institution_id, address)
        said = read_details(self._vault, session, row)[0]
        details = seal_details(self._vault, session, (row.institution_id, row.id), said, digest)
        if stored is None or not repository.adopt(
            session, row.id, object_id=stored.id, details=details, now_ms=self._clock.ms()
        ):
            raise Conflict("Another request completed or discarded this upload.", slug="upload-busy")
        session.expire_all()
        return self._view(session, self._own(session, row.institution_id, row.id))

    def _object(self, row: MaterialRow, address: bytes) -> ObjectRow:
        return ObjectRow(
            id=row.upload_id,
            institution_id=row.institution_id,
            address=address,
            size=row.size,
            key=row.key,
            stored_at=self._clock.ms(),
        )

    def _stored_before(self, institution_id: str, material_id: str, meant: FileDigest) -> MaterialView | None:
        view = self.get(institution_id, material_id)
        if view.digest is None:
            return None
        if view.digest != meant:
            raise Conflict("The material is stored, with other digests.", slug="material-stored")
        return view

    def _discard(self, institution_id: str, material_id: str) -> None:
        with self._database.write() as session:
            self._fence(session)
            row = self._own(session, institution_id, material_id)
            upload_id = row.upload_id
            repository.forget(session, material_id)
        if upload_id is not None:
            self._spool.discard(upload_id)

    # --- what is encrypted

    def _pieces(self, view: MaterialView, name: str, sealer: Sealer, start: int, stop: int) -> Iterator[bytes]:
        length = self._store.size(name)
        if length != sealed_size(view.size):
            _log.error("material_damaged", material=view.id, expected=sealed_size(view.size), found=length)
            raise Damaged("it is gone" if length is None else "it does not have its length")
        pieces = self._proven(view.id, name, sealer, (view.size, start, stop))
        return chain((next(pieces),), pieces)  # so that damage at the beginning is answered before any header

    def _proven(self, material_id: str, name: str, sealer: Sealer, span: tuple[int, int, int]) -> Iterator[bytes]:
        size, start, stop = span
        try:
            with closing(self._store.open(name, place_of(start // CHUNK) if start >= CHUNK else 0)) as file:
                if start < CHUNK:
                    check_header(file)
                yield from read_range(file, sealer, size, start, stop)
        except Damaged as error:
            _log.error("material_damaged", material=material_id, detail=error.detail)
            raise

    def _new_key(self, session: Session, institution_id: str, object_id: str) -> bytes:
        key = AESGCM.generate_key(256)
        return self._vault.encrypt(session, institution_id, key, aad("material-key", object_id))

    def _address_key(self, institution_id: str) -> bytes:
        bound = aad("material-address-key", institution_id)
        with self._database.read() as session:
            found = repository.address_key(session, institution_id)
            if found is not None:
                return self._vault.decrypt(session, institution_id, found, bound)
        with self._database.write() as session:
            self._fence(session)
            fresh = self._vault.encrypt(session, institution_id, AESGCM.generate_key(256), bound)
            repository.put_address_key(session, institution_id, fresh, self._clock.ms())
            kept = repository.address_key(session, institution_id) or fresh
            return self._vault.decrypt(session, institution_id, kept, bound)

    def _readable(self, session: Session, institution_id: str, material_id: str) -> MaterialRow:
        row = self._own(session, institution_id, material_id)
        require_readable(session, material_id, row.erased_at)
        return row

    def _own(self, session: Session, institution_id: str, material_id: str) -> MaterialRow:
        row = repository.material(session, material_id)
        if row is None or row.institution_id != institution_id:
            raise NotFound("There is no such material.")
        return row

    def _view(self, session: Session, row: MaterialRow) -> MaterialView:
        said, digest = read_details(self._vault, session, row)
        return MaterialView(
            id=row.id,
            institution_id=row.institution_id,
            name=said.name,
            media_type=said.media_type,
            size=row.size,
            offset=row.size if row.upload_id is None else self._spool.offset(row.upload_id, row.size),
            digest=digest,
            created_at=row.created_at,
            stored_at=row.stored_at,
        )
