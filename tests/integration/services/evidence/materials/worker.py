"""A process that is killed, or held to little memory or little disk, while it stores a file.

python -m tests.integration.services.evidence.materials.worker DATABASE_URL FOLDER STORE WHAT …
"""

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from chain.proof.digest import Digester, digest_of
from services.evidence.materials.errors import StorageFull
from services.evidence.materials.sealed import CHUNK
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.logging import configure
from tests.integration.services.evidence.materials.conftest import ONE, Depot, store_at

SEED = os.urandom(CHUNK)


def pieces(size: int) -> Iterator[bytes]:
    """So many bytes, no chunk of which is like another."""
    for index in range(-(-size // CHUNK)):
        head = index.to_bytes(8, "big")
        yield (head + SEED[8:])[: min(CHUNK, size - index * CHUNK)]


def say(**line: object) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def depot(url: str, folder: Path, place: str) -> Depot:
    configure("error")
    vault = Vault(folder / "master.key")
    return Depot(Database(url), FixedClock(), vault, folder, store_at(place))


def store(where: Depot, material: str, content: bytes) -> None:
    """Goes on with an upload to its end; a failpoint kills on the way."""
    offset = where.materials.get(ONE, material).offset
    with where.materials.receive(ONE, material, offset=offset, length=len(content) - offset) as upload:
        for start in range(offset, len(content), CHUNK):
            upload.append(content[start : start + CHUNK])
    where.materials.complete(ONE, material, digest_of([content]))


def large(where: Depot, size: int) -> None:
    """Stores and reads a file of this size; says the rates and the most memory that it took."""
    view, digester, began = where.announce(size, "大文件.bin"), Digester(), time.monotonic()
    with where.materials.receive(ONE, view.id, offset=0, length=size) as upload:
        for piece in pieces(size):
            upload.append(piece)
            digester.update(piece)
    where.materials.complete(ONE, view.id, digester.result())
    stored, read = time.monotonic(), 0
    again = Digester()
    for piece in where.materials.content(ONE, view.id).pieces:
        again.update(piece)
        read += len(piece)
    ended = time.monotonic()
    peak = _peak_kib()
    same = again.result() == digester.result()
    say(same=same, rss_mib=peak >> 10, store=size / (stored - began) / 1e6, read=read / (ended - stored) / 1e6)


def _peak_kib() -> int:
    """VmHWM, which begins anew with this program; ru_maxrss would count the process that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM:")).split()[1])


def full(where: Depot, material: str, content: bytes) -> None:
    """Stores under a limit on the size of files, as a full disk would have it; then without."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2 * CHUNK + 500, resource.RLIM_INFINITY))
    try:
        store(where, material, content)
    except StorageFull as error:
        say(slug=error.slug, status=error.status, offset=where.materials.get(ONE, material).offset)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    store(where, material, content)
    say(same=where.read(where.materials.get(ONE, material)) == content)


def main(url: str, folder: str, place: str, what: str, *given: str) -> None:
    where = depot(url, Path(folder), place)
    if what == "large":
        large(where, int(given[0]))
    elif what == "destroy":
        where.materials.files.destroy()
    else:
        {"store": store, "full": full}[what](where, given[0], Path(given[1]).read_bytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
