"""The cloud behind a wish: the one that ``lanes up`` keeps, a new one, AWS, or what stands in its place.

Commands, pages and notebooks find it here, in one way.
"""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

from shared.errors import LanesError, UsageError
from shared.local.state import STATE_DIR, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.local.state import Running
    from shared.run.clouds import Cloud, Rehearsal
    from shared.run.compared import Compared
    from shared.run.where import Where

    Note = Callable[[str], None]

USUAL_PORT = 4599  # beside LocalStack's 4566 and moto's 5000, so that all can run
"""Where ``lanes up`` listens unless it is told otherwise."""


def cloud_state(project: Project) -> State:
    """Return the files of the project's embedded cloud."""
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


def start_cloud(project: Project, *, lifeline: int | None = None) -> Running | None:
    """Start the embedded cloud as ``lanes up`` does, where none runs; on a free port where its usual one is taken.

    Args:
        project: Whose it is.
        lifeline: The end to read from of a pipe: the cloud ends when nobody holds the other end any more.

    Returns:
        The cloud that was started; None where one runs already.
    """
    from shared.local import daemon

    if running_cloud(project):
        return None
    port = USUAL_PORT if _is_free(USUAL_PORT) else 0
    settings = daemon.Settings(project.place, port, bounds=project.settings.cloud_bounds)
    with contextlib.suppress(daemon.AlreadyRunningError):
        return daemon.up(cloud_state(project), settings, lifeline=lifeline)
    return None


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def connect_user(project: Project, where: Where, lanes: Sequence[Lane]) -> Aws:
    """Return clients of AWS, or of what stands in its place, with the user's own credentials or as the role asked for.

    Raises:
        LanesError: The credentials are refused, or belong to another account.
    """
    from shared.aws.client import connect_aws
    from shared.aws.take_role import take_on_aws

    aws = connect_aws(project.place, where.profile, where.endpoint)
    return take_on_aws(aws, where.role, lanes) if where.role else aws


def connect_running(project: Project, where: Where, lanes: Sequence[Lane], note: Note) -> Aws:
    """Return clients of AWS, or of the cloud that ``lanes up`` keeps, for who goes on as clouds come and go.

    Raises:
        LanesError: AWS refuses the credentials, or no embedded cloud runs.
        UsageError: The embedded cloud was asked for with a profile of AWS.
    """
    if not where.embedded:
        return connect_user(project, where, lanes)
    from shared.aws.client import connect_endpoint

    check_profile(where)
    running = running_cloud(project)
    if running is None:
        raise LanesError("no embedded cloud is running", fix="lanes up, then open this again")
    return in_role(project, connect_endpoint(project.place, running.endpoint, running.key), where.role, lanes, note)


def check_profile(where: Where) -> None:
    """Refuse a profile of AWS for the embedded cloud.

    Raises:
        UsageError: There is one.
    """
    if where.profile:
        raise UsageError("--profile is for AWS, and this goes to the embedded cloud", fix="add --aws, or leave it out")


def in_role(project: Project, owner: Aws, role: str | None, lanes: Sequence[Lane], note: Note) -> Aws:
    """Return clients of the embedded cloud with the credentials of *role*, as ``--as`` calls it, or of its owner.

    Args:
        project: What is worked on.
        owner: The clients of its owner.
        role: As whom to work; None for its owner.
        lanes: Whose roles may be asked for.
        note: Is told as whom.

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
    note(f"as {aws.caller}")
    return aws


@contextlib.contextmanager
def told_when_gone(endpoint: str) -> Iterator[None]:
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


def cloud_of(project: Project, aws: Aws, note: Note, compared: Compared | None = None) -> Cloud:
    """Return the cloud behind *aws* as it is worked against: what it does by itself, and what it does not.

    Args:
        project: What is worked on.
        aws: The cloud's clients.
        note: Is told what is done beside what was asked for.
        compared: What was known of the project's files before they were read.
    """
    from shared.run.clouds import Cloud

    return rehearsal_of(project, aws, note, compared) if aws.target.embedded else Cloud(project, aws, note)


def rehearsal_of(project: Project, aws: Aws, note: Note, compared: Compared | None = None) -> Rehearsal:
    """Return the embedded cloud, whose clients *aws* are, as it is worked against."""
    from shared.run.clouds import Rehearsal

    return Rehearsal(project, aws, cloud_state(project), note, compared)
