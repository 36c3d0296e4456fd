"""Images in the account's registry: those that a deploy finds, and the repositories that a push needs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.config.ecr_uri import in_ecr
from shared.deploy.apply import apply
from shared.deploy.guard import check_ownership, lane_tags
from shared.deploy.model import Plan
from shared.deploy.reading import if_there
from shared.deploy.resources import repository
from shared.deploy.watch import UNWATCHED
from shared.errors import LanesError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.aws.client import Aws
    from shared.config.ecr_uri import EcrUri
    from shared.config.lane import Image, Lane
    from shared.deploy.watch import Watch

_NOT_SEEN = ("RepositoryNotFoundException", "ImageNotFoundException", "AccessDeniedException")
TAG = "latest"
"""The tag that a deploy looks for. It takes the digest behind the tag, so only a deploy changes a function."""


def find_images(lane: Lane, aws: Aws) -> dict[str, str]:
    """Return what is pushed for the functions of *lane* that are images: ``host/repository@sha256:...``, by key.

    An image that a card names by its digest is not looked up.
    """
    found = {each.key: _of(each.image, aws) for each in lane.functions.values() if each.image}
    return {key: image for key, image in found.items() if image}


def pushed_images(lane: Lane, aws: Aws) -> Mapping[str, str]:
    """Return the image of each function of *lane* that is one, as :func:`find_images`.

    Raises:
        LanesError: Names every function whose image is not there.
    """
    found = find_images(lane, aws)
    lacking = {each.key: each.image for each in lane.functions.values() if each.image and each.key not in found}
    if others := [f"{image.uri} of {key}" for key, image in lacking.items() if image.uri]:
        raise LanesError(
            f"there is no image {', '.join(others)} that this account may look at; nothing was changed",
            where=f"teams/{lane.team}",
            fix="push it, name it by its digest (...@sha256:...), or have its owner let this account describe images",
        )
    if missing := [key for key, image in lacking.items() if not image.uri]:
        raise LanesError(
            f"no image is pushed yet of {', '.join(missing)}; nothing was changed",
            where=f"the registry of account {lane.place.account}, tag {TAG}",
            fix=f"lanes images build {lane.team} (or, with docker, lanes images dockerfile {lane.team}), "
            f"then lanes images push {lane.team} --aws",
        )
    return found


def make_repositories(lane: Lane, aws: Aws, watch: Watch = UNWATCHED) -> None:
    """Make the repositories of *lane* as a deploy would make them: an image is pushed before it is deployed.

    Raises:
        OwnershipError: A name is taken by another team, or by nobody we know.
        ApplyError: AWS refuses.
    """
    tags = lane_tags(lane)
    images = [each.image for each in lane.functions.values() if each.image]
    wanted = [repository.desired(lane, image, tags) for image in images if image.uri is None]
    found = [repository.current(aws, want.name) for want in wanted]
    check_ownership((have for have in found if have), tags)
    steps = tuple(repository.steps(want, have) for want, have in zip(wanted, found, strict=True))
    apply(Plan(lane.team, lane.place.stage, steps, tags), aws, watch)


def _of(image: Image, aws: Aws) -> str | None:
    if image.uri is None:
        return _find(image.repository, aws)
    uri = in_ecr(image.uri)
    if uri is None:
        return None
    return f"{uri.host}/{uri.repository}@{uri.digest}" if uri.digest else _tagged(uri, aws)


def _tagged(uri: EcrUri, aws: Aws) -> str | None:
    """Return the image that a tag names now, by its digest. None where there is none, or where AWS does not say."""
    ecr = aws.client("ecr")

    def look() -> str:
        told = ecr.describe_images(
            registryId=uri.account, repositoryName=uri.repository, imageIds=[{"imageTag": uri.tag}]
        )
        (image,) = told["imageDetails"]
        return f"{uri.host}/{uri.repository}@{image['imageDigest']}"

    return if_there(look, *_NOT_SEEN)


def _find(name: str, aws: Aws) -> str | None:
    ecr = aws.client("ecr")

    def look() -> str:
        (held,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
        (image,) = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": TAG}])["imageDetails"]
        return f"{held['repositoryUri']}@{image['imageDigest']}"

    return if_there(look, "RepositoryNotFoundException", "ImageNotFoundException")
