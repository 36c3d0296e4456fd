"""``lanes compare``: runs, groups of runs or sweeps beside each other, and how sure a difference is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson, Team
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.measure.comparing.groups import Compared
    from shared.measure.comparing.timed import Group

_AGAINST = "vs"
_TWO = 2


def register(app: typer.Typer) -> None:
    """Add the command to *app*."""
    app.command()(compare)


@on_cloud
def compare(
    team: Team,
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN[,RUN...] RUN[,RUN...]...",
            help="Groups of runs, or sweeps' folders; each is compared with the first. A B vs C D works as well.",
            show_default=False,
        ),
    ],
    *,
    as_json: AsJson = False,
    where: Where,
) -> None:
    """Compare runs, or groups of runs: how much faster or slower, and whether chance alone may have done it.

    A run is told by its id, by how that begins or ends, or by the word last. A sweep is told by its folder, and a part
    of it as FOLDER:PARAMETER=VALUE. An interval of 95 % takes 5 runs of each; 3 are the least.

    Example: lanes compare team2 20261130T191838Z-bf3f0f last

    Example: lanes compare team2 a1b2c3,d4e5f6,778899 vs 0a1b2c,3d4e5f,last

    Example: lanes compare team2 sweeps/before sweeps/after

    Example: lanes compare team2 sweeps/team2-cosmic:world-size=1 sweeps/team2-cosmic:world-size=4
    """
    from shared.cli.compare_view import print_compared
    from shared.measure.comparing.reading import read_pinned

    words = read_groups(runs)
    folders = [read_pinned(group[0]) if len(group) == 1 else None for group in words]
    pinned = [each for each in folders if each]
    if pinned and len(pinned) < len(words):
        raise UsageError(
            "a sweep is compared with a sweep, and runs with runs", fix="name the runs of the sweep by their ids"
        )
    if pinned:
        from shared.cli.wiring import open_project
        from shared.measure.comparing.groups import compare_groups
        from shared.measure.comparing.reading import sweep_groups

        open_project(team).lane(team)  # a team that is none is told
        told = [
            (place, compare_groups(first, second))
            for other in pinned[1:]
            for place, first, second in sweep_groups(pinned[0], other)
        ]
    else:
        told = [("", each) for each in _compare_runs(team, words, where)]
    if as_json:
        console.print_json([{"place": place, **each.as_record()} for place, each in told])
    else:
        print_compared(told)


def read_groups(words: Sequence[str]) -> list[list[str]]:
    """Return the runs of each group: a word with commas each, or what stands on each side of ``vs``.

    Raises:
        UsageError: There is one group, or an empty one, or a run is in two groups or twice in one.
    """
    groups: list[list[str]] = [[]]
    if _AGAINST in words:
        for word in words:
            if word == _AGAINST:
                groups.append([])
            else:
                groups[-1] += _split(word)
    else:
        groups = [_split(word) for word in words]
    if len(groups) < _TWO or not all(groups):
        raise UsageError("two runs, or two groups, are compared", fix="lanes compare TEAM RUN,RUN RUN,RUN")
    named = [name for group in groups for name in group]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise UsageError(f"{', '.join(twice)} is named twice", fix="name each run once")
    return groups


def _split(word: str) -> list[str]:
    return [name for name in word.split(",") if name]


def _compare_runs(team: str, words: Sequence[Sequence[str]], where: Where) -> list[Compared]:
    """Read the groups of runs from the cloud, and compare each with the first."""
    from shared.cli.wiring import cloud_of, open_cloud, open_project
    from shared.measure.comparing.groups import compare_groups

    project = open_project(team)
    lane = project.lane(team)
    with open_cloud(project, where, [lane]) as cloud:
        cloud_of(project, cloud).warn_if_brief()
        place = where.endpoint or ("aws" if where.aws else "embedded")
        groups = _read_runs(cloud, lane, words, place)
    return [compare_groups(groups[0], each) for each in groups[1:]]


def _read_runs(cloud: Aws, lane: Lane, words: Sequence[Sequence[str]], place: str) -> list[Group]:
    from shared.measure.comparing.reading import read_timed
    from shared.measure.comparing.timed import Group
    from shared.run.find import find_named

    # all of them first: one that is none is told at once
    found = [[find_named(cloud, lane, name) for name in group] for group in words]
    ids = [run.run.id for group in found for run in group]
    if twice := sorted({run_id for run_id in ids if ids.count(run_id) > 1}):
        raise UsageError(f"{', '.join(twice)} is named twice", fix="name each run once")
    now = datetime.now(UTC)
    return [
        Group(",".join(names), tuple(read_timed(cloud, run, place, now) for run in group))
        for names, group in zip(words, found, strict=True)
    ]
