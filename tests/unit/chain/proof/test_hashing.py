import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import Suite


@given(st.binary(max_size=64), st.lists(st.binary(max_size=200), max_size=3))
def test_a_key_padded_once_gives_the_same_hmac(key: bytes, texts: list[bytes]) -> None:
    keyed = Suite.INTL_V1.keyed(key)
    assert [keyed(each) for each in texts] == [Suite.INTL_V1.hmac(key, each) for each in texts]


def test_a_longer_key_is_refused_for_it_would_have_to_be_hashed() -> None:
    with pytest.raises(ValueError, match="65 bytes"):
        Suite.INTL_V1.keyed(bytes(65))
