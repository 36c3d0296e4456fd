"""``lanes review``: what a change means for the teams that it touches, for a pull request or before one."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from shared.config.lane import Lane, Place
    from shared.config.load import Project
    from shared.measure.reviewing.review import Review
    from shared.run.clouds import Rehearsal


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(review)


def review(
    *,
    base: Annotated[str, typer.Option(help="What the change goes into: a branch, a tag or a commit.")] = "origin/main",
    only_touched: Annotated[
        bool, typer.Option("--touched", help="Only say which teams the change touches, one a line.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a change means for each team that it touches: validation, proof, plan, cost. It is Markdown.

    Each lane is deployed as it was to an embedded cloud of its own, and planned as it is now: no account is needed.
    Exit code 1 when files are wrong or the proof does not hold.

    Example: lanes review --base origin/main
    """
    from shared.cli.review_view import as_markdown
    from shared.config.load import find_root
    from shared.config.team import team_slugs
    from shared.measure.reviewing.changes import base_of, changed_paths, laid_beside
    from shared.measure.reviewing.review import review_team
    from shared.measure.reviewing.touched import touched

    root = find_root(Path.cwd())
    commit = base_of(root, base)
    found = touched(changed_paths(root, commit), team_slugs(root), _lent(root))
    if only_touched:
        if as_json:
            console.print_json(list(found.teams))
            return
        for team in found.teams:
            console.line(team)
        return
    reviews: list[Review] = []
    with laid_beside(root, commit) as before, _rehearsing() as rehearse:
        for number, (team, why) in enumerate(found.teams.items(), 1):
            console.note(f"{number} of {len(found.teams)}: {team}")
            reviews.append(review_team(root, before, team, why, rehearse))
    if as_json:
        reviewed = [each.as_record() for each in reviews]
        console.print_json({"base": commit, "reviews": reviewed, "gone": list(found.gone)})
    else:
        for line in as_markdown(reviews, found.gone, commit):
            console.line(line)
    if not all(each.passes for each in reviews):
        raise typer.Exit(1)


def _lent(root: Path) -> dict[str, list[str]]:
    """Return the teams that run a workflow of another team's, by its folder, as far as the files can be read."""
    from shared.config.load import read_project
    from shared.config.problems import Problems

    project = read_project(root, Problems())
    lent: dict[str, list[str]] = {}
    for team, lane in project.teams.items() if project else ():
        for key, workflow in lane.workflows.items():
            if workflow.owner and workflow.owner != team:
                lent.setdefault(f"teams/{workflow.owner}/{key}", []).append(team)
    return lent


@contextlib.contextmanager
def _rehearsing() -> Iterator[Callable[[Project, Lane], Rehearsal]]:
    """Give what makes an embedded cloud of this command's own, begun when it is first asked for."""
    from shared.aws.client import connect_endpoint
    from shared.cli.wiring import signals_unwind
    from shared.local.cloud import EmbeddedCloud
    from shared.local.state import State
    from shared.run.clouds import Rehearsal

    with contextlib.ExitStack() as stack:
        stack.enter_context(signals_unwind())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lanes-review-")))
        clouds: dict[Place, EmbeddedCloud] = {}

        def rehearse(project: Project, lane: Lane) -> Rehearsal:
            if lane.place not in clouds:
                clouds[lane.place] = stack.enter_context(EmbeddedCloud(lane.place, folder))
            cloud = clouds[lane.place]
            aws = connect_endpoint(lane.place, cloud.endpoint, cloud.key)
            return Rehearsal(project, aws, State(folder), console.note)

        yield rehearse
