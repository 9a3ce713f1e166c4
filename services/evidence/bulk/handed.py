"""A prepared chunk on its way to the process that leads: what is left of it for the sequencer to do.

u32 length of the head ‖ head (JSON) ‖ ciphertexts, one after the other
"""

import json
from dataclasses import dataclass
from typing import Any

from chain.proof.encoding import from_hex, to_hex
from chain.proof.types import Phase
from services.evidence.bulk import repository
from services.evidence.bulk.lines import Chunk
from services.evidence.bulk.models import UploadRow
from services.evidence.bulk.unit import ChunkUnit
from services.evidence.group import Group, LeafDraft
from services.platform.errors import Conflict

__all__ = ["HandedChunk", "pack_chunk", "unpack_chunk"]


@dataclass(frozen=True, slots=True)
class HandedChunk:
    """The unit of a chunk that may be carried out a second time, because a leader fell before it could answer."""

    unit: ChunkUnit

    def __call__(self, group: Group) -> str:
        """The log's origin; as :class:`ChunkUnit`."""
        try:
            return self.unit(group)
        except Conflict:
            chunk = self.unit.chunk
            known = repository.chunks_from_byte(group.reading, self.unit.upload.id, chunk.start, 1)
            if not known or (known[0].start, known[0].digest) != (chunk.start, chunk.digest):
                raise
            return group.log(self.unit.upload.log_id).origin


def pack_chunk(unit: ChunkUnit) -> bytes:
    """Of a chunk's unit."""
    upload, chunk = unit.upload, unit.chunk
    head: dict[str, Any] = {
        "upload": [upload.id, upload.institution_id, upload.log_id, upload.atomic],
        "chunk": [chunk.first, chunk.start, chunk.end, len(chunk.lines), to_hex(chunk.digest)],
        "drafts": [
            [each.stream_key, each.type_code, int(each.phase), to_hex(each.commitment), each.record_id]
            for each in unit.drafts
        ],
        "sealed": [len(each) for each in unit.sealed],
        "rejected": [[row["line"], row["start"], row["slug"], len(row["ciphertext"])] for row in unit.rejected],
        "before": unit.before,
        "anchor_by_ms": unit.anchor_by_ms,
    }
    packed = json.dumps(head, separators=(",", ":")).encode()
    return b"".join(
        (len(packed).to_bytes(4), packed, *unit.sealed, *(bytes(row["ciphertext"]) for row in unit.rejected))
    )


def unpack_chunk(raw: bytes) -> HandedChunk:
    """Of :func:`pack_chunk`. What a line said is no longer there: the sequencer asks for their number alone."""
    place = 4 + int.from_bytes(raw[:4])
    head = json.loads(raw[4:place])
    blobs = []
    for length in (*head["sealed"], *(row[3] for row in head["rejected"])):
        blobs.append(raw[place : place + length])
        place += length
    upload_id, institution_id, log_id, atomic = head["upload"]
    first, start, end, lines, digest = head["chunk"]
    count = len(head["sealed"])
    rejected = [
        {"upload_id": upload_id, "line": line, "start": at, "slug": slug, "ciphertext": blob}
        for (line, at, slug, _), blob in zip(head["rejected"], blobs[count:], strict=True)
    ]
    return HandedChunk(
        ChunkUnit(
            upload=UploadRow(id=upload_id, institution_id=institution_id, log_id=log_id, atomic=atomic),
            chunk=Chunk(first, start, end, [None] * lines, [], from_hex(digest, "digest", 32)),
            drafts=[
                LeafDraft(stream, code, Phase(phase), from_hex(commitment, "commitment", 32), record_id=record_id)
                for stream, code, phase, commitment, record_id in head["drafts"]
            ],
            sealed=blobs[:count],
            rejected=rejected,
            before=(head["before"][0], head["before"][1]),
            anchor_by_ms=head["anchor_by_ms"],
        )
    )
