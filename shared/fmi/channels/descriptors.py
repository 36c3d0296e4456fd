"""Whether this process may open as many connections as an operation needs."""

from __future__ import annotations

import resource
from pathlib import Path

from shared.errors import UsageError

_SPARE = 8  # descriptors for what meets ranks (listener, rendezvous, poll): our choice


def check_descriptors(connections: int, operation: str) -> None:
    """Refuse what needs more new *connections* than RLIMIT_NOFILE leaves. Called before anything is sent.

    Raises:
        UsageError: The limit is too low.
    """
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = sum(1 for _ in Path("/proc/self/fd").iterdir()) + connections + _SPARE
    if connections and limit != resource.RLIM_INFINITY and needed > limit:
        what = f"{operation} needs {connections} more connections, {needed} open files in all; RLIMIT_NOFILE is {limit}"
        raise UsageError(what, fix=f"set ulimit -n to {needed} or more on all ranks, or send shorter rows")
