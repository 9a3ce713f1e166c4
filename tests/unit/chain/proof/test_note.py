"""Signed notes, their keys, and what is said with them."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.checkpoint import Acknowledgement, Checkpoint, HeaderAttestation, HeadStatement, check_origin
from chain.proof.ed25519 import SigningKey, signature_holds
from chain.proof.encoding import TIME_MAX, format_time, from_base64, from_hex, parse_decimal, parse_time, to_base64
from chain.proof.errors import FormatError, ProofError
from chain.proof.note import (
    MAX_SIGNATURES,
    NoteSignature,
    NoteSigner,
    SignatureType,
    VerifierKey,
    parse_note,
    sign_note,
    verify_note,
    with_signatures,
)
from tests.vectors.world import AUDITOR, COSIGNED_AT, LOG, ORIGIN, REGULATOR, REGULATOR_PLAIN, World, fixed

roots = st.binary(min_size=32, max_size=32)
sizes = st.integers(0, 2**64 - 1)
times = st.integers(0, TIME_MAX)
origins = st.from_regex(r"[a-z0-9.-]{1,20}(/[a-z0-9._-]{1,20}){0,3}", fullmatch=True)


@given(origins, sizes, roots, times)
def test_statements_survive_their_texts_and_are_no_other_statement(
    origin: str, size: int, root: bytes, at: int
) -> None:
    statements: list[Any] = [
        Checkpoint(origin, size, root),
        Acknowledgement(origin, size, size or 1, root, at, at),
        HeadStatement(origin, root.hex(), size, root),
        HeaderAttestation(size, root, size, root),
    ]
    for statement in statements:
        for kind in (Checkpoint, Acknowledgement, HeadStatement, HeaderAttestation):
            if isinstance(statement, kind):
                assert kind.parse(statement.text()) == statement
            else:
                with pytest.raises(FormatError):
                    kind.parse(statement.text())


@given(st.data())
def test_every_flipped_bit_of_a_signed_checkpoint_is_noticed(data: st.DataObject) -> None:
    note = World(cosigners=((REGULATOR, COSIGNED_AT),)).note().encode()
    keys = [LOG.key, REGULATOR.key]
    place, bit = data.draw(st.integers(0, len(note) - 1)), data.draw(st.integers(0, 7))
    damaged = note[:place] + bytes((note[place] ^ 1 << bit,)) + note[place + 1 :]
    try:
        verified = verify_note(parse_note(damaged), keys)
    except ProofError:
        return
    # A damaged name or key id is somebody unknown's; the text then stands, with one signature less.
    assert len(verified) == 1
    assert parse_note(damaged).text == parse_note(note).text


def test_signature_of_a_known_key_over_other_text_refuses_the_note() -> None:
    note = replace(parse_note(sign_note("one\n", LOG)), text="two\n")
    with pytest.raises(ProofError, match="signature-wrong"):
        verify_note(note, [LOG.key])
    assert verify_note(note, [REGULATOR.key]) == []


def test_payload_of_the_wrong_length_refuses_the_note() -> None:
    note = parse_note(sign_note("text\n", LOG))
    signature = note.signatures[0]
    for payload in (signature.payload[:-1], signature.payload + b"\0", b"\0"):
        with pytest.raises(ProofError, match="signature-wrong"):
            verify_note(replace(note, signatures=(replace(signature, payload=payload),)), [LOG.key])


def test_cosignature_beyond_the_calendar_does_not_hold() -> None:
    payload = (TIME_MAX // 1000 + 1).to_bytes(8, "big") + bytes(64)
    signature = NoteSignature(REGULATOR.key.name, REGULATOR.key.key_id, payload)
    with pytest.raises(ProofError, match="9999"):
        verify_note(replace(parse_note(sign_note("text\n", LOG)), signatures=(signature,)), [REGULATOR.key])


@pytest.mark.parametrize("seconds", [None, -1, TIME_MAX])
def test_cosignature_needs_a_time(seconds: int | None) -> None:
    with pytest.raises(FormatError):
        REGULATOR.sign("text\n", seconds=seconds)


def test_plain_signature_has_no_time() -> None:
    with pytest.raises(FormatError):
        LOG.sign("text\n", seconds=1)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n", "\ud800\n"])
def test_text_that_no_note_can_carry_is_not_signed(text: str) -> None:
    with pytest.raises((FormatError, UnicodeEncodeError)):
        sign_note(text, LOG)


def test_text_may_contain_blank_lines_and_signature_lines() -> None:
    text = "a\n\n— somebody AAAAAAA=\n\nb\n"
    note = parse_note(sign_note(text, LOG))
    assert note.text == text
    assert [each.key for each in verify_note(note, [LOG.key])] == [LOG.key]


def test_signatures_are_added_once_and_up_to_the_limit() -> None:
    note = parse_note(sign_note("text\n", LOG))
    line = REGULATOR.sign(note.text, seconds=1)
    grown = with_signatures(with_signatures(note, [line]), [line, *note.signatures])
    assert grown.signatures == (*note.signatures, line)
    many = [REGULATOR.sign(note.text, seconds=at) for at in range(MAX_SIGNATURES)]
    with pytest.raises(FormatError):
        with_signatures(note, many)
    assert len(parse_note(with_signatures(note, many[1:]).format()).signatures) == MAX_SIGNATURES


def test_note_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(FormatError, match="UTF-8"):
        parse_note(b"\xff\n\n")
    with pytest.raises(FormatError, match="UTF-8"):
        parse_note("\ud800\n\n")


def test_same_key_under_another_type_or_name_is_another_key() -> None:
    assert REGULATOR.key.of_type(SignatureType.ED25519) == REGULATOR_PLAIN.key
    assert len({REGULATOR.key.key_id, REGULATOR_PLAIN.key.key_id, replace(REGULATOR.key, name="x").key_id}) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "name",
        "name+00000000",
        "name+00000000+",
        "name+00000000+AQ==",
        "name+00000000+/w==",
        "name+00000000+!!!!",
        LOG.key.format().replace(ORIGIN, "other"),
        LOG.key.format().replace("+", "+A", 1),
        LOG.key.format().upper(),
        LOG.key.format() + "\n",
        "a b" + LOG.key.format()[len(ORIGIN) :],
        LOG.key.format()[len(ORIGIN) :],
    ],
)
def test_text_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        VerifierKey.parse(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u3000b", "a\x00b", "a\u0085b"])
def test_impossible_key_name_is_refused(name: str) -> None:
    with pytest.raises(FormatError):
        NoteSigner(name, SignatureType.ED25519, fixed("x"))


def test_key_lengths() -> None:
    with pytest.raises(FormatError):
        VerifierKey("name", SignatureType.ED25519, bytes(31))
    with pytest.raises(FormatError):
        SigningKey(bytes(31))
    assert not signature_holds(bytes(31), b"", bytes(64))
    assert not signature_holds(AUDITOR.key.public, b"", bytes(63))


def test_signature_with_a_scalar_beyond_the_group_order_does_not_hold() -> None:
    key = SigningKey(fixed("malleable"))
    signature = key.sign(b"message")
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    assert signature_holds(key.public, b"message", signature)
    assert not signature_holds(key.public, b"message", signature[:32] + scalar.to_bytes(32, "little"))


@given(times)
def test_times_survive_their_texts(at: int) -> None:
    assert parse_time(format_time(at), "t") == at


def test_ends_of_time() -> None:
    assert format_time(0) == "1970-01-01T00:00:00.000Z"
    assert format_time(TIME_MAX) == "9999-12-31T23:59:59.999Z"
    for outside in (-1, TIME_MAX + 1):
        with pytest.raises(FormatError):
            format_time(outside)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "2026-11-20T09:30:00Z",
        "2026-11-20T09:30:00.000+00:00",
        "2026-11-20t09:30:00.000z",
        "2026-02-30T00:00:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "2026-11-20T24:00:00.000Z",
        "٢٠٢٦-11-20T09:30:00.000Z",
        "2026-11-20T09:30:00.000Z\n",
    ],
)
def test_other_spelling_of_a_time_is_refused(text: object) -> None:
    with pytest.raises(FormatError):
        parse_time(text, "t")


@given(st.binary(max_size=40))
def test_bytes_survive_both_spellings(data: bytes) -> None:
    assert from_base64(to_base64(data), "f", len(data)) == data
    assert from_hex("0x" + data.hex(), "f", len(data)) == data
    for read, text in ((from_base64, to_base64(data)), (from_hex, "0x" + data.hex())):
        with pytest.raises(FormatError, match="bytes"):
            read(text, "f", len(data) + 1)


@pytest.mark.parametrize("text", ["é", "AA", "AAA", "A===", "AAB=", "AA==\n", " AA==", "A-_=", "AA==AA=="])
def test_other_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        from_base64(text, "f")


@pytest.mark.parametrize("text", ["", "-1", "+1", "01", "1e3", "١", "1" * 21, str(2**64), "1\n"])
def test_other_spelling_of_a_decimal_is_refused(text: str) -> None:
    with pytest.raises(FormatError):
        parse_decimal(text, "f")


@pytest.mark.parametrize("origin", ["", "/", "a/", "/a", "a//b", "A", "a@b", "a b", "a_b", "a\n", "地", None])
def test_impossible_origin_is_refused(origin: object) -> None:
    with pytest.raises(FormatError):
        check_origin(origin)
    assert check_origin("a/b_c") == "a/b_c"


def test_a_key_has_one_spelling() -> None:
    """The neutral point as a key lets S = 1, R = B pass for any message; its other two encodings are no keys at all."""
    prime, base_point = 2**255 - 19, bytes.fromhex("58" + "66" * 31)
    signature = base_point + (1).to_bytes(32, "little")
    encodings = (1, prime + 1, 1 | 1 << 255)
    assert [signature_holds(each.to_bytes(32, "little"), b"", signature) for each in encodings] == [True, False, False]
