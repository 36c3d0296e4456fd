"""Where is it now, or why did it stop?"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote, urlencode

from flask import request
from markupsafe import Markup

from shared.console.followed import Followed, SeenRun
from shared.console.missed import told_missed
from shared.console.pages.run_events import event_file, read_events, read_filter
from shared.console.pages.run_files import data_file, measure, plot_file, plots_of, report_file, stored_redshifts
from shared.console.pages.run_head import read_head, title_of
from shared.console.pages.run_state import read_state
from shared.console.pages.run_why import read_why
from shared.console.per_run import PerRun
from shared.console.pretty import MOST, shown
from shared.console.site import View
from shared.errors import LanesError, UsageError
from shared.hidden import hide_text
from shared.measure.drawing.draw_machine import draw_machine
from shared.run.live import LiveRun
from shared.run.logged import LoggedRun, read_logged
from shared.run.output import read_output

if TYPE_CHECKING:
    from shared.console.desk import Desk
    from shared.console.pages.run_events import EventsShown
    from shared.console.pages.run_head import Head
    from shared.console.pages.run_state import StateShown
    from shared.console.pages.run_why import Why
    from shared.console.pretty import Shown
    from shared.console.readings import Late
    from shared.console.site import File, Site
    from shared.run.event_index import EventIndex
    from shared.run.graph import Graph, Node
    from shared.run.output import ReferredOutput
    from shared.values import Json

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Referred:
    """An output that lies in the bucket: where, how large it is, and what it is where that is small enough to show."""

    where: str
    bytes: int
    value: Shown | None
    unread: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        run: The run, for the buttons of what may be done to it.
        graph: How far each state is.
        drawing: The same as a picture.
        head: The run's state in figures.
        why: Why it stopped; None where it succeeded or goes on.
        state: The state that was asked for, or that failed; None where there is neither.
        input: What the run got.
        output: What it gave; None where there is nothing yet.
        referred: Its output in the bucket, where it gives a reference to that.
        plots: The names of the plots that there are.
        events: A page of its events.
    """

    run: SeenRun
    graph: Graph
    drawing: Markup
    head: Head
    why: Why | None
    state: StateShown | None
    input: Shown
    output: Shown | None
    referred: Referred | None
    plots: tuple[str, ...]
    events: EventsShown

    @property
    def states(self) -> list[tuple[int, Node]]:
        """Each state with its depth."""
        return list(self.graph.walk())

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        return {
            **asdict(self.head),
            "why": asdict(self.why) if self.why else None,
            "graph": [node.as_record() for node in self.graph.nodes],
            "state": asdict(self.state) if self.state else None,
            "input": asdict(self.input),
            "output": asdict(self.output) if self.output else None,
            "referred_output": asdict(self.referred) if self.referred else None,
            "plots": list(self.plots),
            "events": asdict(self.events),
        }


def register(site: Site) -> None:
    """Add the page to *site*, and the files that belong to it."""
    pages = RunPages()
    site.page("/runs/<run_id>", pages.read)
    site.file("/runs/<run_id>/events/<int:number>", pages.event)
    site.file("/runs/<run_id>/<any(input, output):what>", pages.data)
    site.file("/runs/<run_id>/plots/<name>.svg", pages.plot)
    site.file("/runs/<run_id>/report", pages.report)


class RunPages:
    """The page of each run, with what is made of the runs that were looked at last."""

    def __init__(self) -> None:
        self._followed: PerRun[SeenRun, Followed] = PerRun(lambda run: Followed(run.definition))

    def read(self, desk: Desk, run_id: str) -> View:
        """Return the page."""
        run, followed = self._of(desk, run_id)
        chosen, state = read_filter(request.args), request.args.get("state")
        index, graph = followed.look(run)
        why = read_why(desk, run, followed)
        express = isinstance(run, LoggedRun)
        measured = measure(desk, run, followed) if run.over and not express else None
        stored = stored_redshifts(desk, run, followed) if measured and measured.value else None
        referred = _refer(desk, run, followed)
        page = Page(
            run=run,
            graph=graph,
            drawing=_drawing(run, graph),
            head=read_head(run, graph, measured, express=express),
            why=why,
            state=_state(run, index, graph, state, why),
            input=shown(run.found.input),
            output=None if run.found.output is None else shown(run.found.output),
            referred=_referred(referred) if referred else None,
            plots=plots_of(measured, stored),
            events=read_events(followed, index, partial(chosen.address, run_id, state), chosen),
        )
        reading = _is_read(measured) or _is_read(stored) or _is_read(referred)
        # What has failed may be redriven from anywhere: a page asks when it is shown again.
        moving = not run.over or reading
        team = run.found.run.lane.team
        crumbs = ((team, f"/{team}"), ("runs", f"/{team}/runs"), (run_id, f"/runs/{quote(run_id)}"))
        unread = told_missed([run.unread]) if isinstance(run, LiveRun) else ()
        return View(title_of(run, graph, why), "run.html.j2", page, moving, crumbs, unread)

    def event(self, desk: Desk, run_id: str, number: int) -> File:
        """Return an event as a file."""
        run, followed = self._of(desk, run_id)
        return event_file(followed.look(run)[0], number)

    def data(self, desk: Desk, run_id: str, what: str) -> File:
        """Return the input or the output as a file."""
        return data_file(self._of(desk, run_id)[0], what)

    def plot(self, desk: Desk, run_id: str, name: str) -> File:
        """Return a plot as a file."""
        return plot_file(desk, *self._of(desk, run_id), name)

    def report(self, desk: Desk, run_id: str) -> File:
        """Return the run's report."""
        run, followed = self._of(desk, run_id)
        name = f"{run.found.run.lane.team}-{run.found.run.id}.html" if "save" in request.args else ""
        return report_file(desk, run, followed, name)

    def _of(self, desk: Desk, run_id: str) -> tuple[SeenRun, Followed]:
        run = _find(desk, run_id)
        return run, self._followed.of(run)


def _find(desk: Desk, run_id: str) -> SeenRun:
    """Return the run called *run_id*, also an express one, whose log tells it.

    Raises:
        UsageError: Nothing tells of one.
    """
    try:
        return desk.run(run_id)
    except UsageError as unknown:
        logged = desk.readings.fresh(("logged", run_id), lambda: _find_logged(desk, run_id), 60.0)
        if logged is None:
            raise UsageError(
                f"no lane has a run {run_id!r}: it is called otherwise, or it ended long ago. AWS keeps a run for 90 "
                "days after its end, and the embedded cloud as long as it has room, and until lanes down",
                fix="/ shows all lanes",
            ) from unknown
        return logged


def _find_logged(desk: Desk, run_id: str) -> LoggedRun | None:
    for lane in desk.project.teams.values():
        if logged := read_logged(desk.aws, lane, run_id):
            return logged
    return None


def _state(run: SeenRun, index: EventIndex, graph: Graph, asked: str | None, why: Why | None) -> StateShown | None:
    """Return the state that was *asked* for; else the one that failed, or the distributed Map that it lies in."""
    read = partial(read_state, definition=run.definition, graph=graph, index=index, map_runs=run.map_runs)
    if asked is not None:
        return read(asked) if asked else None
    if why is None or not why.state:
        return None
    failed = read(why.state)
    return read(failed.inside) if failed.inside else failed


def _drawing(run: SeenRun, graph: Graph) -> Markup:
    run_id = run.found.run.id
    drawn = draw_machine(run.definition, graph, address=lambda name: _state_address(run_id, name))
    return Markup(drawn)  # noqa: S704  drawn by us, of escaped text


def _state_address(run_id: str, name: str) -> str:
    return f"/runs/{quote(run_id)}?{urlencode({'state': name})}#state"


def _is_read(late: Late[T] | None) -> bool:
    """Say whether it is being read now."""
    return late is not None and late.value is None and late.error is None


def _refer(desk: Desk, run: SeenRun, followed: Followed) -> Late[ReferredOutput | None] | None:
    """Return the output that lies in the bucket; None where the output is none by reference."""
    found = run.found
    workflow = found.run.lane.workflows[found.run.workflow]
    if not run.over or found.output is None or not workflow.output_by_reference:
        return None
    output: Json = json.loads(found.output)
    return followed.late(run, desk.readings, "referred output", lambda: read_output(desk.aws, found.run, output, MOST))


def _referred(told: Late[ReferredOutput | None]) -> Referred:
    if told.error:
        fix = f" ({told.error.fix})" if isinstance(told.error, LanesError) and told.error.fix else ""
        return Referred("", 0, None, hide_text(f"{told.error}{fix}"))
    if told.value is None:
        return Referred("", 0, None, "being read")
    value = shown(json.dumps(told.value.value)) if told.value.is_read else None
    return Referred(f"s3://{told.value.bucket}/{told.value.key}", told.value.bytes, value, "")
