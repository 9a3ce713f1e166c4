import re
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.errors import Invalid
from services.platform.ids import bytes16, check_id, from_bytes16, new_id, new_ids, random_id


def test_ids_sort_in_the_order_in_which_they_were_made() -> None:
    made = [new_id("rec") for _ in range(10_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_an_id_is_a_uuid_of_version_7_with_its_time() -> None:
    value = new_id("rec", 1 << 47)
    parsed = uuid.UUID(value.removeprefix("rec_"))
    assert (parsed.version, parsed.variant) == (7, uuid.RFC_4122)
    assert parsed.int >> 80 >= 1 << 47


@given(st.binary(min_size=16, max_size=16))
def test_sixteen_bytes_and_an_id_are_the_same(raw: bytes) -> None:
    assert bytes16(from_bytes16("ins", raw)) == raw


def test_many_ids_at_once_are_as_good_as_one_after_the_other() -> None:
    made = [new_id("acc"), *new_ids("acc", 50), new_id("acc")]
    assert made == sorted(set(made))
    drawn = {uuid.UUID(each[4:]).int & (1 << 62) - 1 for each in made}
    assert len(drawn) == len(made)
    assert all(uuid.UUID(each[4:]).version == 7 for each in made)
    assert new_ids("acc", 0) == []


def test_random_ids_tell_nothing_of_their_order() -> None:
    made = [random_id("ins") for _ in range(50)]
    assert made != sorted(made)
    assert all(re.fullmatch(r"ins_[0-9a-f]{32}", each) for each in made)


@pytest.mark.parametrize("value", ["rec_" + "A" * 32, "rec_" + "0" * 31, "ins_" + "0" * 32, "", "rec-" + "0" * 32])
def test_what_is_no_id_of_the_kind_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_id(value, "rec", "/record")
    assert refused.value.field == "/record"


@pytest.mark.parametrize("raw", [b"", b"0" * 15, b"0" * 17])
def test_other_lengths_are_no_id(raw: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        from_bytes16("ins", raw)
    with pytest.raises(ValueError, match="not an id"):
        bytes16(raw.hex())
