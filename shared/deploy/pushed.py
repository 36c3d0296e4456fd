"""Images in the account's registry: those that a deploy finds, and the repositories that a push needs first."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
    from shared.config.lane import Lane
    from shared.deploy.watch import Watch

TAG = "latest"
"""The tag that a deploy looks for. It takes the digest behind the tag, so only a deploy changes a function."""


def find_images(lane: Lane, aws: Aws) -> dict[str, str]:
    """Return what is pushed for the functions of *lane* that are images: ``host/repository@sha256:...``, by key."""
    found = {each.key: _find(each.image.repository, aws) for each in lane.functions.values() if each.image}
    return {key: image for key, image in found.items() if image}


def pushed_images(lane: Lane, aws: Aws) -> Mapping[str, str]:
    """Return the image of each function of *lane* that is one, as :func:`find_images`.

    Raises:
        LanesError: Names every function whose image is not there.
    """
    found = find_images(lane, aws)
    missing = [each.key for each in lane.functions.values() if each.image and each.key not in found]
    if missing:
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
    wanted = [repository.desired(lane, each.image, tags) for each in lane.functions.values() if each.image]
    found = [repository.current(aws, want.name) for want in wanted]
    check_ownership((have for have in found if have), tags)
    steps = tuple(repository.steps(want, have) for want, have in zip(wanted, found, strict=True))
    apply(Plan(lane.team, lane.place.stage, steps, tags), aws, watch)


def _find(name: str, aws: Aws) -> str | None:
    ecr = aws.client("ecr")

    def look() -> str:
        (held,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
        (image,) = ecr.describe_images(repositoryName=name, imageIds=[{"imageTag": TAG}])["imageDetails"]
        return f"{held['repositoryUri']}@{image['imageDigest']}"

    return if_there(look, "RepositoryNotFoundException", "ImageNotFoundException")
