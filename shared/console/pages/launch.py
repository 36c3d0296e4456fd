"""How far is the start of this run?"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.console.site import View, told_of
from shared.errors import UsageError
from shared.hidden import hide, hide_text

if TYPE_CHECKING:
    from shared.console.desk import Desk
    from shared.console.launches import Launch
    from shared.console.site import Site
    from shared.run.express import ExpressRun
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Result:
    """What came of an express run: its status, its output as JSON or why it failed, and its seconds."""

    status: str
    output: str
    error: str
    cause: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Page:
    """What the page shows.

    Attributes:
        run_id: The run that starts.
        team: Whose it is.
        workflow: Its workflow.
        lines: What was told so far.
        status: ``RUNNING``, ``SUCCEEDED`` or ``FAILED``.
        goes: The page to go to now; "" for none.
        again: The page with the form.
        what: What went wrong; "" for nothing.
        where: Where it did.
        fix: What to do about it.
        result: What came of an express run.
    """

    run_id: str
    team: str
    workflow: str
    lines: tuple[str, ...]
    status: str
    goes: str
    again: str
    what: str = ""
    where: str = ""
    fix: str = ""
    result: Result | None = None

    def as_record(self) -> dict[str, Json]:
        """Return it for JSON."""
        result = self.result
        return {
            "run_id": self.run_id,
            "team": self.team,
            "workflow": self.workflow,
            "lines": list(self.lines),
            "status": self.status,
            "goes": self.goes,
            "error": {"what": self.what, "where": self.where, "fix": self.fix} if self.what else None,
            "result": {name: getattr(result, name) for name in Result.__slots__} if result else None,
        }


def register(site: Site) -> None:
    """Add the page to *site*."""
    site.page("/launches/<launch_id>", read)


def read(desk: Desk, launch_id: str) -> View:
    """Return the page.

    Raises:
        UsageError: This console has begun no such thing, or has forgotten it.
    """
    launch = desk.launches.get(launch_id)
    if launch is None:
        raise UsageError(f"this console has begun no {launch_id}", fix="/ shows all lanes, and from there all runs")
    page = _page(launch, on_aws=desk.place.named)
    word = {"RUNNING": "Starting", "SUCCEEDED": "Started", "FAILED": "Not started:"}[page.status]
    crumbs = (page.team, f"/{page.team}"), ("runs", f"/{page.team}/runs")
    return View(f"{word} {page.workflow} of {page.team}", "launch.html.j2", page, page.status == "RUNNING", crumbs)


def _page(launch: Launch, *, on_aws: bool) -> Page:
    whose = launch.whose
    over, error, express = launch.over, launch.error, launch.express
    lines = tuple(hide_text(line) for line in launch.lines)
    told = told_of(error, "POST", on_aws=on_aws)[1] if error else None
    started = over and told is None
    return Page(
        launch.run_id,
        whose.team,
        whose.workflow,
        lines,
        "FAILED" if told else "SUCCEEDED" if started else "RUNNING",
        f"/runs/{launch.run_id}" if started and express is None else "",
        whose.again,
        hide_text(told.what) if told else "",
        told.where or "" if told else "",
        told.fix or "" if told else "",
        _result(express) if express else None,
    )


def _result(ended: ExpressRun) -> Result:
    output: Json = json.loads(ended.end.output) if ended.end.output else None
    text = json.dumps(hide(output), indent=1, ensure_ascii=False) if ended.end.output else ""
    stopped = ended.end.stopped
    seconds = (stopped - ended.end.started).total_seconds() if stopped else 0.0
    return Result(ended.end.status, text, ended.error, hide_text(ended.cause), seconds)
