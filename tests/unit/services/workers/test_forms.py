from hypothesis import given
from hypothesis import strategies as st

from chain.proof.types import Phase
from services.evidence.bulk.handed import pack_chunk, unpack_chunk
from services.evidence.bulk.lines import Chunk
from services.evidence.bulk.models import UploadRow
from services.evidence.bulk.unit import ChunkUnit
from services.evidence.group import LeafDraft
from services.workers.forms import Answer, Question

HEADERS = st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40)), max_size=5).map(tuple)


@given(path=st.text(), query=st.text(), headers=HEADERS, token=st.none() | st.text(), body=st.binary())
def test_a_question_comes_out_as_it_went_in(
    path: str, query: str, headers: tuple[tuple[str, str], ...], token: str | None, body: bytes
) -> None:
    asked = Question(method="POST", path=path, query=query, headers=headers, token_id=token, body=body)
    assert Question.unpack(asked.pack()) == asked


@given(status=st.integers(100, 599), headers=HEADERS, route=st.text(), body=st.binary())
def test_an_answer_comes_out_as_it_went_in(
    status: int, headers: tuple[tuple[str, str], ...], route: str, body: bytes
) -> None:
    said = Answer(status=status, headers=headers, route=route, problem={"slug": "上"}, body=body)
    assert Answer.unpack(said.pack()) == said


@given(
    sealed=st.lists(st.binary(max_size=200), max_size=5),
    rejected=st.lists(st.tuples(st.integers(1, 2**40), st.binary(max_size=50)), max_size=3),
    atomic=st.booleans(),
)
def test_a_chunk_comes_out_with_all_that_the_sequencer_asks(
    sealed: list[bytes], rejected: list[tuple[int, bytes]], *, atomic: bool
) -> None:
    unit = ChunkUnit(
        upload=UploadRow(id="upl_1", institution_id="ins_1", log_id="log_1", atomic=atomic),
        chunk=Chunk(7, 70, 170, [b"{", None, b"}"], [70, 80, 90], b"\x07" * 32),
        drafts=[LeafDraft(f"s{n}", 3, Phase.EVENT, bytes([n]) * 32, record_id=f"rec_{n}") for n in range(len(sealed))],
        sealed=sealed,
        rejected=[
            {"upload_id": "upl_1", "line": line, "start": line, "slug": "invalid", "ciphertext": text}
            for line, text in rejected
        ],
        before=(5, 2),
        anchor_by_ms=1_000,
    )
    found = unpack_chunk(pack_chunk(unit)).unit
    assert (found.drafts, found.sealed, found.rejected) == (unit.drafts, unit.sealed, unit.rejected)
    assert (found.before, found.anchor_by_ms) == (unit.before, unit.anchor_by_ms)
    assert (found.upload.id, found.upload.institution_id) == ("upl_1", "ins_1")
    assert (found.upload.log_id, found.upload.atomic) == ("log_1", atomic)
    place = (found.chunk.first, found.chunk.start, found.chunk.end, len(found.chunk.lines), found.chunk.digest)
    assert place == (7, 70, 170, 3, b"\x07" * 32)
