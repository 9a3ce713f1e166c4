import pytest

from services.evidence.materials import rules
from services.evidence.materials.errors import OffsetMismatch
from services.platform.errors import Invalid, TooLarge

MIB = 1 << 20


def announce(name: str = "a.pdf", media_type: str = "application/pdf", size: int = 1) -> None:
    rules.check_announced(name=name, media_type=media_type, size=size, limit=10)


@pytest.mark.parametrize(
    "name", ["股东名册(2026).pdf", "a", "x" * 255, ".hidden", "a b.txt", "报告…终稿.docx", "é.txt"]
)
def test_a_plain_name_is_accepted(name: str) -> None:
    announce(name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "1 to 255"),
        ("x" * 256, "1 to 255"),
        ("../passwd", "path parts"),
        ("a/b", "path parts"),
        ("C:\\b", "path parts"),
        ("..", r"\.\."),
        (".", r"\.\."),
        (" a", "white space"),
        ("a ", "white space"),
        ("a.", "full stop"),
        ("a\nb", "control"),
        ("a\x00b", "control"),
        ("a\x7fb", "control"),
        ("a\u2028b", "control"),
        ("invoice\u202efdp.exe", "direction"),
        ("a\u2067b", "direction"),
        ("a\u200fb", "direction"),
        ("a\u200bb", "zero-width"),
        ("a\u200db", "zero-width"),
        ("a\ufeffb", "zero-width"),
        ("a\u00adb", "zero-width"),
        ("a\u3164b", "zero-width"),
        ("a\ud800b", "surrogate"),
    ],
)
def test_a_name_that_hides_or_leads_somewhere_is_refused_with_field_and_reason(name: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as caught:
        announce(name)
    assert caught.value.field == "/name"


@pytest.mark.parametrize("media_type", ["", "pdf", "text/plain; charset=utf-8", "text/\r\nx", "a/" + "b" * 127])
def test_what_is_no_media_type_is_refused(media_type: str) -> None:
    with pytest.raises(Invalid) as caught:
        announce(media_type=media_type)
    assert caught.value.field == "/media_type"


def test_a_file_has_from_no_bytes_to_the_limit() -> None:
    announce(size=0)
    announce(size=10)
    with pytest.raises(TooLarge):
        announce(size=11)
    with pytest.raises(Invalid):
        announce(size=-1)


def test_a_part_begins_where_the_stored_part_ends() -> None:
    rules.check_part(offset=MIB, received=MIB, size=3 * MIB, length=MIB)
    with pytest.raises(OffsetMismatch) as caught:
        rules.check_part(offset=0, received=MIB, size=3 * MIB, length=MIB)
    assert caught.value.extra == {"offset": MIB}


@pytest.mark.parametrize("length", [0, 1, MIB - 1, MIB + 1])
def test_a_part_that_is_not_the_last_has_whole_chunks(length: int) -> None:
    with pytest.raises(Invalid, match="multiple"):
        rules.check_part(offset=0, received=0, size=3 * MIB, length=length)


def test_the_last_part_ends_with_the_file_and_not_behind_it() -> None:
    rules.check_part(offset=MIB, received=MIB, size=MIB + 5, length=5)
    rules.check_part(offset=0, received=0, size=0, length=0)
    with pytest.raises(Invalid, match="5 are left"):
        rules.check_part(offset=MIB, received=MIB, size=MIB + 5, length=6)


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=5-", (5, 10)),
        ("bytes=5-99", (5, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
    ],
)
def test_one_range_is_served_and_other_forms_mean_the_whole(header: str | None, expected: object) -> None:
    assert rules.parse_range(header, 10) == expected


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=5-4", "bytes=-0"])
def test_a_range_outside_the_file_is_refused(header: str) -> None:
    with pytest.raises(Invalid):
        rules.parse_range(header, 10)
