"""How much memory a process and its children hold, from /proc.

Resident memory, because numpy and onnxruntime reserve address space they never touch: RLIMIT_AS would kill what runs
on AWS.
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
        peak: The most it was seen with, in bytes.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._status = os.open(f"/proc/{pid}/status", os.O_RDONLY | os.O_CLOEXEC)
        # What its first thread has started. A kernel may be built without, and then we see no children at all.
        self._started: int | None = None
        with suppress(OSError):
            self._started = os.open(f"/proc/{pid}/task/{pid}/children", os.O_RDONLY | os.O_CLOEXEC)
        self.peak = 0

    def measure(self) -> int:
        """Return the peak so far in bytes.

        The kernel keeps the process's own peak; with children it is the sum of what all hold now, seen often enough.
        A process that has ended has the peak it was last seen with.
        """
        with suppress(ProcessLookupError):
            status = os.pread(self._status, 8192, 0)
            children = self._descendants(status)
            now = _number(status, b"\nVmRSS:") * _KB + sum(map(_statm, children)) if children else 0
            self.peak = max(self.peak, _number(status, b"\nVmHWM:") * _KB, now)
        return self.peak

    def _descendants(self, status: bytes) -> list[int]:
        """Return all processes below it; those that end meanwhile are left out."""
        if self._started is None:
            return []
        # After each invocation we look: one thread without children, as most are, costs one read of an open file.
        if _number(status, b"\nThreads:") == 1 and not os.pread(self._started, 1, 0):
            return []
        return _descendants(self._pid)

    def close(self) -> None:
        """Let go of the process."""
        os.close(self._status)
        if self._started is not None:
            os.close(self._started)


def to_mb(size: int) -> int:
    """Return *size* bytes in whole MB, rounded up."""
    return -(-size // _MB)


def _number(status: bytes, label: bytes) -> int:
    """Return the number on the line of /proc's *status* that begins with *label*; 0 without it, as of a zombie."""
    at = status.find(label)
    return int(status[at + len(label) : status.index(b"\n", at + 1)].split()[0]) if at >= 0 else 0


def _descendants(pid: int) -> list[int]:
    """Return all processes below *pid*; those that end meanwhile are left out."""
    found: list[int] = []
    parents = [pid]
    while parents:
        children = _children(parents.pop())
        found += children
        parents += children
    return found


def _children(pid: int) -> list[int]:
    """Return what the threads of *pid* have started and not yet reaped."""
    children: list[int] = []
    with suppress(OSError):
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  the hot path
            with open(f"/proc/{pid}/task/{thread}/children", "rb", buffering=0) as file:  # noqa: PTH123  the hot path
                children += map(int, file.read().split())
    return children


def _statm(pid: int) -> int:
    try:
        with open(f"/proc/{pid}/statm", "rb", buffering=0) as file:  # noqa: PTH123  the hot path
            return int(file.read().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0
