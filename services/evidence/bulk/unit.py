"""A chunk as one unit of the sequencer: its records, its leaves, its progress and its acknowledgement, or nothing."""

from dataclasses import dataclass
from typing import Any

from chain.proof.checkpoint import Acknowledgement
from chain.proof.merkle import root_of
from chain.proof.note import sign_note
from chain.proof.types import Phase
from services.evidence import repository as evidence
from services.evidence.bulk import repository
from services.evidence.bulk.lines import Chunk
from services.evidence.bulk.models import UploadRow
from services.evidence.group import Group, LeafDraft, LogState, SequencedLeaf
from services.platform.errors import Conflict

__all__ = ["ChunkUnit", "moved_on", "require_open"]


def moved_on(position: int | None = None) -> Conflict:
    """Another request has written to the upload, or it has ended."""
    extra = {} if position is None else {"position": position}
    return Conflict("The upload is no longer where this request began: ask for it.", slug="upload-moved", extra=extra)


def require_open(log: LogState) -> None:
    """Conflict ``log-closed``."""
    if log.state != "open":
        raise Conflict(f"The log {log.origin} is {log.state}; it takes no submissions.", slug="log-closed")


@dataclass(frozen=True, slots=True)
class ChunkUnit:
    """``sealed`` has the ciphertext of each draft, in its order; ``rejected`` the rows of the bad lines.

    ``upload`` says where the upload was when its request began; ``before`` how many lines were accepted and rejected
    up to this chunk.
    """

    upload: UploadRow
    chunk: Chunk
    drafts: list[LeafDraft]
    sealed: list[bytes]
    rejected: list[dict[str, Any]]
    before: tuple[int, int]
    anchor_by_ms: int

    def __call__(self, group: Group) -> str:
        """Runs the unit; the log's origin. Conflict ``upload-moved``, ``log-closed``; Unavailable."""
        session = group.session
        log = group.log(self.upload.log_id)
        require_open(log)
        refused = self.upload.atomic and bool(self.rejected)
        if not repository.advance(
            session,
            self.upload.id,
            position=self.chunk.start,
            lines=self.chunk.first - 1,
            moved=self._refused(group.now_ms) if refused else self._moved(group.now_ms),
        ):
            raise moved_on()
        for row in self.rejected:
            group.insert(repository.REJECTIONS, row)
        if not refused:
            self._append(group, log)
        return log.origin

    def _append(self, group: Group, log: LogState) -> None:
        leaves = group.append_many(log.id, self.drafts) if self.drafts else []
        anchor_by = group.now_ms + self.anchor_by_ms
        for leaf, ciphertext in zip(leaves, self.sealed, strict=True):
            group.insert(evidence.RECORDS, self._record(leaf, ciphertext, anchor_by))
        note = None
        if leaves:
            root = root_of([leaf.leaf_hash for leaf in leaves])
            promise = Acknowledgement(log.origin, leaves[0].index, len(leaves), root, group.now_ms, anchor_by)
            note = sign_note(promise.text(), log.signer)
        chunk = self.chunk
        row = {"upload_id": self.upload.id, "first_line": chunk.first, "lines": len(chunk.lines), "start": chunk.start}
        row |= {"end": chunk.end, "digest": chunk.digest, "accepted": len(leaves), "acknowledgement": note}
        group.insert(repository.CHUNKS, row | {"first_index": leaves[0].index if leaves else log.frontier.size})

    def _record(self, leaf: SequencedLeaf, ciphertext: bytes, anchor_by: int) -> dict[str, Any]:
        return {
            "id": leaf.draft.record_id,
            "log_id": leaf.log_id,
            "idx": leaf.index,
            "institution_id": self.upload.institution_id,
            "type_code": leaf.draft.type_code,
            "phase": int(Phase.EVENT),
            "ciphertext": ciphertext,
            "accepted_at": leaf.accepted_at,
            "anchor_by": anchor_by,
        }

    def _moved(self, now_ms: int) -> dict[str, Any]:
        accepted, rejected = self.before
        return {
            "position": self.chunk.end,
            "lines": self.chunk.first - 1 + len(self.chunk.lines),
            "accepted": accepted + len(self.drafts),
            "rejected": rejected + len(self.rejected),
            "status": "complete" if self.upload.atomic else "open",
            "changed_at": now_ms,
        }

    def _refused(self, now_ms: int) -> dict[str, Any]:
        """All or nothing: nothing. The position stays, for nothing was committed."""
        return {
            "status": "aborted",
            "lines": len(self.chunk.lines),
            "rejected": len(self.rejected),
            "changed_at": now_ms,
        }
