"""The runs that pages show: found by their ids in any lane, and looked at again as far as their price allows."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from shared.deploy.caller import is_denial
from shared.errors import LanesError, UsageError
from shared.run.find import Found, find_run
from shared.run.live import LiveRun

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.console.readings import Readings

_MOST = 50
_MOST_EVENTS = 60_000  # some 2.4 kB each; the run that was asked for last is kept whatever it takes
_MOST_PLACES = 20_000


class LiveRuns:
    """Keeps the runs that were looked at last. *readings* says when one is worth another look."""

    def __init__(self, readings: Readings, clock: Callable[[], float] = time.monotonic) -> None:
        self._readings = readings
        self._clock = clock
        self._lock = Lock()
        self._runs: dict[str, LiveRun] = {}
        self._places: dict[str, tuple[str, str]] = {}

    def remember(self, run_id: str, team: str, workflow: str) -> None:
        """Note whose run it is, as a list of runs tells, so that nothing is asked to find it."""
        with self._lock:
            self._places[run_id] = team, workflow
            while len(self._places) > _MOST_PLACES:
                del self._places[next(iter(self._places))]

    def get(self, aws: Aws, lanes: Mapping[str, Lane], run_id: str) -> LiveRun:
        """Return the run called *run_id* of any of the *lanes*, as it was a moment ago.

        Where it cannot be looked at now, it is as it was before, and its ``unread`` says why.

        Raises:
            UsageError: No lane has it.
            LanesError: No lane that may be read has it.
        """
        with self._lock:
            live = self._runs.get(run_id)
        if live is None or live.aws is not aws:
            key = ("found", run_id, id(aws))  # of another cloud, where lanes down and lanes up came between
            live = self._readings.fresh(key, lambda: self._find(aws, lanes, run_id), 5.0)
            self._readings.drop(key)  # its events take much room: it is kept here, if anywhere
        with suppress(ClientError, BotoCoreError):
            self._readings.fresh(("look", live.found.run.arn, id(live)), live.look)
        with self._lock:
            self._keep(run_id, live)
        return live

    def _keep(self, run_id: str, live: LiveRun) -> None:
        """Keep *live*; those that were asked for longest ago make room."""
        self._runs.pop(run_id, None)
        self._runs[run_id] = live
        while len(self._runs) > 1 and (
            len(self._runs) > _MOST or sum(len(each.events) for each in self._runs.values()) > _MOST_EVENTS
        ):
            del self._runs[next(iter(self._runs))]

    def _find(self, aws: Aws, lanes: Mapping[str, Lane], run_id: str) -> LiveRun:
        """Return the run after a first look, which reads all of it: the next ones cost what is new."""
        live = LiveRun(aws, self._found(aws, lanes, run_id), self._clock)
        with suppress(ClientError, BotoCoreError):
            live.look()
        return live

    def _found(self, aws: Aws, lanes: Mapping[str, Lane], run_id: str) -> Found:
        team, workflow = self._places.get(run_id, ("", ""))
        if team in lanes and workflow in lanes[team].workflows:
            with suppress(UsageError):
                return find_run(aws, lanes[team], run_id, workflow)
        closed: list[str] = []
        for lane in lanes.values():
            try:
                found = find_run(aws, lane, run_id)
            except UsageError:
                continue
            except ClientError as error:
                if not is_denial(error):
                    raise
                closed.append(lane.team)
                continue
            self.remember(run_id, lane.team, found.run.workflow)
            return found
        if closed:
            raise LanesError(
                f"no lane that these credentials may read has a run {run_id!r}",
                where=", ".join(closed),
                fix="use others",
            )
        raise UsageError(
            f"no lane has a run {run_id!r} that Step Functions keeps",
            fix=f"/ shows all lanes; what the log of an express run tells is all on /runs/{run_id}",
        )
