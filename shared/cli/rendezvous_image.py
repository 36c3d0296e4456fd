"""``lanes rendezvous dockerfile`` and ``push``: the server's image, with and without a container engine."""

from __future__ import annotations

from typing import Annotated

import typer

from shared.cli import console
from shared.cli.images import UserOption, login
from shared.cli.options import AsJson
from shared.cli.plan_view import watch
from shared.cli.where import Where, on_cloud
from shared.errors import UsageError

_FOLDER = ".lanes/images/platform"
BaseOption = Annotated[
    str,
    typer.Option("--base", help="A Python for it to stand on: host/repository:tag, or the folder of an OCI layout."),
]


def add(group: typer.Typer) -> None:
    """Add the commands to *group*."""
    for command in (dockerfile, push):
        group.command()(command)


def dockerfile() -> None:
    """Print the Dockerfile of the server's image: Python and the server, no library.

    Example: lanes rendezvous dockerfile | docker build -t IMAGE -f - .
    """
    from shared.cli.wiring import NO_TEAM, open_project
    from shared.deploy.rendezvous.image import dockerfile as text

    console.line(text(open_project(NO_TEAM).settings.rendezvous.resolve().port).rstrip("\n"))


@on_cloud
def push(
    *,
    base: BaseOption,
    user: UserOption = None,
    where: Where,
    as_json: AsJson = False,
) -> None:
    """Build the server's image without a container engine and bring it to its repository, which is made if missing.

    Example: lanes rendezvous push --base registry.example.edu/python:3.13-slim --aws
    """
    from shared.cli.wiring import NO_TEAM, cloud_of, open_cloud, open_project
    from shared.config.platform import rendezvous_service
    from shared.deploy.apply import apply
    from shared.deploy.rendezvous.deployment import plan_repository
    from shared.deploy.rendezvous.desired import kinds
    from shared.deploy.rendezvous.image import build, own_image
    from shared.packages.images.layout import Layout
    from shared.packages.images.make import Base, ecr_login, find_base
    from shared.packages.images.reference import Reference
    from shared.packages.images.registry import Registry

    project = open_project(NO_TEAM)
    service = rendezvous_service(project)
    own = own_image(service)
    if own is None or not own.tag:
        raise UsageError(
            f"{service.image} is no tag in the platform's own repository",
            where="rendezvous.service.image in shared/settings.yaml",
            fix=f"name ACCOUNT.dkr.ecr.REGION.amazonaws.com/{service.lane.team}/NAME:TAG, or push it there yourself",
        )
    folder = project.root / _FOLDER
    layout = Layout(folder / "rendezvous")
    on = find_base(Base(base, login(user)), folder / "bases")
    made = build(project.root, service.lane.rendezvous.port, on, layout)
    with open_cloud(project, where, [service.lane]) as aws:
        apply(plan_repository(service, aws), aws, watch(), kinds=kinds(service))
        host, credentials = ecr_login(aws)
        reference = Reference(host, own.repository, own.tag)
        Registry(reference, credentials).push(layout)
        cloud_of(project, aws).warn_if_brief()
    console.note("lanes rendezvous deploy runs it; where the service runs already, lanes rendezvous restart")
    if as_json:
        console.print_json({"image": str(reference), "digest": made.digest})
    else:
        console.out.print(f"{reference}  {made.digest}", soft_wrap=True, markup=False, highlight=False)
