"""Finished files in a bucket of any store that speaks S3.

Large files go up in parts of whole sealed chunks, one in memory at a time. A copy that was cut off goes on with the
part that is missing: the store remembers the parts, and a chunk that was sealed is the same wherever it came from.
Nothing that the store says of a content is believed; each chunk proves itself when it is read.

Repeated is what can be done twice without harm: reading, writing a part or an object whole, removing. Beginning and
finishing a copy in parts are not; after a lost answer the store is asked what stands.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import certifi
import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from services.evidence.materials.errors import Damaged, StorageFull, StoreAway, StoreRefuses
from services.evidence.materials.sealed import CHUNK, HEADER, Source, place_of
from services.evidence.materials.store import Entry
from services.platform.failpoints import hit

__all__ = ["Bucket", "S3Store", "client_of"]

_TRIES: Final = 4
_PART_CHUNKS: Final = 8
_MOST_PARTS: Final = 10_000
_FULL: Final = frozenset(
    ("QuotaExceeded", "InsufficientStorage", "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "EntityTooLarge")
)
_BUSY: Final = frozenset(
    ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "OperationAborted", "NoSuchUpload")
)
_GONE: Final = frozenset(("NoSuchKey", "NoSuchObject", "NoSuchVersion"))


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where in the store: a bucket, and what all names in it begin with (`""`, or `prefix/`)."""

    name: str
    prefix: str = ""


def client_of(
    endpoint: str,
    credentials: Mapping[str, str],
    *,
    region: str,
    virtual_host: bool,
    ca_file: Path | None,
    timeout_s: int,
) -> Minio:
    """A client of the store at `endpoint` (https://host[:port]).

    ``credentials``: access_key, secret_key and perhaps session_token; ``virtual_host``: the bucket is in the host's
    name, not in the path.
    """
    address = urllib3.util.parse_url(endpoint)
    retry = urllib3.Retry(
        total=_TRIES - 1,
        backoff_factor=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=("GET", "HEAD", "PUT", "DELETE"),
        raise_on_status=False,
        redirect=0,
    )
    pool = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=min(10, timeout_s), read=timeout_s),
        maxsize=16,
        retries=retry,
        cert_reqs="CERT_REQUIRED",
        ca_certs=str(ca_file) if ca_file else os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )
    client = Minio(
        address.netloc or "",
        access_key=credentials["access_key"],
        secret_key=credentials["secret_key"],
        session_token=credentials.get("session_token"),
        secure=address.scheme == "https",
        region=region,
        http_client=pool,
    )
    choose = client.enable_virtual_style_endpoint if virtual_host else client.disable_virtual_style_endpoint
    choose()  # type: ignore[no-untyped-call]
    return client


@contextmanager
def _asking() -> Iterator[None]:
    """Turns what goes wrong with a store into our words. Never its own: they may quote what was signed."""
    try:
        yield
    except S3Error as error:
        raise _refused(error.code or "") from None
    except (ServerError, InvalidResponseError) as error:
        raise _answered(_status(error)) from None
    except (HTTPError, MinioException, OSError) as error:
        raise StoreAway(type(error).__name__) from None


def _refused(code: str) -> Exception:
    if code in _FULL:
        return StorageFull()
    if code in _GONE:
        return Damaged("it is gone")
    return StoreAway(code) if code in _BUSY else StoreRefuses(code)


def _answered(status: int) -> Exception:
    if status in (413, 507):
        return StorageFull()
    return StoreAway(f"status {status}") if status >= 500 or status == 429 else StoreRefuses(f"status {status}")


def _status(error: ServerError | InvalidResponseError) -> int:
    return int(error.status_code if isinstance(error, ServerError) else error._code)  # noqa: SLF001 (it has no other)


class S3Store:
    """See :class:`Store <services.evidence.materials.store.Store>`."""

    def __init__(self, client: Minio, bucket: Bucket) -> None:
        self._client = client
        self._bucket = bucket.name
        self._prefix = bucket.prefix

    def put(self, name: str, file: Path) -> None:
        """See :class:`Store`."""
        length = file.stat().st_size
        if self.size(name) == length:
            return
        with file.open("rb") as source:
            cuts = _cuts(length)
            if len(cuts) == 1:
                with _asking():
                    self._client.put_object(self._bucket, self._key(name), source, length, num_parallel_uploads=1)
            else:
                try:
                    self._put_parts(name, source, cuts)
                except StoreAway:
                    if self.size(name) != length:  # it may have finished, and taken longer to say so than we wait
                        raise
        if self.size(name) != length:
            raise StoreAway("it took the file and does not have it")

    def size(self, name: str) -> int | None:
        """See :class:`Store`."""
        try:
            with _asking():
                return self._client.stat_object(self._bucket, self._key(name)).size
        except Damaged:
            return None

    def open(self, name: str, start: int) -> Source:
        """See :class:`Store`."""
        return _Reading(lambda at: self._get(name, at), start)

    def remove(self, name: str) -> None:
        """See :class:`Store`. In a bucket with versions the bytes stay until its own rules take them."""
        with _asking():
            self._client.remove_object(self._bucket, self._key(name))

    def entries(self) -> Iterator[Entry]:
        """See :class:`Store`."""
        with _asking():
            for each in self._client.list_objects(self._bucket, prefix=self._prefix, recursive=True):
                yield Entry((each.object_name or "").removeprefix(self._prefix), each.size or 0)

    def unfinished(self) -> Iterator[str]:
        """See :class:`Store`."""
        yield from {key.removeprefix(self._prefix) for key, _ in self._begun(self._prefix)}

    def abandon(self, name: str) -> None:
        """See :class:`Store`."""
        key = self._key(name)
        for found, upload in self._begun(key):
            if found == key:
                with _asking():
                    self._client._abort_multipart_upload(self._bucket, key, upload)  # noqa: SLF001

    # --- copies in parts. The library keeps these calls to itself, for it makes them whole or not at all; its version
    #     is pinned, and the tests run each of them.

    def _put_parts(self, name: str, source: BinaryIO, cuts: Sequence[tuple[int, int]]) -> None:
        key = self._key(name)
        upload = next((each for found, each in self._begun(key) if found == key), None)
        with _asking():
            if upload is None:
                upload = self._client._create_multipart_upload(self._bucket, key, {})  # noqa: SLF001
            known = self._parts(key, upload)
            done = []
            for number, (start, length) in enumerate(cuts, 1):
                etag, size = known.get(number, ("", -1))
                if size != length:
                    source.seek(start)
                    data = source.read(length)
                    etag = self._client._upload_part(self._bucket, key, data, None, upload, number)  # noqa: SLF001
                    hit("material.after-part")
                done.append(Part(number, etag))
            self._client._complete_multipart_upload(self._bucket, key, upload, done)  # noqa: SLF001

    def _parts(self, key: str, upload: str) -> dict[int, tuple[str, int]]:
        known, marker = dict[int, tuple[str, int]](), None
        while True:
            page = self._client._list_parts(self._bucket, key, upload, part_number_marker=marker)  # noqa: SLF001
            known |= {each.part_number: (each.etag, each.size or 0) for each in page.parts}
            if not page.is_truncated:
                return known
            marker = str(page.next_part_number_marker)

    def _begun(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(key, upload id) of the copies begun and not finished."""
        marker: tuple[str | None, str | None] = None, None
        while True:
            with _asking():
                page = self._client._list_multipart_uploads(  # noqa: SLF001
                    self._bucket, prefix=prefix, key_marker=marker[0], upload_id_marker=marker[1]
                )
            for each in page.uploads:
                yield each.object_name, each.upload_id or ""
            if not page.is_truncated:
                return
            marker = page.next_key_marker, page.next_upload_id_marker

    def _get(self, name: str, start: int) -> urllib3.BaseHTTPResponse:
        with _asking():
            return self._client.get_object(self._bucket, self._key(name), offset=start)

    def _key(self, name: str) -> str:
        return self._prefix + name


def _cuts(length: int) -> list[tuple[int, int]]:
    """(start, length) of each part of a sealed file: whole chunks, the first with the header."""
    step = place_of(1) - len(HEADER)
    chunks = -(-max(1, length - len(HEADER)) // step)
    a_part = max(_PART_CHUNKS, -(-chunks // _MOST_PARTS))
    starts = [0, *(place_of(index) for index in range(a_part, chunks, a_part))]
    return [(start, end - start) for start, end in zip(starts, [*starts[1:], length], strict=True)]


class _Reading:
    """An object's bytes from a place on; when the connection breaks it is opened again at the place reached."""

    def __init__(self, opening: Callable[[int], urllib3.BaseHTTPResponse], start: int) -> None:
        self._opening = opening
        self._place = start
        self._response = opening(start)

    def read(self, length: int, /) -> bytes:
        """See :class:`Source`."""
        for _ in range(_TRIES - 1):
            try:
                return self._next(length)
            except (HTTPError, OSError):
                self.close()
                self._response = self._opening(self._place)
        with _asking():
            return self._next(length)

    def close(self) -> None:
        """See :class:`Source`."""
        self._response.close()
        self._response.release_conn()

    def _next(self, length: int) -> bytes:
        data = self._response.read(min(length, CHUNK))
        self._place += len(data)
        return data
