"""What world a rendezvous carries, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.fmi.worlds import MOST_RANKS, PATIENCE, SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shared.config.worlds import Capacity


def capacity_lines(found: Capacity) -> Iterator[str]:
    """Yield what is to be told of it."""
    who = f" ({', '.join(found.teams)})" if found.teams else ""
    if found.server is None:
        what = f"not run by these settings: nothing is known of its cpu, and FMI joins {MOST_RANKS:,} ranks at most"
        yield f"{found.endpoint}{who}: {what}"
        return
    server, kind = found.server, "one connection a rank" if found.server.many else "one connection a pair"
    yield f"{found.endpoint}{who} carries worlds of up to {found.ranks:,} ranks"
    size = f"cpu {server.cpu} and {server.memory_mb} MB"
    if found.ranks == MOST_RANKS:
        yield f"    {size}, {found.protocol}, {kind}: as many as FMI joins"
        return
    more = ", ".join(f"cpu {cpu} carries {ranks:,}" for cpu, ranks in found.larger.items())
    yield f"    {size}, {found.protocol}, {kind}: pairing may take {PATIENCE * SHARE:.0f} of the {PATIENCE:.0f} s"
    yield f"    that ranks wait in their first operation{f'; {more}' if more else ''}"
