"""A run of ``lanes dev`` while it goes on: how far it is, what its functions wrote, what came of it."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Thread
from typing import TYPE_CHECKING, Protocol

from shared.measure.billing.finished_run import finish_express, finish_run
from shared.run.express import logged_events, run_express
from shared.run.find import Found
from shared.run.graph import GraphReader, graph_of
from shared.run.live import LiveRun
from shared.run.logs import read_logs
from shared.run.start import Run, start
from shared.run.watch import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.billing.finished_run import FinishedRun
    from shared.run.express import ExpressRun
    from shared.run.graph import Graph
    from shared.run.logs import Line
    from shared.values import Json


class Going(Protocol):
    """A run that goes on, or has ended."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def note(self) -> str:
        """What is to be said beside its id; "" for nothing."""

    def over(self) -> bool:
        """Return whether it is over. What is read after that is all that there will be."""

    def lines(self) -> list[Line]:
        """Return the lines that are new in its functions' logs."""

    def graph(self) -> Graph:
        """Return the states of its machine."""

    def finish(self) -> FinishedRun:
        """Return what came of it; it is over."""

    def stop(self) -> None:
        """Stop it, if anybody can."""


class StandardRun:
    """A run whose history is there while it goes on.

    Args:
        aws: Where.
        lane: Whose.
        workflow: Its key.
        payload: Its input.
        run_id: Its id.
        definition: That of the machine, as it is deployed.

    Raises:
        LanesError: It does not start.
    """

    note = ""

    def __init__(  # noqa: PLR0917  what a run is
        self, aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str, definition: Mapping[str, Json]
    ) -> None:
        self.id = run_id
        self._aws = aws
        began = datetime.now(UTC)
        self._run = start(aws, lane, workflow, payload, run_id)
        self._reader = read_logs(aws, self._run, began)
        self._live = LiveRun(aws, Found(self._run, "RUNNING", began, None, "{}", None))
        self._states = GraphReader(definition)
        self._graph = self._states.graph()
        self._taken, self._counted = 0, self._live.map_runs  # what the graph has taken in

    def over(self) -> bool:
        """Read what is new of it; return whether it is over."""
        self._live.look()
        return self._live.over

    def lines(self) -> list[Line]:
        """Return the lines that are new."""
        return self._reader.read()

    def graph(self) -> Graph:
        """Return the states of its machine, as of the last look: the same value where nothing has happened."""
        new, map_runs = self._live.events[self._taken :], self._live.map_runs
        if new or map_runs != self._counted:
            self._states.take(new)
            self._taken, self._counted = self._taken + len(new), map_runs
            self._graph = self._states.graph(map_runs)
        return self._graph

    def finish(self) -> FinishedRun:
        """Return what came of it."""
        found = self._live.found
        end = Snapshot(found.status, None, {}, found.started, found.stopped, found.output)
        return finish_run(self._aws, self._run, end, self._reader)

    def stop(self) -> None:
        """Stop it."""
        self._aws.states.stop_execution(executionArn=self._run.arn, error="Stopped", cause="lanes dev")


class ExpressCall:
    """An express run: one call, in a thread of its own, which brings all at its end. Arguments as of a standard one."""

    note = ", express: no history tells how far it is, so its states are shown at its end"

    def __init__(  # noqa: PLR0917  what a run is
        self, aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str, definition: Mapping[str, Json]
    ) -> None:
        self.id = run_id
        self._aws = aws
        self._definition = definition
        self._reader = read_logs(aws, Run(run_id, "", lane, workflow), datetime.now(UTC))
        self._waiting = graph_of(definition)
        self._ended: ExpressRun | None = None
        self._failed: Exception | None = None
        self._thread = Thread(target=self._call, args=(lane, workflow, payload), daemon=True)  # no end of ours waits
        self._thread.start()

    def _call(self, lane: Lane, workflow: str, payload: Json) -> None:
        try:
            self._ended = run_express(self._aws, lane, workflow, payload, self.id)
        except Exception as error:  # noqa: BLE001  it is raised where the run is looked at
            self._failed = error

    def over(self) -> bool:
        """As of all runs.

        Raises:
            LanesError: It did not start, or its call failed.
        """
        if self._thread.is_alive():
            return False
        if self._failed:
            raise self._failed
        return True

    def lines(self) -> list[Line]:
        """Return the lines that are new."""
        return self._reader.read()

    def graph(self) -> Graph:
        """Return the states of its machine."""
        if self._ended:
            return graph_of(self._definition, logged_events(self._aws, self._ended))
        return self._waiting

    def finish(self) -> FinishedRun:
        """Return what came of it."""
        assert self._ended  # noqa: S101  over() has said so
        return finish_express(self._aws, self._ended, self._reader)

    def stop(self) -> None:
        """Nobody can."""
