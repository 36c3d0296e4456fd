"""How much memory a process and its children hold, from /proc.

Resident memory counts, because numpy and onnxruntime reserve address space that they never use. RLIMIT_AS would kill
functions that run on AWS.

These functions run after each invocation, so they use ``os`` alone: pathlib takes three times as long.
"""

from __future__ import annotations

import os
from contextlib import suppress

_KB = 1024
_MB = 1024 * 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Follows one process.

    Args:
        pid: The process, alive.

    Attributes:
        peak: The most that was measured, in bytes.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        # The children of its first thread. A kernel may be built without this file; then we see no children at all.
        self._started: int | None = None
        with suppress(OSError):
            self._started = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)
        self.peak = 0

    def measure(self) -> int:
        """Return the peak so far in bytes.

        The kernel keeps the peak of the process alone. With children, it is the largest sum that was measured. After
        the process has ended, it is the last peak.
        """
        with suppress(ProcessLookupError):
            status = os.pread(self._status, 8192, 0)
            children = self._descendants(status)
            now = _number(status, b"\nVmRSS:") * _KB + sum(map(_statm, children)) if children else 0
            self.peak = max(self.peak, _number(status, b"\nVmHWM:") * _KB, now)
        return self.peak

    def _descendants(self, status: bytes) -> list[int]:
        """Return all processes below it. Those that end meanwhile are left out."""
        if self._started is None:
            return []
        # Most processes have one thread and no children. That costs one read of an open file.
        if _number(status, b"\nThreads:") == 1 and not os.pread(self._started, 1, 0):
            return []
        return _descendants(self._pid)

    def close(self) -> None:
        """Close the files of the process."""
        os.close(self._status)
        if self._started is not None:
            os.close(self._started)


def to_mb(size: int) -> int:
    """Return *size* bytes in whole MB, rounded up."""
    return -(-size // _MB)


def _number(status: bytes, label: bytes) -> int:
    """Return the number on the line of /proc's *status* that begins with *label*; 0 if there is none (a zombie)."""
    at = status.find(label)
    return int(status[at + len(label) : status.index(b"\n", at + 1)].split()[0]) if at >= 0 else 0


def _descendants(pid: int) -> list[int]:
    """Return all processes below *pid*. Those that end meanwhile are left out."""
    found: list[int] = []
    parents = [pid]
    while parents:
        children = _children(parents.pop())
        found += children
        parents += children
    return found


def _children(pid: int) -> list[int]:
    """Return the processes that the threads of *pid* have started and not yet reaped."""
    children: list[int] = []
    with suppress(OSError), os.scandir(f"/proc/{pid}/task") as threads:
        for thread in threads:
            children += map(int, _content(f"{thread.path}/children").split())
    return children


def _statm(pid: int) -> int:
    """Return the resident memory of *pid* in bytes; 0 if it has ended."""
    try:
        return int(_content(f"/proc/{pid}/statm").split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def _content(path: str) -> bytes:
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_CLOEXEC), "rb", buffering=0) as file:
        return file.read()
