"""`regseal log export`: what it says beside the files."""

from __future__ import annotations

from typing import Any

from cli import export


def log(name: str, state: str = "open", predecessor: str | None = None) -> dict[str, Any]:
    origin = f"{name}.example/register"
    return {"id": f"log_{name}", "origin": origin, "state": state, "predecessor": predecessor, "vkeys": []}


LOGS = [log("one", "frozen"), log("two", predecessor="log_one"), log("other")]


def test_a_frozen_log_names_its_successor_and_that_its_predecessor() -> None:
    first, second = export._about(LOGS[0], LOGS), export._about(LOGS[1], LOGS)
    assert (first["state"], first["predecessor"], first["successor"]) == ("frozen", None, "two.example/register")
    assert (second["state"], second["predecessor"], second["successor"]) == ("open", "one.example/register", None)


def test_the_words_say_frozen_and_whose_word_the_keys_are() -> None:
    data = {"folder": "x", "origin": "o", "size": 3, "root": "0x", "fetched": 1, "kept": 0}
    said = "\n".join(export._lines(data | {"keys_from": "service", "log": export._about(LOGS[0], LOGS)}))
    assert "frozen" in said
    assert "two.example/register" in said
    assert "service's own word" in said
    said = "\n".join(export._lines(data | {"keys_from": "trust", "log": None}))
    assert "frozen" not in said
    assert "own word" not in said


def test_a_note_beside_a_copy_is_taken_only_in_its_format() -> None:
    good = b'{"format":"regseal/log-copy@v1","state":"frozen"}'
    assert export._about_beside(lambda _: good) == {"format": "regseal/log-copy@v1", "state": "frozen"}
    assert export._about_beside(lambda _: b'{"state":"frozen"}') is None
    assert export._about_beside(lambda _: None) is None


def test_two_sources_or_none_are_wrong_use(run: Any, tmp_path: Any) -> None:
    base = ("log", "export", "--log", "a.example/b", "--out", tmp_path / "out")
    assert run(*base, "--from", tmp_path, "--from-url", "http://127.0.0.1:1").exit_code == 2
    assert run(*base, "--from", tmp_path).exit_code == 2
    assert run(*base).exit_code == 2
    assert not (tmp_path / "out").exists()
