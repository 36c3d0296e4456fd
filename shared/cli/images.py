"""``lanes images``: a team's functions as container images, with and without a container engine."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shared.cli import console
from shared.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shared.config.load import Project
    from shared.deploy.images.make import Made

_PASSWORD = "LANES_REGISTRY_PASSWORD"  # noqa: S105  the name of a variable
_FOLDER = ".lanes/images"

TeamArgument = Annotated[str, typer.Argument(metavar="TEAM", help="Whose functions.")]
OutOption = Annotated[Path | None, typer.Option("--out", help=f"Where it goes; {_FOLDER}/TEAM when left out.")]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON document.")]


def register(app: typer.Typer) -> None:
    """Add the commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="A team's functions as container images.")
    for command in (dockerfile, build, push):
        group.command()(command)
    app.add_typer(group, name="images")


def dockerfile(team: TeamArgument, *, out: OutOption = None) -> None:
    """Write a Dockerfile for each function, in a folder that docker build can use.

    Example: lanes images dockerfile wssr
    """
    from shared.cli.wiring import open_project  # noqa: PLC0415  --help is quick
    from shared.deploy.images.dockerfile import write_context  # noqa: PLC0415  as above
    from shared.deploy.images.make import functions_with_images  # noqa: PLC0415  as above

    project = open_project()
    lane = project.lane(team)
    wanted = functions_with_images(lane)
    package = _package(project, libraries=any(image.libraries for _, image in wanted))
    for function, image in wanted:
        folder = _folder(project, team, out) / function.key / "docker"
        write_context(function, image, package, folder)
        console.out.print(f"docker build -t {image.repository} {folder}", soft_wrap=True, highlight=False)


def build(
    team: TeamArgument,
    *,
    base: Annotated[
        str | None, typer.Option("--base", help="What the images stand on: host/repository:tag, or an OCI layout.")
    ] = None,
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a team's code on a base, without a container engine; the same input gives the same digest.

    Example: lanes images build wssr --base registry.example.edu/lambda-r:4.4.1
    """
    from shared.cli.wiring import open_project  # noqa: PLC0415  --help is quick
    from shared.deploy.images import make  # noqa: PLC0415  as above

    project = open_project()
    lane = project.lane(team)
    wanted = make.functions_with_images(lane)
    package = _package(project, libraries=any(image.libraries for _, image in wanted))
    _show(make.build(lane, package, _folder(project, team, out), base), as_json=as_json)


def push(  # noqa: PLR0913  one per option
    team: TeamArgument,
    *,
    registry: Annotated[str | None, typer.Option("--registry", metavar="HOST[:PORT]", help="A registry.")] = None,
    aws: Annotated[bool, typer.Option("--aws", help="The account's own registry (ECR).")] = False,
    profile: Annotated[str | None, typer.Option(help="The AWS profile to use with --aws.")] = None,
    user: Annotated[str | None, typer.Option(help=f"Who logs in; the password is in {_PASSWORD}.")] = None,
    tag: Annotated[str, typer.Option(help="What the images are tagged with.")] = "latest",
    out: OutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring what was built to a registry, each image under its own repository's name.

    Example: lanes images push wssr --registry localhost:5000
    """
    from shared.cli.wiring import open_project  # noqa: PLC0415  --help is quick
    from shared.deploy.aws import connect_aws  # noqa: PLC0415  as above
    from shared.deploy.images import make  # noqa: PLC0415  as above

    if aws == bool(registry):
        raise UsageError("which registry?", fix="give --registry HOST[:PORT] or --aws")
    project = open_project()
    credentials = (user, os.environ.get(_PASSWORD, "")) if user else None
    if aws:
        registry, credentials = make.ecr_login(connect_aws(project.place, profile))
    done = make.push(project.lane(team), _folder(project, team, out), str(registry), tag, credentials)
    _show(done, as_json=as_json)


def _folder(project: Project, team: str, out: Path | None) -> Path:
    return out or project.root / _FOLDER / team


def _package(project: Project, *, libraries: bool) -> Path:
    from shared.deploy.deploy import package  # noqa: PLC0415  --help is quick

    return package(project, packaged=libraries).path


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
