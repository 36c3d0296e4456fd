"""``lanes images``: a team's functions as container images, with and without a container engine."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.cli.options import AsJson
from shared.cli.where import Where, on_cloud
from shared.errors import LanesError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shared.config.lane import Function, Image, Lane
    from shared.config.load import Project
    from shared.packages.images.make import Made
    from shared.packages.package import Package

_PASSWORD = "LANES_REGISTRY_PASSWORD"  # noqa: S105  the name of a variable
_FOLDER = ".lanes/images"
_DOCKER = "--provenance=false"  # Lambda does not take an index of an image and its provenance
_PLATFORMS = {"x86_64": "linux/amd64", "arm64": "linux/arm64"}

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM", help="Whose functions.")]
OutOption = Annotated[Path | None, typer.Option("--out", help=f"Where it goes; {_FOLDER}/TEAM when left out.")]
UserOption = Annotated[str | None, typer.Option("--user", help=f"Who logs in; the password is in {_PASSWORD}.")]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="A team's functions as container images.")
    for command in (dockerfile, build, push):
        group.command()(command)
    app.add_typer(group, name="images")


def dockerfile(team: TeamArgument, *, out: OutOption = None, as_json: AsJson = False) -> None:
    """Write a Dockerfile for each function, in a folder that docker build can use; print how to build it.

    A workflow that names a Dockerfile of its own is built from that, in its own folder.

    Example: lanes images dockerfile wssr
    """
    from shared.cli.wiring import open_project
    from shared.packages.images.dockerfile import write_context
    from shared.packages.images.make import functions_with_images

    project = open_project(team)
    lane = project.lane(team)
    wanted = functions_with_images(lane)
    packages = _packages(project, lane, wanted)
    written = []
    for function, image in wanted:
        if image.dockerfile:
            path, folder = image.dockerfile, image.dockerfile.parent
        else:
            folder = _folder(project, team, out) / function.key / "docker"
            path = write_context(function, image, packages[function.workflow], folder)
        on = f"--platform {_PLATFORMS[function.architecture]} {_DOCKER}"
        command = f"docker buildx build {on} -t {image.repository} -f {quote(str(path))} {quote(str(folder))}"
        written.append({"function": function.key, "dockerfile": str(path), "command": command})
        if not as_json:
            console.out.print(command, soft_wrap=True, highlight=False)
    if as_json:
        console.print_json(written)


def build(
    team: TeamArgument,
    *,
    base: Annotated[
        str | None, typer.Option("--base", help="What the images stand on: host/repository:tag, or an OCI layout.")
    ] = None,
    workflow: Annotated[str | None, typer.Option("--workflow", help="Of one workflow; a base seldom fits two.")] = None,
    user: UserOption = None,
    out: OutOption = None,
    as_json: AsJson = False,
) -> None:
    """Put a team's code on a base, without a container engine; the same input gives the same digest.

    Example: lanes images build wssr --base registry.example.edu/lambda-r:4.4.1
    """
    from shared.cli.wiring import open_project
    from shared.packages.images import make

    if user and base is None:  # the cards' bases may be in several registries, but a password is for one
        raise UsageError("which registry is --user for?", fix="--base HOST/REPOSITORY:TAG, with the base that is there")
    project = open_project(team)
    lane = project.lane(team)
    packages = _packages(project, lane, make.functions_with_images(lane, workflow))
    folder = _folder(project, team, out)
    on = make.Base(base, login(user)) if base else None
    _show(make.build(lane, packages, folder, on, workflow), as_json=as_json)


@on_cloud
def push(
    team: TeamArgument,
    *,
    registry: Annotated[str | None, typer.Option("--registry", metavar="HOST[:PORT]", help="A registry.")] = None,
    where: Where,
    user: UserOption = None,
    tag: Annotated[str, typer.Option(help="What the images are tagged with; a deploy takes latest.")] = "latest",
    out: OutOption = None,
    as_json: AsJson = False,
) -> None:
    """Bring what was built to a registry, each image under its own repository's name. lanes deploy then deploys it.

    Without --registry or --aws, images go to the embedded cloud that lanes up keeps. There and on AWS, repositories
    that are missing are made first, so docker push can fill them too.

    Example: lanes images push wssr --aws
    """
    from shared.cli.wiring import open_project
    from shared.packages.images import make

    if where.asked and registry:
        raise UsageError("one registry at a time", fix="give --registry HOST[:PORT], or where the repositories are")
    project = open_project(team)
    lane, folder = project.lane(team), _folder(project, team, out)
    make.functions_with_images(lane)
    if registry:
        credentials = login(user)
    else:
        registry, credentials = _own_registry(project, lane, where)
    _show(make.push(lane, folder, registry, tag, credentials), as_json=as_json)


def login(user: str | None) -> tuple[str, str] | None:
    """Return *user* with the password of the environment; None when nobody logs in."""
    return (user, os.environ.get(_PASSWORD, "")) if user else None


def _own_registry(project: Project, lane: Lane, where: Where) -> tuple[str, tuple[str, str]]:
    """Return the registry of AWS or of the running cloud, and how to log in, with the repositories of *lane* made."""
    from shared.cli.plan_view import watch
    from shared.cli.wiring import open_cloud
    from shared.deploy.pushed import make_repositories
    from shared.packages.images.make import ecr_login
    from shared.run.connecting import running_cloud

    if where.embedded and running_cloud(project) is None:
        raise LanesError(
            "no embedded cloud is running to push to", fix="lanes up; or --aws, or --registry HOST[:PORT] for another"
        )
    with open_cloud(project, where, [lane]) as aws:
        make_repositories(lane, aws, watch())
        return ecr_login(aws)


def _folder(project: Project, team: str, out: Path | None) -> Path:
    return out or project.root / _FOLDER / team


def _packages(project: Project, lane: Lane, wanted: Iterable[tuple[Function, Image]]) -> Mapping[str, Package]:
    """Return the packages of the workflows of the functions that are *wanted*."""
    from shared.deploy.code import package_code

    own = {function.key: function for function, _ in wanted}
    return package_code(project, replace(lane, functions=own), console.note)


def _show(images: Iterable[Made], *, as_json: bool) -> None:
    done = []
    for image in images:
        done.append(image._asdict())
        if not as_json:
            console.out.print(
                f"{image.function}  {image.digest}  {image.size / 1e6:.1f} MB  {image.place}",
                soft_wrap=True,
                highlight=False,
            )
    if as_json:
        console.print_json(done)
