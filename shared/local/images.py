"""The images of a lane's functions on the embedded cloud: built here without a base image, and pushed to its registry.

The cloud runs them with this project's interpreter and the machine's programs, as it runs zips. So they need no base
image, no container engine and no network. An image that somebody pushed (``lanes images push``) is used instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.deploy.pushed import find_images, make_repositories
from shared.packages.images.build import assemble, package_layers, write_scratch
from shared.packages.images.layout import Layout
from shared.packages.images.make import ecr_login
from shared.packages.images.reference import Reference
from shared.packages.images.registry import Registry
from shared.packages.package import forget

if TYPE_CHECKING:
    from pathlib import Path

    from shared.aws.client import Aws
    from shared.config.lane import Function, Image, Lane

_CODE = "code-*"  # the name of a package's folder, with all that was made from it


def images_here(lane: Lane, package: Path, folder: Path, aws: Aws, *, push: bool) -> dict[str, str]:
    """Return the image (``host/repository@sha256:...``) of each function of *lane* that is an image, by its key.

    Args:
        lane: The team's lane.
        package: The zip of its functions.
        folder: The folder for layouts. A layout that is there already for the same package is not made again.
        aws: The embedded cloud.
        push: Make the repositories and push the images; else nothing in the cloud changes.

    Raises:
        LanesError: A repository belongs to somebody else, or the registry refuses.
    """
    functions = [(function, function.image) for function in lane.functions.values() if function.image]
    if not functions:
        return {}
    if push:
        make_repositories(lane, aws)
    images = find_images(lane, aws)
    host, credentials = ecr_login(aws)
    for function, image in functions:
        if function.key not in images:
            layout = _built(function, image, package, folder)
            reference = Reference(host, image.repository, layout.image().digest)  # no tag: latest is for the user
            if push:
                Registry(reference, credentials).push(layout)
            images[function.key] = str(reference)
    forget(folder, _CODE)
    return images


def _built(function: Function, image: Image, package: Path, folder: Path) -> Layout:
    stack = _stack(package, folder, libraries=image.libraries)
    target = Layout(folder / package.stem / function.name)
    assemble(stack, (), function.handler, target, image.entrypoint)
    return target


def _stack(package: Path, folder: Path, *, libraries: bool) -> Layout:
    """Return what all functions of *package* share: its layers, on an empty image."""
    stack = Layout(folder / package.stem / ("with-libraries" if libraries else "code"))
    if not stack.is_whole():
        nothing = Layout(folder / "nothing")
        write_scratch(nothing)
        assemble(nothing, package_layers(package, libraries=libraries), "", stack)
    return stack
