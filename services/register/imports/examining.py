"""The check of an import as a job (导入检查): reads the files, writes the report, prepares the groups.

Nothing of the register is touched. A check that was cut off is made anew from the beginning.
"""

import io
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, canonical, parse_json
from services.days import on
from services.evidence.group import Group as Unit
from services.evidence.materials.service import Content
from services.platform.atrest import aad
from services.platform.clock import rfc3339
from services.platform.errors import RegsealError, Unavailable
from services.platform.logging import get_logger
from services.register.imports import repository
from services.register.imports.checking import Checked, Demands, NamedTable
from services.register.imports.findings import RULES, Finding, Place
from services.register.imports.grouping import Group, grouped
from services.register.imports.models import FindingsRow, GroupRow, ImportRow
from services.register.imports.tables.cells import BadTable
from services.register.imports.tables.csvs import CsvTable
from services.register.imports.tables.xlsx import Workbook
from services.register.parts import RegisterParts
from services.register.rules.days import day_of
from services.register.stream import Entry

__all__ = [
    "CHECKED",
    "CHECKING",
    "REFUSED",
    "WAITING",
    "Examining",
    "FilesOf",
    "findings_aad",
    "group_aad",
    "pledgees_aad",
]

CHECKING, CHECKED, REFUSED = "checking", "checked", "refused"
WAITING = "waiting"
MAX_FILE_BYTES = 64 << 20
"""Files are held in memory and never written in the clear."""
_PASSING = (Unavailable, InterfaceError, OperationalError)
_PAGE = 200
_TOGETHER = 20
_log = get_logger("register.imports")


class FilesOf(Protocol):
    """The stored files of an institution."""

    def __call__(self, owner_id: str, material_id: str, *, wanted: str | None) -> Content:
        """All of one, or the range that is ``wanted``. NotFound, Conflict while it is uploaded."""
        ...


def group_aad(import_id: str, number: int) -> bytes:
    """What binds a group's lines to their place."""
    return aad("register-import-group", f"{import_id}/{number}")


def findings_aad(import_id: str, first: int) -> bytes:
    """What binds a part of a report to its place."""
    return aad("register-import-findings", f"{import_id}/{first}")


def pledgees_aad(import_id: str) -> bytes:
    """What binds the addresses of pledgees to their import."""
    return aad("register-import-pledgees", import_id)


class Examining:
    """One check at a time."""

    def __init__(self, parts: RegisterParts, files: FilesOf) -> None:
        self._parts = parts
        self._files = files

    def run(self, import_id: str) -> bool:
        """Makes the check. Whatever happens, the import leaves the state ``checking``, but for what passes by itself.

        That is a lost connection, or a writer that is stopping: the same check is made anew later. True otherwise.
        """
        owner, files, demands = self._begin(import_id)
        try:
            checked = self._checked(import_id, owner, self._tables(owner, files), demands)
        except BadTable as error:
            self._finish(import_id, Checked([], demands), error=error)
        except _PASSING:
            raise
        except Exception as error:  # noqa: BLE001 -- nobody foresaw this list, and the others wait behind it
            self._finish(import_id, Checked([], demands), error=_unforeseen(import_id, error))
        else:
            self._finish(import_id, checked)
        return True

    def _checked(self, import_id: str, owner: str, tables: list[NamedTable], demands: Demands) -> Checked:
        checked = Checked(tables, demands)
        number = 0
        for groups in _batches(self._clean(checked, demands), _TOGETHER):
            self._write(owner, import_id, number, groups)
            number += len(groups)
        return checked

    def _begin(self, import_id: str) -> tuple[str, list[dict[str, str]], Demands]:
        """Forgets what a check before this one has written."""

        def unit(group: Unit) -> tuple[str, list[dict[str, str]], Demands]:
            row = self._row(group.session, import_id)
            repository.forget_groups(group.session, import_id)
            said = row.demands
            demands = Demands(
                capital=int(said["capital"]),
                today=self._today(),
                sum_duplicates=said["sum_duplicates"],
                confirmed=said["confirmed"],
                pledgees=self._pledgees(group.session, row),
            )
            return row.owner_id, row.files, demands

        return self._parts.evidence.sequencer.run(unit)

    def _pledgees(self, session: Session, row: ImportRow) -> dict[str, str]:
        sealed = bytes.fromhex(row.demands["pledgees"])
        found: Any = parse_json(self._parts.vault.decrypt(session, row.owner_id, sealed, pledgees_aad(row.id)))
        return dict(found)

    def _tables(self, owner: str, files: Iterable[dict[str, str]]) -> list[NamedTable]:
        try:
            return [NamedTable(each["name"], table) for each in files for table in self._open(owner, each)]
        except RegsealError as error:
            raise BadTable("IMP-FORMAT", error.detail) from error

    def _open(self, owner: str, file: dict[str, str]) -> list[Any]:
        content = self._files(owner, file["material"], wanted=None)
        if content.view.size > MAX_FILE_BYTES:
            raise BadTable("IMP-SIZE", f"{file['name']} has more than {MAX_FILE_BYTES} bytes.")
        opened: BinaryIO = io.BytesIO(b"".join(content.pieces))
        begin = opened.read(4)
        return [CsvTable(opened)] if begin[:2] != b"PK" and begin != b"\xd0\xcf\x11\xe0" else Workbook(opened).tables

    @staticmethod
    def _clean(checked: Checked, demands: Demands) -> Iterator[Group]:
        """The groups, up to the first finding."""
        for group in grouped(checked.lines(), confirmed=demands.confirmed):
            if not checked.findings:
                yield group

    def _write(self, owner: str, import_id: str, first: int, groups: list[Group]) -> None:
        def unit(unit_: Unit) -> None:
            for number, each in enumerate(groups, first):
                sealed = self._parts.vault.encrypt(unit_.session, owner, each.content(), group_aad(import_id, number))
                row = GroupRow(import_id=import_id, number=number, kind=each.kind, confirmed=each.confirmed)
                row.lines, row.units, row.content, row.state = len(each.lines), str(each.units), sealed, WAITING
                row.entries, row.acts, row.reason = [], [], None
                repository.add(unit_.session, row)

        self._parts.evidence.sequencer.run(unit)

    def _finish(self, import_id: str, checked: Checked, *, error: BadTable | None = None) -> None:
        """The report, and a fact that says what was checked and how it ended."""
        if error is not None:
            checked.findings.append(Finding(Place("", ""), "", error.rule, RULES[error.rule], error.detail))
        summary: JsonObject = asdict(checked.summary)
        summary["units"], summary["confirmed_units"] = str(checked.summary.units), str(checked.summary.confirmed_units)

        def unit(group: Unit) -> None:
            session, row = group.session, self._row(group.session, import_id)
            if checked.findings:
                repository.forget_groups(session, import_id)
            for first in range(0, len(checked.findings), _PAGE):
                part: JsonObject = {"findings": [each.document() for each in checked.findings[first : first + _PAGE]]}
                content = self._parts.vault.encrypt(
                    session, row.owner_id, canonical(part), findings_aad(import_id, first)
                )
                repository.add(session, FindingsRow(import_id=import_id, first=first, content=content))
            row.summary, row.findings = summary, len(checked.findings)
            row.groups = 0 if checked.findings else sum(repository.states(session, import_id).values())
            row.state, row.updated_at = REFUSED if checked.findings else CHECKED, group.now_ms
            body: JsonObject = {
                "import": import_id,
                "result": row.state,
                "findings": row.findings,
                "summary": {**summary, "ignored": [*checked.summary.ignored[:_PAGE]]},
                "files": [{**each} for each in row.files],
                "groups": row.groups,
                "further": row.further_id,
                "asked_at": rfc3339(row.created_at),
                "demands": {name: value for name, value in row.demands.items() if name != "pledgees"},
            }
            entry = Entry(name="list-checked", about=row.company_id, actor=row.actor_id, body=body)
            row.record_id = self._parts.stream.fact(group, entry).record_id

        self._parts.evidence.sequencer.run(unit)
        _log.info(
            "list_checked", register_import=import_id, lines=checked.summary.lines, findings=len(checked.findings)
        )

    def _today(self) -> date:
        return on(day_of(self._parts.clock.ms() // 1000))

    @staticmethod
    def _row(session: Session, import_id: str) -> ImportRow:
        row = repository.one(session, import_id)
        if row is None:
            raise LookupError(import_id)
        return row


def _unforeseen(import_id: str, error: Exception) -> BadTable:
    """Named by its kind and its place in the code: its text might quote a cell."""
    *_, last = traceback.extract_tb(error.__traceback__)
    place = f"{Path(last.filename).name}:{last.lineno}"
    _log.error("list_not_checked", register_import=import_id, error=type(error).__name__, at=place)
    return BadTable("IMP-FORMAT", f"The list could not be checked: {type(error).__name__} at {place}.")


def _batches(groups: Iterator[Group], size: int) -> Iterator[list[Group]]:
    while batch := list(islice(groups, size)):
        yield batch
