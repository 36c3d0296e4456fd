"""From the rendezvous server's name to the one address where all ranks meet."""

from __future__ import annotations

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

    The system's resolver has no timeout. So the look-up runs in a thread that nobody waits for.

    Args:
        host: A name or an IPv4 address.
        find: Returns its address, or raises OSError.
    """

    def __init__(self, host: str, find: Callable[[str], str] = address_of) -> None:
        self._host, self._find = host, find
        self._asking: list[Callable[[str | OSError], None]] = []
        self._lock = threading.Lock()

    def ask(self, answer: Callable[[str | OSError], None]) -> None:
        """Let *answer* be called with the address, or why there is none: at once, or later from another thread."""
        if _is_address(self._host):
            answer(self._host)
            return
        with self._lock:
            first = not self._asking
            self._asking.append(answer)
        if first:
            threading.Thread(target=self._look_up, name="fmi-resolve", daemon=True).start()

    def _look_up(self) -> None:
        try:
            found: str | OSError = self._find(self._host)
        except OSError as error:
            found = error
        with self._lock:
            asking, self._asking = self._asking, []
        for answer in asking:
            answer(found)


def _is_address(host: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET, host)
    except OSError:
        return False
    return True
