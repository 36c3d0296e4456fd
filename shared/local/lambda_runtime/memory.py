"""How much memory a process and its children hold, from /proc.

Resident memory, because numpy and onnxruntime reserve address space they never touch: RLIMIT_AS would kill what runs
on AWS.
"""

from __future__ import annotations

import os
from contextlib import suppress

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
        self.peak = 0

    def measure(self) -> int:
        """Return the peak so far in bytes.

        The kernel keeps the process's own peak; with children it is the sum of what all hold now, seen often enough.
        A process that has ended has the peak it was last seen with.
        """
        with suppress(ProcessLookupError):
            own_peak, own_now = _resident(os.pread(self._status, 8192, 0))
            children = _descendants(self._pid)
            now = own_now + sum(map(_statm, children)) if children else 0
            self.peak = max(self.peak, own_peak, now)
        return self.peak

    def close(self) -> None:
        """Let go of the process."""
        os.close(self._status)


def to_mb(size: int) -> int:
    """Return *size* bytes in whole MB, rounded up."""
    return -(-size // _MB)


def _resident(status: bytes) -> tuple[int, int]:
    """Return (peak, now) in bytes; a zombie has neither line."""
    peak, now = 0, 0
    for line in status.splitlines():
        if line.startswith(b"VmHWM:"):
            peak = int(line.split()[1]) * 1024
        elif line.startswith(b"VmRSS:"):
            now = int(line.split()[1]) * 1024
            break
    return peak, now


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
