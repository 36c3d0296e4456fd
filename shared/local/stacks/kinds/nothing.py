"""Types that make nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shared.local.stacks.kinds.kind import Kind, Properties, Work
from shared.local.stacks.shapes import Property

if TYPE_CHECKING:
    from collections.abc import Mapping


class CdkMetadata(Kind):
    """What the CDK tells AWS of the constructs in a template. It makes nothing anywhere."""

    type = "AWS::CDK::Metadata"
    properties: Mapping[str, Property] = {"Analytics": Property()}  # type: ignore[misc]  # Kind's class variable

    def create(self, work: Work, wanted: Properties) -> str:
        """Make nothing."""
        return work.generated(64)

    def update(self, work: Work, physical: str, have: Properties, wanted: Properties) -> None:
        """Change nothing."""

    def delete(self, work: Work, physical: str, have: Properties) -> None:
        """Delete nothing."""


KINDS: tuple[Kind, ...] = (CdkMetadata(),)
