"""The packed table says what the YAML says: read by another reader, unpacked by another unpacker, and pinned."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from chain.proof.hashing import keccak256, sha256
from services.days import add_months, day_of, number, on
from services.pilots.rulebook.compile import Table
from services.pilots.rulebook.loader import BOOKS, book_text
from tests.unit.services.pilots.rulebook.cases import settings_of, table

GOLDEN = Path(__file__).with_name("golden.json")
KINDS = ["comment", "danger", "ground", "rectification"]
GUARDS = ["notice_running", "notice_elapsed", "end_reached", "before_end"]
EFFECTS = ["", "start_notice", "set_end", "extend", "open", "close", "turn"]


def bits(word: int, first: int, last: int) -> int:
    """The bits of a word as docs/spec/pilot.md counts them, one by one."""
    return sum(1 << (bit - first) for bit in range(first, last + 1) if word >> bit & 1)


def names(mask: int, known: list[str]) -> set[str]:
    return {name for place, name in enumerate(known) if mask >> place & 1}


def unpacked(word: int, compiled: Table, raw: dict[str, Any]) -> dict[str, Any]:
    """What a packed rule says, in the words of the YAML."""
    states, flags = list(raw["states"]), list(raw["flags"])
    effect = EFFECTS[bits(word, 24, 31)]
    kinds = [KINDS[bits(word, 32, 39)], KINDS[bits(word, 40, 47)]]
    takes = {"open": 1, "close": 1, "turn": 2}.get(effect, 0)
    lift = bits(word, 224, 231)
    body = bits(word, 8, 15)
    assert bits(word, 255, 255) == 1
    return {
        "to": states[bits(word, 0, 7) - 1] if bits(word, 0, 7) else None,
        "role": compiled.bodies[body - 1] if body else None,
        "national": bool(bits(word, 16, 16)),
        "by_sender": bool(bits(word, 17, 17)),
        "gate": bool(bits(word, 18, 18)),
        "effect": " ".join([effect, *kinds[:takes]]),
        "days": bits(word, 48, 63),
        "months": bits(word, 64, 79),
        "guards": names(bits(word, 80, 87), GUARDS),
        "none_open": names(bits(word, 88, 95), KINDS),
        "requires": names(bits(word, 96, 127), flags),
        "forbids": names(bits(word, 128, 159), flags),
        "sets": names(bits(word, 160, 191), flags),
        "clears": names(bits(word, 192, 223), flags),
        "lifted_by": flags[lift - 1] if lift else None,
        "some_open": names(bits(word, 232, 239), KINDS),
        "reserved": bits(word, 19, 23) + bits(word, 240, 254),
    }


def said(entry: dict[str, Any], raw: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
    """What an entry of the YAML says, settings filled in."""

    def value(name: str) -> Any:
        given = entry.get(name)
        return settings[given["setting"]] if isinstance(given, dict) and "setting" in given else given

    body = raw["bodies"][value("body")]
    return {
        "to": value("to"),
        "role": body.get("role"),
        "national": body.get("national", False),
        "by_sender": body.get("by_sender", False),
        "gate": entry.get("gate", False),
        "effect": entry.get("effect", ""),
        "days": value("days") or 0,
        "months": value("months") or 0,
        **{name: set(entry.get(name, ())) for name in ("guards", "none_open", "requires", "forbids", "sets", "clears")},
        "lifted_by": entry.get("lifted_by"),
        "some_open": set(entry.get("some_open", ())),
        "reserved": 0,
    }


def standing(entry: dict[str, Any], settings: dict[str, Any]) -> bool:
    """Whether the settings leave the entry."""
    return all(
        wanted == settings[name] or wanted in settings[name] for name, wanted in entry.get("only_if", {}).items()
    )


@pytest.mark.parametrize("name", BOOKS)
def test_the_packed_rules_say_what_the_yaml_says(name: str) -> None:
    raw, settings = yaml.safe_load(book_text(name)), yaml.safe_load(settings_of(name))["settings"]
    compiled = table(name)
    packed = {(entry.state, entry.action): entry.packed for entry in compiled.entries}
    seen = set()
    for entry in raw["transitions"]:
        if not standing(entry, settings):
            continue
        for state in entry["from"] or [None]:
            key = (0 if state is None else list(raw["states"]).index(state) + 1, entry["action"])
            assert unpacked(packed[key], compiled, raw) == said(entry, raw, settings), key
            seen.add(key)
    assert seen == set(packed)
    assert len(packed) == len(compiled.entries)


def test_a_released_rulebook_does_not_change() -> None:
    """Projects are bound to these hashes. A change of a rule is a new version, with a new file."""
    now = {
        name: {
            "document": table(name).document.hex(),
            "id": table(name).id(bytes(31) + b"\1").hex(),
            "table": [[entry.state, entry.action, f"{entry.packed:064x}"] for entry in table(name).entries],
        }
        for name in BOOKS
    }
    assert now == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BOOKS)
def test_the_id_is_the_hash_of_the_contract_s_encoding(name: str) -> None:
    """abi.encode written out by hand: words, offsets, lengths."""
    compiled, log = table(name), bytes(range(32))

    def word(value: int) -> bytes:
        return value.to_bytes(32, "big")

    version = compiled.book.id.encode()
    text = word(len(version)) + version.ljust(32, b"\0")
    bodies = word(len(compiled.bodies)) + b"".join(keccak256(role.encode()) for role in compiled.bodies)
    entries = b"".join(word(one.state) + keccak256(one.action.encode()) + word(one.packed) for one in compiled.entries)
    first, second = 6 * 32, 6 * 32 + len(text)
    head = (
        word(compiled.book.region) + log + word(first) + compiled.document + word(second) + word(second + len(bodies))
    )
    assert compiled.id(log) == keccak256(head + text + bodies + word(len(compiled.entries)) + entries)
    assert compiled.document == sha256(compiled.book.canonical)


@pytest.mark.parametrize("name", BOOKS)
def test_states_and_flags_have_the_contract_s_numbers(name: str) -> None:
    compiled = table(name)
    assert compiled.state_name(0) is None
    assert compiled.state_number(None) == 0
    for state in compiled.book.states:
        assert compiled.state_name(compiled.state_number(state)) == state
    everything = frozenset(compiled.book.flags)
    assert compiled.flag_names(compiled.flag_mask(everything)) == everything
    with pytest.raises(KeyError):
        compiled.state_name(255)


@pytest.mark.parametrize(
    ("day", "months", "after"),
    [
        ("2026-11-20", 12, "2027-11-20"),
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-31", 1, "2028-02-29"),
        ("2024-02-29", 12, "2025-02-28"),
        ("2026-12-31", 2, "2027-02-28"),
        ("2026-12-01", 1, "2027-01-01"),
    ],
)
def test_months_are_counted_by_the_calendar(day: str, months: int, after: str) -> None:
    assert on(add_months(number(date.fromisoformat(day)), months)).isoformat() == after


def test_a_day_begins_at_midnight_in_shanghai() -> None:
    assert on(day_of(datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC))) == date(2026, 11, 20)
    assert on(day_of(datetime(2026, 11, 20, 16, 0, 0, tzinfo=UTC))) == date(2026, 11, 21)
