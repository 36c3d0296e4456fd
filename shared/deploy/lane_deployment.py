"""From a lane to a plan, and from a plan to a deployed lane. Foundation, then functions, then state machines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from shared.config.template import render_definition
from shared.deploy.apply import apply
from shared.deploy.caller import check_may
from shared.deploy.chalice.deployer import ChaliceDeployer
from shared.deploy.desired import desired
from shared.deploy.plan import destroy_plan
from shared.deploy.plan import plan as make_plan
from shared.deploy.pushed import pushed_images
from shared.deploy.quota import check_maps
from shared.packages.package import FromEnvironment, Vendored, build_package, has_libraries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Lane
    from shared.config.load import Project
    from shared.deploy.apply import OnStep, OnWait
    from shared.deploy.model import Plan
    from shared.packages.package import Package

APP_DIR = "chalice_app"
_CACHE = ".lanes/packages"


def package(project: Project, *, packaged: bool) -> Package:
    """Return the code of *project* as a zip: with its libraries when *packaged*, else for whoever has them."""
    dependencies = Vendored(project.runtime) if packaged else FromEnvironment()
    return build_package(project.root / APP_DIR, project.root / _CACHE, dependencies, project.runtime)


def must_fetch(project: Project) -> bool:
    """Say whether a packaged zip needs its libraries fetched first, which takes its time."""
    return not has_libraries(project.root / APP_DIR, project.root / _CACHE, Vendored(project.runtime), project.runtime)


def plan(
    lane: Lane, project: Project, aws: Aws, *, packaged: bool = False, images: Mapping[str, str] | None = None
) -> Plan:
    """Return what a deploy of *lane* would do. Reads AWS, changes nothing.

    *images* are those of its functions that are images, by key; when None, what is pushed.

    Raises:
        LanesError: A name belongs to another, a workflow calls what nobody granted, more is reserved than there is,
            the code cannot be packaged, or an image is not pushed.
    """
    definitions = {key: render_definition(lane, key) for key in lane.workflows}
    check_maps(lane, definitions)
    images = pushed_images(lane, aws) if images is None else images
    return make_plan(lane, desired(lane, definitions, package(project, packaged=packaged), images), aws)


def deploy(  # noqa: PLR0913  what, from where, to where, and four ways to watch it
    lane: Lane,
    project: Project,
    aws: Aws,
    *,
    packaged: bool = False,
    images: Mapping[str, str] | None = None,
    on_step: OnStep | None = None,
    on_wait: OnWait | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Plan:
    """Make *lane* what it should be and return what was done; nothing is done when it is already.

    Raises:
        LanesError: As :func:`plan`; or a step failed, and running again finishes the job.
    """
    todo = plan(lane, project, aws, packaged=packaged, images=images)
    carry_out(todo, lane, project, aws, packaged=packaged, on_step=on_step, on_wait=on_wait, sleep=sleep)
    return todo


def carry_out(  # noqa: PLR0913  as above, with the plan that somebody said yes to
    todo: Plan,
    lane: Lane,
    project: Project,
    aws: Aws,
    *,
    packaged: bool = False,
    on_step: OnStep | None = None,
    on_wait: OnWait | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Carry out *todo*, the plan of a deploy of *lane*.

    Raises:
        FoundationError: The team's own people deploy, and it changes more than code; nothing was done.
        ApplyError: A step failed; running again finishes the job.
    """
    check_may(todo, lane, aws)
    deployer = ChaliceDeployer(lane, project.root / APP_DIR, package(project, packaged=packaged))
    apply(todo, aws, deployer=deployer, on_step=on_step, on_wait=on_wait, sleep=sleep)


def destroy(
    lane: Lane,
    aws: Aws,
    *,
    on_step: OnStep | None = None,
    on_wait: OnWait | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Plan:
    """Remove all that *lane* owns, its data too, and return what was done.

    Raises:
        ApplyError: A step failed; running again finishes the job.
    """
    todo = destroy_plan(lane, aws)
    apply(todo, aws, on_step=on_step, on_wait=on_wait, sleep=sleep)
    return todo
