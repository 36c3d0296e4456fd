"""The images of a lane's functions on the embedded cloud: their code on nothing at all, and brought to its registry.

The cloud runs them with this project's interpreter and the machine's programs, as it does zips, so they need no base,
no engine and no network. What somebody pushed there (``lanes images push``) is taken instead.
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

_CODE = "code-*"  # as packages are called: a folder for each, with all that was made of it


def images_here(lane: Lane, package: Path, folder: Path, aws: Aws, *, push: bool) -> dict[str, str]:
    """Return the image of each function of *lane* that is one, ``host/repository@sha256:...``, by its key.

    Args:
        lane: The team's lane.
        package: The zip of its functions.
        folder: Where layouts go; what is there already for the same package is not made again.
        aws: The embedded cloud.
        push: Bring them to the cloud's registry too, and make their repositories; else nothing there is changed.

    Raises:
        LanesError: A repository is another's, or the registry refuses.
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
            reference = Reference(host, image.repository, layout.image().digest)  # no tag: latest is the user's
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
    """Return what all functions of *package* share: its layers, on nothing."""
    stack = Layout(folder / package.stem / ("with-libraries" if libraries else "code"))
    if not stack.is_whole():
        nothing = Layout(folder / "nothing")
        write_scratch(nothing)
        assemble(nothing, package_layers(package, libraries=libraries), "", stack)
    return stack
