"""Where objects are wired: the project of the current folder, and the cloud that a command works against."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from shared.cli import console
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shared.aws.client import Aws
    from shared.cli.where import Where
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.local.state import Running, State
    from shared.run.clouds import Cloud, Rehearsal


NO_TEAM = ""
"""What a command is about that concerns the machine or the platform alone."""


def open_project(*teams: str) -> Project:
    """Load the project that the current folder lies in.

    Args:
        teams: Whom the command is about; all teams when there are none, and :data:`NO_TEAM` for none. What is wrong in
            the folders of other teams' own workflows does not stop it.

    Raises:
        LanesError: There is none, or its files have problems; all of them are listed.
    """
    from shared.config.load import find_root, load_project

    return load_project(find_root(Path.cwd()), teams)


def open_valid(*teams: str) -> Project:
    """Load the project as :func:`open_project`, for a command that plans, deploys or runs.

    What Step Functions would refuse of its templates is found now, before anything is made.
    """
    from shared.config.load import find_root
    from shared.run.valid_project import load_valid

    return load_valid(find_root(Path.cwd()), teams)


def cloud_state(project: Project) -> State:
    """Return the files of the project's embedded cloud."""
    from shared.local.state import STATE_DIR, State

    return State(project.root / STATE_DIR)


def running_cloud(project: Project) -> Running | None:
    """Return the embedded cloud that ``lanes up`` keeps, or None.

    Raises:
        LanesError: It was started for another account or region than the settings name now.
    """
    running = cloud_state(project).running()
    if running and (running.account, running.region) != (project.place.account, project.place.region):
        raise LanesError(
            f"the running cloud is account {running.account} in {running.region}, the settings name others",
            where="shared/settings.yaml",
            fix="lanes down, then lanes up",
        )
    return running


@contextlib.contextmanager
def open_cloud(project: Project, where: Where, lanes: Sequence[Lane] = (), *, speed: float = 1) -> Iterator[Aws]:
    """Give the cloud to work against: AWS, the one that ``lanes up`` keeps, or one for this command alone.

    Args:
        project: What the command is about.
        where: Which cloud the user asked for, and as whom.
        lanes: Those that the command is about: the roles that may be asked for are theirs.
        speed: How many times such a cloud shortens waits.

    Raises:
        LanesError: AWS refuses the credentials, or the embedded cloud cannot start.
        UsageError: A cloud that keeps its own time was to be sped up.
    """
    from shared.aws.client import connect_aws, connect_endpoint
    from shared.aws.patience import wait_out_throttles
    from shared.aws.take_role import take_on_aws

    running = running_cloud(project) if where.embedded else None
    if speed != 1 and (running or not where.embedded):
        place = "the running cloud" if where.embedded else where.endpoint or "AWS"
        raise UsageError(f"{place} keeps its own time", fix="lanes down, then lanes up --speed")
    if not where.embedded:
        aws = connect_aws(project.place, where.profile, where.endpoint)
        aws = take_on_aws(aws, where.role, lanes) if where.role else aws
        wait_out_throttles(aws.session)
        console.note(f"on {aws.target}, as {aws.caller}")
        yield aws
        return
    _check_profile(where)
    if running:
        with _told_when_gone(running.endpoint):
            aws = _as_asked(project, connect_endpoint(project.place, running.endpoint, running.key), where.role, lanes)
            wait_out_throttles(aws.session)
            yield aws
        return
    from shared.local.cloud import EmbeddedCloud

    with (
        signals_unwind(),
        EmbeddedCloud(
            project.place, cloud_state(project).folder, speed=speed, bounds=project.settings.cloud_bounds
        ) as cloud,
    ):
        yield _as_asked(project, connect_endpoint(project.place, cloud.endpoint, cloud.key), where.role, lanes)


def connect_running(project: Project, where: Where, lanes: Sequence[Lane] = ()) -> Aws:
    """Return clients of AWS, or of the cloud that ``lanes up`` keeps, for a command that goes on as clouds come and go.

    Raises:
        LanesError: AWS refuses the credentials, or no embedded cloud runs.
        UsageError: The embedded cloud was asked for with a profile of AWS.
    """
    from shared.aws.client import connect_aws, connect_endpoint
    from shared.aws.take_role import take_on_aws

    if not where.embedded:
        aws = connect_aws(project.place, where.profile, where.endpoint)
        return take_on_aws(aws, where.role, lanes) if where.role else aws
    _check_profile(where)
    running = running_cloud(project)
    if running is None:
        raise LanesError("no embedded cloud is running", fix="lanes up, then open this again")
    return _as_asked(project, connect_endpoint(project.place, running.endpoint, running.key), where.role, lanes)


def _check_profile(where: Where) -> None:
    if where.profile:
        raise UsageError("--profile is for AWS, and this goes to the embedded cloud", fix="add --aws, or leave it out")


def _as_asked(project: Project, owner: Aws, role: str | None, lanes: Sequence[Lane]) -> Aws:
    """Return clients of the embedded cloud with the credentials of *role*, as ``--as`` calls it, or of its owner.

    Raises:
        LanesError: The role is not deployed.
        UsageError: There is none of that name.
    """
    if role is None:
        return owner
    from shared.aws.take_role import role_called
    from shared.config.platform import rendezvous_service
    from shared.isolation.roles.platform_role import PLATFORM_ROLE, platform_policy
    from shared.isolation.roles.rendezvous_role import rendezvous_policy
    from shared.isolation.roles.resources_role import resources_policy
    from shared.local.role_keys import make_platform_role, take_role

    name = role_called(role, lanes)
    if name == PLATFORM_ROLE:
        policies = {
            PLATFORM_ROLE: platform_policy(project.place),
            f"{PLATFORM_ROLE}-resources": resources_policy(project.place),
        }
        if project.settings.rendezvous.service:
            policies[f"{PLATFORM_ROLE}-rendezvous"] = rendezvous_policy(rendezvous_service(project))
        make_platform_role(owner, policies)
    aws = take_role(owner, name)
    console.note(f"as {aws.caller}")
    return aws


@contextlib.contextmanager
def _told_when_gone(endpoint: str) -> Iterator[None]:
    """Say that the embedded cloud at *endpoint* has ended, where botocore says that a URL does not answer."""
    from botocore.exceptions import ConnectionClosedError, EndpointConnectionError

    try:
        yield
    except (ConnectionClosedError, EndpointConnectionError) as error:
        if not str(error.kwargs.get("endpoint_url")).startswith(endpoint):
            raise
        raise LanesError(
            f"the embedded cloud at {endpoint} does not answer any more, and what ran in it is lost",
            fix="lanes up, then run this again",
        ) from error


def cloud_of(project: Project, aws: Aws) -> Cloud:
    """Return the cloud behind *aws* as a command works against it: what it does by itself, and what it does not.

    Args:
        project: What the command is about.
        aws: The cloud's clients, as :func:`open_cloud` gives them.
    """
    from shared.run.clouds import Cloud

    return rehearsal_of(project, aws) if aws.target.embedded else Cloud(project, aws, console.note)


def rehearsal_of(project: Project, aws: Aws) -> Rehearsal:
    """Return the embedded cloud, whose clients *aws* are, as a command works against it."""
    from shared.run.clouds import Rehearsal

    return Rehearsal(project, aws, cloud_state(project), console.note)


@contextlib.contextmanager
def signals_unwind() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, end the command as Ctrl-C does: nothing stays behind.

    A signal that is ignored already stays ignored: nohup asks for that.
    """
    before = {sign: signal.getsignal(sign) for sign in (signal.SIGTERM, signal.SIGHUP)}
    for sign, handler in before.items():
        if handler != signal.SIG_IGN:
            signal.signal(sign, lambda number, _frame: sys.exit(128 + number))
    try:
        yield
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
