"""The door to dossiers: who gets what, and the archive as it is written."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy.orm import Session

from chain.errors import ChainError
from chain.proof import dossier as format_
from chain.proof.dossier import Index
from chain.proof.errors import FormatError, ProofError
from chain.proof.manifest import read_manifest
from chain.proof.receipt import Receipt, parse_receipt
from services.evidence.inclusion import frozen_origin
from services.evidence.materials.service import Content
from services.identity.policy import Principal
from services.pilots import access, repository
from services.pilots.dossier.chain_word import ChainWord, Word, read_word
from services.pilots.dossier.packing import Packing
from services.pilots.dossier.report import Contents, write_report
from services.pilots.models import MaterialRow, ProjectRow
from services.pilots.parts import Parts
from services.pilots.projects.submitting import submitted
from services.pilots.readings import Readings
from services.pilots.reads import event_view
from services.pilots.views import EventView, ProjectView
from services.platform.errors import NotFound, RegsealError
from services.platform.ids import bytes16

__all__ = ["DossierDesk", "StoredFiles"]

DOSSIER = "dossier"
"""What the fact of a reading says that was read."""
_WITHHELD = ("record-erased", "record-restricted")


class StoredFiles(Protocol):
    """Stored materials as :class:`services.identity.materials.MaterialDesk` gives them out."""

    def content(self, caller: Principal, material_id: str, *, wanted: str | None) -> Content:
        """The bytes; NotFound when they are not the caller's to read."""
        ...

    def content_of(self, owner_id: str, material_id: str, *, wanted: str | None) -> Content:
        """The bytes of a file of its owner; whose they are to read was decided."""
        ...


@dataclass(frozen=True, slots=True)
class _Event:
    """One event: whether the caller reads it, and the records that it names (those that the caller owns)."""

    view: EventView
    readable: bool
    names: tuple[tuple[str, bool], ...]


@dataclass(slots=True)
class _Plan:
    """What was decided before the first byte is written."""

    caller: Principal
    project: ProjectView
    stream: bytes
    events: tuple[_Event, ...]
    forms: tuple[int, ...]
    files: bool
    has: Contents
    word: Word | None = None
    shown: dict[str, bool] = field(default_factory=dict)


class DossierDesk:
    """Reads rows when it is asked, then writes as it is read; nothing of a dossier is kept."""

    def __init__(self, parts: Parts, chain: ChainWord, files: StoredFiles) -> None:
        self._parts = parts
        self._chain = chain
        self._stored = files
        self._readings = Readings(parts)

    def open(self, caller: Principal, project_id: str, *, files: bool) -> Iterator[bytes]:
        """The archive of a project, piece by piece. NotFound when it is not the caller's affair.

        That another than an applicant who reads the application fetches it is noted before, once a day; a frozen log
        takes no note, and what it has is handed out all the same.
        Records are shown to whom the timeline shows their content; the application form and manifests to whom the
        application is shown; documents and files to whom they belong, files also to the region's auditors.
        """
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            reads = Readings.needed(session, caller, row) and access.may(session, caller, "pilot.application", row)
            noted = reads and frozen_origin(session, row.log_id) is None
        if noted:
            self._readings.note(caller, project_id, DOSSIER, {"of": DOSSIER})
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            plan = self._plan(session, caller, row, files=files)
            blocks = [each.view.block_number for each in plan.events if each.view.block_number is not None]
        if blocks:
            project = bytes16(project_id)
            name = self._parts.chain
            plan.word = read_word(self._chain, name, project, opened_in=min(blocks), moved_in=max(blocks))
        return self._write(plan)

    def _plan(self, session: Session, caller: Principal, row: ProjectRow, *, files: bool) -> _Plan:
        readable = access.may(session, caller, "pilot.application", row)
        forms, materials, withheld = self._application(session, caller, row)
        manifests = {each.record_id: each.manifest_id for each in materials}
        found: list[_Event] = []
        for event in repository.events(session, row.id):
            names = [(each["record"], event.actor_id == caller.institution_id) for each in event.evidence or ()]
            if event.record_id in manifests:
                names.append((manifests[event.record_id], readable))
            seen = event.record_id not in withheld and access.may_read(session, caller, row, event)
            found.append(_Event(event_view(event, row), seen, tuple(names)))
        has = Contents(made_at=self._parts.clock.ms(), audience=_audience(session, caller, row))
        view = self._parts.reads.project(session, row)
        return _Plan(caller, view, row.stream, tuple(found), forms if readable else (), files, has)

    def _application(
        self, session: Session, caller: Principal, row: ProjectRow
    ) -> tuple[tuple[int, ...], Sequence[MaterialRow], set[str]]:
        """The versions of the form, the materials, and the records of others' versions that were not submitted."""
        materials = repository.material_versions(session, row.id)
        if caller.institution_id in repository.applicants(session, row.id):
            return tuple(range(1, row.draft_version + 1)), materials, set()
        done = submitted(session, row, self._parts.book(session, row), self._parts.checking.content)
        return done.versions, [each for each in materials if done.has(each)], done.withheld(session, row)

    def _write(self, plan: _Plan) -> Iterator[bytes]:
        packing, has = Packing(), plan.has
        yield from self._events(packing, plan)
        manifests: dict[str, Receipt] = {}
        for record, private in sorted(plan.shown.items()):
            receipt = self._receipt(record, private=private)
            if receipt is not None:
                has.records += 1
                yield packing.add(format_.record_name(record), receipt[0])
                if receipt[1].record is not None:
                    manifests[record] = receipt[1]
        for version in plan.forms:
            form = self._form(plan, version)
            if form is not None:
                has.forms += 1
                yield packing.add(format_.form_name(version), form)
        if plan.files:
            for record, manifest in manifests.items():
                yield from self._files(packing, plan, record, manifest)
        yield from self._closing(packing, plan)

    def _events(self, packing: Packing, plan: _Plan) -> Iterator[bytes]:
        """The receipts in the order of the stream, up to the first event that no checkpoint covers yet."""
        for event in plan.events:
            receipt = self._receipt(event.view.record_id, private=event.readable)
            if receipt is None:
                return
            data, parsed = receipt
            plan.has.events, plan.has.origin = event.view.seq + 1, parsed.origin
            if plan.word is not None:
                plan.word.see(parsed)
            if parsed.record is not None:
                plan.has.shown += 1
                for record, private in event.names:
                    plan.shown[record] = plan.shown.get(record, False) or private
            yield packing.add(format_.event_name(event.view.seq), data)

    def _receipt(self, record_id: str, *, private: bool) -> tuple[bytes, Receipt] | None:
        """The private receipt where there is one for the caller, else the public one; None before a checkpoint."""
        evidence = self._parts.evidence
        try:
            data = evidence.receipt(record_id, private=private)
        except RegsealError as error:
            if error.slug == "not-sealed":
                return None
            if error.slug not in _WITHHELD:
                raise
            data = evidence.receipt(record_id, private=False)
        return data, parse_receipt(data)

    def _form(self, plan: _Plan, version: int) -> bytes | None:
        with self._parts.database.read() as session, suppress(NotFound):
            row = access.require(session, plan.caller, plan.project.id)
            return self._parts.forms.content(session, row, version)
        return None

    def _files(self, packing: Packing, plan: _Plan, record: str, receipt: Receipt) -> Iterator[bytes]:
        document = receipt.record.document if receipt.record else None
        body = document.get("body") if isinstance(document, dict) else None
        try:
            entries = read_manifest(body)
        except FormatError:
            return  # a document that is no manifest
        for place, entry in enumerate(entries, 1):
            content = self._content(plan.caller, entry.material)
            if content is not None:
                plan.has.files += 1
                yield from packing.stream(format_.file_name(record, place, entry.name), content.pieces)

    def _content(self, caller: Principal, material: str | None) -> Content | None:
        if material is not None:
            with suppress(RegsealError):  # not the caller's to read, or not there any more
                return self._stored.content(caller, material, wanted=None)
        return None

    def _closing(self, packing: Packing, plan: _Plan) -> Iterator[bytes]:
        """What can be said only at the end: the chain's word, the report, and the index."""
        has, last = plan.has, None
        try:
            said = plan.word.part(self._chain) if plan.word is not None else None
        except (ChainError, ProofError):
            said = None
        if said is not None:
            part, extent = said
            has.count, last = extent.count, extent.last_leaf
            yield packing.add(format_.CHAIN, format_.format_chain(part))
        yield packing.add(format_.REPORT, write_report(plan.project, [each.view for each in plan.events], has))
        index = Index(
            project=plan.project.id,
            origin=has.origin,
            stream=plan.stream,
            events=has.events,
            audience=has.audience,
            made_at=has.made_at,
            count=has.count,
            last_leaf=last,
        )
        yield packing.add(format_.INDEX, format_.format_index(index))
        yield packing.close()


def _audience(session: Session, caller: Principal, row: ProjectRow) -> str:
    if caller.institution_id in repository.applicants(session, row.id):
        return "applicant"
    return "body" if access.may(session, caller, "pilot.decide", row) else "auditor"
