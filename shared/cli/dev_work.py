"""The work of ``lanes dev`` on the embedded cloud: deploy an edit, start a run, look at it, stop it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from shared.cli import console, wiring
from shared.cli.dev_runs import ExpressCall, StandardRun
from shared.cli.dev_view import Edit, Written, deployed_parts
from shared.cli.run import find_workflow
from shared.config.template import render_definition
from shared.deploy.apply import ApplyError, InterruptedApplyError
from shared.errors import LanesError, UsageError
from shared.run import connecting
from shared.run.dev.loop import Deployed
from shared.run.dev.watched import files_of
from shared.run.express import is_express
from shared.run.given_input import read_given
from shared.run.launch import ask, check_cloud, place_files
from shared.run.logs import is_written
from shared.run.own_code import with_places
from shared.run.sample import SAMPLE
from shared.run.start import new_run_id
from shared.run.upload import files_below, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.cli.dev_runs import Going
    from shared.cli.dev_view import View
    from shared.config.lane import Lane, Workflow
    from shared.deploy.model import Resource
    from shared.run.clouds import Rehearsal
    from shared.run.dev.watcher import Watcher
    from shared.run.graph import Graph
    from shared.run.logs import Line
    from shared.values import Json

INPUT = "input.json"
"""The file of a team's own workflow that holds the payload of its runs, if none is given."""
_REFUSED = (LanesError, ClientError, OSError)
_LINES_EVERY = 0.5  # seconds, while no state begins or ends
_SHARE = 4  # looks take a quarter of the time at most: a long history is read seldom


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks for: team and workflow, ``--input``, and the parameters."""

    names: Sequence[str]
    given: str
    options: Mapping[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class _Current:
    """The workflow as it is deployed, whatever its files say by now.

    ``files`` are the paths of its code as they are shown, by name in its package.
    """

    lane: Lane
    workflow: Workflow
    here: Rehearsal
    definition: Mapping[str, Json]
    files: Mapping[str, str]


class DevWork:
    """Deploys and runs what *asked* names.

    Args:
        asked: What the command line asks for.
        aws: The embedded cloud's clients.
        view: Shows what happens.
        watcher: Is told what to look at once it is deployed.
        clock: Seconds from any start.
    """

    def __init__(
        self, asked: Asked, aws: Aws, view: View, watcher: Watcher, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._asked = asked
        self._aws = aws
        self._view = view
        self._watcher = watcher
        self._clock = clock
        self._before: tuple[Resource, ...] = ()
        self._waiting: tuple[str, ...] = ()  # files that were saved and not deployed, as something was broken
        self._current: _Current | None = None
        self._run: Going | None = None
        self._graph: Graph | None = None
        self._began = self._look_at = self._lines_at = 0.0

    def deploy(self, files: tuple[str, ...]) -> Deployed:
        """Deploy what differs from what was deployed last; where files are broken, that is told and nothing changes."""
        began = self._clock()
        files = self._waiting = tuple(dict.fromkeys((*self._waiting, *files)))
        try:
            project = wiring.open_valid(*self._asked.names[:1])
            lane, workflow = find_workflow(project, self._asked.names, "dev")
            here = connecting.rehearsal_of(project, self._aws, console.note)
            definition = render_definition(lane, workflow.key)
            todo, self._before = here.redeploy(lane, self._before)
            package = here.packages(lane).get(workflow.key)
            put = _put_samples(self._aws, lane, workflow, files)
        except InterruptedApplyError:
            raise
        except _REFUSED as error:
            if isinstance(error, ApplyError):
                self._before = ()  # some steps are done: the next plan reads all there is
            self._view.refused(error)
            return Deployed(fine=False)
        self._waiting = ()
        names = package.code if package else ()
        code = {name: shown(_path(project.root, workflow, name)) for name in names}
        self._current = _Current(lane, workflow, here, definition, code)
        steps = {lane.functions[key].name: step for step, key in workflow.functions.items()}
        done = (*deployed_parts(todo, steps), *(f"s3://{lane.bucket}/{key}" for key in put))
        self._view.deployed(Edit(files, done, self._clock() - began))
        watched = files_of(project.root, lane, workflow.key, package, given_file(self._asked.given))
        self._watcher.watch(watched.look, (os.fspath(workflow.requirements.with_suffix(".lock")),))
        return Deployed(fine=True, stoppable=not is_express(lane, workflow.key))

    def start(self) -> bool:
        """Start a run with the payload as its file says now; return whether one has begun."""
        current = self._current
        if current is None:
            return False
        lane, key = current.lane, current.workflow.key
        try:
            run_id = new_run_id(datetime.now(UTC))
            payload = self._payload(current, run_id)
            begin = ExpressCall if is_express(lane, key) else StandardRun
            self._run = begin(self._aws, lane, key, payload, run_id, current.definition)
        except _REFUSED as error:
            self._view.refused(error)
            return False
        self._look_at = self._lines_at = 0.0
        self._began, self._graph = self._clock(), None
        self._view.started(run_id, self._run.note)
        return True

    def look(self) -> bool:
        """Show what is new of the run; return whether it is over."""
        run, current, now = self._run, self._current, self._clock()
        if run is None or current is None:
            return True
        if now < self._look_at:
            return False
        try:
            over, before = run.over(), self._graph
            self._graph = run.graph()
            lines = self._lines(run, current, now, at_once=self._graph is not before)
            self._view.look(self._graph, now - self._began, lines)
            if over:
                self._finish(run, current)
        except _REFUSED as error:
            self._view.refused(error)
            return True
        self._look_at = self._clock() + (_SHARE - 1) * (self._clock() - now)
        return over

    def _lines(self, run: Going, current: _Current, now: float, *, at_once: bool) -> list[Written]:
        """Return the lines that are new: where something has happened *at_once*, else twice a second."""
        if not at_once and now < self._lines_at:
            return []
        self._lines_at = now + _LINES_EVERY
        return [self._written(line, current) for line in run.lines() if _is_shown(line, run.id)]

    def stop(self) -> None:
        """Stop the run."""
        if self._run:
            self._run.stop()

    def _payload(self, current: _Current, run_id: str) -> Json:
        """Return a run's input, with all that it names where the run finds it."""
        lane, workflow, options = current.lane, current.workflow, self._asked.options
        given = self._asked.given
        own = workflow.folder / INPUT if workflow.folder else None
        given = given or (os.fspath(own) if own and own.is_file() else "")
        asked = ask(lane, workflow.key, read_given(given) if given else {}, options)
        if told := check_cloud(self._aws, current.here, asked):
            self._view.tell(told)
        current.here.place_samples(lane, workflow.key, asked.payload)
        return place_files(self._aws, current.here, asked, run_id)

    def _written(self, line: Line, current: _Current) -> Written:
        by = line.invocation
        steps = {key: step for step, key in current.workflow.functions.items()}
        text = with_places(line.text.replace("\r", "\n"), current.files)
        return Written(
            steps.get(by.function, by.function), by.progress.rank if by.progress else None, by.request_id, text
        )

    def _finish(self, run: Going, current: _Current) -> None:
        finished = run.finish()
        failure = finished.outcome.failure
        if failure:
            trace = tuple(with_places(frame, current.files) for frame in failure.traceback)
            outcome = replace(finished.outcome, failure=replace(failure, traceback=trace))
            finished = replace(finished, outcome=outcome)
        self._view.ended(finished)


def given_file(given: str) -> Path | None:
    """Return the file that ``--input`` names; None where it is left out, or is JSON itself.

    Raises:
        UsageError: It is stdin, where the keys come from.
    """
    if given == "-":
        raise UsageError("stdin is for the keys here", where="--input", fix="give a file: each save of it counts")
    return Path(given).absolute() if given and not given.lstrip().startswith(("{", "[")) else None


def shown(path: Path | str) -> str:
    """Return *path* from the current folder on, as an editor's terminal opens it."""
    return os.path.relpath(path)


def _path(root: Path, workflow: Workflow, name: str) -> Path:
    """Return the file that a package of *workflow* has under *name*."""
    base = root if name.startswith("shared/") or workflow.folder is None else workflow.folder
    return base / name


def _is_shown(line: Line, run_id: str) -> bool:
    """Say whether a function wrote *line*, for this run as far as it tells."""
    runs = line.invocation.runs
    return is_written(line.text) and (not runs or run_id in runs)


def _put_samples(aws: Aws, lane: Lane, workflow: Workflow, files: Sequence[str]) -> list[str]:
    """Put those of the saved *files* that are samples into the bucket, over those that are there; return their keys."""
    folder = workflow.folder / SAMPLE if workflow.folder else None
    if folder is None or not folder.is_dir():
        return []
    edited = {key: path for key, path in files_below(folder) if shown(path) in files}
    upload(aws, lane, edited)
    return list(edited)
