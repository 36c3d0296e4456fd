"""How many functions this machine may run at once."""

from __future__ import annotations

import os

_RANK_BYTES = 128 * 2**20
"""What a rank with a program of its own takes of this machine: 55 MB were measured, a larger program takes more."""


def slots() -> int:
    """Return how many workers this machine may have: enough for a group of ranks that wait for each other.

    More ranks than that would wait for each other without an end, so it is what the machine's memory holds, and never
    fewer than a small machine has carried.
    """
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(64, 16 * (os.cpu_count() or 1), memory // _RANK_BYTES)
