"""Finds out whose process is at the other end of a loopback connection, because the Runtime API has no passwords.

Every user of the machine can connect to a loopback port, take a worker's event and answer in its place. The kernel
tells the user of each socket in /proc/net/tcp. The peer's socket has our two addresses in the opposite order.
"""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_TABLE = Path("/proc/net/tcp")
_REMOTE, _USER = 2, 7  # columns, from 0 (proc_pid_net(5))
_READINGS = 3
"""How often the table is read for a socket that must be there. The kernel gives it in pieces; a socket that goes
between two of them can hide the one behind it in its bucket. Our choice."""


def _read() -> str:
    return _TABLE.read_text(encoding="ascii")


def is_ours(connection: socket.socket, read: Callable[[], str] = _read) -> bool:
    """Say whether *connection* (IPv4) comes from a process of our own user; False if that cannot be found out.

    Args:
        connection: One that was accepted on the loopback.
        read: Reads the kernel's table of sockets.
    """
    wanted = f" {_address(connection.getpeername())} {_address(connection.getsockname())} "
    for _ in range(_READINGS):
        line = next((line for line in read().splitlines() if wanted in line), None)
        if line is not None:
            return int(line.split()[_USER]) == os.geteuid()
    return False


def others_at(port: int, table: str | None = None) -> bool:
    """Say whether another user's process is connected to *port* of the loopback; *table* is what the kernel tells."""
    wanted = _address(("127.0.0.1", port))
    lines = (line.split() for line in (table or _read()).splitlines()[1:])
    return any(words[_REMOTE] == wanted and int(words[_USER]) != os.geteuid() for words in lines)


def _address(name: tuple[str, int]) -> str:
    """Return an address as the kernel writes it: its bytes as they lie in this machine's memory, and the port."""
    host, port = name
    (word,) = struct.unpack("=I", socket.inet_aton(host))
    return f"{word:08X}:{port:04X}"
