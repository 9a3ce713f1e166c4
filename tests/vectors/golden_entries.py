"""Golden entry bundles and one keyring."""

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.encoding import to_hex
from chain.proof.entries import Entry, entries_path, format_bundle
from chain.proof.hashing import Suite
from chain.proof.keyring import Keyring, WrappedDataKey, WrappedLogKey
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.types import Phase

_AT = 1_795_167_000_000
_STREAM = bytes(range(16))
_FIRST = Leaf(Suite.INTL_V1, 0x0001, Phase.EVENT, 0, _STREAM, NO_LEAF, b"\x11" * 32, _AT)
_SECOND = Leaf(Suite.INTL_V1, 0x0001, Phase.EVENT, 1, _STREAM, _FIRST.hash(), b"\x22" * 32, _AT + 1)
_OWN = Leaf(Suite.INTL_V1, 0x0211, Phase.REGISTERED, 2, _STREAM, _SECOND.hash(), b"\x33" * 32, _AT + 2)
_INSTITUTION = "ins_" + "0a" * 16

ENTRIES = (
    Entry(
        leaf=_FIRST.encode(),
        stream_key=b"\x44" * 32,
        record_id="rec_" + "01" * 16,
        institution_id=_INSTITUTION,
        anchor_by=_AT + 60_000,
        ciphertext=b"\x01\x00\x00\x00\x01" + b"\x55" * 40,
        request=b"\x01\x00\x00\x00\x01" + b"\x66" * 60,
    ),
    Entry(
        leaf=_SECOND.encode(),
        record_id="rec_" + "02" * 16,
        institution_id=_INSTITUTION,
        anchor_by=_AT + 60_001,
    ),  # erased
    Entry(leaf=_OWN.encode()),
)

KEYRING = Keyring(
    origin="market.example/register",
    id="log_" + "03" * 16,
    owner_id=_INSTITUTION,
    house=False,
    suite=1,
    state="open",
    predecessor_id=None,
    stream_key=b"\x01" + b"\x77" * 68,
    created_at=_AT,
    keys=(
        WrappedLogKey(
            id="key_" + "04" * 16,
            vkey="market.example/register+00000000+AQ==",
            key_id="0x" + "05" * 32,
            wrapped=b"\x01" + b"\x88" * 68,
            from_size=0,
            from_index=0,
        ),
        WrappedLogKey(
            id="key_" + "06" * 16,
            vkey="market.example/register+00000001+AQ==",
            key_id="0x" + "07" * 32,
            wrapped=b"\x01" + b"\x99" * 68,
            from_size=None,
            from_index=None,
        ),
    ),
    data_keys=(
        WrappedDataKey(
            institution_id=_INSTITUTION, version=1, master_id="ab" * 8, wrapped=b"\x01" + b"\xaa" * 68, created_at=_AT
        ),
    ),
    erased=1,
)


def entries() -> JsonObject:
    """Bundles, what is refused, paths and a keyring."""
    return {
        "bundles": [_case(ENTRIES[:width]) for width in (1, 2, 3)],
        "refused": [*_refused()],
        "paths": [
            {"index": index, "width": width, "path": entries_path(index, width)}
            for index, width in ((0, 1), (0, 256), (999, 255), (1_234_067, 256))
        ],
        "keyring": to_hex(KEYRING.format()),
    }


def _case(chosen: tuple[Entry, ...]) -> JsonObject:
    told: list[JsonValue] = [
        {
            "leaf": to_hex(entry.leaf),
            "stream_key": to_hex(entry.stream_key or b""),
            "record_id": entry.record_id,
            "institution_id": entry.institution_id,
            "anchor_by": entry.anchor_by,
            "ciphertext": to_hex(entry.ciphertext),
            "request": to_hex(entry.request),
        }
        for entry in chosen
    ]
    return {"bundle": to_hex(format_bundle(chosen)), "entries": told}


def _refused() -> list[JsonValue]:
    whole = format_bundle(ENTRIES)
    first = format_bundle(ENTRIES[:1])
    upper = first.replace(b"rec_", b"REC_")
    return [
        {"name": name, "bundle": to_hex(data), "width": width}
        for name, data, width in (
            ("fewer entries than its width", first, 2),
            ("more entries than its width", whole, 2),
            ("no entry", whole[:19], 0),
            ("cut off", whole[:-1], 3),
            ("a byte after the end", whole + b"\x00", 3),
            ("another version", whole.replace(b"@v1", b"@v2"), 3),
            ("an id in upper case", upper, 1),
            ("an entry longer than any", whole[:19] + b"\xff\xff\xff\xff" + whole[23:], 3),
            ("empty", b"", 1),
        )
    ]
