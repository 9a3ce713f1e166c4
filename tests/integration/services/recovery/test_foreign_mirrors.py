"""Mirrors that somebody changed: only what the service made is put back."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from chain.party.witness.entries import EntryMirror
from chain.proof.checkpoint import Checkpoint
from chain.proof.entries import Entry, entries_path, format_bundle
from chain.proof.ethereum import log_id
from chain.proof.leaf import Leaf
from chain.proof.merkle import leaf_hash
from chain.proof.note import Note, NoteSigner, SignatureType, parse_note
from chain.proof.tiles import tile_path
from services.platform.errors import Invalid
from tests.conftest import FULL
from tests.integration.services.recovery.stage import REGISTER, Backup, Stage, fresh_start

pytestmark = pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if FULL else ["sqlite"], indirect=True)
STRANGER = b"\x66" * 32


@contextmanager
def changed(path: Path, change: Callable[[bytes], bytes]) -> Iterator[None]:
    """A file of the mirror as somebody left it."""
    before = path.read_bytes()
    path.write_bytes(change(before))
    try:
        yield
    finally:
        path.write_bytes(before)


def keyring(**members: str) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        body = json.loads(data)
        body["log"] |= members
        return json.dumps(body).encode()

    return change


def signed_by_a_stranger(data: bytes) -> bytes:
    """A head of the log's own name, over a tree that its service never had."""
    signer = NoteSigner(REGISTER, SignatureType.ED25519, STRANGER)
    text = Checkpoint(REGISTER, Checkpoint.parse(parse_note(data).text).size + 1, b"\x01" * 32).text()
    return Note(text, (signer.sign(text),)).format().encode()


def with_an_invented_leaf(mirror: Path) -> int:
    """Behind all heads another leaf, of a record that was "erased"; how many leaves there are then."""
    own = EntryMirror(mirror)
    size, last = own.size, own.bundle(0)[-1]
    leaf = replace(Leaf.decode(last.leaf), seq=0, stream=b"\x02" * 16, previous=bytes(32), commitment=b"\x03" * 32)
    invented = Entry(
        leaf=leaf.encode(), stream_key=b"\x04" * 32, record_id=f"rec_{'0' * 32}", institution_id=last.institution_id
    )
    (mirror / entries_path(0, size + 1)).write_bytes(format_bundle([*own.bundle(0), invented]))
    hashes = (mirror / tile_path(0, 0, size)).read_bytes() + leaf_hash(invented.leaf)
    (mirror / tile_path(0, 0, size + 1)).write_bytes(hashes)
    (mirror / "entries.json").write_text(json.dumps({"size": size + 1, "erased": own.erased}))
    (mirror / "mirror.json").write_text(json.dumps({"size": size + 1}))
    return size + 1


def test_only_what_the_service_made_is_put_back(stage: Stage, tmp_path: Path) -> None:
    stage.submit("before")
    stage.settle()
    backup = Backup(stage.settings, tmp_path / "backup")
    since = stage.submit("since")
    stage.settle()
    sizes, house = stage.sizes(), stage.log(stage.settings.house_origin)
    stage.stop()
    backup.restore()
    folder = stage.home / "logs" / f"0x{log_id(REGISTER).hex()}"
    mirror = folder / "mirror"
    for path, change, said in (
        (folder / "head.note", signed_by_a_stranger, "not signed"),
        (mirror / "keyring.json", keyring(owner_id=f"inst_{'0' * 32}"), "owner"),
        (mirror / "keyring.json", keyring(id=house.id, stream_key=_stream_key(stage)), "another log"),
    ):
        with changed(path, change), pytest.raises(Invalid, match=said):
            stage.recover()

    bundle, entries = mirror / entries_path(0, sizes[REGISTER]), list(EntryMirror(mirror).bundle(0))
    entries[since.index] = replace(entries[since.index], ciphertext=b"")
    with changed(bundle, lambda _data: format_bundle(entries)):
        assert stage.recover(dry_run=True).unexplained == [since.record_id], "nobody erased it"
    assert stage.recover(dry_run=True).unexplained == []

    assert with_an_invented_leaf(mirror) == sizes[REGISTER] + 1
    done = stage.recover()
    assert {plan.origin: plan.size for plan in done.logs} == sizes, "no head vouches for it, and no key opens it"
    with fresh_start(stage):
        assert stage.submit("after").index == sizes[REGISTER]
        stage.settle()
    assert stage.fsck(mirror=False).data()["outcome"] == "clean"


def _stream_key(stage: Stage) -> str:
    folder = stage.home / "logs" / f"0x{log_id(stage.settings.house_origin).hex()}"
    return str(json.loads((folder / "mirror" / "keyring.json").read_bytes())["log"]["stream_key"])
