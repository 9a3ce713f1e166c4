"""Strict reading of RLP: one encoding per value, nothing after it, bounded depth (yellow paper, appendix B)."""

from typing import TypeAlias

from chain.proof.errors import FormatError

RlpItem: TypeAlias = "bytes | list[RlpItem]"
MAX_DEPTH = 6
_SHORT = 55


def decode(data: bytes, field: str, max_bytes: int) -> RlpItem:
    """The item that is encoded by exactly these bytes. Raises FormatError."""
    if len(data) > max_bytes:
        raise FormatError(field, f"longer than {max_bytes} bytes")
    item, end = _item(data, 0, len(data), MAX_DEPTH, field)
    if end != len(data):
        raise FormatError(field, "trailing bytes")
    return item


def _item(data: bytes, start: int, limit: int, depth_left: int, field: str) -> tuple[RlpItem, int]:
    """The item at `start` and the offset after it, which is at most `limit`."""
    if start >= limit:
        raise FormatError(field, "truncated")
    prefix = data[start]
    if prefix < 0x80:
        return data[start : start + 1], start + 1
    is_list = prefix >= 0xC0
    begin, end = _payload(data, start, limit, prefix - (0xC0 if is_list else 0x80), field)
    if not is_list:
        if end - begin == 1 and data[begin] < 0x80:
            raise FormatError(field, "a byte below 0x80 stands for itself")
        return data[begin:end], end
    if depth_left == 0:
        raise FormatError(field, "nested too deep")
    items = []
    while begin < end:
        item, begin = _item(data, begin, end, depth_left - 1, field)
        items.append(item)
    return items, end


def _payload(data: bytes, start: int, limit: int, size: int, field: str) -> tuple[int, int]:
    begin = start + 1
    if size > _SHORT:
        digits = data[begin : begin + size - _SHORT]
        begin += size - _SHORT
        size = int.from_bytes(digits, "big")
        if digits[:1] == b"\x00" or size <= _SHORT:
            raise FormatError(field, "a length is not in its shortest form")
    if begin > limit or begin + size > limit:
        raise FormatError(field, "truncated")
    return begin, begin + size


def as_bytes(item: RlpItem, field: str, length: int | None = None) -> bytes:
    """The item when it is a string, of exactly `length` bytes if given. Raises FormatError."""
    if not isinstance(item, bytes) or (length is not None and len(item) != length):
        raise FormatError(field, "is not bytes" if length is None else f"is not {length} bytes")
    return item


def as_integer(item: RlpItem, field: str, max_bytes: int = 8) -> int:
    """The item when it is an unsigned integer without leading zeros. Raises FormatError."""
    digits = as_bytes(item, field)
    if len(digits) > max_bytes or digits[:1] == b"\x00":
        raise FormatError(field, f"is not an integer of at most {max_bytes} bytes")
    return int.from_bytes(digits, "big")


def as_list(item: RlpItem, field: str, count: int | None = None) -> list[RlpItem]:
    """The item when it is a list, of exactly `count` items if given. Raises FormatError."""
    if not isinstance(item, list) or (count is not None and len(item) != count):
        raise FormatError(field, "is not a list" if count is None else f"is not a list of {count}")
    return item
