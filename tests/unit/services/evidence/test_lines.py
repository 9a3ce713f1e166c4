"""A stream is split into the same lines and the same bytes, however it comes in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import sha256
from services.evidence.bulk.lines import MAX_LINE, Chunk, Splitter

PIECES = st.lists(st.binary(max_size=40) | st.sampled_from([b"\n", b"\r\n", b"", b"x\n" * 9]), max_size=40)


def chunks_of(pieces: list[bytes], **limits: int) -> list[Chunk]:
    splitter = Splitter(7, 3, **limits)
    found = [chunk for piece in pieces for chunk in splitter.feed(piece)]
    return [*found, *splitter.finish()]


@given(PIECES, st.integers(1, 6), st.integers(1, 60))
def test_lines_offsets_and_digests_are_those_of_the_whole(pieces: list[bytes], lines: int, size: int) -> None:
    data = b"".join(pieces)
    chunks = chunks_of(pieces, max_lines=lines, max_bytes=size)
    expected = data.split(b"\n")
    if expected[-1] == b"":
        expected.pop()
    assert [line for chunk in chunks for line in chunk.lines] == expected
    at, number = 7, 4
    for chunk in chunks:
        assert (chunk.first, chunk.start) == (number, at)
        assert 1 <= len(chunk.lines) <= lines
        assert chunk.digest == sha256(data[chunk.start - 7 : chunk.end - 7])
        for line, offset in zip(chunk.lines, chunk.offsets, strict=True):
            assert data[offset - 7 :].startswith(line or b"")
        at, number = chunk.end, number + len(chunk.lines)
    assert at == 7 + len(data)


@given(st.lists(st.integers(1, MAX_LINE * 3), min_size=1, max_size=8))
def test_a_line_that_is_too_long_is_counted_and_never_held(pieces: list[int]) -> None:
    total = sum(pieces)
    splitter = Splitter(0, 0)
    for piece in pieces:
        assert list(splitter.feed(b"x" * piece)) == []
        assert len(splitter._tail) <= MAX_LINE
    (chunk,) = splitter.finish()
    assert chunk.lines == [None if total > MAX_LINE else b"x" * total]
    assert (chunk.start, chunk.end, chunk.digest) == (0, total, sha256(b"x" * total))
