"""Where objects are wired: the project from the current folder, and the cloud a command works against."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shared.cli import console
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shared.aws.client import Aws
    from shared.cli.where import Where
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.local.state import FileLock, Running, State


def open_project() -> Project:
    """Load the project that the current folder lies in.

    Raises:
        LanesError: There is none, or its files have problems; all of them are listed.
    """
    from shared.config.load import find_root, load_project

    return load_project(find_root(Path.cwd()))


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
    from shared.aws.take_role import take_on_aws

    running = running_cloud(project) if where.embedded else None
    if speed != 1 and (running or not where.embedded):
        place = "the running cloud" if where.embedded else where.endpoint or "AWS"
        raise UsageError(f"{place} keeps its own time", fix="lanes down, then lanes up --speed")
    if not where.embedded:
        aws = connect_aws(project.place, where.profile, where.endpoint)
        aws = take_on_aws(aws, where.role, lanes) if where.role else aws
        console.note(f"on {aws.target}, as {aws.caller}")
        yield aws
        return
    if where.profile:
        raise UsageError("--profile is for AWS, and this goes to the embedded cloud", fix="add --aws, or leave it out")
    if running:
        with _told_when_gone(running.endpoint):
            yield _as_asked(project, connect_endpoint(project.place, running.endpoint, running.key), where.role, lanes)
        return
    from shared.local.cloud import EmbeddedCloud

    with (
        _signals_unwind(),
        EmbeddedCloud(project.place, cloud_state(project).folder, speed=speed) as cloud,
    ):
        yield _as_asked(project, connect_endpoint(project.place, cloud.endpoint, cloud.key), where.role, lanes)


def _as_asked(project: Project, owner: Aws, role: str | None, lanes: Sequence[Lane]) -> Aws:
    """Return what goes to the embedded cloud with the credentials of *role*, as ``--as`` calls it, or its owner's own.

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
    from shared.local.role_keys import make_platform_role, take_role

    name = role_called(role, lanes)
    if name == PLATFORM_ROLE:
        policies = {PLATFORM_ROLE: platform_policy(project.place)}
        if project.settings.rendezvous.service:
            policies[f"{PLATFORM_ROLE}-rendezvous"] = rendezvous_policy(rendezvous_service(project))
        make_platform_role(owner, policies)
    aws = take_role(owner, name)
    console.note(f"as {aws.caller}")
    return aws


@contextlib.contextmanager
def _told_when_gone(endpoint: str) -> Iterator[None]:
    """Say of the embedded cloud at *endpoint* that it ended meanwhile, where botocore says that no URL answers."""
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


def with_libraries(project: Project, aws: Aws, *, asked: bool) -> bool:
    """Say whether every zip must hold its libraries: the embedded cloud has them, unless it was told otherwise.

    Where they are still to be fetched that is said, for it takes some 20 s without another word.
    """
    from shared.deploy.lane_deployment import must_fetch

    running = cloud_state(project).running() if aws.target.embedded else None
    packaged = asked or not aws.target.embedded or (running is not None and running.packaged)
    if packaged and must_fetch(project):
        console.note(f"fetching the libraries of chalice_app/requirements.txt for {project.runtime}, once")
    return packaged


def make_ready(
    project: Project, lane: Lane, workflow: str, payload: Mapping[str, Any], aws: Aws, *, packaged: bool = False
) -> None:
    """On the embedded cloud, deploy the lane where it lacks anything, and put sample data where there is none.

    On AWS both are the user's to ask for.
    """
    if not aws.target.embedded:
        return
    make_deployed(project, lane, aws, packaged=packaged)
    from shared.run.items import place_sample_items
    from shared.run.sample import place_sample

    card = project.cards[workflow]
    if placed := place_sample(card, lane, payload, aws, cloud_state(project).scratch):
        console.note(placed)
    for placed in place_sample_items(project.root, card, lane.workflows[workflow], aws):
        console.note(placed)


def make_deployed(project: Project, lane: Lane, aws: Aws, *, packaged: bool = False) -> None:
    """On the embedded cloud, deploy the lane where it lacks anything; on AWS that is the user's to ask for."""
    if not aws.target.embedded:
        return
    from shared.deploy.lane_deployment import deploy

    packaged = with_libraries(project, aws, asked=packaged)
    say_python(lane, aws, packaged=packaged)
    with one_deploy(project):
        images = known_images(project, lane, aws, packaged=packaged, push=True)
        done = deploy(lane, project, aws, packaged=packaged, images=images, on_wait=console.note).changes
    if done:
        console.note(f"deployed {lane.team}: {len(done)} steps")


def say_python(lane: Lane, aws: Aws, *, packaged: bool) -> None:
    """Say that functions are of another Python than this machine's, and on the embedded cloud what they run on."""
    from shared.config.runtimes import MACHINE
    from shared.local.pythons import other_python

    if lane.runtime == MACHINE:
        return
    if aws.target.embedded:
        console.note(other_python(lane.runtime, packaged=packaged))
    else:
        console.note(f"functions get {lane.runtime}, as the settings say; this machine's own is {MACHINE}")


def known_images(project: Project, lane: Lane, aws: Aws, *, packaged: bool, push: bool) -> Mapping[str, str] | None:
    """Return the images that functions of *lane* are to run, by key: on the embedded cloud they are made as needed.

    None on AWS, where a deploy looks for what the user pushed. *push* brings them to the cloud; a plan does without.
    """
    if not aws.target.embedded:
        return None
    from shared.deploy.lane_deployment import package
    from shared.local.images import images_here

    folder = cloud_state(project).folder / "images-here"
    return images_here(lane, package(project, packaged=packaged).path, folder, aws, push=push)


def one_deploy(project: Project) -> FileLock:
    """Return what to hold while deploying: of two first runs at once, one deploys and the other finds it done."""
    from shared.local.state import STATE_DIR, FileLock

    return FileLock(project.root / STATE_DIR / "deploy.lock")


def make_zone(zone: str, aws: Aws) -> None:
    """On the embedded cloud, make the hosted zone that an account on AWS has from its registrar: its owner's doing."""
    if not aws.target.embedded:
        return
    route53 = aws.owner.client("route53")
    found = route53.list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
    if not any(each["Name"].rstrip(".") == zone for each in found):
        route53.create_hosted_zone(Name=zone, CallerReference=zone)


def meeting_here(lane: Lane, payload: Mapping[str, Any], aws: Aws) -> dict[str, str]:
    """Return what to change in *payload*: on the embedded cloud, ranks sent to the lane's rendezvous meet in the cloud.

    Payloads of the field spell that endpoint out, and a rehearsal must not leave the machine. Any other is as asked.
    """
    key = "rendezvous_endpoint"
    return {key: ""} if aws.target.embedded and payload.get(key) == lane.rendezvous.endpoint else {}


def outlives_command(project: Project, aws: Aws) -> bool:
    """Say whether what *aws* holds is still there when this command has ended."""
    running = cloud_state(project).running()
    return not aws.target.embedded or (running is not None and running.endpoint == aws.target.endpoint)


@contextlib.contextmanager
def _signals_unwind() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, leave by the same doors as Ctrl-C: nothing stays behind.

    What is ignored stays so: nohup asks for that.
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
