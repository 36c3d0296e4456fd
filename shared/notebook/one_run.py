"""A run in a notebook: its ranks, results and logs as tables, its plots, and how it looks in a cell."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError
from shared.measure.billing.finished_run import finish_run, read_finished
from shared.measure.billing.measured_run import read_measured
from shared.measure.observed.run_log import RunLog
from shared.measure.reports.columns import RANKS, rank_rows
from shared.measure.reports.redshifts import redshift_plots
from shared.measure.reports.run_parquet import write_run
from shared.notebook import html
from shared.notebook.interrupted import Interrupted
from shared.notebook.plots import RunPlots
from shared.notebook.progress import progress_here
from shared.notebook.results import read_results
from shared.notebook.rows import BILL, INVOCATIONS, LOGS, any_columns, bill_rows, invocation_rows, log_rows, result_rows
from shared.notebook.run_html import figures_of, run_html
from shared.notebook.table import table_of
from shared.run.failure_text import failure_text
from shared.run.find import find_run
from shared.run.logs import read_logs
from shared.run.output import read_output
from shared.run.stop import stop_run
from shared.run.watch import follow, is_over
from shared.visible import visible

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence
    from datetime import datetime

    from shared.measure.billing.finished_run import FinishedRun
    from shared.measure.billing.measured_run import MeasuredRun
    from shared.measure.observed.invocations import Row
    from shared.measure.observed.run_log import RunLine
    from shared.measure.reports.report import Plot
    from shared.notebook.connection import Connection
    from shared.notebook.progress import Progress
    from shared.notebook.table import Frame
    from shared.run.find import Found
    from shared.run.gather import Outcome
    from shared.run.start import Run as Execution
    from shared.values import Json


class RunFailed(LanesError):
    """A run did not succeed. The message has the traceback in the team's own code.

    Args:
        run: The run, which can be looked into as any other.
        outcome: What it left behind.
    """

    def __init__(self, run: Run, outcome: Outcome) -> None:
        self.run = run
        super().__init__(visible(failure_text(run.id, outcome)))


class RunInterrupted(Interrupted):
    """The kernel was interrupted while a run was followed. The run goes on.

    Args:
        run: The run: ``wait()`` follows it again, ``stop()`` stops it.
        lane: The call that gives its lane.
    """

    def __init__(self, run: Run, lane: str) -> None:
        self.run = run
        found = f'{lane}.find("{run.id}")'
        super().__init__(
            f"run {run.id} is no longer followed and goes on; {found}.wait() follows it again, {found}.stop() stops it"
        )


class Run:
    """One run of a workflow, which goes on or has ended. What it tells is read when it is first asked for, and once.

    :meth:`TeamLane.run`, :meth:`TeamLane.start` and :meth:`TeamLane.find` give runs. In a cell a run shows its ranks,
    its time and its cost; one that failed shows the traceback in the team's own code.

    What only a run that has ended can tell raises ``UsageError`` before; :meth:`wait` waits for the end.

    Attributes:
        plot: Its plots, as figures of matplotlib.
    """

    def __init__(self, connection: Connection, execution: Execution, finished: FinishedRun | None = None) -> None:
        self._connection = connection
        self._execution = execution
        self._finished = finished
        self.plot = RunPlots(lambda: self._rows, self._redshifts)

    @property
    def id(self) -> str:
        """Its id, which is its name in Step Functions."""
        return self._execution.id

    @property
    def arn(self) -> str:
        """The ARN of its execution."""
        return self._execution.arn

    @property
    def team(self) -> str:
        """Whose it is."""
        return self._execution.lane.team

    @property
    def workflow(self) -> str:
        """What it runs."""
        return self._execution.workflow

    @property
    def status(self) -> str:
        """``RUNNING``, ``SUCCEEDED``, ``FAILED``, ``TIMED_OUT``, ``ABORTED`` or ``PENDING_REDRIVE``, as it is now."""
        return self._finished.outcome.status if self._finished else self._found().status

    def wait(self, *, check: bool = True) -> Run:
        """Follow the run to its end, and show how far it is.

        Args:
            check: Whether a run that did not succeed is an error. Else :attr:`failure` tells it.

        Returns:
            The run itself.

        Raises:
            RunInterrupted: The kernel was interrupted. The run goes on.
            RunFailed: It did not succeed.
        """
        return self.wait_in(progress_here(), check=check)

    def wait_in(self, progress: Progress, *, check: bool) -> Run:
        """Follow the run as :meth:`wait` does, and show that in *progress*."""
        if self._finished is None:
            self._follow(progress)
        if check:
            self.check()
        return self

    def check(self) -> None:
        """Raise an error if the run did not succeed.

        Raises:
            RunFailed: It did not.
        """
        outcome = self._ended.outcome
        if outcome.failure:
            raise RunFailed(self, outcome)

    def stop(self) -> None:
        """Stop the run. Functions that are at work go on to their end, as on AWS. One that has ended stays as it is."""
        with self._connection.open(progress_here().note) as aws:
            stop_run(aws, self._execution.lane, self.id)

    @property
    def started(self) -> datetime:
        """When its execution began."""
        return self._found().started

    @property
    def seconds(self) -> float:
        """How long the whole execution took."""
        return self._ended.outcome.wall_seconds

    @property
    def records(self) -> int:
        """How many records its ranks did, all together."""
        return self._ended.outcome.records

    @property
    def input(self) -> Json:
        """What it was started with."""
        value: Json = json.loads(self._found().input)
        return value

    @cached_property
    def output(self) -> Json:
        """What it returned; where the workflow returns a reference to an object of the bucket, that object's value.

        Raises:
            RunFailed: It did not succeed, so there is none.
        """
        self.check()
        output = self._ended.outcome.output
        with self._connection.open(progress_here().note) as aws:
            referred = read_output(aws, self._execution, output)
        return referred.value if referred else output

    @property
    def failure(self) -> str | None:
        """Why it did not succeed, with the traceback in the team's own code; None if it did."""
        return visible(failure_text(self.id, self._ended.outcome)) or None

    @property
    def cost_usd(self) -> float | None:
        """What it cost in US dollars, estimated at list prices; None where AWS does not let us see it."""
        cost = self._ended.cost
        return cost.usd if cost else None

    @cached_property
    def bill(self) -> Frame:
        """What it cost, item by item: ``item``, ``amount``, ``price_usd``, ``usd``."""
        return table_of(BILL, bill_rows(self._ended.cost))

    @cached_property
    def ranks(self) -> Frame:
        """What each rank did, by its log.

        ``seconds`` are the handler's own, ``memory_mb`` is the most it used of ``memory_size_mb``, and
        ``cold_start_ms`` is missing where the environment was warm. Figures that CloudWatch did not show in time are
        missing, too. A workflow whose functions print no progress has no ranks; see :attr:`invocations`.
        """
        return table_of(RANKS, rank_rows(self._ended))

    @cached_property
    def invocations(self) -> Frame:
        """Each invocation of its functions, by its REPORT line: also of states without ranks, and of each attempt."""
        return table_of(INVOCATIONS, invocation_rows(self._rows))

    @cached_property
    def results(self) -> Frame:
        """What it computed, one row for each result; names of inner objects are joined by dots.

        A run of cosmic gives what each rank wrote into the team's bucket (``results.combined`` of its output). Other
        workflows give their output: a row for each item of a list, else one row.

        Raises:
            RunFailed: It did not succeed.
        """
        with self._connection.open(progress_here().note) as aws:
            rows = result_rows(read_results(aws, self._execution.lane, self.output))
        return table_of(any_columns(rows), rows)

    @property
    def logs(self) -> Frame:
        """The lines that its functions wrote, in order of time (UTC). Of a run that goes on, those that are there."""
        return table_of(LOGS, log_rows(self._log))

    @property
    def _log(self) -> Sequence[RunLine]:
        return self._whole_log if is_over(self.status) else self._read_log(ended=False)

    @cached_property
    def _whole_log(self) -> Sequence[RunLine]:
        return self._read_log(ended=True)

    def to_parquet(self, path: str | os.PathLike[str]) -> None:
        """Write a row for each rank into a Parquet file, and the run into its metadata (the extra ``parquet``).

        Its columns are those of :attr:`ranks`. The metadata has, as JSON under the key ``teamlanes``: the run's id and
        ARN, workflow, input, status, times, cost, digests of the state machine and the functions, and versions.

        Args:
            path: The file. One that is there is replaced.

        Raises:
            UsageError: pyarrow is not installed, the run has no ranks, or the file's folder is not there.
        """
        with self._connection.open(progress_here().note) as aws:
            write_run(aws, self._ended, Path(path))

    def __repr__(self) -> str:
        return f"<Run {self.id}: {self.team} {self.workflow}{self._told()}>"

    def _repr_html_(self) -> str:
        name = f"run {self.id} of {self.team} {self.workflow}"
        try:
            status = self.status
            if not is_over(status):
                return html.whole(html.headline(status, name), html.note(".wait() follows it, .stop() stops it"))
            ended = self._ended
        except LanesError as error:
            return html.whole(html.headline("unknown", name), html.block(str(error)))
        return run_html(name, ended)

    def _told(self) -> str:
        """Return what is known of it without asking anybody."""
        return f" {self._finished.outcome.status}, {figures_of(self._finished)}" if self._finished else ""

    def _found(self) -> Found:
        with self._connection.open(progress_here().note) as aws:
            return find_run(aws, self._execution.lane, self.id, self.workflow)

    @property
    def _ended(self) -> FinishedRun:
        """The run as it ended, read once.

        Raises:
            UsageError: It goes on.
        """
        if self._finished is None:
            progress = progress_here()
            found = self._found()
            if not is_over(found.status):
                raise UsageError(f"run {self.id} goes on, so this is not known yet", fix=".wait() waits for its end")
            with self._connection.open(progress.note) as aws:
                self._finished = read_finished(aws, found)
        return self._finished

    @cached_property
    def _measured(self) -> MeasuredRun:
        found = self._found()
        with self._connection.open(progress_here().note) as aws:
            return read_measured(aws, found)

    @property
    def _rows(self) -> Sequence[Row]:
        _ = self._ended  # of a run that goes on, only some are there
        return self._measured.rows

    def _redshifts(self) -> Sequence[Plot]:
        with self._connection.open(progress_here().note) as aws:
            return redshift_plots(aws, self._execution.lane, self.output)

    def _read_log(self, *, ended: bool) -> Sequence[RunLine]:
        found = self._found()
        with self._connection.open(progress_here().note) as aws:
            return RunLog(aws, found).read(ended=ended)

    def _follow(self, progress: Progress) -> None:
        """Follow it to its end, and take in what it left behind."""
        try:
            with self._connection.open(progress.note) as aws:
                found = find_run(aws, self._execution.lane, self.id, self.workflow)
                reader = read_logs(aws, self._execution, found.started)
                with progress.following() as show:
                    for snapshot in follow(aws, self._execution, reader):
                        show(snapshot)
                self._finished = finish_run(aws, self._execution, snapshot, reader)
        except KeyboardInterrupt:
            raise RunInterrupted(self, self._connection.call) from None
        progress.note(f"{self.id}{self._told()}")
