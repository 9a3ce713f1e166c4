"""The stored format: what was sealed opens, and nothing else does."""

import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.evidence.materials.errors import Damaged
from services.evidence.materials.sealed import CHUNK, HEADER, Sealer, chunk_count, place_of, read_range, sealed_size

KEY = bytes(32)
STEP = CHUNK + 28


def sealed(content: bytes, key: bytes = KEY, object_id: str = "obj_1") -> bytes:
    sealer, last = Sealer(key, object_id), chunk_count(len(content)) - 1
    parts = [content[i * CHUNK : (i + 1) * CHUNK] for i in range(last + 1)]
    return HEADER + b"".join(sealer.seal(each, i, last=i == last) for i, each in enumerate(parts))


def opened(stored: bytes, size: int, object_id: str = "obj_1") -> bytes:
    file = io.BytesIO(stored)
    file.seek(place_of(0))
    return b"".join(read_range(file, Sealer(KEY, object_id), size, 0, size))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_opens_and_has_the_promised_length(size: int) -> None:
    content = os.urandom(size)
    stored = sealed(content)
    assert len(stored) == sealed_size(size)
    assert opened(stored, size) == content


CONTENT = os.urandom(2 * CHUNK + 77)
STORED = sealed(CONTENT)


@given(st.integers(len(HEADER), len(STORED) - 1), st.integers(0, 7))
def test_a_flipped_bit_anywhere_is_found(place: int, bit: int) -> None:
    changed = bytearray(STORED)
    changed[place] ^= 1 << bit
    with pytest.raises(Damaged):
        opened(bytes(changed), len(CONTENT))


@given(st.data())
def test_a_range_is_the_same_bytes(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(CONTENT) - 1))
    stop = data.draw(st.integers(start + 1, len(CONTENT)))
    file = io.BytesIO(STORED)
    file.seek(place_of(start // CHUNK))
    assert b"".join(read_range(file, Sealer(KEY, "obj_1"), len(CONTENT), start, stop)) == CONTENT[start:stop]


def _chunks() -> tuple[bytes, bytes, bytes]:
    first = len(HEADER)
    return STORED[first : first + STEP], STORED[first + STEP : first + 2 * STEP], STORED[first + 2 * STEP :]


def test_reordered_repeated_and_missing_chunks_are_found() -> None:
    a, b, c = _chunks()
    for stored in (HEADER + b + a + c, HEADER + a + a + c, HEADER + a + c, HEADER + a + b, HEADER + b + c):
        with pytest.raises(Damaged):
            opened(stored, len(CONTENT))


def test_a_shorter_file_cannot_be_made_of_a_longer_one_by_changing_the_size() -> None:
    a, b, _ = _chunks()
    with pytest.raises(Damaged):
        opened(HEADER + a + b, 2 * CHUNK)


def test_a_longer_file_cannot_be_made_of_a_shorter_one() -> None:
    whole = sealed(CONTENT[:CHUNK])
    with pytest.raises(Damaged):
        opened(whole + whole[len(HEADER) :], 2 * CHUNK)


def test_a_chunk_of_another_file_is_found() -> None:
    a, _, c = _chunks()
    other = sealed(CONTENT, os.urandom(32))[len(HEADER) + STEP : len(HEADER) + 2 * STEP]
    with pytest.raises(Damaged):
        opened(HEADER + a + other + c, len(CONTENT))
    with pytest.raises(Damaged):
        opened(sealed(CONTENT, KEY, "obj_2"), len(CONTENT))


def test_equal_chunks_do_not_look_equal() -> None:
    stored = sealed(bytes(2 * CHUNK))
    first = len(HEADER)
    assert stored[first : first + STEP] != stored[first + STEP :]
    assert sealed(b"x") != sealed(b"x")
