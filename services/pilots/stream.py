"""A project's stream (项目事项链): each leaf of it, with its row, is written here."""

from collections.abc import Sequence
from dataclasses import dataclass

from chain.proof.canonical import JsonObject
from chain.proof.types import Phase
from services.evidence.commands import Written
from services.evidence.group import Group
from services.evidence.service import EvidenceService
from services.pilots import repository
from services.pilots.epochs import log_frozen
from services.pilots.models import EventRow, ProjectRow
from services.pilots.steps.names import DRAFT
from services.platform.errors import Conflict

__all__ = ["FACT", "FILING", "STEP", "Entry", "Evidence", "Stream", "stream_key"]

STEP, FACT = "pilot.step", "pilot.fact"
FILING = "pilot.filing"
"""What a transaction is for that brings a step of the gateway's own."""
_MOST_OF_A_DRAFT = 1_000


@dataclass(frozen=True, slots=True)
class Evidence:
    """A document that an act rests on: its code in the rulebook, the record, and the hash of the record's leaf."""

    code: str
    record_id: str
    leaf_hash: bytes

    def document(self) -> JsonObject:
        """As it stands in the act's own record."""
        return {"code": self.code, "record": self.record_id, "leaf": "0x" + self.leaf_hash.hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What is to be written: ``name`` is an action or a kind of fact, ``rule`` and ``source`` what it is done under."""

    name: str
    actor: str
    content: JsonObject
    phase: Phase = Phase.EVENT
    value: int = 0
    body: str | None = None
    rule: str | None = None
    source: str | None = None
    evidence: Sequence[Evidence] = ()
    public: JsonObject | None = None


class Stream:
    """Appends to projects' streams, in units of the sequencer."""

    def __init__(self, evidence: EvidenceService) -> None:
        self._evidence = evidence

    def write(self, group: Group, project: ProjectRow, entry: Entry) -> tuple[EventRow, Written]:
        """The next leaf of the project with its event, whose outcome is still empty.

        Conflict ``draft-full`` or ``project-log-frozen``.
        """
        if not self.takes(group, project):
            raise log_frozen(group.log(project.log_id).origin)
        content: JsonObject = {**entry.content}
        if entry.phase is Phase.EVENT:
            content["kind"] = entry.name
        if entry.evidence:
            content["evidence"] = [each.document() for each in entry.evidence]
        written = self._evidence.write_command(
            group,
            type_name=FACT if entry.phase is Phase.EVENT else STEP,
            phase=entry.phase,
            subject=project.id,
            actor=entry.actor,
            body=content,
            log_id=project.log_id,
            stream_key=stream_key(project.id),
        )
        if project.state == DRAFT and entry.phase is Phase.EVENT and written.leaf.seq >= _MOST_OF_A_DRAFT:
            raise Conflict(
                f"This draft has {_MOST_OF_A_DRAFT} entries, and the chain opens no project much further in its "
                "stream: submit it as it is, or begin it anew.",
                slug="draft-full",
            )
        row = EventRow(project_id=project.id, seq=written.leaf.seq, phase=int(entry.phase), name=entry.name)
        row.actor_id, row.record_id, row.leaf_hash = entry.actor, written.record_id, written.leaf.leaf_hash
        row.value, row.body, row.rule, row.source = entry.value, entry.body, entry.rule, entry.source
        row.evidence = [{"code": each.code, "record": each.record_id} for each in entry.evidence]
        row.public = entry.public
        row.operation_id = row.outcome = row.request = row.reason = row.signer = row.state = None
        row.tx_hash = row.block_number = None
        row.accepted_at = written.leaf.accepted_at
        return row, written

    @staticmethod
    def takes(group: Group, project: ProjectRow) -> bool:
        """Whether the project's log takes leaves. A frozen one takes none, whatever the chain decides after it."""
        return group.log(project.log_id).state != "frozen"

    def append(self, group: Group, project: ProjectRow, entry: Entry) -> tuple[EventRow, Written]:
        """:meth:`write`, and keeps the event."""
        row, written = self.write(group, project, entry)
        repository.add(group.session, row)
        return row, written


def stream_key(project_id: str) -> str:
    """The name of a project's stream within its region's log. No institution's own stream can have it."""
    return f"pilot/{project_id}"
