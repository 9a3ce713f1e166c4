"""Hears what other processes announce (LISTEN). Who hears nothing asks now and then: the bell only saves time."""

import threading
from collections.abc import Callable, Mapping

import psycopg
from sqlalchemy.engine import make_url

from services.platform.database import PG_NETWORK
from services.platform.logging import get_logger
from services.workers import repository

__all__ = ["Bell"]

_LOOK_S = 0.5
_AGAIN_S = 1.0
_log = get_logger("workers")


class Bell:
    """Calls ``heard[announcement]`` in a thread of its own, and all of them after each (re)connection."""

    def __init__(self, url: str, heard: Mapping[str, Callable[[], None]]) -> None:
        self._url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)

    def start(self) -> None:
        """Begins to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Harmless when not started."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with self._connected() as connection:
                    repository.listen(connection)
                    for react in self._heard.values():
                        react()
                    while not self._stopping.is_set():
                        self._hear(connection)
            except psycopg.Error as error:
                _log.warning("bell_silent", reason=type(error).__name__)
                self._stopping.wait(_AGAIN_S)

    def _connected(self) -> "psycopg.Connection[tuple[object, ...]]":
        return psycopg.connect(self._url, autocommit=True, application_name="regseal bell", **PG_NETWORK)

    def _hear(self, connection: "psycopg.Connection[object]") -> None:
        for said in connection.notifies(timeout=_LOOK_S):
            react = self._heard.get(said.payload)
            if react is not None:
                react()
