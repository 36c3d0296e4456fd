"""How much is kept of executions that have ended: no more than so many days and MB, the oldest go first.

An execution goes with all below it. One that runs never goes, nor does the one that ended last, however large it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.asl.runs.schema import PLACES
from shared.local.storage import bytes_in_use

if TYPE_CHECKING:
    from collections.abc import Callable
    from sqlite3 import Connection

    from shared.config.cloud_bounds import Bound

DAY = 86_400
_MB = 1 << 20
# After how many seconds what is too old is looked for again, and how many go at a time where there is too much.
_SECONDS, _STEP = 3600, 10
_OLDEST = "SELECT id FROM runs WHERE item IS NULL AND status <> 'RUNNING'"


class Bounds:
    """Keeps one database within its bound.

    Args:
        bound: How much is kept.
        clock: Gives the time in seconds since the epoch.
    """

    def __init__(self, bound: Bound, clock: Callable[[], float]) -> None:
        self._bound, self._clock = bound, clock
        self._looked = 0.0

    def keep_within(self, writer: Connection) -> bool:
        """Remove what is beyond the bound, at the end of a transaction; tell whether something went."""
        now, gone = self._clock(), 0
        if now - self._looked >= _SECONDS:
            self._looked = now
            gone = remove(writer, f"{_OLDEST} AND changed < ?", now - self._bound.days * DAY)
        while bytes_in_use(writer) > self._bound.mb * _MB:
            newest = f"{_OLDEST} ORDER BY changed DESC LIMIT 1"
            step = remove(writer, f"{_OLDEST} AND id NOT IN ({newest}) ORDER BY changed LIMIT ?", _STEP)
            gone += step
            if not step:
                break
        return gone > 0


def remove(writer: Connection, chosen: str, *values: object) -> int:
    """Remove the executions whose ids the query *chosen* gives with *values*, and all below; return how many."""
    roots = [number for (number,) in writer.execute(chosen, values).fetchall()]
    for root in roots:
        below = "SELECT id FROM runs WHERE scope IN (SELECT arn FROM map_runs WHERE root = ?)"
        for numbers in ([(root,)], writer.execute(below, (root,)).fetchall()):
            spans = [(number * PLACES, (number + 1) * PLACES) for (number,) in numbers]
            writer.executemany("DELETE FROM events WHERE id >= ? AND id < ?", spans)
        writer.execute("DELETE FROM runs WHERE scope IN (SELECT arn FROM map_runs WHERE root = ?)", (root,))
        writer.execute("DELETE FROM map_runs WHERE root = ?", (root,))
        writer.execute("DELETE FROM runs WHERE id = ?", (root,))
    if roots:
        writer.execute("DELETE FROM machines WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.machine = machines.id)")
    return len(roots)
