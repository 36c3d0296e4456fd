"""From the rendezvous server's name to the one address where all ranks meet."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def address_of(host: str) -> str:
    """Return *host*'s IPv4 address. Of several it is the least, whatever order the resolver gives: so all ranks meet.

    Raises:
        OSError: It has none.
    """
    found = socket.getaddrinfo(host, None, family=socket.AF_INET, type=socket.SOCK_STREAM)
    return min((str(entry[4][0]) for entry in found), key=socket.inet_aton)


class Lookup:
    """Looks a host up, once for all that ask at the same time.

    The system's resolver has no timeout, and a loop that ends waits for its own helper threads. So the look-up runs in
    a thread that nobody waits for.

    Args:
        host: A name or an IPv4 address.
        find: Returns its address, or raises OSError.
    """

    def __init__(self, host: str, find: Callable[[str], str] = address_of) -> None:
        self._host, self._find = host, find
        self._running: asyncio.Future[str] | None = None

    async def address(self) -> str:
        """Return the address. Cancel it if it takes too long.

        Raises:
            OSError: There is none.
        """
        if self._running is None or self._running.done():
            self._running = asyncio.get_running_loop().create_future()
            arguments = (asyncio.get_running_loop(), self._running)
            threading.Thread(target=self._look_up, args=arguments, name="fmi-resolve", daemon=True).start()
        return await asyncio.shield(self._running)

    def _look_up(self, loop: asyncio.AbstractEventLoop, answer: asyncio.Future[str]) -> None:
        try:
            found: str | OSError = self._find(self._host)
        except OSError as error:
            found = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_answer, answer, found)


def _answer(question: asyncio.Future[str], found: str | OSError) -> None:
    if isinstance(found, OSError):
        question.set_exception(found)
    else:
        question.set_result(found)
