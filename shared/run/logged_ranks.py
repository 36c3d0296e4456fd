"""The ranks of a distributed Map whose children are express: by the log of the machine, once the run is over.

It may be asked for what :class:`~shared.run.child_ranks.ChildRanks` is. While the Map goes on only counts are known:
to read a log again and again would take the account's calls from all teams.
"""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING

from shared.run.child_ranks import Sought
from shared.run.history import details
from shared.run.item_ranks import error_of
from shared.run.logged_children import ChildLog
from shared.run.patience import LATE
from shared.run.ranks import RankRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mypy_boto3_stepfunctions.type_defs import HistoryEventTypeDef

    from shared.aws.client import Aws
    from shared.run.logged_children import LoggedChild
    from shared.run.start import Run


class LoggedRanks:
    """The express children of one run of a distributed Map. It may be used by several threads.

    Args:
        aws: The cloud's clients.
        run: The run that the Map is of.
        map_run: The ARN of the Map's run.

    Attributes:
        listed: When the log was read last; None before that.
        untold: 0: what the log shows of a child is all that is known.
        cut: 0: none is left out.
    """

    def __init__(self, aws: Aws, run: Run, map_run: str) -> None:
        self._aws = aws
        self._log = ChildLog(aws, run, patient=False)
        self._map_run = map_run
        self._lock = Lock()
        self._rows: tuple[RankRow, ...] = ()
        self._settled_for: int | None = None  # after how many redrives all was read
        self.listed: datetime | None = None
        self.untold = self.cut = 0

    def wait(self, seconds: float) -> None:
        """Wait for nothing: only counts are known before the log is read."""

    def want(self, failed: int) -> None:
        """Ask for no more: the log tells of all children alike."""

    def settled(self, redrives: int) -> bool:
        """Say whether nothing is left to read of a run that has ended, after so many *redrives*."""
        return self._settled_for == redrives

    def look(self, counts: Mapping[str, int], redrives: int, *, over: bool) -> None:
        """Read the log, if the run is *over*, until it shows as many children as the *counts* tell, or is late."""
        if not over or self._settled_for == redrives:
            return
        told = self._aws.states.describe_map_run(mapRunArn=self._map_run)
        children = self._log.of(told)
        with self._lock:
            self._rows = tuple(_row(place, child) for place, child in enumerate(children))
            self.listed = datetime.now(UTC)
        whole = len(children) >= counts.get("total", 0) and all(child.ending for child in children)
        late = datetime.now(UTC) - told.get("stopDate", datetime.now(UTC)) > LATE
        self._settled_for = redrives if whole or late else None

    def rows(self) -> tuple[RankRow, ...]:
        """Return a row for each child that the log shows, in the order of their start."""
        with self._lock:
            return self._rows

    def at(self, place: int) -> RankRow | None:
        """Return the child at this *place*; None where there is none."""
        rows = self.rows()
        return rows[place] if 0 <= place < len(rows) else None

    def now(self, row: RankRow) -> RankRow:
        """Return the child in *row* as the log has it now."""
        return next((each for each in self.rows() if each.execution == row.execution), row)

    def find(self, number: int) -> Sought:
        """Return the child whose rank is *number*; of those whose items tell no rank, the one at that place."""
        row = next((each for each in self.rows() if each.number == number), None)
        return Sought(row, 0, ())

    def events(self, row: RankRow) -> Sequence[HistoryEventTypeDef]:
        """Return the events of the child in *row*, oldest first."""
        return self._log.seen[row.execution].events


def _row(place: int, child: LoggedChild) -> RankRow:
    ending = child.ending
    told = details(ending) if ending else {}
    error, message = error_of(str(told["error"]), str(told.get("cause") or "")) if told.get("error") else ("", "")
    return RankRow(
        place,
        place if child.rank is None else child.rank,
        child.status,
        child.started,
        (ending["timestamp"] - child.started).total_seconds() if ending else None,
        error,
        message,
        execution=child.arn,
    )
