"""Starts a run from its form, or shows the form again with all that speaks against it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from flask import request

from shared.console.forms import digest_of, draft_sent, filled_of
from shared.console.launches import Whose
from shared.errors import LanesError, UsageError, unknown
from shared.run.express import is_express, run_express
from shared.run.launch import ask, make_ready
from shared.run.planned import plan_run
from shared.run.start import new_run_id, start
from shared.run.valid_project import load_valid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Lane
    from shared.console.desk import Desk
    from shared.console.drafts import Draft
    from shared.console.launches import Note, Work
    from shared.console.site import Site
    from shared.run.express import ExpressRun

START = "start"
"""What the button says that starts the run; any other only shows what would run."""
_KEY = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


def register(site: Site) -> None:
    """Add the action to *site*."""
    site.action("/<slug:team>/<workflow>/new", send)


def lane_with(desk: Desk, team: str, workflow: str) -> Lane:
    """Return the lane of *team*, which has *workflow*.

    Raises:
        UsageError: There is no such team, or it has no such workflow.
    """
    lane = desk.lane(team)
    if workflow not in lane.workflows:
        raise unknown("workflow", workflow, list(lane.workflows), where=f"team {team}")
    return lane


def send(desk: Desk, form: Mapping[str, str], team: str, workflow: str) -> str:
    """Start the run that *form* asks for; return the page that tells how far that is, or the form's again.

    Raises:
        UsageError: There is no such workflow, or the form is none of ours.
    """
    lane = lane_with(desk, team, workflow)
    draft = draft_sent(lane.workflows[workflow], form, request.files.items(), desk.drafts.get(form.get("draft", "")))
    if not _KEY.fullmatch(draft.key):
        raise UsageError("the form has no key", fix=f"open /{team}/{workflow}/new again")
    wanted = form.get("do") == START
    if wanted:
        draft = replace(draft, refused=True, unnamed=_unnamed(desk, team, form.get("named", "")))
    again = f"/{team}/{workflow}/new?draft={desk.drafts.keep(draft)}"
    if not wanted or draft.unnamed or not _startable(desk, lane, workflow, draft):
        return again
    work = _work(desk, team, workflow, draft)
    launch = desk.launches.begin(
        draft.key, digest_of(draft), Whose(team, workflow, again), work, lambda: new_run_id(datetime.now(UTC))
    )
    return f"/launches/{launch.id}"


def _startable(desk: Desk, lane: Lane, workflow: str, draft: Draft) -> bool:
    here = desk.prepare(desk.project, desk.aws, lambda _: None)
    return plan_run(desk.aws, here, lane, workflow, filled_of(lane.workflows[workflow], draft)).startable


def _unnamed(desk: Desk, team: str, named: str) -> str:
    """Return why *team*'s lane may not be changed from here; "" where it may."""
    try:
        desk.check_writes(team, named)
    except LanesError as error:
        return f"{error.what}: {error.fix}"
    return ""


def _work(desk: Desk, team: str, workflow: str, draft: Draft) -> Work:
    """Return what starts the run, as ``lanes run`` does, in the background."""

    def work(run_id: str, note: Note) -> ExpressRun | None:
        note("checks the project's files")
        project = load_valid(desk.project.root, [team])
        lane, aws = project.lane(team), desk.aws
        here = desk.prepare(project, aws, note)
        with TemporaryDirectory(prefix="lanes-form-") as folder:
            filled = filled_of(lane.workflows[workflow], draft, _written(draft, Path(folder)))
            asked = ask(lane, workflow, filled.given, filled.options)
            here.on_step = lambda step: note(str(step))
            if not here.asks_first:
                note(f"deploys what {team} lacks, and places sample data where there is none")
            payload = make_ready(aws, here, asked, run_id, note)
        note(f"starts {workflow}")
        desk.runs.remember(run_id, team, workflow)
        if is_express(lane, workflow):
            note("waits for the result, which comes with its end, within five minutes")
            return run_express(aws, lane, workflow, payload, run_id)
        start(aws, lane, workflow, payload, run_id)
        return None

    return work


def _written(draft: Draft, folder: Path) -> dict[str, str]:
    """Write the files of *draft* below *folder*, each under its own name, and return their paths by parameter."""
    paths: dict[str, str] = {}
    for name, (file, body) in draft.files.items():
        path = folder / name / file
        path.parent.mkdir()
        path.write_bytes(body)
        paths[name] = str(path)
    return paths
