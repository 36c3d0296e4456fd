"""The images of a lane's functions on the embedded cloud: built here without a base image, and pushed to its registry.

The cloud runs them with this project's interpreter and the machine's programs, as it runs zips. So they need no base
image, no container engine and no network. An image that somebody pushed (``lanes images push``) is used instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.deploy.pushed import find_images, make_repositories
from shared.deploy.reading import if_there
from shared.errors import LanesError
from shared.packages.images.build import assemble, package_layers, write_scratch
from shared.packages.images.layout import Layout
from shared.packages.images.make import ecr_login
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry
from shared.packages.zips import forget

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Function, Image, Lane
    from shared.packages.package import Package

_CODE = "code-"  # how the name of a package's folder begins, with all that was made from it
_KEPT = 8  # such folders, old ones too


def images_here(lane: Lane, packages: Mapping[str, Package], folder: Path, aws: Aws, *, push: bool) -> dict[str, str]:
    """Return the image (``host/repository@sha256:...``) of each function of *lane* that is an image, by its key.

    Args:
        lane: The team's lane.
        packages: The code of its workflows, by their keys.
        folder: The folder for layouts. A layout that is there already for the same package is not made again.
        aws: The embedded cloud.
        push: Make the repositories and push the images; else nothing in the cloud changes.

    Raises:
        LanesError: A repository belongs to somebody else, the registry refuses, or an image is not ours to make.
    """
    functions = [(function, function.image) for function in lane.functions.values() if function.image]
    if not functions:
        return {}
    if push:
        make_repositories(lane, aws)
    others = {function.key: image.uri for function, image in functions if image.uri}
    images = {key: image for key, image in find_images(lane, aws).items() if key not in others} | {
        key: image for key, image in ((key, _held(uri, aws)) for key, uri in others.items()) if image
    }
    _check_made_by_others(lane, images)
    host, credentials = ecr_login(aws)
    for function, image in functions:
        if function.key not in images:
            layout = _built(function, image, packages[function.workflow], folder)
            reference = Reference(host, image.repository, layout.image().digest)  # no tag: latest is for the user
            if push:
                Registry(reference, credentials).push(layout)
            images[function.key] = str(reference)
    forget(folder, f"{_CODE}*", _KEPT)
    return images


def _held(uri: str, aws: Aws) -> str | None:
    """Return the image *uri* if the cloud's registry holds it under its name; whose it is on AWS does not matter."""
    at = in_ecr(uri)
    if at is None:
        return None
    ecr, wanted = aws.client("ecr"), {"imageDigest": at.digest} if at.digest else {"imageTag": at.tag}
    told = if_there(
        lambda: ecr.describe_images(repositoryName=at.repository, imageIds=[wanted]),
        "RepositoryNotFoundException",
        "ImageNotFoundException",
    )
    return f"{at.host}/{at.repository}@{told['imageDetails'][0]['imageDigest']}" if told else None


def _check_made_by_others(lane: Lane, images: Mapping[str, str]) -> None:
    """Refuse images that only others can make, and that are not in the cloud's registry.

    Raises:
        LanesError: Names every function whose image it is.
    """
    missing = [each for each in lane.functions.values() if each.image and each.image.is_others]
    missing = [each for each in missing if each.key not in images]
    if missing:
        raise LanesError(
            f"the embedded cloud has no image of {', '.join(each.key for each in missing)}: "
            "it builds no Dockerfile, and fetches no image of others",
            where=str(missing[0].image and (missing[0].image.dockerfile or missing[0].image.uri)),
            fix=f"lanes up, then push it there under its name (lanes images dockerfile {lane.team} says how to build "
            "one); or rehearse with package: zip",
        )


def _name(package: Package) -> str:
    return f"{_CODE}{package.path.stem}"


def _built(function: Function, image: Image, package: Package, folder: Path) -> Layout:
    stack = _stack(package, folder, libraries=image.libraries)
    target = Layout(folder / _name(package) / function.name)
    assemble(stack, (), function.handler, target, image.entrypoint)
    return target


def _stack(package: Package, folder: Path, *, libraries: bool) -> Layout:
    """Return what all functions of *package* share: its layers, on an empty image."""
    stack = Layout(folder / _name(package) / ("with-libraries" if libraries else "code"))
    if not stack.is_whole():
        nothing = Layout(folder / "nothing")
        write_scratch(nothing)
        assemble(nothing, package_layers(package, libraries=libraries), "", stack)
    return stack
