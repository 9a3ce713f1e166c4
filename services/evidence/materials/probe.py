"""Whether a store does what it is needed for: a few bytes go in, are listed, come back, and are removed."""

import os
import tempfile
from pathlib import Path

from services.evidence.materials.errors import Damaged
from services.evidence.materials.store import Store, name_of
from services.platform.ids import new_id

__all__ = ["probe"]

_LENGTH = 64


def probe(store: Store) -> None:
    """Returns when it does. Unavailable, StorageFull or Damaged say what it did not; what was put in is removed.

    A probe that is killed leaves an object that no row refers to: the sweep removes it.
    """
    content, name = os.urandom(_LENGTH), name_of(os.urandom(32), new_id("obj"))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "probe"
        file.write_bytes(content)
        store.put(name, file)
    try:
        _examine(store, name, content)
    finally:
        store.remove(name)
    if store.size(name) is not None:
        raise Damaged("it is there after its removal")


def _examine(store: Store, name: str, content: bytes) -> None:
    if store.size(name) != len(content) or next(iter(store.entries()), None) is None:
        raise Damaged("it is not listed with its length")
    source = store.open(name, 0)
    try:
        if source.read(2 * len(content)) != content:
            raise Damaged("other bytes came back")
    finally:
        source.close()
