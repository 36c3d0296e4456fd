"""What all resources of a lane are read off: the lane, its workflows as they run, and their packages. Pure: no AWS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shared.config.template import render_definition
from shared.deploy.guard import lane_tags

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shared.config.lane import Lane
    from shared.packages.package import Package
    from shared.values import Json


@dataclass(frozen=True, slots=True)
class Sources:
    """What the resources of a lane are read off.

    Attributes:
        lane: The team's lane.
        definitions: The rendered Amazon States Language of each workflow, by its key.
        packages: The code of its functions, by the key of their workflow. None where only what stands before there is
            code is asked for.
        images: The image of each function that is one, by its key: ``host/repository@sha256:...``.
    """

    lane: Lane
    definitions: Mapping[str, Mapping[str, Json]]
    packages: Mapping[str, Package] | None = None
    images: Mapping[str, str] = field(default_factory=dict)

    @property
    def tags(self) -> dict[str, str]:
        """The tags of everything in the lane."""
        return lane_tags(self.lane)


def read_sources(
    lane: Lane, packages: Mapping[str, Package] | None = None, images: Mapping[str, str] | None = None
) -> Sources:
    """Return the sources of *lane*, with its workflows rendered.

    Raises:
        ConfigError: A template cannot be rendered.
    """
    definitions = {key: render_definition(lane, key) for key in lane.workflows}
    return Sources(lane, definitions, packages, images or {})
