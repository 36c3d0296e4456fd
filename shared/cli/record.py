"""``lanes test --record``: a test of a run that has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shared.errors import LanesError, UsageError, unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.cli.where import Where
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.testing.recorded.happened import Happened


class Recorded(NamedTuple):
    """A test that was made: of which workflow, what it is called, its files, and what to look at."""

    team: str
    workflow: str
    name: str
    files: list[str]
    notes: list[str]


def record_run(project: Project, names: Sequence[str], run_id: str, name: str | None, where: Where) -> Recorded:
    """Make a test of a run.

    Args:
        project: The project.
        names: The team, and the workflow; of a standard workflow's run, the id tells which.
        run_id: The run.
        name: What the test is to be called, None for a name after the run.
        where: The cloud that the run was in.

    Raises:
        UsageError: There is no such run, or no team is named.
        LanesError: It cannot be replayed, or a test of that name is there.
    """
    from shared.cli import wiring
    from shared.run.connecting import running_cloud
    from shared.testing.modules import Modules
    from shared.testing.recorded.record import record
    from shared.testing.recorded.recorded_test import name_of_test, write_test
    from shared.testing.workflow import Bench, Cloud, WorkflowUnderTest

    if not names:
        raise UsageError("which team's run?", fix=f"lanes test TEAM [WORKFLOW] --record {run_id}")
    team, *more = names
    if len(more) > 1:
        raise UsageError(f"too many names: {' '.join(names)}", fix=f"lanes test {team} {more[0]} --record {run_id}")
    asked = more[0] if more else None
    lane = project.lane(team)
    called = name_of_test(name, run_id)
    if where.embedded and running_cloud(project) is None:
        fix = f"lanes up, then lanes run {team} {asked or 'WORKFLOW'} again; or --aws for a run on AWS"
        raise LanesError("no cloud runs here, and what a run did ends with its cloud", fix=fix)
    with wiring.open_cloud(project, where, [lane]) as aws:
        key, happened = _find(aws, lane, asked, run_id)
        bench, cloud = Bench(project.root, Modules()), Cloud()
        try:
            made = record(WorkflowUnderTest(bench, cloud, team, key), run_id, happened, aws.s3)
        finally:
            cloud.close()
        place = "the embedded cloud" if where.embedded else str(aws.target)
    files = write_test(project, (team, key), called, f"Run {run_id} on {place}", made.text)
    return Recorded(team, key, called, [str(path.relative_to(project.root)) for path in files], list(made.notes))


def _find(aws: Aws, lane: Lane, key: str | None, run_id: str) -> tuple[str, Happened]:
    """Return the workflow that *run_id* is a run of, and what the run did."""
    from shared.run.express import events_of, is_express
    from shared.run.find import find_named
    from shared.testing.recorded.happened import in_one_history, what_happened

    if key is not None and key not in lane.workflows:
        raise unknown("workflow", key, list(lane.workflows), where=f"team {lane.team}")
    if key is not None and is_express(lane, key):
        return key, in_one_history(events_of(aws, lane, key, run_id), run_id)
    run = find_named(aws, lane, run_id, key).run
    return run.workflow, what_happened(aws.states, run.arn)
