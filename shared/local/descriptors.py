"""How many descriptors the embedded cloud may open: a login often gives 1,024, which a world of 40 ranks uses up.

A worker takes some 7 of the cloud, its calls some more, and its rank at the cloud's rendezvous one connection, or one
for each pair under way. In a world of 100 ranks with a connection a pair, all of it was 28 a rank (2026-11-30).
"""

from __future__ import annotations

import resource

_A_RANK = 30
_OWN = 256  # files, the engine, requests


def ranks_held() -> int:
    """Return how many ranks at once this process may have descriptors for, by its hard limit."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return 1 << 20 if hard == resource.RLIM_INFINITY else max(1, (hard - _OWN) // _A_RANK)


def make_room(ranks: int) -> None:
    """Raise this process's soft limit so that so many *ranks* fit, as far as its hard limit lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OWN + ranks * _A_RANK
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
