"""A full disk takes log lines, never threads."""

import errno
from io import StringIO
from typing import Never

from typing_extensions import override

from services.platform.logging import configure, get_logger


class _FullDisk(StringIO):
    @override
    def write(self, text: str, /) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")

    @override
    def flush(self) -> Never:
        raise OSError(errno.ENOSPC, "No space left on device")


def test_line_that_finds_no_room_is_lost_and_nothing_is_raised() -> None:
    configure("info", _FullDisk())
    try:
        get_logger("disk").error("not_durable")
    finally:
        configure()
