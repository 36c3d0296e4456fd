"""A team's lane in a notebook: what starts runs and sweeps, and finds earlier ones."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.errors import UsageError, unknown
from shared.measure.billing.bill import price_team
from shared.measure.billing.finished_run import finish_express
from shared.measure.scaling.sweep import read_sweep
from shared.notebook import html
from shared.notebook.connection import Connection
from shared.notebook.interrupted import Interrupted
from shared.notebook.one_run import Run
from shared.notebook.one_sweep import Sweep
from shared.notebook.progress import progress_here
from shared.notebook.rows import COSTS, RUNS, cost_rows, run_rows
from shared.notebook.sweeping import Grid, sweep_into
from shared.notebook.table import table_of
from shared.run.connecting import cloud_of
from shared.run.express import check_keeps_runs, is_express, run_express
from shared.run.find import find_named
from shared.run.launch import ask, make_ready
from shared.run.listing import list_runs
from shared.run.logs import read_logs
from shared.run.start import new_run_id, start
from shared.run.where import Where

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.notebook.progress import Progress
    from shared.notebook.table import Frame
    from shared.values import Json

_LATELY = timedelta(days=30)


def lane(  # noqa: PLR0913  the options of the commands
    team: str,
    *,
    root: str | os.PathLike[str] | None = None,
    aws: bool = False,
    profile: str | None = None,
    endpoint: str | None = None,
    role: str | None = None,
) -> TeamLane:
    """Return the lane of *team*.

    Without further arguments it works against the embedded cloud: the one that ``lanes up`` keeps, or one that is
    started when it is first needed and ends with this process.

    Args:
        team: The team, as its file in ``teams/`` says.
        root: The project's folder, or one in it; the current folder unless given.
        aws: On AWS, in the account and the region of ``shared/settings.yaml``.
        profile: The AWS profile to use there.
        endpoint: The URL of what stands in AWS's place: an emulator, a proxy.
        role: As whom to work: ``deployer``, ``platform``, ``function/KEY`` or ``role/NAME``; else as oneself.

    Raises:
        LanesError: There is no project, or its files have problems.
        UsageError: There is no such team, or the profile is for no cloud that was asked for.
    """
    where = Where(aws, profile, endpoint, role)
    if profile and where.embedded:
        raise UsageError("profile is for AWS, and this goes to the embedded cloud", fix="add aws=True, or leave it out")
    return TeamLane(Connection(Path(root or Path.cwd()), team, where))


class TeamLane:
    """A team's lane. In a cell it shows the team's workflows.

    Args:
        connection: The project, and the cloud to work against.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def team(self) -> str:
        """The team."""
        return self._lane.team

    @property
    def workflows(self) -> list[str]:
        """What it can run."""
        return list(self._lane.workflows)

    def run(self, workflow: str, *, payload: Json = None, check: bool = True, **parameters: Any) -> Run:
        """Run a workflow, show how far it is, and return it when it has ended.

        On the embedded cloud this deploys what the lane lacks and brings sample data, as ``lanes run`` does.

        Args:
            workflow: Which one.
            payload: The whole input, where it is at hand; *parameters* go before what it says.
            check: Whether a run that does not succeed is an error. Else it is returned, and its ``failure`` tells why.
            parameters: The workflow's parameters, by their names on its card. Texts may name files of this machine
                where the card says so.

        Returns:
            The run. If the call raises, the error's ``run`` has it.

        Raises:
            Interrupted: The kernel was interrupted. The run goes on.
            LanesError: It cannot start, or AWS refuses.
            RunFailed: It did not succeed, and *check* is set.
            UsageError: The card or the lane does not allow the parameters. Nothing was started.
        """
        progress = progress_here()
        begun = self._begin(workflow, payload, parameters, progress)
        return begun.wait_in(progress, check=check)

    def start(self, workflow: str, *, payload: Json = None, **parameters: Any) -> Run:
        """Start a workflow and return at once; ``wait()`` of the run follows it.

        The arguments and errors are those of :meth:`run`. An express workflow cannot be started without waiting.
        """
        check_keeps_runs(self._lane, self._known(workflow))
        return self._begin(workflow, payload, parameters, progress_here())

    def sweep(
        self,
        workflow: str,
        *,
        repeat: int = 3,
        warm: bool = False,
        out: str | os.PathLike[str] | None = None,
        **axes: Any,
    ) -> Sweep:
        """Run a workflow at every combination of values, each several times.

        Finished runs are kept in a folder, the one of ``lanes sweep``: the same call again runs what is missing or
        failed, and nothing else.

        Args:
            workflow: Which one.
            repeat: How often each configuration runs.
            warm: Whether the largest world runs once before, so that no run that counts begins cold.
            out: The folder; ``sweeps/TEAM-WORKFLOW`` of the project unless given.
            axes: Parameters, each with a list of values or one value.

        Raises:
            Interrupted: The kernel was interrupted. What was measured is kept.
            UsageError: The card or the lane does not allow a value. Nothing was started.
        """
        self._known(workflow)
        if repeat < 1:
            raise UsageError(f"repeat is {repeat}", fix="repeat=3")
        folder = self._folder(workflow, out)
        records = sweep_into(self._connection, Grid(workflow, plain(axes), repeat, warm), folder, progress_here())
        return Sweep(f"{self.team} {workflow}", records, folder)

    def read_sweep(self, workflow: str, *, out: str | os.PathLike[str] | None = None) -> Sweep:
        """Return the newest sweep that was kept, and run nothing.

        Args:
            workflow: Of which workflow.
            out: The folder; ``sweeps/TEAM-WORKFLOW`` of the project unless given.

        Raises:
            UsageError: There is none.
        """
        folder = self._folder(self._known(workflow), out)
        return Sweep(f"{self.team} {workflow}", read_sweep(folder), folder)

    def runs(self, workflow: str | None = None, *, limit: int = 20) -> Frame:
        """Return the team's runs, newest first. AWS keeps no list of express ones.

        Args:
            workflow: Of one workflow; of all unless given.
            limit: How many of each workflow, at most.
        """
        keys = [self._known(workflow)] if workflow else None
        for key in keys or ():
            check_keeps_runs(self._lane, key)
        with self._connection.open(progress_here().note) as aws:
            return table_of(RUNS, run_rows(list_runs(aws, self._lane, limit, keys)))

    def find(self, run_id: str | None = None, workflow: str | None = None) -> Run:
        """Return an earlier run, or one that goes on; the newest one unless *run_id* names it.

        Args:
            run_id: Which one, as :meth:`runs` lists it; how that begins or ends, or ``last``.
            workflow: Only of this workflow.

        Raises:
            UsageError: There is none.
        """
        with self._connection.open(progress_here().note) as aws:
            found = find_named(aws, self._lane, run_id, self._known(workflow) if workflow else None)
        return Run(self._connection, found.run)

    def cost(self, since: datetime | None = None) -> Frame:
        """Return what the team's runs cost in US dollars, estimated at list prices.

        Args:
            since: From when on; the last 30 days unless given.

        Returns:
            A row for each run. Invocations outside of runs have a row for each workflow, without ``run_id``.
        """
        with self._connection.open(progress_here().note) as aws:
            return table_of(COSTS, cost_rows(price_team(aws, self._lane, since or datetime.now(UTC) - _LATELY)))

    def __repr__(self) -> str:
        return f"<TeamLane {self.team}: {', '.join(self.workflows)}>"

    def _repr_html_(self) -> str:
        where = self._connection.where
        place = where.endpoint or ("AWS" if where.aws else "the embedded cloud")
        rows = [
            [key, ", ".join(f"{name}={json.dumps(value)}" for name, value in each.parameters.items() if value)]
            for key, each in self._lane.workflows.items()
        ]
        return html.whole(
            html.headline("Lane", f"{self.team}, on {place}"), html.table(["workflow", "parameters that are set"], rows)
        )

    @property
    def _lane(self) -> Lane:
        return self._connection.lane

    def _known(self, workflow: str) -> str:
        """Return *workflow*, which is the team's.

        Raises:
            UsageError: It is not. The message lists what is.
        """
        if workflow not in self._lane.workflows:
            raise unknown("workflow", workflow, list(self._lane.workflows), where=f"team {self.team}")
        return workflow

    def _folder(self, workflow: str, out: str | os.PathLike[str] | None) -> Path:
        return Path(out) if out else self._connection.root / "sweeps" / f"{self.team}-{workflow}"

    def _begin(self, workflow: str, payload: Json, parameters: Mapping[str, Any], progress: Progress) -> Run:
        """Check what was asked for, make the cloud ready for it, and start it; an express workflow runs to its end."""
        project, lane = self._connection.renewed()
        given, options = split(self._known(workflow), payload, parameters, any_input=lane.workflows[workflow].takes_any)
        asked = ask(lane, workflow, given, options)
        with self._connection.open(progress.note) as aws:
            run_id = new_run_id(datetime.now(UTC))
            ready = make_ready(aws, cloud_of(project, aws, progress.note), asked, run_id, progress.note)
            progress.note(f"run {run_id}: {lane.team} {workflow}")
            if is_express(lane, workflow):
                return self._run_express(aws, lane, workflow, ready, run_id)
            return Run(self._connection, start(aws, lane, workflow, ready, run_id))

    def _run_express(self, aws: Aws, lane: Lane, workflow: str, payload: Json, run_id: str) -> Run:
        try:
            ended = run_express(aws, lane, workflow, payload, run_id)
            finished = finish_express(aws, ended, read_logs(aws, ended.run, ended.end.started))
        except KeyboardInterrupt:
            what = f"no longer waited for; nothing stops {run_id} before its end, and its result is lost"
            raise Interrupted(what) from None
        return Run(self._connection, ended.run, finished)


def split(
    workflow: str, payload: Json, parameters: Mapping[str, Any], *, any_input: bool
) -> tuple[Json, dict[str, str | list[str]]]:
    """Return the input as JSON, and the parameters that are texts, which alone may name files of this machine.

    Args:
        workflow: What is run.
        payload: The input as it was given; None for none.
        parameters: The parameters that were given beside it.
        any_input: Whether the workflow takes any JSON, so that it has no parameters.

    Raises:
        UsageError: There are parameters where there can be none, or a value is none that JSON has.
    """
    if any_input and parameters:
        named = ", ".join(parameters)
        raise UsageError(f"{workflow} declares no parameters, so {named} is none", fix="payload={...}")
    texts: dict[str, str | list[str]] = {
        name: os.fspath(value) for name, value in parameters.items() if isinstance(value, str | os.PathLike)
    }
    others = {name: value for name, value in parameters.items() if name not in texts}
    if not others and (any_input or payload is not None):
        return payload if payload is not None else {}, texts
    if payload is not None and not isinstance(payload, dict):
        raise UsageError(f"the payload of {workflow} is no object, so nothing goes before it", fix="payload={...}")
    return {**(payload or {}), **plain(others)}, texts


def plain(values: Mapping[str, Any]) -> dict[str, Json]:
    """Return *values* as JSON has them: numbers of numpy as numbers; arrays, tuples and ranges as lists.

    Raises:
        UsageError: JSON has no such value.
    """
    try:
        told: dict[str, Json] = json.loads(json.dumps(values, default=_plain, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"a parameter is no value of JSON: {error}") from error
    return told


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):  # an array or a number of numpy, a column of pandas
        return value.tolist()
    if isinstance(value, range):
        return list(value)
    raise TypeError(f"{value!r}")
