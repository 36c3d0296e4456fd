"""The embedded cloud's own rendezvous. Ranks that run on this machine meet here, so nothing leaves the machine."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Self

from shared.fmi.rendezvous.keys import TeamKeys
from shared.fmi.rendezvous.limits import Limits
from shared.fmi.rendezvous.server import RendezvousServer

if TYPE_CHECKING:
    from collections.abc import Callable

LOOPBACK = "127.0.0.1"
_LIMITS = Limits(rate=100_000)  # all ranks come from one address


class LocalRendezvous:
    """A rendezvous server on a loopback address. It starts when its endpoint is first asked for. Thread-safe.

    Args:
        host: The address.
        port: The rendezvous port; 0 for any free one.
        http_port: The port for /readyz and the like; None for none.
        keys: Returns the keys that names are checked with. It is called when the server starts.
    """

    def __init__(
        self,
        host: str = LOOPBACK,
        port: int = 0,
        http_port: int | None = None,
        keys: Callable[[], TeamKeys] = TeamKeys,
    ) -> None:
        self._at = (host, port, http_port)
        self._keys = keys
        self._lock = threading.Lock()
        self._endpoint = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: RendezvousServer | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the server, if it runs."""
        with self._lock:
            if self._loop and self._server and self._thread:
                asyncio.run_coroutine_threadsafe(self._server.close(), self._loop).result()
                self._loop.call_soon_threadsafe(self._loop.stop)
                self._thread.join()
                self._loop.close()
            self._loop = self._server = self._thread = None

    def endpoint(self) -> str:
        """Start the server if it does not run; return its host:port.

        Raises:
            OSError: A port is taken, or this machine does not have the address.
            LanesError: The keys could not be had.
        """
        with self._lock:
            if not self._endpoint:
                self._start()
            return self._endpoint

    def _start(self) -> None:
        keys = self._keys()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rendezvous", daemon=True)
        self._thread.start()
        self._server = RendezvousServer(_LIMITS, keys)
        asyncio.run_coroutine_threadsafe(self._server.start(*self._at), self._loop).result()
        self._endpoint = f"{self._at[0]}:{self._server.port}"
