"""What can go wrong with a file, beside what can go wrong anywhere."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from services.platform.errors import Conflict, RegsealError, Unavailable

__all__ = [
    "Damaged",
    "DigestMismatch",
    "OffsetMismatch",
    "StorageFull",
    "StoreAway",
    "StoreRefuses",
    "UploadBusy",
    "UploadIncomplete",
    "refusing_full",
]

_FULL = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))


class Damaged(Unavailable):
    """A stored file is not what was stored: changed, cut, mixed up, or gone."""

    def __init__(self, what: str) -> None:
        super().__init__("material-damaged", f"The stored file cannot be given out: {what}.")


class StorageFull(RegsealError):
    """There is no room. What stood before stands still, and the upload can be resumed from its offset."""

    def __init__(self) -> None:
        detail = "There is no room for this file now; the part that was stored is kept, resume later."
        super().__init__("storage-full", 507, "Insufficient storage", detail)


class StoreAway(Unavailable):
    """The store of the materials does not answer, or not in time. What stands is kept; the request can be repeated."""

    def __init__(self, what: str) -> None:
        detail = f"The store of the materials does not answer ({what}); what was received is kept, try again."
        super().__init__("materials-store-away", detail)


class StoreRefuses(Unavailable):
    """The store answers, and does not do what is asked: a matter of its settings or of the credentials."""

    def __init__(self, code: str) -> None:
        detail = f"The store of the materials refuses ({code}); what was received is kept. The operator must see to it."
        super().__init__("materials-store-refuses", detail)


class UploadBusy(Conflict):
    """Another request is writing to this upload."""

    def __init__(self) -> None:
        super().__init__("Another request is writing to this upload.", slug="upload-busy")


class OffsetMismatch(Conflict):
    """The part does not begin where the stored part ends."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"Resume at offset {offset}.", slug="upload-offset", extra={"offset": offset})


class UploadIncomplete(Conflict):
    """Fewer bytes came than were announced: the upload was cut off."""

    def __init__(self, received: int, size: int) -> None:
        detail = f"{received} of {size} bytes are stored; send the rest from offset {received}."
        super().__init__(detail, slug="upload-incomplete", extra={"offset": received, "size": size})


class DigestMismatch(Conflict):
    """The bytes that came are not those the submitter meant. The upload is discarded."""

    def __init__(self, what: str) -> None:
        detail = f"The {what} of what arrived is not the one given; the upload is discarded, begin anew."
        super().__init__(detail, slug="digest-mismatch", status=422)


@contextmanager
def refusing_full() -> Iterator[None]:
    """Turns the operating system's words for "no room" into ours."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise StorageFull from error
        raise
