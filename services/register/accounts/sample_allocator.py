"""A stand-in for the supervision chain's allocation of investor codes, for demonstrations alone.

Real codes are unique in the nation and come from the supervision chain (JR/T 0326—2024, 6.3). These begin at 900000001,
belong to nobody, and their records say ``sample-allocator``.
"""

__all__ = ["next_sample_code"]

_FIRST = 900_000_001


def next_sample_code(highest: str | None, letter: str) -> str:
    """The code after the highest of this kind that the market has."""
    number = max(_FIRST, int(highest[1:]) + 1) if highest else _FIRST
    return f"{letter}{number:09d}"
