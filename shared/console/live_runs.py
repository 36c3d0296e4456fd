"""The runs that pages show: found by their ids in any lane, and looked at again as far as their price allows."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from shared.errors import UsageError
from shared.run.find import find_run
from shared.run.live import LiveRun

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.console.readings import Readings

_MOST = 8  # histories of 25,000 events take some 60 MB each
_MOST_PLACES = 20_000


class LiveRuns:
    """Keeps the runs that were looked at last. *readings* says when one is worth another look."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings
        self._lock = Lock()
        self._runs: dict[str, tuple[Aws, LiveRun]] = {}
        self._places: dict[str, tuple[str, str]] = {}

    def remember(self, run_id: str, team: str, workflow: str) -> None:
        """Note whose run it is, as a list of runs tells, so that nothing is asked to find it."""
        with self._lock:
            self._places[run_id] = team, workflow
            while len(self._places) > _MOST_PLACES:
                del self._places[next(iter(self._places))]

    def get(self, aws: Aws, lanes: Mapping[str, Lane], run_id: str) -> LiveRun:
        """Return the run called *run_id* of any of the *lanes*, as it was a moment ago.

        Raises:
            UsageError: No lane has it.
        """
        with self._lock:
            held = self._runs.get(run_id)
        if held is None or held[0] is not aws:
            live = self._readings.fresh(("found", run_id), lambda: self._find(aws, lanes, run_id), 5.0)
            with self._lock:
                self._runs[run_id] = aws, live
                while len(self._runs) > _MOST:
                    del self._runs[next(iter(self._runs))]
        else:
            live = held[1]
        self._readings.fresh(("look", live.found.run.arn), live.look)
        return live

    def _find(self, aws: Aws, lanes: Mapping[str, Lane], run_id: str) -> LiveRun:
        known = self._places.get(run_id)
        if known and known[0] in lanes:
            return LiveRun(aws, find_run(aws, lanes[known[0]], run_id, known[1]))
        for lane in lanes.values():
            try:
                found = find_run(aws, lane, run_id)
            except UsageError:
                continue
            self.remember(run_id, lane.team, found.run.workflow)
            return LiveRun(aws, found)
        raise UsageError(f"no lane has a run {run_id!r}", fix="/ shows all lanes")
