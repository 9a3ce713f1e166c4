"""Stored files against the rows that name them, and manifests against both.

Whether each content is there with its length is always asked; ``deep`` reads every byte: each chunk must open at its
place under its file's key, which it does neither at another place, nor in another file, nor changed, and the whole must
have the digests of its materials and the address that names it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from itertools import groupby

from sqlalchemy.orm import Session

from chain.proof.digest import Digester, FileDigest, keyed_address
from chain.proof.errors import ProofError
from chain.proof.manifest import FileEntry, read_manifest
from chain.proof.types import BY_NAME
from services.evidence.fsck import files_repository as repository
from services.evidence.fsck.files_repository import Place
from services.evidence.fsck.findings import Finding, Report
from services.evidence.materials import repository as materials
from services.evidence.materials.details import open_sealer, read_details
from services.evidence.materials.errors import Damaged
from services.evidence.materials.models import MaterialRow, ObjectRow
from services.evidence.materials.sealed import (
    CHUNK,
    HEADER,
    check_header,
    chunk_count,
    chunks,
    place_of,
    sealed_size,
)
from services.evidence.materials.store import Store, name_of, object_of
from services.evidence.materials.uses_repository import used_by
from services.evidence.models import RecordRow
from services.evidence.records import StoredRecord
from services.evidence.submission import record_aad
from services.platform.atrest import Vault, aad
from services.platform.errors import RegsealError, Unavailable

__all__ = ["FileCheck"]

_MANIFEST = BY_NAME["material.manifest"].code
_NOWHERE = "materials"
_STRANGE = "the chunk does not open: changed, or of another place, another file or another institution"
Fresh = Callable[[], AbstractContextManager[Session]]


@dataclass(frozen=True, slots=True)
class _Fault:
    """What is wrong with a content: its kind, in words, and the chunk, if it is one."""

    kind: str
    detail: str
    chunk: int | None = None


class FileCheck:
    """``fresh`` opens a newer snapshot: what came or went since the first one is nobody's fault."""

    def __init__(self, store: Store, vault: Vault, fresh: Fresh, report: Report, *, deep: bool) -> None:
        self._store = store
        self._vault = vault
        self._fresh = fresh
        self._report = report
        self._deep = deep

    def run(self, session: Session) -> None:
        """Everything. What the store does not answer is said to be incomplete."""
        self._check_manifests(session)
        try:
            self._check_contents(session)
        except RegsealError as error:
            self._report.incomplete.append(f"the store of the materials cannot be asked: {error.detail}")

    # contents

    def _check_contents(self, session: Session) -> None:
        """Folder by folder, so that neither rows nor names are in memory all at once."""
        folders = groupby(self._store.entries(), key=lambda entry: entry.name.partition("/")[0])
        ahead = next(folders, None)
        for folder in range(256):
            listed: dict[str, int] = {}
            while ahead is not None and ahead[0] <= f"{folder:02x}":
                listed |= {entry.name: entry.size for entry in ahead[1]}
                ahead = next(folders, None)
            self._check_folder(session, folder, listed)
        for _, entries in (ahead, *folders) if ahead is not None else ():
            for entry in entries:
                self._check_stranger(entry.name)

    def _check_folder(self, session: Session, folder: int, listed: dict[str, int]) -> None:
        for row in repository.objects_in(session, folder):
            name = name_of(row.address, row.id)
            length = listed.pop(name, None)
            length = self._store.size(name) if length is None else length
            faults = list(self._faults(session, row, name, length))
            if faults and self._still(row.id):
                for fault in faults:
                    self._tell(session, row, fault)
            self._report.count("stored files", 1)
        for name in listed:
            self._check_stranger(name)

    def _faults(self, session: Session, row: ObjectRow, name: str, length: int | None) -> Iterator[_Fault]:
        expected = sealed_size(row.size)
        if length is None:
            yield _Fault("file-missing", "the store has nothing under its name")
            return
        if length != expected:
            yield _Fault("file-length", f"it has {length} bytes instead of {expected}", _whole(length, row.size))
        if self._deep:
            yield from self._deep_faults(session, row, name, length)

    def _deep_faults(self, session: Session, row: ObjectRow, name: str, length: int) -> Iterator[_Fault]:
        try:
            sealer = open_sealer(self._vault, session, row.institution_id, row.key, row.id)
        except Unavailable as error:
            yield _Fault("material-row", f"its file key does not open: {error.detail}")
            return
        digester, broken = Digester(), False
        with closing(self._store.open(name, 0)) as file:
            try:
                check_header(file)
            except Damaged as error:
                broken = True
                yield _Fault("file-damaged", error.detail or "its header is not one")
            for index, content in enumerate(chunks(file, sealer, row.size)):
                digester.update(content or b"")
                if content is None:
                    broken = True
                    yield _Fault("file-damaged", _STRANGE, index)
        self._report.count("bytes of files", row.size)
        if not broken and length == sealed_size(row.size):
            yield from self._digest_faults(session, row, digester.result())

    def _digest_faults(self, session: Session, row: ObjectRow, found: FileDigest) -> Iterator[_Fault]:
        """All chunks are what was sealed; whether they are what was meant."""
        wrapped = materials.address_key(session, row.institution_id)
        try:
            bound = aad("material-address-key", row.institution_id)
            key = self._vault.decrypt(session, row.institution_id, wrapped or b"", bound)
            if keyed_address(key, found) != row.address:
                yield _Fault("file-differs", "its address is not that of its content")
        except Unavailable as error:
            yield _Fault("material-row", f"the institution's address key does not open: {error.detail}")
        for each in repository.materials_of(session, row.id):
            if self._digest_of(session, each) != found:
                yield _Fault("file-differs", f"its content is not that of {each.id}")

    def _still(self, object_id: str) -> bool:
        with self._fresh() as now:
            return now.get(ObjectRow, object_id) is not None

    def _tell(self, session: Session, row: ObjectRow, fault: _Fault) -> None:
        named: Sequence[MaterialRow | None] = repository.materials_of(session, row.id) or [None]
        for material in named:
            where = repository.place_of_use(session, material.id) if material else None
            begin = None if fault.chunk is None else fault.chunk * CHUNK
            end = None if begin is None else (begin + CHUNK if fault.kind == "file-damaged" else row.size)
            self._found(
                fault.kind,
                f"{fault.detail}; stored as {name_of(row.address, row.id)}",
                where,
                material_id=material.id if material else None,
                chunk=fault.chunk,
                bytes=None if begin is None or end is None else (begin, min(end, row.size)),
            )

    def _check_stranger(self, name: str) -> None:
        object_id = object_of(name)
        with self._fresh() as now:
            if repository.is_expected(now, object_id) or self._store.size(name) is None:
                return
            stone = repository.tombstone(now, object_id)
        if stone is None:
            self._found("file-orphan", f"nobody refers to {name}; the service's sweep removes it", None)
        elif stone.destroyed_at is None:
            self._report.remarks.append(f"{name} was erased with {stone.record_id} and waits for its job to remove it")
        else:
            self._found("file-not-destroyed", f"{name} was erased with {stone.record_id}, and is there", None)

    # manifests

    def _check_manifests(self, session: Session) -> None:
        for row, origin in repository.manifests(session, _MANIFEST):
            where, files = Place(row.id, origin, row.idx), self._files_of(session, row)
            named = {each.material for each in files if each.material is not None}
            for each in files:
                self._check_entry(session, row, where, each)
            for left in sorted(named ^ set(used_by(session, row.id))):
                detail = "the rows that keep files for records and the manifest do not agree about it"
                self._found("material-row", detail, where, material_id=left)
            self._report.count("manifests", 1)
            session.expunge(row)

    def _files_of(self, session: Session, row: RecordRow) -> Sequence[FileEntry]:
        try:
            plain = self._vault.decrypt(session, row.institution_id, row.ciphertext, record_aad(row.id))
            return read_manifest(StoredRecord.unpack(plain).document()["body"])
        except (Unavailable, ProofError, ValueError, KeyError):
            return ()  # reported with the records

    def _check_entry(self, session: Session, row: RecordRow, where: Place, entry: FileEntry) -> None:
        if entry.material is None:
            return
        found = repository.material(session, entry.material)
        if found is None or found.institution_id != row.institution_id or found.object_id is None:
            detail = "erased" if found is not None and found.erased_at is not None else "not there"
            self._found("material-missing", f"{entry.place} is {detail}", where, material_id=entry.material)
        elif self._digest_of(session, found) != entry.digest:
            detail = f"size or digests are not those that the manifest gives {entry.place}"
            self._found("material-row", detail, where, material_id=entry.material)

    def _digest_of(self, session: Session, row: MaterialRow) -> FileDigest | None:
        try:
            return read_details(self._vault, session, row)[1]
        except (Unavailable, ProofError):
            return None

    def _found(self, kind: str, detail: str, where: Place | None, **located: object) -> None:
        finding = Finding(
            kind=kind,
            origin=where.origin if where else _NOWHERE,
            detail=detail,
            first=where.at if where else None,
            end=where.at + 1 if where else None,
            record_id=where.record_id if where else None,
            **located,  # type: ignore[arg-type]
        )
        self._report.add(finding)


def _whole(length: int, size: int) -> int | None:
    """The first chunk that a file of this length does not have whole."""
    return min(max(0, length - len(HEADER)) // (place_of(1) - place_of(0)), chunk_count(size) - 1)
