"""What ``chalice_app/app.py`` exports, so that ``chalice deploy --stage team2`` works as typed.

The ``chalice`` command builds its own deployer before it imports the app. So importing the app replaces parts of that
deployer by ours: the lane's names, the zips that ``lanes deploy`` would upload, and the clients. They go to the
embedded cloud that ``lanes up`` keeps, or to AWS when ``LANES_TARGET=aws`` says so, and never to whatever account the
shell is set to. ``lanes deploy`` needs none of this: it wires the same parts itself.
"""

from __future__ import annotations

import contextlib
import functools
import os
from typing import TYPE_CHECKING

import click
from chalice.awsclient import TypedAWSClient

from shared.aws.client import connect_aws, connect_endpoint
from shared.cli import console
from shared.cli.wiring import cloud_of
from shared.config.load import find_root, load_project
from shared.deploy.chalice.foundation import check_foundation
from shared.deploy.chalice.large_code import LargeCodeClient
from shared.deploy.chalice.names import install_names
from shared.deploy.chalice.stage import config_is_fresh, make_app, zipped
from shared.errors import LanesError, UsageError, unknown
from shared.run.connecting import running_cloud
from shared.run.valid_project import load_valid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from chalice import Chalice

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.packages.package import Package

_CHALICE_RUNS = "AWS_CHALICE_CLI_MODE"  # Chalice sets it for its own command, and in no other case
_TARGET = "LANES_TARGET"
_STAGES = "chalice_app/.chalice/config.json"


def stage_app(app_dir: Path) -> Chalice:
    """Return the app of the team whose stage this is; under the ``chalice`` command, make it ready to deploy.

    Raises:
        LanesError: The stage is no team's, or something is missing that a deploy needs.
        click.ClickException: The same, under the ``chalice`` command, which would print a traceback otherwise.
    """
    chalice_runs = _CHALICE_RUNS in os.environ
    with _no_traceback() if chalice_runs else contextlib.nullcontext():
        root, team = find_root(app_dir), os.environ.get("TEAM")
        project = load_valid(root, [team] if team else []) if chalice_runs else load_project(root)
        lane = _lane(project)
        if chalice_runs:
            _prepare(project, lane, app_dir)
        return make_app(lane, zipped(lane))


@contextlib.contextmanager
def _no_traceback() -> Iterator[None]:
    """Turn an error of ours into one that the ``chalice`` command prints as its message."""
    try:
        yield
    except LanesError as error:
        raise click.ClickException(str(error)) from error


def _lane(project: Project) -> Lane:
    """Return the lane of the stage. Chalice sets the stage's TEAM before it imports the app."""
    team = os.environ.get("TEAM")
    context = click.get_current_context(silent=True)
    stage = context.params.get("stage") if context else None
    if stage is not None and stage != team:
        if stage in project.teams:
            raise LanesError(f"team {stage} has a file and no stage yet", where=_STAGES, fix="lanes render")
        raise unknown("stage", stage, list(project.teams), where=_STAGES)
    if team is None:
        raise UsageError(
            "no stage is chosen: TEAM is not set",
            fix=f"set it to one of the stages: {', '.join(sorted(project.teams))}",
        )
    return project.lane(team)


def _prepare(project: Project, lane: Lane, app_dir: Path) -> None:
    """Put our parts into Chalice's places, for this process."""
    if not config_is_fresh(project):
        raise LanesError(
            "the stages are not those of the teams' files any more",
            where=_STAGES,
            fix="lanes render",
        )
    aws = _target(project)

    @functools.cache
    def packages() -> Mapping[str, Package]:
        with _no_traceback():
            check_foundation(lane, aws)
            # Chalice finds functions by name; its record could be of a cloud that is gone, and make it delete there.
            (app_dir / ".chalice" / "deployed" / f"{lane.team}.json").unlink(missing_ok=True)
            return cloud_of(project, aws).packages(lane)

    install_names(lane, packages)
    clients = {"lambda": LargeCodeClient(aws, lane)}
    TypedAWSClient._client = lambda _, service: clients.get(service) or aws.client(service)  # noqa: SLF001  its only way out


def _target(project: Project) -> Aws:
    """Return where to deploy."""
    wanted = os.environ.get(_TARGET, "local")
    context = click.get_current_context(silent=True)
    profile = context.params.get("profile") if context else None
    if wanted == "aws":
        aws = connect_aws(project.place, profile)
        console.note(f"on {aws.target}, as {aws.caller}")
        return aws
    if wanted != "local":
        raise unknown("target", wanted, ["aws", "local"], where=_TARGET)
    if profile is not None:
        raise UsageError("--profile is for AWS, and this goes to the embedded cloud", fix=f"set {_TARGET}=aws as well")
    running = running_cloud(project)
    if running is None:
        raise LanesError(
            "no embedded cloud is running to deploy to",
            fix=f"lanes up, then lanes deploy and this again; or {_TARGET}=aws for AWS itself",
        )
    return connect_endpoint(project.place, running.endpoint, running.key)
