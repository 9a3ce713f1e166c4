"""Strict JSON and RFC 8785."""

import json
import subprocess
import sys
import time
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.canonical import INTEGER_MAX, JsonValue, canonical, check_json, fields, measure, parse_json
from chain.proof.errors import FormatError

texts = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.none() | st.booleans() | st.integers(-INTEGER_MAX, INTEGER_MAX) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=20
)


def utf16_order(key: str) -> list[int]:
    """UTF-16 code units, worked out by hand from the code points."""
    units: list[int] = []
    for point in map(ord, key):
        rest = point - 0x10000
        units += [point] if rest < 0 else [0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF)]
    return units


def written_independently(value: Any) -> str:
    """RFC 8785 once more: ordering by hand, strings by the standard library's minimal escapes."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda member: utf16_order(member[0]))
        return "{" + ",".join(f"{written_independently(k)}:{written_independently(v)}" for k, v in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(written_independently, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@given(values)
def test_canonical_bytes_agree_with_an_independent_writer(value: Any) -> None:
    assert canonical(value) == written_independently(value).encode()


@given(values)
def test_canonical_bytes_agree_with_another_library(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("point", [*range(0xA1), 0x2028, 0x2029, 0xD7FF, 0xE000, 0xFEFF, 0xFFFF, 0x10000, 0x10FFFF])
def test_every_kind_of_character_is_written_as_by_another_library(point: int) -> None:
    value: JsonValue = {chr(point): chr(point), "\uffff": 1, "\U00010000": 2, "a" + chr(point): None}
    assert canonical(value) == rfc8785.dumps(value)


@given(values)
def test_reading_canonical_bytes_gives_the_value_back(value: Any) -> None:
    data = canonical(value)
    assert parse_json(data) == value
    assert canonical(parse_json(data.decode())) == data


@given(values)
def test_field_paths_are_different_and_in_the_order_of_their_bytes(value: Any) -> None:
    paths = [path.encode() for path, _ in fields(value)]
    assert paths == sorted(set(paths))


@pytest.mark.parametrize(
    "value", [1.0, float("nan"), b"x", (1,), {1: 2}, {1, 2}, object(), 2**53, -(2**53), ["\ud800"]]
)
def test_value_that_json_cannot_carry_is_refused(value: Any) -> None:
    with pytest.raises(FormatError):
        check_json(value)
    with pytest.raises(FormatError):
        canonical(value)


def test_text_with_a_raw_lone_surrogate_is_refused() -> None:
    with pytest.raises(FormatError, match="UTF-8"):
        parse_json('"\ud800"')


BOMBS = {
    "open arrays": "[" * 1_000_000,
    "open objects": '{"a":' * 200_000,
    "closed arrays": "[" * 500_000 + "]" * 500_000,
    "digits": "9" * 1_000_000,
    "digits of a negative number": "-" + "9" * 1_000_000,
    "exponent": "1e" + "9" * 1_000_000,
    "escaped quotes": '"' + '\\"' * 500_000,
    "backslashes": '"' + "\\" * 1_000_001,
    "white space": " " * 1_000_000,
    "commas": "," * 1_000_000,
    "quotes": '"' * 1_000_000,
    "long key above many values": '{"' + "k" * 500_000 + '":[' + "0," * 250_000 + "0.5]}",
}


@pytest.mark.parametrize("name", BOMBS)
def test_bomb_is_refused_at_once(name: str) -> None:
    started = time.process_time()
    with pytest.raises(FormatError):
        parse_json(BOMBS[name], max_bytes=2_000_000)
    assert time.process_time() - started < 5, (
        "a thousand times what it takes; the square of the length would be minutes"
    )


def test_error_names_the_path_in_the_spelling_of_records() -> None:
    with pytest.raises(FormatError) as refusal:
        parse_json('{"a/b":[{"~[":1.5}]}')
    assert refusal.value.field == "/a~1b[0]/~0~2"
    assert refusal.value.code == "malformed"


def test_fields_are_counted_and_measured_without_their_paths() -> None:
    value: JsonValue = {"长/": [1, [], {}], "a": {"b": {"c": 1}}}
    longest = max(len(path.encode()) for path, _ in fields(value))
    assert measure(value, longest) == len(fields(value)) == 4
    with pytest.raises(FormatError, match="longer"):
        measure(value, longest - 1)


def test_message_is_fit_for_a_terminal() -> None:
    with pytest.raises(FormatError) as refusal:
        parse_json('{"\\u001b[31m' + "x" * 1_000 + '":1.5}')
    assert "\x1b" not in str(refusal.value)
    assert "\\x1b" in refusal.value.detail
    assert len(refusal.value.detail) < 400


def test_deep_nesting_is_refused_before_it_reaches_the_stack() -> None:
    program = (
        "import sys; sys.setrecursionlimit(1_000_000)\n"  # as libraries do
        "from chain.proof.canonical import parse_json\n"
        "from chain.proof.errors import FormatError\n"
        "for text in ('[' * 200_000, '{\"[\":' * 50_000, '[{\"]\":[' * 40_000):\n"
        "    try:\n        parse_json(text, max_bytes=10**6)\n"
        "    except FormatError as error:\n        assert error.reason == 'nested too deep'\n"
        "    else:\n        raise SystemExit('parsed')\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_brackets_in_strings_are_no_nesting() -> None:
    value: JsonValue = ["[" * 300, '"' + "{" * 300, "\\" * 3 + "[" * 300]
    assert parse_json(json.dumps(value)) == value
