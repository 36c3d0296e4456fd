"""A team's images: each function of a workflow that says ``package: image``, built and brought to a registry."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shared.config.runtimes import DEFAULT_ARCHITECTURE
from shared.errors import LanesError, UsageError, unknown
from shared.packages.images.build import assemble, package_layers
from shared.packages.images.layout import Layout
from shared.packages.images.reference import Reference, names_registry
from shared.packages.images.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shared.aws.client import Aws
    from shared.config.lane import Function, Image, Lane
    from shared.packages.package import Package


class Made(NamedTuple):
    """One image: whose it is, its digest, the bytes of its layers, and where it lies."""

    function: str
    digest: str
    size: int
    place: str


def functions_with_images(lane: Lane, workflow: str | None = None) -> list[tuple[Function, Image]]:
    """Return the functions of *lane* that are images to be made, of one *workflow* or of all: none that others push.

    Raises:
        UsageError: There are none, or no such workflow.
    """
    if workflow is not None and workflow not in lane.workflows:
        raise unknown("workflow", workflow, list(lane.workflows))
    keys = lane.functions if workflow is None else lane.workflows[workflow].functions.values()
    found = [(function, function.image) for function in map(lane.functions.__getitem__, keys) if function.image]
    found = [(function, image) for function, image in found if image.uri is None]
    if not found:
        raise UsageError(
            f"no function of {workflow or lane.team} is an image to be made",
            fix=f"say package: image on a workflow's card, or under a workflow in teams/{lane.team}.yaml",
        )
    return found


class Base(NamedTuple):
    """What images stand on in place of their cards' bases.

    ``named`` is an image in a registry, or the folder of a layout. ``credentials`` are a user and a password, where the
    registry wants them; no card's registry gets them.
    """

    named: str
    credentials: tuple[str, str] | None = None


def build(
    lane: Lane, packages: Mapping[str, Package], folder: Path, base: Base | None = None, workflow: str | None = None
) -> Iterator[Made]:
    """Build the image of each function into a layout ``<folder>/<function key>/image``.

    Args:
        lane: The team's lane.
        packages: The code of its workflows, by their keys.
        folder: Where the layouts go, and the bases that are fetched.
        base: What all images stand on; each on its card's base when None.
        workflow: The one whose functions are built; all functions when None.

    Raises:
        LanesError: A base wants steps that only a container engine can run, or cannot be had.
    """
    for function, image in functions_with_images(lane, workflow):
        if image.dockerfile:
            raise LanesError(
                f"the image of {function.key} has a Dockerfile of its own, which takes a container engine",
                where=str(image.dockerfile),
                fix=f"lanes images dockerfile {lane.team} prints what to build and push",
            )
        if function.architecture != DEFAULT_ARCHITECTURE:
            raise LanesError(
                f"{function.key} is of {function.architecture}, and images are put on bases of {DEFAULT_ARCHITECTURE}",
                where=image.base,
                fix=f"lanes images dockerfile {lane.team} prints what to build and push with an engine",
            )
        if base is None and image.setup:
            raise LanesError(
                f"the image of {function.key} wants {len(image.setup)} commands run on its base, which takes an engine",
                where=image.base,
                fix=f"lanes images dockerfile {lane.team} and docker build; or --base with an image that has it all",
            )
        if base is None and not names_registry(image.base):
            raise LanesError(
                f"the base of {function.key} is in a registry that its card does not name",
                where=image.base,
                fix=f"--base HOST/{image.base}, with the registry that you have it from",
            )
        layers = package_layers(packages[function.workflow], libraries=image.libraries)
        target = Layout(folder / function.key / "image")
        cache = folder / "bases"
        on = find_base(base or Base(image.base), cache)
        made = assemble(on, layers, function.handler, target, image.entrypoint)
        size = sum(layer.size for layer in target.parts()[1])
        yield Made(function.key, made.digest, size, str(target.folder))


def push(lane: Lane, folder: Path, host: str, tag: str, credentials: tuple[str, str] | None = None) -> Iterator[Made]:
    """Bring what :func:`build` left in *folder* to the registry at *host*, each under its repository's name.

    Raises:
        LanesError: An image was not built, or the registry refuses.
    """
    layouts = built(lane, folder)
    for function, image in functions_with_images(lane):
        if image.dockerfile:
            continue  # whoever built it pushes it
        layout = layouts[function.key]
        reference = Reference(host, image.repository, tag)
        digest = Registry(reference, credentials).push(layout)
        size = sum(layer.size for layer in layout.parts()[1])
        yield Made(function.key, digest, size, f"{host}/{image.repository}@{digest}")


def built(lane: Lane, folder: Path) -> dict[str, Layout]:
    """Return what :func:`build` left in *folder*, by the function's key.

    Raises:
        LanesError: Names every function whose image was not built.
    """
    ours = (function.key for function, image in functions_with_images(lane) if not image.dockerfile)
    layouts = {key: Layout(folder / key / "image") for key in ours}
    missing = [key for key, layout in layouts.items() if not layout.is_whole()]
    if missing:
        raise LanesError(
            f"there is no image of {', '.join(missing)}",
            where=str(folder),
            fix=f"lanes images build {lane.team}, or docker push",
        )
    return layouts


def ecr_login(aws: Aws) -> tuple[str, tuple[str, str]]:
    """Return the host of the account's own registry, and the user and password that ECR gives for 12 hours."""
    (told,) = aws.client("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(told["authorizationToken"]).decode().partition(":")
    return told["proxyEndpoint"].partition("://")[2], (user, password)


def find_base(base: Base, cache: Path) -> Layout:
    """Return the layout of *base*: a folder of this machine, or an image that is fetched into *cache*."""
    if Path(base.named).is_dir():
        return Layout(Path(base.named))
    reference = Reference.parse(base.named)
    layout = Layout(
        cache / reference.host.replace(":", "_") / reference.repository / reference.version.replace(":", "_")
    )
    Registry(reference, base.credentials).pull(layout)
    return layout
