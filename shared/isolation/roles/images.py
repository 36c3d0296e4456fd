"""The repository of an image that a card names by its URI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shared.config.lane import Place

# Source: ECR user guide, "Private registries": account, region and domain are in the registry's name (read 2026-11-29).
_URI = re.compile(
    r"(?P<account>[0-9]{12})\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/(?P<name>[a-z0-9._/-]+)([:@].*)?"
)


def image_repository(uri: str, place: Place) -> str | None:
    """Return the ARN of the repository in ECR that the image *uri* lies in; None if it lies in no such registry."""
    match = _URI.fullmatch(uri)
    if match is None:
        return None
    return f"arn:{place.partition}:ecr:{match['region']}:{match['account']}:repository/{match['name']}"
